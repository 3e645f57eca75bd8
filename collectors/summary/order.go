package summary

import (
	"cmp"

	"flowctl/collectors/aggregate"
	"flowctl/plan/question"
)

// measures are what lines can be ordered by; false where that was not measured.
var measures = map[string]func(lineSums) (int64, bool){
	"bytes": func(v lineSums) (int64, bool) {
		both := v.all.both()
		return int64(both.IPBytes), both.Marks.IPBytes()
	},
	"packets": func(v lineSums) (int64, bool) {
		both := v.all.both()
		return int64(both.Packets), both.Marks.Packets()
	},
	"flows": func(v lineSums) (int64, bool) { return int64(v.all.flows), true },
	"denied": func(v lineSums) (int64, bool) {
		d := v.all.refused()
		return int64(d.N), d.Known
	},
	"sent":     func(v lineSums) (int64, bool) { return ipBytes(&v.all.sent) },
	"received": func(v lineSums) (int64, bool) { return ipBytes(&v.all.received) },
	"left":     func(v lineSums) (int64, bool) { return ipBytes(&v.ends.sent) },
	"arrived":  func(v lineSums) (int64, bool) { return ipBytes(&v.ends.received) },
	"first":    func(v lineSums) (int64, bool) { return v.all.first, v.all.first != aggregate.NoFirst },
	"last":     func(v lineSums) (int64, bool) { return v.all.last, v.all.last != aggregate.NoLast },
}

func ipBytes(t *aggregate.Tally) (int64, bool) { return int64(t.IPBytes), t.Marks.IPBytes() }

func (v *group) both() aggregate.Tally {
	both := v.sent
	both.Add(&v.received)
	return both
}

// ordering returns what compares lines; nil for the usual order. What was not
// measured comes last.
// Where rows are steps of time, of so many seconds, the usual order is theirs.
func ordering(o question.Order, step int64) func(a, b lineSums) int {
	if o.Measure == "" && step > 0 {
		return func(a, b lineSums) int {
			return cmp.Compare(floor(a.all.first, step*second), floor(b.all.first, step*second))
		}
	}
	of := measures[o.Measure]
	if of == nil {
		return nil
	}
	return func(a, b lineSums) int {
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
func (g *groups) compare(a, b lineSums) int {
	if g.order != nil {
		if c := g.order(a, b); c != 0 {
			return c
		}
	}
	return a.all.compare(b.all)
}
