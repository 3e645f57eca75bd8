package summary

import (
	"encoding/binary"
	"slices"
	"time"

	"flowctl/collectors/aggregate"
	"flowctl/plan/question"
)

// ClockOf is what cuts time for questions; nil if none asks when flows were.
func ClockOf(questions []*Question) *aggregate.Clock {
	var periods, cuts []int64
	for _, q := range questions {
		for _, name := range q.By {
			if n, ok := question.Step(name); ok {
				periods = append(periods, n)
			}
		}
		for _, t := range q.Where.Moments() {
			cuts = append(cuts, t, t+1)
		}
		if slices.Contains(q.names, "time") && len(cuts) == 0 { // whether there is any
			cuts = append(cuts, 0)
		}
	}
	if len(periods)+len(cuts) == 0 {
		return nil
	}
	return aggregate.NewClock(periods, cuts)
}

// timeField is the beginning of the step that a row is of, in steps of so many
// seconds.
func timeField(name string, seconds int64) field {
	begin := func(s *enriched) (int64, bool) {
		at, ok := s.point.Step.Begin()
		if !ok || at < 0 {
			return at, ok
		}
		return at - at%seconds, true
	}
	return field{
		name: name, width: 4, depends: onPoint,
		put: func(b []byte, s *enriched) {
			at, ok := begin(s)
			step := aggregate.Untold
			if ok && at >= 0 {
				step = aggregate.StepAt(at)
			}
			binary.BigEndian.PutUint32(b, uint32(step))
		},
		text: func(_ *naming, b []byte) string {
			at, ok := aggregate.Step(binary.BigEndian.Uint32(b)).Begin()
			switch {
			case !ok:
				return ""
			case seconds%86400 == 0:
				return time.Unix(at, 0).UTC().Format(time.DateOnly)
			}
			return time.Unix(at, 0).UTC().Format(time.RFC3339)
		},
		number: func(s *enriched) float64 { at, _ := begin(s); return float64(at) },
		state: func(s *enriched) state {
			if _, ok := begin(s); !ok {
				return unknown
			}
			return present
		},
	}
}

// timed says which of the dimensions are steps of time, and how long the first is.
func (g *groups) timed(by []string) {
	g.time = make([]bool, len(by))
	for i, name := range by {
		n, ok := question.Step(name)
		g.time[i] = ok
		if ok && g.step == 0 {
			g.step = n
		}
	}
}

// addSteps counts the rows that were kept of what is one line but for the time,
// each in its step, or its price class. So what counts is chosen as it is where nobody asks for the
// time, and steps add up. A flow counts once in each step.
func (g *groups) addSteps(kept []*enriched, ends bool) {
	for len(kept) > 0 {
		g.keyA = g.key(g.keyA[:0], kept[0])
		n := partitionFunc(kept, g.sameLine)
		denied := false
		for i, s := range kept[:n] {
			if !s.point.Class.Sum() { // those count flows of their own
				s.flows, s.denied = uint64(number(i == 0)), 0
				if s.verdict() == aggregate.Denied && !denied {
					s.denied, denied = 1, true
				}
			}
			to := g.of(s)
			if ends {
				to[1].addEnd(s)
				continue
			}
			to[0].add(s)
			g.price(to, s)
		}
		kept = kept[n:]
	}
}

// inTime reports whether a condition can hold for what was at any of the times
// that were measured, whatever else is asked.
func inTime(e *question.Expr, points []*point) bool {
	if len(e.Moments()) == 0 {
		return true
	}
	met := map[aggregate.Step]bool{}
	for _, p := range points {
		if p.Step == aggregate.Outside {
			continue
		}
		if _, ok := p.Step.Begin(); !ok {
			return true
		}
		if !met[p.Step] && mayHold(e, p.Step) != no {
			return true
		}
		met[p.Step] = true
	}
	return false
}

// mayHold is what a condition says of what was in a step, of which nothing else
// is known.
func mayHold(e *question.Expr, step aggregate.Step) truth {
	if t, ok := connected(e, func(i int) truth { return mayHold(e.Args[i], step) }); ok {
		return t
	}
	if len(e.Moments()) == 0 {
		return undecided
	}
	at, _ := step.Begin()
	return compared(e.Op, float64(at), e.Args[1].Number)
}

// compared is what a comparison of two numbers says.
func compared(op question.Op, x, y float64) truth {
	switch op {
	case question.Equal:
		return truthOf(x == y)
	case question.NotEqual:
		return truthOf(x != y)
	case question.Less:
		return truthOf(x < y)
	case question.LessOrEqual:
		return truthOf(x <= y)
	case question.Greater:
		return truthOf(x > y)
	}
	return truthOf(x >= y)
}
