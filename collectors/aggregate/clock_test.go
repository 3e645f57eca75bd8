package aggregate

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"flowctl/collectors/flow"
	"flowctl/collectors/flow/flowtest"
)

// beginOf is the begin of the step that a second is in: the last second not after it that
// is a multiple of a period or a cut; false if there is none.
func beginOf(periods, cuts []int64, second int64) (int64, bool) {
	for at := second; at >= 0; at-- {
		if slices.Contains(cuts, at) || slices.ContainsFunc(periods, func(p int64) bool { return at%p == 0 }) {
			return at, true
		}
	}
	return 0, false
}

// TestClock wants the step of each second to be a part of the steps of all periods and to
// end at all cuts, whatever comes first, and of a record the step that both its ends are in.
func TestClock(t *testing.T) {
	for seed := range flowtest.Seeds(120) {
		r := rand.New(rand.NewPCG(seed, 91))
		var periods, cuts []int64
		for range r.IntN(3) {
			periods = append(periods, 1+r.Int64N(40))
		}
		for range r.IntN(4) {
			cuts = append(cuts, r.Int64N(200))
		}
		c := NewClock(periods, cuts)
		r.Shuffle(len(cuts), func(i, k int) { cuts[i], cuts[k] = cuts[k], cuts[i] })
		slices.Reverse(periods)
		if d := NewClock(append(periods, periods...), append(cuts, cuts...)); fmt.Sprint(*c) != fmt.Sprint(*d) {
			t.Fatalf("seed %d: %v, in another order %v", seed, *c, *d)
		}
		var all []int64 // steps are as long as what all periods have in common
		for n := int64(40); n > 0 && len(periods) > 0 && all == nil; n-- {
			if !slices.ContainsFunc(periods, func(p int64) bool { return p%n != 0 }) {
				all = []int64{n}
			}
		}
		for range 60 {
			first := r.Int64N(260)
			last := first + r.Int64N(4)*r.Int64N(30)
			want, ok := beginOf(all, cuts, last)
			step := c.at(last)
			if begin, has := step.Begin(); !has || ok != (step != FirstStep) || ok && begin != want || !ok && begin != math.MinInt64 {
				t.Fatalf("seed %d, %v and %v: %d is in the step of %d, want %d, %t", seed, periods, cuts, last, begin, want, ok)
			}
			from, has := beginOf(all, cuts, first)
			rec := flow.Record{First: first*second + r.Int64N(second), Last: last*second + r.Int64N(second)}
			rec.Last = max(rec.First, rec.Last)
			if got := c.of(&rec); (got == Untold) == (from == want && has == ok) || got != Untold && got != step {
				t.Fatalf("seed %d, %v and %v: a record from %d to %d is in %d", seed, periods, cuts, first, last, got)
			}
		}
	}
	c := NewClock([]int64{300}, []int64{-5})
	for what, tt := range map[string]struct {
		r    flow.Record
		want Step
	}{
		"the beginning of time":         {flow.Record{First: 0, Last: 0}, StepAt(0)},
		"just before a step":            {flow.Record{First: 299*second + 999_999_999, Last: 299*second + 999_999_999}, StepAt(0)},
		"at its begin":                  {flow.Record{First: 300 * second, Last: 300 * second}, StepAt(300)},
		"over the border":               {flow.Record{First: 299 * second, Last: 300 * second}, Untold},
		"before 1970":                   {flow.Record{First: -1, Last: -1}, Untold},
		"no time":                       {flow.Record{First: flow.NoTime, Last: flow.NoTime}, Untold},
		"no end":                        {flow.Record{First: 0, Last: flow.NoTime}, Untold},
		"after what numbers can say":    {flow.Record{First: math.MaxInt64, Last: math.MaxInt64}, Untold},
		"an hour in a step of a minute": {flow.Record{Class: flow.Analytics, First: 0, Last: 0}, Untold},
	} {
		if got := c.of(&tt.r); got != tt.want {
			t.Errorf("%s: %d, want %d", what, got, tt.want)
		}
	}
	hours := NewClock([]int64{3600}, nil)
	for at, want := range map[int64]Step{0: StepAt(0), 1800: StepAt(0), 3599: StepAt(0), 3600: StepAt(3600)} {
		if got := hours.of(&flow.Record{Class: flow.Analytics, First: at * second, Last: at * second}); got != want {
			t.Errorf("an interval at %d: %d, want %d", at, got, want)
		}
	}
	for _, s := range []Step{NoClock, Untold} {
		if _, ok := s.Begin(); ok {
			t.Errorf("step %d begins", s)
		}
	}
}

// TestBordersOfSteps puts traffic at the borders of minutes, and as far from the first as
// there is room, and wants steps that are no longer than they must be and begin at
// multiples of their length, whichever comes first.
func TestBordersOfSteps(t *testing.T) {
	for _, begin := range []int64{0, 7, -7, -MaxSteps, 1 << 30} {
		for _, minutes := range []int64{0, 1, MaxSteps - 1, MaxSteps, MaxSteps + 1, 2*MaxSteps - 1, 2 * MaxSteps, 5 * MaxSteps, 1 << 40} {
			if begin+minutes > math.MaxInt64/Minute {
				continue
			}
			shift := uint(0) // the least with which both are in as many steps as there may be
			for (begin+minutes)>>shift-begin>>shift >= MaxSteps {
				shift++
			}
			if got := excess(begin, begin+minutes); got != shift {
				t.Errorf("%d minutes from %d: 2^%d, want 2^%d", minutes, begin, got, shift)
			}
			times := []int64{begin * Minute, begin*Minute + Minute - 1, (begin + minutes) * Minute, (begin+minutes)*Minute + Minute - 1}
			for _, order := range [][]int{{0, 1, 2, 3}, {3, 2, 1, 0}, {1, 3, 0, 2}} {
				l := newTimeline()
				s := l.of(Context{}, false)
				want := map[int64]uint64{}
				for _, i := range order {
					l.add(s, &flow.Record{First: times[i], Last: times[i], State: flow.Continue, Sent: flow.Count{Packets: 1}}, MeasuredPackets)
					want[floorDiv(times[i], Minute)>>shift]++
				}
				got := map[int64]uint64{}
				for i := range s.Steps {
					if n := s.Steps[i].Sum.Packets; n > 0 {
						got[s.Base+int64(i)] = n
					}
				}
				if fmt.Sprint(got) != fmt.Sprint(want) || l.Shift != shift {
					t.Errorf("%d minutes from %d, in the order %v: %v of 2^%d, want %v of 2^%d", minutes, begin, order, got, l.Shift, want, shift)
				}
			}
		}
	}
}

// TestSpilledInAnyTree counts records in tables of their own, some with so little room that
// their rows leave them, merges them two by two in an order of chance, and wants what one
// table has.
func TestSpilledInAnyTree(t *testing.T) {
	spilled := 0
	for seed := range uint64(8) {
		r := rand.New(rand.NewPCG(seed, 92))
		names := flow.NewNames()
		all := chance(r, names, 3000)
		want := newWant()
		want.add(0, all)
		var tables []*Table
		for len(all) > 0 {
			n := min(len(all), 1+r.IntN(900))
			part := New(names)
			if r.IntN(2) == 0 {
				part.Limit = 1 + r.IntN(200)
			}
			part.Add(0, all[:n])
			tables, all = append(tables, part), all[n:]
		}
		for len(tables) > 1 {
			i, k := r.IntN(len(tables)), r.IntN(len(tables))
			if i == k {
				continue
			}
			tables[i].Merge(tables[k])
			tables = slices.Delete(tables, k, k+1)
		}
		one := tables[0]
		spilled += len(one.Spills)
		got := rowsOf(t, one)
		wanted := want.settled()
		if len(got) != len(wanted) {
			t.Fatalf("seed %d: %d rows, want %d", seed, len(got), len(wanted))
		}
		for k, row := range wanted {
			if fmt.Sprint(got[k]) != fmt.Sprint(row) {
				t.Fatalf("seed %d: %+v has %+v, want %+v", seed, k, got[k], row)
			}
		}
		if err := one.Reset(); err != nil {
			t.Error(err)
		}
	}
	if spilled < 8 {
		t.Errorf("%d files of rows", spilled)
	}
}
