package ledger

import (
	"time"

	"flowctl/plan"
)

// Pace is how long writes on one Network Watcher took in the runs that are
// remembered: from the first write of a run to its last, by their number.
func (l Ledger) Pace() plan.Pace {
	var out plan.Pace
	for _, m := range []plan.Mechanism{plan.FlowLog, plan.PacketCapture} {
		var longest time.Duration
		for _, r := range l.Runs {
			longest = max(longest, r.pace(m))
		}
		if longest == 0 {
			continue
		}
		out.Measured = true
		if m == plan.FlowLog {
			out.Log = longest
		} else {
			out.Capture = longest
		}
	}
	return out
}

// pace is that of one run and mechanism; 0 if nothing of it was written.
func (r *Run) pace(m plan.Mechanism) time.Duration {
	type burst struct {
		first, last time.Time
		n           int
	}
	bursts := map[string]burst{} // by watcher
	for _, e := range r.Sessions {
		if e.Session.Mechanism != m || e.Reused || e.Asked.IsZero() || !e.Created.After(e.Asked) {
			continue
		}
		b := bursts[e.Session.Watcher.Key()]
		if b.first.IsZero() || e.Asked.Before(b.first) {
			b.first = e.Asked
		}
		if e.Created.After(b.last) {
			b.last = e.Created
		}
		b.n++
		bursts[e.Session.Watcher.Key()] = b
	}
	var out time.Duration
	for _, b := range bursts {
		out = max(out, b.last.Sub(b.first)/time.Duration(b.n))
	}
	return out
}
