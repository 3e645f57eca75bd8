package flowlog

import (
	"bytes"
	"fmt"
	"slices"
	"sync"
	"testing"

	"flowctl/collectors/flow"
	"flowctl/collectors/flowlog/flowlogtest"
)

// added is what records add up to: by flow and by minute.
type added struct {
	mu      sync.Mutex
	flows   map[flowIn]*flow.Record
	minutes map[minuteOf]flow.Step
	names   *flow.Names
	records int // that were given, singly or as sums
}

type flowIn struct {
	flow.Key
	in flow.Context
}

type minuteOf struct {
	in      flow.Context
	private bool
	start   int64
}

func newAdded() *added {
	return &added{flows: map[flowIn]*flow.Record{}, minutes: map[minuteOf]flow.Step{}, names: flow.NewNames()}
}

func (a *added) add(b flow.Batch) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	for i := range b {
		r := b[i]
		a.records++
		in := flow.Context{
			Point: r.Point, Target: r.Target, Rule: r.Rule, ACL: r.ACL,
			Direction: r.Direction, Encryption: r.Encryption, Denied: r.Denied(),
		}
		if r.Records == 0 {
			a.single(&r, in)
		}
		k := flowIn{r.Key, in}
		sum := a.flows[k]
		if sum == nil {
			a.flows[k] = &r
			continue
		}
		sum.Sent.Add(r.Sent)
		sum.Received.Add(r.Received)
		sum.Measured |= r.Measured
		sum.Records += r.Records
		sum.Begins += r.Begins
		sum.First, sum.Last = min(sum.First, r.First), max(sum.Last, r.Last)
	}
	return true
}

// single makes a record one that sums itself, and counts its minute.
func (a *added) single(r *flow.Record, in flow.Context) {
	step := flow.Step{
		Context: in, Private: r.Src.Private() && r.Dst.Private(), Start: r.Last - r.Last%60e9, Measured: r.Measured, Records: 1,
		Packets: r.Sent.Packets + r.Received.Packets, IPBytes: r.Sent.IPBytes + r.Received.IPBytes,
	}
	r.Records = 1
	switch r.State {
	case flow.Begin:
		r.Begins, step.Begun = 1, 1
	case flow.End:
		step.Ended = 1
	}
	a.step(step)
}

func (a *added) steps(all []flow.Step) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, s := range all {
		a.step(s)
	}
}

func (a *added) step(s flow.Step) {
	k := minuteOf{s.Context, s.Private, s.Start}
	sum := a.minutes[k]
	sum.Packets += s.Packets
	sum.IPBytes += s.IPBytes
	sum.Measured |= s.Measured
	sum.Begun += s.Begun
	sum.Ended += s.Ended
	sum.Records += s.Records
	a.minutes[k] = sum
}

func (a *added) String() string {
	var lines []string
	context := func(c flow.Context) string {
		return fmt.Sprintf("%q %q %q %q %s %s %v", a.names.Text(c.Point), a.names.Text(c.Target), a.names.Text(c.Rule), a.names.Text(c.ACL), c.Direction, c.Encryption, c.Denied)
	}
	for k, r := range a.flows {
		lines = append(lines, fmt.Sprintf("%v %s: %d records, %d begin, %v %v measured %d, %d to %d",
			k.Key, context(k.in), r.Records, r.Begins, r.Sent, r.Received, r.Measured, r.First, r.Last))
	}
	for k, s := range a.minutes {
		lines = append(lines, fmt.Sprintf("%d %v %s: %+v", k.start, k.private, context(k.in), s))
	}
	slices.Sort(lines)
	return fmt.Sprintf("%q", lines)
}

// addUp reads data in parts of the given size, or at once if it is 0, and adds
// up what it says; the reader does most of it if sums is set.
func addUp(data []byte, sums bool, part int64, lanes, maxRecord int) (*added, string) {
	a := newAdded()
	var src flow.Source
	var skipped flow.Skipped
	in := flow.Input{Source: &src, Names: a.names, Skipped: &skipped}
	adder := func() *flow.Sums {
		if !sums {
			return nil
		}
		return &flow.Sums{Steps: a.steps}
	}
	in.Sums = adder()
	o := options{maxRecord: maxRecord, part: part}
	var err error
	if part == 0 {
		for b, e := range read(bytes.NewReader(data), in, o) {
			a.add(b)
			err = e
		}
	} else {
		free := make(chan bool, max(lanes, 1))
		for range lanes {
			free <- true
		}
		err = readAt(bytes.NewReader(data), int64(len(data)), in, a.add, func() (Sink, bool) {
			select {
			case <-free:
				return Sink{a.add, adder(), func() { free <- true }}, true
			default:
				return Sink{}, false
			}
		}, o)
	}
	return a, fmt.Sprintf("%s\n%v\n%+v\n%v", a, skipped.All(), src, err)
}

// sumsSame wants the reader to add up what its records add up to.
func sumsSame(t *testing.T, data []byte, part int64, maxRecord int) {
	t.Helper()
	_, want := addUp(data, false, 0, 0, maxRecord)
	for _, lanes := range []int{0, 2} {
		if _, got := addUp(data, true, part, lanes, maxRecord); got != want {
			t.Fatalf("%q (records up to %d bytes)\nrecords: %s\nsums in parts of %d bytes, %d goroutines: %s", data, maxRecord, want, part, 1+lanes, got)
		}
		if part == 0 {
			return
		}
	}
}

// TestSums checks that a reader that adds up says the same in fewer records.
func TestSums(t *testing.T) {
	data, totals := blob(t, flowlogtest.Spec{Flows: 3000, IPv6: 0.2})
	sumsSame(t, data, 0, MaxRecord)
	sumsSame(t, data, 20_000, MaxRecord)
	a, _ := addUp(data, true, 0, 0, MaxRecord)
	if uint64(a.records)*2 > totals.Tuples {
		t.Errorf("%d tuples became %d records", totals.Tuples, a.records)
	}
	for _, row := range tupleRows { // twice, so that the second is of a flow that is known
		sumsSame(t, []byte(records(vnet(tupleB, row.tuple, row.tuple))), 0, MaxRecord)
	}
}
