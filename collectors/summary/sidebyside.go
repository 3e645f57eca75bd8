package summary

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"flowctl/collectors/flow"
)

// SideBySide is what two sources, such as a flow log and a capture, saw of the same flows.
type SideBySide struct {
	Format string   `json:"format"`
	By     []string `json:"by"`
	A      Side     `json:"a"`
	B      Side     `json:"b"`
	Flows  []Beside `json:"flows"` // the biggest first
}

// Beside is one flow as both sides saw it.
type Beside struct {
	Key []string `json:"key"`
	A   *Row     `json:"a"` // null if that side did not see it
	B   *Row     `json:"b"`
	Why []string `json:"why"` // what explains the difference, as far as that is known; empty where there is none
}

// FlowsBeside puts the answers of two documents to a question by FlowFields beside each other.
func FlowsBeside(a, b *Document) *SideBySide {
	x, y := &a.Asks[0], &b.Asks[0]
	s := &SideBySide{Format: "1", By: x.By, A: sideOf(a, x), B: sideOf(b, y), Flows: []Beside{}}
	s.A.unseen(x, y)
	s.B.unseen(y, x)
	at := map[string]int{}
	of := func(key []string) *Beside {
		for _, k := range [][]string{key, turnedKey(key)} { // the opener may have been guessed on one side
			if i, ok := at[strings.Join(k, "\x00")]; ok {
				return &s.Flows[i]
			}
		}
		at[strings.Join(key, "\x00")] = len(s.Flows)
		s.Flows = append(s.Flows, Beside{Key: key, Why: []string{}})
		return &s.Flows[len(s.Flows)-1]
	}
	for i := range x.Rows {
		of(x.Rows[i].Key).A = &x.Rows[i]
	}
	for i := range y.Rows {
		if f := of(y.Rows[i].Key); slices.Equal(f.Key, y.Rows[i].Key) {
			f.B = &y.Rows[i]
		} else {
			row := y.Rows[i]
			row.Key, row.Sent, row.Received = f.Key, row.Received, row.Sent
			f.B = &row
		}
	}
	for i := range s.Flows {
		s.explain(&s.Flows[i], a, b)
	}
	slices.SortStableFunc(s.Flows, func(f, g Beside) int {
		return cmp.Or(cmp.Compare(g.bytes(), f.bytes()), slices.Compare(f.Key, g.Key))
	})
	return s
}

// turnedKey is the key of a flow, seen from its other end.
func turnedKey(k []string) []string { return []string{k[0], k[3], k[4], k[1], k[2]} }

func (f *Beside) bytes() (n uint64) {
	for _, r := range []*Row{f.A, f.B} {
		if r != nil {
			n = max(n, r.IPBytes.N)
		}
	}
	return n
}

// explain says why the sides differ in a flow.
func (s *SideBySide) explain(f *Beside, a, b *Document) {
	say := func(format string, args ...any) { f.Why = append(f.Why, fmt.Sprintf(format, args...)) }
	switch {
	case f.A == nil:
		s.missing(f, f.B, "A", a, func(o *Beside) bool { return o.B == nil }, say)
		return
	case f.B == nil:
		s.missing(f, f.A, "B", b, func(o *Beside) bool { return o.A == nil }, say)
		return
	case f.A.IPBytes == f.B.IPBytes && f.A.Packets == f.B.Packets:
		return
	case !f.A.IPBytes.Known || !f.B.IPBytes.Known:
		say("one side did not measure how much was sent")
		return
	}
	began, ended := f.B.First.Time().Sub(f.A.First.Time()), f.B.Last.Time().Sub(f.A.Last.Time())
	if f.A.First.Known() && f.B.First.Known() && f.A.Last.Known() && f.B.Last.Known() {
		for _, t := range []struct {
			late time.Duration
			what string
		}{{began, "first"}, {ended, "last"}} {
			if t.late.Abs() >= time.Second {
				say("B saw it %s %s %s than A", t.what, t.late.Abs().Round(time.Second), map[bool]string{true: "later", false: "earlier"}[t.late > 0])
			}
		}
	}
	for _, side := range []struct {
		name string
		doc  *Document
	}{{"A", a}, {"B", b}} {
		lacking(side.name, side.doc, say)
	}
	if len(f.Why) == 0 {
		say("not known: both saw it over the same time")
	}
}

// missing says why a side does not have a flow.
func (s *SideBySide) missing(f *Beside, there *Row, name string, doc *Document, alone func(*Beside) bool, say func(string, ...any)) {
	switch log := !measuresPackets(doc); {
	case log && f.Key[0] != "TCP" && f.Key[0] != "UDP":
		say("flow logs hold TCP and UDP only")
		return
	case !log && there.Denied.Known && there.Denied.N > 0 && there.Denied.N == there.Flows:
		say("it was refused before it came to the machine")
		return
	}
	if first, last := doc.Total.First, doc.Total.Last; there.First.Known() && first.Known() && (there.Last < first || there.First > last) {
		say("%s recorded from %s to %s, and this was at another time", name, first.Time().Format(time.TimeOnly), last.Time().Format(time.TimeOnly))
		return
	}
	for i := range s.Flows { // the same far side at the same time, from another address or port
		if o := &s.Flows[i]; o != f && alone(o) != alone(f) && (o.A == nil) != (f.A == nil) && o.Key[0] == f.Key[0] && o.Key[3] == f.Key[3] && o.Key[4] == f.Key[4] && near(o, there) {
			say("perhaps %s saw it as %s:%s, behind address translation", name, o.Key[1], o.Key[2])
			return
		}
	}
	if lacking(name, doc, say); len(f.Why) == 0 {
		say("not known: %s recorded at that time, and not this: it has a filter, a limit of size, or is of another machine", name)
	}
}

// near reports whether a flow began about when a row did.
func near(o *Beside, r *Row) bool {
	other := cmp.Or(o.A, o.B)
	return other.First.Known() && r.First.Known() && other.First.Time().Sub(r.First.Time()).Abs() <= time.Minute
}

// lacking says what a side left out of what it saw.
func lacking(name string, doc *Document, say func(string, ...any)) {
	for _, c := range doc.Coverage {
		switch c.Code {
		case "capture-filtered", "flow-log-filtered", "flow-log-read-filtered":
			say("%s has a filter", name)
		case "source-truncated", "source-corrupt", "capture-ended-early":
			say("%s is cut", name)
		}
	}
	if doc.Minutes != nil && doc.Minutes.Counts.Gaps() > 0 {
		say("%s has gaps", name)
	}
}

// measuresPackets reports whether a capture is among the sources.
func measuresPackets(doc *Document) bool {
	return slices.ContainsFunc(doc.Sources, func(s Source) bool {
		return slices.Contains([]flow.Kind{flow.Pcap, flow.Pcapng, flow.Snoop, flow.NetMon, flow.EventTrace}, s.Kind)
	})
}
