package flowlog

import (
	"bytes"
	"flowctl/collectors/aggregate"
	"fmt"
	"testing"

	"flowctl/collectors/flow"
	"flowctl/collectors/flow/flowtest"
	"flowctl/collectors/flowlog/flowlogtest"
)

// addUp reads data in parts, or at once if their size is 0, and adds up what it
// says; the reader does most of it if sums is set.
func addUp(data []byte, sums bool, o options, extras int) (*flowtest.Added, string) {
	a := flowtest.NewAdded()
	var src flow.Source
	var skipped flow.Skipped
	var ids met
	a.Names = oneNames
	in := flow.Input{Source: &src, Names: a.Names, Skipped: &skipped, Evidence: &ids}
	singles := flowtest.NewAdded() // what is said one by one besides
	singles.Names = a.Names
	adder := func() flow.Cache {
		if !sums {
			return nil
		}
		s := &aggregate.Cache{Intervals: a.Intervals}
		s.Each = func(all []flow.Observation) {
			for i := range all {
				singles.Add(flow.Batch{s.Record(&all[i])})
			}
		}
		return s
	}
	add := func(b flow.Batch) bool {
		if len(b) > 0 && b[0].Records == 0 {
			singles.Add(b)
		}
		return a.Add(b)
	}
	in.Cache = adder()
	var err error
	if o.part == 0 {
		for b, e := range read(bytes.NewReader(data), in, o) {
			add(b)
			err = e
		}
	} else {
		free := make(chan bool, max(extras, 1))
		for range extras {
			free <- true
		}
		err = readAt(bytes.NewReader(data), int64(len(data)), in, flow.Workers{Main: add, Extra: func() (flow.Sink, bool) {
			select {
			case <-free:
				return flow.Sink{Add: add, Cache: adder(), Evidence: &ids, Done: func() { free <- true }}, true
			default:
				return flow.Sink{}, false
			}
		}}, o)
	}
	return a, fmt.Sprintf("%s\n%s\n%v\n%+v\n%v\n%v", a, singles, skipped.All(), src, err, &ids)
}

// sumsSame wants the reader to add up what its records add up to.
func sumsSame(t *testing.T, data []byte, part int64, maxRecord int) {
	t.Helper()
	_, want := addUp(data, false, options{maxRecord: maxRecord}, 0)
	same := func(scalar bool, extras int) {
		t.Helper()
		o := options{maxRecord: maxRecord, part: part, scalar: scalar}
		if _, got := addUp(data, true, o, extras); got != want {
			t.Fatalf("%q\nrecords: %s\nsums with %+v, %d goroutines: %s", data, want, o, 1+extras, got)
		}
	}
	same(false, 0)
	same(true, 0)
	if part > 0 {
		same(false, 2)
	}
}

// TestSums checks that a reader that adds up says the same in fewer records.
func TestSums(t *testing.T) {
	data, totals := blob(t, flowlogtest.Spec{Flows: 3000, IPv6: 0.2})
	sumsSame(t, data, 0, MaxRecord)
	sumsSame(t, data, 20_000, MaxRecord)
	a, _ := addUp(data, true, options{maxRecord: MaxRecord}, 0)
	if uint64(a.Records)*2 > totals.Tuples {
		t.Errorf("%d tuples became %d records", totals.Tuples, a.Records)
	}
	for _, row := range tupleRows { // twice, so that the second is of a flow that is known
		sumsSame(t, []byte(records(vnet(tupleB, row.tuple, row.tuple))), 0, MaxRecord)
	}
}
