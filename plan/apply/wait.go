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

// Wait looks after every session until each has ended, its files are here and
// what was made is gone. It returns ctx's error if it is told to stop
// waiting; then the next run goes on from there.
func (r *Run) Wait(ctx context.Context) error {
	if err := r.proceed(ctx, (*tracked).over); err != nil {
		return errors.Join(err, r.save())
	}
	return r.finish(ctx)
}

func (t *tracked) over() bool {
	return t.phase == state.Removed || t.phase == state.Failed || t.reused && t.phase == state.Collected
}

// settled is when the last records of the window are written.
func (r *Run) settled() time.Time { return r.run.Ends.Add(r.Limits.Settle) }

// step moves one session on as far as it goes now, and says when it is to be
// seen again. Removing it is a step of its own: what is removed one after the
// other does not keep files from being fetched.
func (r *Run) step(ctx context.Context, t *tracked) {
	switch t.phase {
	case state.Planned:
		if r.prepare(ctx, t) {
			r.start(ctx, t)
		}
		return
	case state.Collected:
		r.remove(ctx, t)
		return
	case state.Recording:
		r.look(ctx, t)
	}
	if t.phase == state.Ended {
		r.collect(ctx, t)
	}
}

// again counts a failure that may pass; too many of them end the session.
func (r *Run) again(ctx context.Context, t *tracked, err error) {
	t.next = r.clock.Now().Add(r.Limits.Poll)
	if ctx.Err() != nil {
		return
	}
	if t.tries++; t.tries > r.Limits.Retries {
		r.fail(t, err)
	}
}

func (r *Run) ended(t *tracked, reason string) {
	t.phase, t.reason, t.ended, t.tries, t.looks = state.Ended, reason, r.clock.Now(), 0, 0
	r.note(t)
	r.emit(t.event(Ended, reason))
}

func (r *Run) collect(ctx context.Context, t *tracked) {
	got, err := r.files.Collect(ctx, r.want(t))
	r.keep(t, got)
	switch {
	case ctx.Err() != nil:
	case errors.Is(err, plan.ErrNotFound) && r.clock.Now().Sub(t.ended) < r.Limits.BlobWait:
		t.looks++
		t.next = r.clock.Now().Add(min(time.Duration(t.looks)*r.Limits.Poll, time.Minute))
	case errors.Is(err, plan.ErrNotFound):
		t.empty = true
		r.fail(t, fmt.Errorf("its file did not appear within %s: %w", r.Limits.BlobWait, err))
	case err != nil:
		r.again(ctx, t, err)
	default:
		r.collected(ctx, t)
	}
	if t.phase == state.Failed && t.session.Mechanism == plan.FlowLog && !t.reused {
		r.removeAnyway(ctx, t)
	}
}

// collected writes down that the files are here before the session is removed:
// otherwise a run that is killed in between would record anew.
func (r *Run) collected(ctx context.Context, t *tracked) {
	t.phase, t.tries = state.Collected, 0
	if t.empty = t.bytes == 0; t.bytes > 0 && t.data.IsZero() {
		t.data = r.clock.Now()
	}
	r.note(t)
	if err := r.commit(); err != nil {
		t.phase = state.Ended
		r.again(ctx, t, err)
		return
	}
	r.emit(t.event(Collected, ""))
}

// removeAnyway ends a session whose files could not be fetched, or that cannot
// be stopped: its time is over, and what it wrote stays in storage.
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

// CollectNow brings what there is so far and leaves every session as it is.
// The number of sessions that had something is returned.
func (r *Run) CollectNow(ctx context.Context) (int, error) {
	var mu sync.Mutex
	var errs []error
	n := 0
	sideBySide(len(r.tracked), func(i int) {
		t := r.tracked[i]
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
