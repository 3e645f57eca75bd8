// Package flowtest checks readers that add up while they read.
package flowtest

import (
	"fmt"
	"slices"
	"sync"

	"flowctl/collectors/flow"
)

// Added is what records add up to: by flow and by minute. Readers that give
// sums and readers that give single records must come to the same.
type Added struct {
	mu      sync.Mutex
	flows   map[flowIn]*flow.Record
	minutes map[minuteOf]flow.Interval
	Names   *flow.Names
	Records int // that were given, singly or as sums
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

// NewAdded has nothing yet.
func NewAdded() *Added {
	return &Added{flows: map[flowIn]*flow.Record{}, minutes: map[minuteOf]flow.Interval{}, Names: flow.NewNames()}
}

// Add adds the records of a batch, singles or sums.
func (a *Added) Add(b flow.Batch) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	for i := range b {
		r := b[i]
		a.Records++
		in := flow.Context{
			Point: r.Point, Log: r.Log, Target: r.Target, Rule: r.Rule, ACL: r.ACL,
			Direction: r.Direction, Encryption: r.Encryption, Class: r.Class, Denied: r.Denied(),
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
func (a *Added) single(r *flow.Record, in flow.Context) {
	step := flow.Interval{
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

// Intervals adds what a flow cache says of minutes.
func (a *Added) Intervals(all []flow.Interval) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, s := range all {
		a.step(s)
	}
}

func (a *Added) step(s flow.Interval) {
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

// String lists all, the same for the same sums.
func (a *Added) String() string {
	var lines []string
	context := func(c flow.Context) string {
		return fmt.Sprintf("%q %q %q %q %q %s %s %s %v", a.Names.Text(c.Point), a.Names.Text(c.Log), a.Names.Text(c.Target), a.Names.Text(c.Rule), a.Names.Text(c.ACL), c.Direction, c.Encryption, c.Class, c.Denied)
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
