package apply

import (
	"context"
	"sync"
	"time"

	"flowctl/plan"
)

// SoFar is asked, every few minutes of a window, what the answer is until now: by what
// flow logs had written, so many bytes of storage in all, at a time of the provider's.
// Empty: there is none yet.
type SoFar func(ctx context.Context, wants []Want, bytes int64, now time.Time) string

// betweenAnswers is the least time between two answers of a run that goes on.
const betweenAnswers = 5 * time.Minute

// asking is the question that is asked of a run while it goes on. No step waits for its
// answer, unless time stands still meanwhile.
type asking struct {
	last time.Time
	busy bool // guarded by the run's mutex
	wg   sync.WaitGroup
}

// ask asks for the answer so far, if somebody wants it and it is time.
func (r *Run) ask(ctx context.Context, q *asking) {
	now := r.clock.Now()
	if r.Answers == nil || r.standing() || !now.Before(r.run.Ends) || now.Sub(q.last) < betweenAnswers {
		return
	}
	wants, bytes := r.written()
	r.mu.Lock()
	wait := q.busy || bytes == 0
	q.busy = q.busy || !wait
	r.mu.Unlock()
	if wait {
		return
	}
	q.last = now
	answer := func() {
		if text := r.Answers(ctx, wants, bytes, now); text != "" {
			r.emit(Event{Kind: Preliminary, Text: text})
		}
		r.mu.Lock()
		q.busy = false
		r.mu.Unlock()
	}
	if stepped(r.clock) {
		answer()
		return
	}
	q.wg.Go(answer)
}

// written is what flow logs have in storage.
func (r *Run) written() (wants []Want, bytes int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, t := range r.tracked {
		if s := t.standing; s.Mechanism == plan.FlowLog && s.Bytes > 0 {
			wants, bytes = append(wants, t.wanted), bytes+s.Bytes
		}
	}
	return wants, bytes
}
