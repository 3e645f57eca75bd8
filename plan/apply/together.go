package apply

import (
	"fmt"
	"time"
)

// Captures of both ends of a path are compared packet by packet, so they are to begin
// together. Azure starts a capture when it is written, and writes one thing after the
// other on a Network Watcher; what flowctl can do is to write none before all can be
// written, machines without an agent included, and then all at one instant.

// alignTime is how long captures wait for one another, at most, but for no longer than
// half of the window.
const alignTime = 10 * time.Minute

// alignment is which captures are not ready yet, and when all begin; guarded by the
// run's mutex.
type alignment struct {
	pending map[string]bool // by key in the ledger
	at      time.Time       // zero until all are ready
}

// align makes captures that are still to begin wait for one another, if the file asks
// for it.
func (r *Run) align() {
	if !r.Plan.Investigation.AlignedStart {
		return
	}
	r.together.pending = map[string]bool{}
	for _, t := range r.tracked {
		if t.session.Capture != nil && t.starts() {
			r.together.pending[t.key] = true
		}
	}
	if len(r.together.pending) < 2 {
		r.together.pending = nil
	}
}

// aligned reports whether t, which is ready, may begin. If not, it is due again at the
// instant at which all begin, as far as that is known.
func (r *Run) aligned(t *tracked) bool {
	if t.session.Capture == nil || r.together.pending == nil {
		return true
	}
	now := r.clock.Now()
	r.mu.Lock()
	delete(r.together.pending, t.key)
	if n := len(r.together.pending); r.together.at.IsZero() && (n == 0 || !now.Before(r.began.Add(min(alignTime, r.run.Ends.Sub(r.began)/2)))) {
		r.together.at = now.Add(r.Limits.Poll)
		text := fmt.Sprintf("all captures are ready; they begin at %s", r.together.at.UTC().Format(time.RFC3339))
		if n > 0 {
			text = fmt.Sprintf("captures begin at %s, without %d that are not ready", r.together.at.UTC().Format(time.RFC3339), n)
		}
		defer r.emit(t.event(Waiting, text)) // after the unlock
	}
	at := r.together.at
	r.mu.Unlock()
	if !at.IsZero() && !now.Before(at) {
		return true
	}
	if t.next = now.Add(r.Limits.Poll); !at.IsZero() {
		t.next = at
	}
	return false
}

// unaligned takes t from those that others wait for: it has begun, or never will.
func (r *Run) unaligned(t *tracked) {
	if r.together.pending != nil && (t.done || !t.starts()) {
		delete(r.together.pending, t.key)
	}
}
