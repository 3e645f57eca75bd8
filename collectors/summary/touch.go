package summary

import (
	"fmt"
	"slices"
	"strings"

	"flowctl/collectors/minutes"
	"flowctl/plan/question"
)

// mostSaw is how many rows by interface are kept for a comparison.
const mostSaw = 200_000

// Compared are the questions whose answers Compare wants: q, and the same by the
// interfaces that saw its rows.
func Compared(q *Question) []*Question {
	by := q.Question
	by.Name, by.Having, by.Order, by.Top = "by interface", nil, question.Order{}, mostSaw
	if !slices.Contains(by.By, "nic") {
		by.By = append(slices.Clone(by.By), "nic")
	}
	return []*Question{q, Compile(by)}
}

// saw are the interfaces that saw the rows of a side; nil if that is not known.
type saw map[string][]string

func sawOf(d *Document) saw {
	if len(d.Asks) < 2 || d.Asks[1].Groups > mostSaw {
		return nil
	}
	s := saw{}
	of, width := slices.Index(d.Asks[1].By, "nic"), len(d.Asks[0].By)
	for _, r := range d.Asks[1].Rows {
		key := strings.Join(r.Key[:width], "\x00")
		s[key] = append(s[key], r.Key[of])
	}
	return s
}

// of is where a row was seen; nil for none.
func (s saw) of(r *Row) []string {
	if r == nil {
		return nil
	}
	return s[strings.Join(r.Key, "\x00")]
}

// sideGaps are what a side lacks: some of it of all rows, and some of those that an
// interface saw.
type sideGaps struct {
	all     string // why no row is certain; empty if nothing is lacking of all
	minutes []minutes.Gap
	absent  map[string]bool // interfaces of logs of the other side that no source here is of
	clock   clock
}

// gapsOf finds what a side lacks, and adds to it what interfaces do. If it is not known
// which interfaces saw a row, all rows are touched.
func gapsOf(d, other *Document, s *Side, c clock) sideGaps {
	g := sideGaps{absent: map[string]bool{}, clock: c}
	if len(s.Lacks) > 0 {
		g.all = s.Lacks[0]
	}
	if d.Minutes == nil {
		return g
	}
	known := sawOf(d) != nil && sawOf(other) != nil
	if d.Minutes.Unlogged+d.Minutes.Unknown > 0 {
		s.Lacks = append(s.Lacks, d.Minutes.String())
		if g.minutes = d.Minutes.Gaps; d.Minutes.More > 0 || !known {
			g.all = d.Minutes.String()
		}
	}
	if n := g.lacking(d.Minutes, other.Minutes); n > 0 {
		s.Lacks = append(s.Lacks, fmt.Sprintf("no record of %s that the other side has, or of a log that they are in", count(n, "interface")))
		if !known {
			g.all = s.Lacks[len(s.Lacks)-1]
		}
	}
	return g
}

// lacking notes the interfaces of which there is nothing here, neither a record nor one
// of the log that has them on the other side: whether they were silent is not known.
func (g *sideGaps) lacking(here, there *minutes.Document) (n uint64) {
	if there == nil {
		return 0
	}
	met := map[string]bool{}
	for _, i := range here.Interfaces {
		met[i.Log], met[i.MAC] = true, true
	}
	for _, i := range there.Interfaces {
		if !met[i.Log] && !met[i.MAC] && !g.absent[i.MAC] {
			g.absent[i.MAC] = true
			if n++; i.Name != "" {
				g.absent[i.Name] = true
			}
		}
	}
	return n
}

// touch says what a side lacks that could have been of a row, which these interfaces
// saw; empty if nothing.
func (g *sideGaps) touch(points, key []string) string {
	if g.all != "" {
		return g.all
	}
	for _, p := range points {
		if g.absent[p] {
			return "no record of " + p
		}
	}
	from, to, bounded := g.clock.bounds(key)
	for _, gap := range g.minutes {
		if len(points) > 0 && gap.Interface != "" && !slices.Contains(points, gap.Interface) && (gap.Name == "" || !slices.Contains(points, gap.Name)) {
			continue
		}
		if bounded && (!gap.From.Before(to) || !gap.To.After(from)) {
			continue
		}
		return fmt.Sprintf("nothing of %s from %s to %s", gap.Interface, gap.From.UTC().Format("2006-01-02 15:04"), gap.To.UTC().Format("2006-01-02 15:04"))
	}
	return ""
}
