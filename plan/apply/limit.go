package apply

import (
	"context"
)

// limited ends the run once a limit of the file is reached: all that records is
// stopped and collected, as at the end of the window. Steps under way are
// waited for, and none begins meanwhile, since they read what changes: then it
// reports true.
func (a *schedule) limited() bool {
	r := a.run
	now := r.clock.Now()
	if a.limit == "" && r.Exceeded != nil && !r.run.Stopped && now.Before(r.run.Ends) && now.Sub(a.asked) >= r.Limits.Poll {
		a.asked = now
		a.limit = r.Exceeded(r.recorded(), now.Sub(r.run.Started))
	}
	if a.limit == "" || a.count > 0 {
		return a.limit != ""
	}
	r.endBy(a.limit)
	a.limit = ""
	return false
}

// endBy ends the time box now, because of a limit.
func (r *Run) endBy(limit string) {
	now := r.clock.Now()
	r.run.Ends, r.run.Stopped, r.run.Limit = now, true, limit
	r.noted++
	for _, t := range r.tracked {
		if !t.done && t.ends.After(now) {
			t.ends, t.next = now, now
		}
	}
	_ = r.commit()
}

// recorded is how much the sessions are known to have recorded.
func (r *Run) recorded() map[string]int64 {
	out := map[string]int64{}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, t := range r.tracked {
		if !t.entry.Reused {
			out[t.session.Fingerprint()] += t.standing.Bytes
		}
	}
	return out
}

// measure asks how much a capture has recorded, if there is a limit. What
// storage does not show of one that is running counts when it has ended.
func (r *Run) measure(ctx context.Context, t *tracked) {
	if r.Exceeded == nil {
		return
	}
	if n, err := r.files.Measure(ctx, r.want(t)); err == nil {
		t.bytes = max(t.bytes, n)
	}
}
