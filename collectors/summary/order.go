package summary

import (
	"cmp"

	"flowctl/collectors/aggregate"
	"flowctl/plan/question"
)

// measures are what lines can be ordered by; false where that was not measured.
var measures = map[string]func(*group) (int64, bool){
	"bytes": func(v *group) (int64, bool) {
		both := v.both()
		return int64(both.IPBytes), both.Marks.IPBytes()
	},
	"packets": func(v *group) (int64, bool) {
		both := v.both()
		return int64(both.Packets), both.Marks.Packets()
	},
	"flows":    func(v *group) (int64, bool) { return int64(v.flows), true },
	"denied":   func(v *group) (int64, bool) { return int64(v.denied), true },
	"sent":     func(v *group) (int64, bool) { return int64(v.sent.IPBytes), v.sent.Marks.IPBytes() },
	"received": func(v *group) (int64, bool) { return int64(v.received.IPBytes), v.received.Marks.IPBytes() },
	"first":    func(v *group) (int64, bool) { return v.first, v.first != aggregate.NoFirst },
	"last":     func(v *group) (int64, bool) { return v.last, v.last != aggregate.NoLast },
}

func (v *group) both() aggregate.Tally {
	both := v.sent
	both.Add(&v.received)
	return both
}

// ordering returns what compares lines; nil for the usual order. What was not
// measured comes last.
func ordering(o question.Order) func(a, b *group) int {
	of := measures[o.Measure]
	if of == nil {
		return nil
	}
	return func(a, b *group) int {
		x, knownX := of(a)
		y, knownY := of(b)
		switch {
		case knownX != knownY && knownX:
			return -1
		case knownX != knownY:
			return 1
		case !knownX:
			return 0
		case o.Ascending:
			return cmp.Compare(x, y)
		}
		return cmp.Compare(y, x)
	}
}

// compare orders two lines of g.
func (g *groups) compare(a, b *group) int {
	if g.order != nil {
		if c := g.order(a, b); c != 0 {
			return c
		}
	}
	return a.compare(b)
}
