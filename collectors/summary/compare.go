package summary

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// The ways in which a row changed from one side to the other.
const (
	New     = "new"     // in the second alone
	Gone    = "gone"    // in the first alone
	Grown   = "grown"   // more bytes, or where they are not known, more flows
	Shrunk  = "shrunk"  // fewer
	Flipped = "flipped" // all of it was allowed on one side and denied on the other
	Unclear = "unclear" // the side that has less, or nothing, has not measured all
)

// Comparison is what differs between the answers of two documents to one question.
type Comparison struct {
	Format  string   `json:"format"`
	By      []string `json:"by"`
	A       Side     `json:"a"`
	B       Side     `json:"b"`
	Aligned bool     `json:"aligned"` // steps of time are counted from the begin of each side
	Changes []Change `json:"changes"` // the biggest first
	Same    int      `json:"same_rows"`
}

// Side is what one side measured.
type Side struct {
	Outcome string   `json:"outcome"`
	First   Instant  `json:"first"`
	Last    Instant  `json:"last"`
	Flows   uint64   `json:"flows"`
	Lacks   []string `json:"lacks"` // why what it does not have may have been; empty if all was measured
}

// Change is a row that differs.
type Change struct {
	Key    []string `json:"key"`
	Change string   `json:"change"`
	A      *Row     `json:"a"` // null if there is none
	B      *Row     `json:"b"`
	Why    string   `json:"why,omitempty"` // it is unclear
}

// Compare compares the answers of two documents to the questions of Compared.
// Rows by steps of time are told apart by how long after the begin of their side they
// were if the sides are of different times; an origin that is zero is the first record.
func Compare(a, b *Document, originA, originB time.Time) *Comparison {
	x, y := &a.Asks[0], &b.Asks[0]
	c := &Comparison{Format: "1", By: x.By, A: sideOf(a, x), B: sideOf(b, y), Changes: []Change{}}
	c.A.unseen(x, y)
	c.B.unseen(y, x)
	seenA, seenB := sawOf(a), sawOf(b)
	clockA, clockB := clocks(x.By, a, b, originA, originB)
	gapsA, gapsB := gapsOf(a, b, &c.A, clockA), gapsOf(b, a, &c.B, clockB)
	c.Aligned = clockA.aligned
	rows, all := map[string]*Change{}, []*Change{}
	at := func(key []string) *Change {
		k := strings.Join(key, "\x00")
		if rows[k] == nil {
			rows[k] = &Change{Key: key}
			all = append(all, rows[k])
		}
		return rows[k]
	}
	for i := range x.Rows {
		at(clockA.key(x.Rows[i].Key)).A = &x.Rows[i]
	}
	for i := range y.Rows {
		at(clockB.key(y.Rows[i].Key)).B = &y.Rows[i]
	}
	for _, r := range all {
		points := append(seenA.of(r.A), seenB.of(r.B)...)
		lacksA := cmp.Or(gapsA.touch(points, r.Key), clockA.shorter(&clockB, r.Key))
		lacksB := cmp.Or(gapsB.touch(points, r.Key), clockB.shorter(&clockA, r.Key))
		if r.Change, r.Why = r.judge(lacksA, lacksB); r.Change == "" {
			c.Same++
		} else {
			c.Changes = append(c.Changes, *r)
		}
	}
	slices.SortFunc(c.Changes, func(p, q Change) int {
		return cmp.Or(cmp.Compare(q.size(), p.size()), slices.Compare(p.Key, q.Key))
	})
	return c
}

// unseen adds what the side's sources do not record. What neither side's do is on
// neither, and takes nothing from a comparison of the rest.
func (s *Side) unseen(a, other *Answer) {
	for _, text := range a.Unseen {
		if a.Outcome != Answered || other.Outcome != Answered || !slices.Contains(other.Unseen, text) {
			s.Lacks = append(s.Lacks, text)
		}
	}
}

// judge says how a row changed, empty if it did not. What a side has less of that lacks
// something, as far as that touches the row, is unclear.
func (r *Change) judge(lacksA, lacksB string) (change, why string) {
	name := func(change string, lacks string) (string, string) {
		if lacks != "" {
			return Unclear, lacks
		}
		return change, ""
	}
	switch {
	case r.A == nil:
		return name(New, lacksA)
	case r.B == nil:
		return name(Gone, lacksB)
	case flips(r.A, r.B) || flips(r.B, r.A):
		return Flipped, ""
	}
	switch before, after := amountsOf(r.A, r.B); {
	case after > before:
		return name(Grown, lacksA)
	case after < before:
		return name(Shrunk, lacksB)
	}
	return "", ""
}

// flips reports whether all flows of a were allowed and all of b were denied.
func flips(a, b *Row) bool {
	return a.Denied.Known && b.Denied.Known && a.Denied.N == 0 && a.Flows > 0 && b.Flows > 0 && b.Denied.N == b.Flows
}

// amountsOf are the bytes of two rows, or their flows where bytes are not known of
// both.
func amountsOf(a, b *Row) (uint64, uint64) {
	if a.IPBytes.Known && b.IPBytes.Known && a.IPBytes.N != b.IPBytes.N {
		return a.IPBytes.N, b.IPBytes.N
	}
	return a.Flows, b.Flows
}

// size is by how many bytes a row changed.
func (r *Change) size() uint64 {
	var n [2]uint64
	for i, row := range []*Row{r.A, r.B} {
		if row != nil {
			n[i] = row.IPBytes.N
		}
	}
	return max(n[0], n[1]) - min(n[0], n[1])
}

// sideOf is what a side measured, and what it lacks.
func sideOf(d *Document, a *Answer) Side {
	s := Side{Outcome: a.Outcome, First: d.Total.First, Last: d.Total.Last, Flows: d.Total.Flows, Lacks: []string{}}
	if d.Total.Records == 0 && a.Outcome == CannotAnswer && len(a.Unseen) == 0 {
		s.Lacks = append(s.Lacks, "nothing was measured")
	}
	if a.Undecided > 0 {
		s.Lacks = append(s.Lacks, count(a.Undecided, "flow")+" of which it cannot be said whether they are meant")
	}
	if left := a.Groups - uint64(len(a.Rows)); left > 0 {
		s.Lacks = append(s.Lacks, count(left, "further row")+" that were not compared")
	}
	for _, c := range d.Coverage {
		switch c.Code {
		case "source-truncated", "source-corrupt", "source-unreadable", "rows-lost":
			s.Lacks = append(s.Lacks, c.Text)
		}
	}
	return s
}
