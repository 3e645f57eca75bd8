package summary

import (
	"fmt"
	"math"
	"testing"

	"flowctl/collectors/aggregate"
	"flowctl/plan/question"
)

// truths are all of them.
var truths = []truth{no, yes, undecided}

// possible are what a truth may turn out to be.
func possible(t truth) []bool {
	switch t {
	case no:
		return []bool{false}
	case yes:
		return []bool{true}
	}
	return []bool{false, true}
}

// certain is what f says of all that its arguments may turn out to be: yes or no if it
// is always that.
func certain(f func(v []bool) bool, args ...truth) truth {
	some, all := false, true
	var walk func(v []bool)
	walk = func(v []bool) {
		if len(v) == len(args) {
			is := f(v)
			some, all = some || is, all && is
			return
		}
		for _, x := range possible(args[len(v)]) {
			walk(append(v[:len(v):len(v)], x))
		}
	}
	walk(nil)
	if some != all {
		return undecided
	}
	return truthOf(all)
}

// TestConnectives compares each of them, as conditions of flows and of rows have it,
// with all that its arguments may turn out to be. Of a choice whose values are both
// unknown, and of one unknown thing twice, Kleene's logic does not know more.
func TestConnectives(t *testing.T) {
	is := func(v truth) test { return func(*naming, *enriched) truth { return v } }
	for _, a := range truths {
		for _, b := range truths {
			for name, c := range map[string]struct {
				got  truth
				want func([]bool) bool
			}{
				"and":         {and(is(a), is(b))(nil, nil), func(v []bool) bool { return v[0] && v[1] }},
				"or":          {or(is(a), is(b))(nil, nil), func(v []bool) bool { return v[0] || v[1] }},
				"bothHold":    {bothHold(a, b), func(v []bool) bool { return v[0] && v[1] }},
				"same":        {sameTruth(a, b, true), func(v []bool) bool { return v[0] == v[1] }},
				"another":     {sameTruth(a, b, false), func(v []bool) bool { return v[0] != v[1] }},
				"the greater": {max2(a, b), func(v []bool) bool { return v[0] || v[1] }},
			} {
				if want := certain(c.want, a, b); c.got != want {
					t.Errorf("%s of %d and %d is %d, want %d", name, a, b, c.got, want)
				}
			}
			for _, cond := range truths {
				want := certain(func(v []bool) bool { return v[0] && v[1] || !v[0] && v[2] }, cond, a, b)
				if got := choose(is(cond), is(a), is(b))(nil, nil); got != want {
					t.Errorf("%d ? %d : %d is %d, want %d", cond, a, b, got, want)
				}
				if got := oneHolds(cond, a, b); got != want {
					t.Errorf("of rows, %d ? %d : %d is %d, want %d", cond, a, b, got, want)
				}
			}
		}
		if a.not() != certain(func(v []bool) bool { return !v[0] }, a) {
			t.Errorf("not %d is %d", a, a.not())
		}
	}
}

// TestStates wants nothing to be like no value, and nothing to be said of what is not
// known.
func TestStates(t *testing.T) {
	for _, a := range []state{present, absent, unknown} {
		for _, b := range []state{present, absent, unknown} {
			for _, equal := range []bool{true, false} {
				want := truthOf(equal)
				switch {
				case a == unknown || b == unknown:
					want = undecided
				case a == absent || b == absent:
					want = no
				}
				if got := either(a, b).test(equal); got != want {
					t.Errorf("%d and %d, %v: %d, want %d", a, b, equal, got, want)
				}
			}
		}
	}
}

// TestBoundsCompared compares numbers of which bounds are known with all that they may
// be: whole numbers up to 4, and one that has no end.
func TestBoundsCompared(t *testing.T) {
	var all []bounds
	for least := range 5 {
		for most := least; most < 5; most++ {
			all = append(all, bounds{float64(least), float64(most)})
		}
		all = append(all, bounds{float64(least), math.Inf(1)})
	}
	holds := map[question.Op]func(x, y int) bool{
		question.Less: func(x, y int) bool { return x < y }, question.LessOrEqual: func(x, y int) bool { return x <= y },
		question.Greater: func(x, y int) bool { return x > y }, question.GreaterOrEqual: func(x, y int) bool { return x >= y },
		question.Equal: func(x, y int) bool { return x == y }, question.NotEqual: func(x, y int) bool { return x != y },
	}
	for op, f := range holds {
		for _, x := range all {
			for _, y := range all {
				some, each := false, true
				for i := int(x.least); i <= int(min(x.most, 9)); i++ {
					for j := int(y.least); j <= int(min(y.most, 9)); j++ {
						v := f(i, j)
						some, each = some || v, each && v
					}
				}
				want := undecided
				if some == each {
					want = truthOf(some)
				}
				if got := x.compare(op, y); got != want {
					t.Errorf("%v %d %v is %d, want %d", x, op, y, got, want)
				}
			}
		}
	}
}

// TestNumbersOfAnswers wants of each number of an answer what it is at least and at
// most, given what was decided, measured and recorded.
func TestNumbersOfAnswers(t *testing.T) {
	inf := math.Inf(1)
	at := func(s int64) Instant { return Instant(testStart + s*1e9) }
	row := Row{
		Flows: 3, Denied: Known(1), Volume: Volume{Packets: Known(7), IPBytes: Known(1000)}, Sent: Volume{IPBytes: Known(900)}, Received: Volume{IPBytes: Known(100)},
		Left: &Volume{IPBytes: Known(600)}, Arrived: &Volume{}, First: at(0), Last: at(4),
	}
	whole := Answer{Outcome: Answered, Groups: 2, Total: row}
	doubtful := whole
	doubtful.Undecided = 2
	blind := whole
	blind.Unseen = []string{"denied flows"}
	selected := whole
	selected.Unclear = 1
	unmeasured := Answer{Outcome: Answered, Groups: 1, Total: Row{Flows: 2, First: Instant(math.MinInt64), Last: Instant(math.MinInt64)}}
	for name, tt := range map[string]struct {
		a    Answer
		want map[string]bounds
	}{
		"whole": {whole, map[string]bounds{"flows": {3, 3}, "rows": {2, 2}, "denied": {1, 1}, "bytes": {1000, 1000}, "packets": {7, 7}, "sent": {900, 900}, "received": {100, 100},
			"left": {600, 600}, "arrived": {0, inf}, "duration": {4, 4}, "rate": {2000, 2000}}},
		"undecided": {doubtful, map[string]bounds{"flows": {3, 5}, "rows": {2, inf}, "denied": {1, 5}, "bytes": {1000, inf}, "packets": {7, inf}, "sent": {900, inf},
			"received": {100, inf}, "left": {600, inf}, "arrived": {0, inf}, "duration": {0, inf}, "rate": {0, inf}}},
		"unseen":   {blind, map[string]bounds{"flows": {3, inf}, "rows": {2, inf}, "denied": {1, inf}, "bytes": {1000, inf}}},
		"unclear":  {selected, map[string]bounds{"flows": {3, 3}, "rows": {2, inf}, "bytes": {1000, 1000}}},
		"measured": {unmeasured, map[string]bounds{"flows": {2, 2}, "rows": {1, 1}, "denied": {0, 2}, "bytes": {0, inf}, "left": {0, inf}, "duration": {0, inf}, "rate": {0, inf}}},
		"nothing":  {Answer{Outcome: NothingFound}, map[string]bounds{"flows": {}, "rows": {}, "denied": {}, "bytes": {}, "left": {}, "rate": {}}},
		"cannot":   {Answer{Outcome: CannotAnswer}, map[string]bounds{"flows": {0, inf}, "rows": {0, inf}, "denied": {0, inf}, "bytes": {0, inf}}},
		"open":     {Answer{Outcome: CannotAnswer, Undecided: 4}, map[string]bounds{"flows": {0, 4}, "rows": {0, inf}, "denied": {0, 4}, "bytes": {0, inf}}},
	} {
		for measure, want := range tt.want {
			if got := tt.a.number(measure); got != want {
				t.Errorf("%s, %s: %v, want %v", name, measure, got, want)
			}
		}
	}
}

// TestHavingOfRows wants conditions on rows to say what they say of measures, and
// nothing of those that were not measured.
func TestHavingOfRows(t *testing.T) {
	sum := newLineSum()
	sum.all.flows, sum.all.denied, sum.all.first, sum.all.last = 4, 1, testStart, testStart+2e9
	sum.all.sent.Packets, sum.all.sent.IPBytes = 10, 1000
	sum.all.sent.Marks = measuredMarks()
	sum.all.received.Marks = measuredMarks()
	none := newLineSum()
	none.all.flows = 1
	for src, want := range map[string][2]truth{ // of a row that was measured, and of one that was not
		`bytes == 1000`:                         {yes, undecided},
		`bytes != 1000`:                         {no, undecided},
		`bytes < 1000 || bytes <= 1000`:         {yes, undecided},
		`bytes >= 1000 && bytes > 999`:          {yes, undecided},
		`contains([1, 1000], bytes)`:            {yes, undecided},
		`contains([1, 2], bytes)`:               {no, undecided},
		`has(bytes) && has(flows)`:              {yes, no},
		`!has(bytes) || bytes > 5`:              {yes, yes},
		`flows == 1 ? denied == 0 : bytes > 5`:  {yes, undecided}, // nobody judged the second
		`bytes > 5 ? flows == 4 : flows == 1`:   {yes, undecided},
		`bytes > 5 ? flows > 0 : flows >= 1`:    {yes, yes},
		`(bytes > 5 ? bytes : packets) == 1000`: {yes, undecided},
		`(bytes > 5) == (flows > 2)`:            {yes, undecided},
		`(bytes > 5) != (flows > 2)`:            {no, undecided},
		`duration == 2 && rate == 4000`:         {yes, undecided},
		`denied == 1`:                           {yes, undecided},
		`true`:                                  {yes, yes},
		`!(flows < 1)`:                          {yes, yes},
		`sent == 1000 && received == 0`:         {yes, undecided},
		`left > 0`:                              {undecided, undecided}, // no question of sides
	} {
		e := rowsWhere(t, src)
		if got := [2]truth{holding(e, sum.sums()), holding(e, none.sums())}; got != want {
			t.Errorf("%s: %v, want %v", src, got, want)
		}
	}
}

func measuredMarks() aggregate.Marks {
	return aggregate.MeasuredPackets | aggregate.MeasuredIP | aggregate.Judged
}

// TestMeasuredOfExpectations wants an expectation to name its numbers as far as they
// are known.
func TestMeasuredOfExpectations(t *testing.T) {
	doc := &Document{Asks: []Answer{{Name: "a", Outcome: Answered, Groups: 1, Total: Row{Flows: 3, Volume: Volume{IPBytes: Known(10)}}, Undecided: 2}}}
	number := func(name string) *question.Expr {
		return &question.Expr{Op: question.Value, Type: question.Number, Field: question.Field{Name: name}}
	}
	e := &question.Expr{Op: question.And, Args: []*question.Expr{
		{Op: question.Less, Args: []*question.Expr{number("summary.a.flows"), number("summary.a.bytes")}},
		{Op: question.Greater, Args: []*question.Expr{number("summary.missing.flows"), number("summary.a.flows")}},
	}}
	got := ""
	for _, m := range doc.measured(e) {
		most := "any"
		if m.Most != nil {
			most = fmt.Sprint(*m.Most)
		}
		got += fmt.Sprintf("%s %v-%s; ", m.Number, m.Least, most)
	}
	if want := "summary.a.flows 3-5; summary.a.bytes 10-any; summary.missing.flows 0-any; "; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
