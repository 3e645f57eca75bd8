package aggregate

import (
	"math"
	"slices"

	"flowctl/collectors/flow"
)

// Clock cuts time into steps, so that no row is of two: at multiples of a period,
// and at single moments. All are whole seconds since 1970.
type Clock struct {
	period int64   // 0 for none
	cuts   []int64 // in order
}

// NewClock returns a clock whose steps are parts of those of all periods, and end
// at all cuts.
func NewClock(periods, cuts []int64) *Clock {
	c := &Clock{}
	for _, p := range periods {
		c.period = gcd(p, c.period)
	}
	for _, at := range cuts {
		c.cuts = append(c.cuts, max(at, 0))
	}
	slices.Sort(c.cuts)
	c.cuts = slices.Compact(c.cuts)
	return c
}

func gcd(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// Step is a step of a clock.
type Step uint32

// The steps that have no beginning.
const (
	NoClock   Step = iota // nobody asked
	Untold                // the record has no time, or one that is of several steps
	FirstStep             // before the first cut
	Outside               // of no time that is asked for, see flow.Record
	stepBase
)

// StepAt is the step that begins at a second.
func StepAt(second int64) Step { return Step(second) + stepBase }

// Begin is the second in which a step begins; of the first one it is before all
// others. It is false of no step.
func (s Step) Begin() (second int64, ok bool) {
	switch {
	case s >= stepBase:
		return int64(s - stepBase), true
	case s == FirstStep:
		return math.MinInt64, true
	}
	return 0, false
}

// of returns the step of a record, whose counters are of one time only if both
// its ends are in it.
func (c *Clock) of(r *flow.Record) Step {
	if r.First == flow.NoTime || r.Last == flow.NoTime {
		return Untold
	}
	if r.Class == flow.Analytics { // whose flows went on in their interval, an hour at most
		const hour = 3600
		first := c.at(floorDiv(r.First, hour*second) * hour)
		if first != c.at(floorDiv(r.Last, hour*second)*hour+hour-1) {
			return Untold
		}
		return first
	}
	s := c.at(floorDiv(r.Last, second))
	if r.First != r.Last && c.at(floorDiv(r.First, second)) != s {
		return Untold
	}
	return s
}

// at returns the step that a second is in.
func (c *Clock) at(second int64) Step {
	if second < 0 || second > math.MaxUint32-int64(stepBase) {
		return Untold
	}
	begin := int64(-1)
	if c.period > 0 {
		begin = second - second%c.period
	}
	if n, found := slices.BinarySearch(c.cuts, second); found {
		begin = second
	} else if n > 0 {
		begin = max(begin, c.cuts[n-1])
	}
	if begin < 0 {
		return FirstStep
	}
	return StepAt(begin)
}
