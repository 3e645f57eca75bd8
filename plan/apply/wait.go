package apply

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"flowctl/plan"
	"flowctl/plan/state"
)

// Wait looks at every session until each has ended, its files are here and
// what was made is gone. It returns ctx's error if it is told to stop
// waiting; then the next run goes on from there.
func (r *Run) Wait(ctx context.Context) error {
	for {
		r.each(func(t *tracked) { r.step(ctx, t) })
		if err := ctx.Err(); err != nil {
			return errors.Join(err, r.save())
		}
		if r.done() {
			return r.finish()
		}
		r.emit(r.progress())
		if err := r.clock.Sleep(ctx, r.pause()); err != nil {
			return errors.Join(err, r.save())
		}
	}
}

// abreast is how many sessions are looked after at the same time.
const abreast = 8

func (r *Run) each(f func(*tracked)) {
	var wg sync.WaitGroup
	slots := make(chan struct{}, abreast)
	for _, t := range r.tracked {
		if t.over() {
			continue
		}
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			f(t)
		})
	}
	wg.Wait()
}

func (t *tracked) over() bool {
	return t.phase == state.Removed || t.phase == state.Failed || t.reused && t.phase == state.Collected
}

func (r *Run) done() bool {
	for _, t := range r.tracked {
		if !t.over() {
			return false
		}
	}
	return true
}

// pause is until the next thing that can happen, at most Poll.
func (r *Run) pause() time.Duration {
	now, p := r.clock.Now(), r.Limits.Poll
	for _, at := range []time.Time{r.run.Ends, r.settled()} {
		if d := at.Sub(now); d > 0 && d < p {
			p = d
		}
	}
	return p
}

// settled is when the last records of the window are written.
func (r *Run) settled() time.Time { return r.run.Ends.Add(r.Limits.Settle) }

// step moves one session on as far as it goes now.
func (r *Run) step(ctx context.Context, t *tracked) {
	if t.phase == state.Recording {
		r.look(ctx, t)
	}
	if t.phase == state.Ended {
		r.collect(ctx, t)
	}
	if t.phase == state.Collected && !t.reused {
		r.remove(ctx, t)
	}
}

func (r *Run) look(ctx context.Context, t *tracked) {
	if t.session.Mechanism == plan.FlowLog {
		r.lookAtLog(ctx, t)
		return
	}
	rec, err := t.provider.Status(ctx, t.rec)
	switch {
	case errors.Is(err, plan.ErrNotFound):
		t.gone = true
		r.fail(t, errors.New("the capture is gone: somebody deleted it"))
		return
	case err != nil:
		r.again(ctx, t, fmt.Errorf("read its state: %w", err))
		return
	}
	t.rec, t.tries = rec, 0
	switch {
	case rec.State.Ended():
		r.ended(t, endReason(rec))
	case !r.clock.Now().Before(r.run.Ends):
		if err := t.provider.Stop(ctx, rec); err != nil {
			r.again(ctx, t, fmt.Errorf("stop: %w", err))
		}
	}
}

func endReason(rec plan.Recording) string {
	reason := rec.StopReason
	if reason == "" {
		reason = string(rec.State)
	}
	for _, e := range rec.Errors {
		reason += ", " + e
	}
	return reason
}

// lookAtLog ends a flow log when its time is over and the last records had
// the time to arrive.
func (r *Run) lookAtLog(ctx context.Context, t *tracked) {
	now := r.clock.Now()
	if !now.Before(r.settled()) {
		r.ended(t, "end of the window")
		return
	}
	if now.Sub(t.sampled) < 10*r.Limits.Poll {
		return
	}
	t.sampled = now
	if n, err := r.files.Measure(ctx, r.want(t)); err == nil {
		t.bytes = n
	}
}

func (r *Run) ended(t *tracked, reason string) {
	t.phase, t.reason, t.ended, t.tries = state.Ended, reason, r.clock.Now(), 0
	r.note(t)
	r.emit(t.event(Ended, reason))
}

// again counts a failure that may pass; too many of them end the session.
func (r *Run) again(ctx context.Context, t *tracked, err error) {
	if ctx.Err() != nil {
		return
	}
	if t.tries++; t.tries > r.Limits.Retries {
		r.fail(t, err)
	}
}

func (r *Run) collect(ctx context.Context, t *tracked) {
	got, err := r.files.Collect(ctx, r.want(t))
	r.keep(t, got)
	switch {
	case ctx.Err() != nil:
	case errors.Is(err, plan.ErrNotFound) && r.clock.Now().Sub(t.ended) < r.Limits.BlobWait:
	case errors.Is(err, plan.ErrNotFound):
		r.fail(t, fmt.Errorf("its file did not appear within %s: %w", r.Limits.BlobWait, err))
	case err != nil:
		r.again(ctx, t, err)
	default:
		t.phase = state.Collected
		r.note(t)
		r.emit(t.event(Collected, ""))
	}
	if t.phase == state.Failed && t.session.Mechanism == plan.FlowLog && !t.reused {
		r.removeAnyway(ctx, t)
	}
}

// removeAnyway ends a flow log whose files could not be fetched: its time is
// over, and what it wrote stays in storage.
func (r *Run) removeAnyway(ctx context.Context, t *tracked) {
	err := t.provider.Remove(ctx, t.rec)
	if t.gone = err == nil; err != nil {
		t.reason += "; remove: " + err.Error()
	}
	r.note(t)
}

func (r *Run) remove(ctx context.Context, t *tracked) {
	if err := t.provider.Remove(ctx, t.rec); err != nil && !errors.Is(err, plan.ErrNotFound) {
		r.again(ctx, t, fmt.Errorf("remove: %w", err))
		return
	}
	t.phase = state.Removed
	r.note(t)
	r.emit(t.event(Removed, ""))
}

func (r *Run) progress() Event {
	now := r.clock.Now()
	e := Event{Kind: Progress, Left: max(0, r.run.Ends.Sub(now))}
	for _, t := range r.tracked {
		s := Standing{Session: t.session.Address(), Mechanism: t.session.Mechanism, Target: t.session.Target.ID, State: string(t.phase), Bytes: t.bytes}
		s.Left = max(0, t.until(r.run.Ends).Sub(now))
		e.Sessions = append(e.Sessions, s)
	}
	return e
}

// until is when a session ends at the latest.
func (t *tracked) until(ends time.Time) time.Time {
	if t.session.Capture != nil && !t.rec.Started.IsZero() {
		if own := t.rec.Started.Add(t.session.Capture.Duration); own.Before(ends) {
			return own
		}
	}
	return ends
}

// CollectNow brings what there is so far and leaves every session as it is.
// The number of sessions that had something is returned.
func (r *Run) CollectNow(ctx context.Context) (int, error) {
	var mu sync.Mutex
	var errs []error
	n := 0
	r.each(func(t *tracked) {
		if t.rec.ID == "" {
			return
		}
		got, err := r.files.Collect(ctx, r.want(t))
		r.keep(t, got)
		r.note(t)
		mu.Lock()
		defer mu.Unlock()
		if err != nil && !errors.Is(err, plan.ErrNotFound) {
			errs = append(errs, fmt.Errorf("%s: %w", t.session.Address(), err))
		}
		if len(got) > 0 {
			n++
		}
	})
	return n, errors.Join(append(errs, r.save())...)
}
