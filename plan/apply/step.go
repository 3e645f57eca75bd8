package apply

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"flowctl/plan"
	"flowctl/plan/ledger"
	"flowctl/plan/session"
)

// step looks at one session, and does what comes next. Removing it is a step
// of its own: what is removed one after the other does not keep files from
// being fetched.
func (r *Run) step(ctx context.Context, t *tracked) {
	t.stepped = true
	if t.after != nil && !t.after.done {
		t.next = r.clock.Now().Add(r.Limits.Poll)
		return
	}
	shown := r.look(ctx, t)
	if ctx.Err() != nil {
		return
	}
	next, _ := ledger.Next(t.entry.Kind(), t.stand(), shown, r.when(t))
	switch next {
	case ledger.Await:
		if t.isLog() && r.when(t) == ledger.Ending {
			r.lookLate(ctx, t)
			r.replaced(t)
		}
		r.await(t, shown)
	case ledger.Adopt:
		r.adopt(t, t.rec)
	case ledger.Start:
		if r.prepare(ctx, t) && r.aligned(t) && r.mayWrite(ctx, t) && !r.tookTwin(ctx, t) {
			r.start(ctx, t)
		}
	case ledger.Follow:
		r.follow(ctx, t, shown)
	case ledger.Mend:
		if r.prepare(ctx, t) && r.mayWrite(ctx, t) {
			r.mend(ctx, t, shown)
		}
	case ledger.Stop:
		if r.mayWrite(ctx, t) {
			r.stop(ctx, t)
		}
	case ledger.Fetch:
		r.missing(t)
		r.collect(ctx, t)
	case ledger.Remove:
		if r.mayWrite(ctx, t) {
			r.remove(ctx, t)
		}
	case ledger.Report:
		r.report(ctx, t, shown)
	}
}

// mayWrite reports whether this process still holds the ledger's lock, without
// which nothing is written to Azure.
func (r *Run) mayWrite(ctx context.Context, t *tracked) bool {
	err := r.State.Hold(ctx)
	if err != nil {
		r.again(ctx, t, err)
	}
	return err == nil
}

// await waits for the next time at which something can be done. What cannot be
// seen is waited for as well, but not for ever: what is over and still cannot
// be seen ends with that reason, so that its data is fetched all the same.
func (r *Run) await(t *tracked, shown ledger.Shown) {
	now, when := r.clock.Now(), r.when(t)
	t.looks++
	t.next = now.Add(min(time.Duration(t.looks)*r.Limits.Poll, time.Minute))
	switch {
	case shown == ledger.Unreadable && t.unread > r.Limits.Retries && when != ledger.During && when != ledger.Before:
		err := fmt.Errorf("read its state: %w", t.unreadable)
		if t.stand() == ledger.Recording {
			r.ended(t, err.Error())
			return
		}
		r.giveUp(t, err, true)
	case shown == ledger.Unreadable && t.unread == r.Limits.Retries+1:
		r.emit(t.event(NoData, fmt.Sprintf("its state cannot be read, which says nothing about it: %v", t.unreadable)))
	case shown == ledger.Unreadable || shown == ledger.Creating || shown == ledger.Deleting:
	case when == ledger.Before:
		t.next = r.Plan.Investigation.Start
	case when == ledger.Ending:
		t.next = earlier(r.settled(t), now.Add(r.spaced(minute, flowLogCost)))
	}
}

// start creates the recording. Whatever Azure answers, what counts is what is
// there afterwards: an error on the way may hide that it came to be.
func (r *Run) start(ctx context.Context, t *tracked) {
	r.emit(t.event(Starting, ""))
	t.entry.Asked = r.clock.Now()
	r.note(t)
	rec, err := t.provider.Start(ctx, t.session)
	switch {
	case err == nil:
		r.adopt(t, rec)
		r.yield(ctx, t)
		return
	case ctx.Err() != nil:
		return // it is found by its name, if it came to be
	case errors.Is(err, plan.ErrTooLate):
		r.fail(t, r.notStarted(t, ledger.Absent))
		return
	case errors.Is(err, plan.ErrNoAgent) && t.session.InstallAgent != "" && t.tries < r.Limits.Retries:
		t.agent, t.tries, t.next = false, t.tries+1, r.clock.Now().Add(r.Limits.Poll) // somebody took it away
		return
	}
	there, lookErr := t.provider.Status(ctx, plan.Recording{ID: t.session.ResourceID(), Mechanism: t.session.Mechanism, Target: t.session.Target.ID})
	if there.Target == "" && lookErr == nil {
		lookErr = plan.ErrNotFound
	}
	if t.session.Capture != nil && there.Target != "" && lookErr != nil && !errors.Is(lookErr, plan.ErrNotFound) && there.Provisioning != "" {
		lookErr = nil // it is there; only its state cannot be had, and that is met again
	}
	switch shown := ledger.Look(t.session, there, lookErr); {
	case shown == ledger.Other:
		r.fail(t, fmt.Errorf("%s is there with another %s; run flowctl apply again to replace it", there.ID.Name(), plan.Differs(t.session, there)))
	case shown == ledger.On || shown == ledger.Off || shown == ledger.Creating:
		r.adopt(t, there)
	case shown == ledger.Unreadable:
		r.again(ctx, t, err)
	case r.tookTwin(ctx, t):
	default:
		r.fail(t, err)
	}
	r.azure.forget(t)
}

// adopt notes that the recording is there.
func (r *Run) adopt(t *tracked, rec plan.Recording) {
	now := r.clock.Now()
	if t.entry.Reused && rec.ID == "" {
		rec = *t.change.Recording
	}
	first := t.entry.Created.IsZero()
	t.rec, t.entry.Failed, t.looks, t.tries = rec, nil, 0, 0
	if first {
		t.entry.Created = now
		if !rec.Started.IsZero() {
			t.entry.Created = rec.Started
		} else if t.entry.Asked.IsZero() { // an earlier run made it
			t.entry.Created = r.run.Started
		}
	}
	t.since = t.entry.Created
	t.next = now.Add(r.Limits.Poll)
	if t.isLog() && !t.entry.Reused && !t.entry.Asked.IsZero() {
		t.next = now.Add(r.spaced(time.Minute, flowLogCost))
	}
	if t.entry.Asked.IsZero() || !now.Before(t.ends) {
		t.next = now
	}
	r.azure.note(t, rec, true)
	r.note(t)
	if first && !t.entry.Reused && !t.entry.Asked.IsZero() {
		r.emit(t.event(Started, ""))
	}
}

// again counts a failure that may pass; too many of them end the session's
// part in this run. The next run tries again.
func (r *Run) again(ctx context.Context, t *tracked, err error) {
	t.next = r.clock.Now().Add(r.Limits.Poll)
	if ctx.Err() != nil {
		return
	}
	if t.tries++; t.tries > r.Limits.Retries {
		r.giveUp(t, err, t.rec.ID != "" && !t.entry.Reused)
	}
}

// giveUp leaves t as it is until the next run.
func (r *Run) giveUp(t *tracked, err error, left bool) {
	t.done, t.problem, t.left = true, err.Error(), left
	r.note(t)
	r.emit(t.event(Failed, t.problem))
}

// fail notes that a session will not record, and why.
func (r *Run) fail(t *tracked, err error) {
	t.problem = err.Error()
	t.entry.Failed = &ledger.Failed{At: r.clock.Now(), Reason: t.problem}
	t.next = r.clock.Now()
	r.note(t)
	r.emit(t.event(Failed, t.problem))
}

// report notes what is seen and cannot be changed.
func (r *Run) report(ctx context.Context, t *tracked, shown ledger.Shown) {
	stand := t.stand()
	switch {
	case stand == ledger.Planned || stand == ledger.Starting:
		r.fail(t, r.notStarted(t, shown))
	case t.entry.Reused || stand == ledger.Gone || stand == ledger.GivenUp:
		t.done = true
	case stand == ledger.Recording && (shown == ledger.Absent || shown == ledger.Foreign):
		r.deleted(ctx, t)
	case stand == ledger.Recording && shown == ledger.Broken:
		r.ended(t, "it came to state Failed")
	case stand == ledger.Recording && t.session.Capture != nil:
		if !t.rec.Started.IsZero() && t.entry.Data.IsZero() {
			t.entry.Data = t.rec.Started
		}
		r.ended(t, endReason(t.rec))
	case stand == ledger.Recording:
		r.ended(t, r.endOfTime(t))
	default: // collected, and somebody else removed it
		t.entry.Removed = r.clock.Now()
		r.note(t)
		r.emit(t.event(Removed, ""))
	}
}

// deleted notes that a recording is gone: another machine of this investigation may
// have collected and removed it, or somebody deleted it.
func (r *Run) deleted(ctx context.Context, t *tracked) {
	if e := r.elsewhere(ctx, t); e != nil {
		r.emit(t.event(Changed, "another machine collected and removed it"))
		r.endedAt(t, e.Ended.At, e.Ended.Reason)
		return
	}
	r.changed(t, ledger.Change{What: ledger.Deleted})
	r.replaced(t)
	r.ended(t, "somebody deleted it")
	if !r.standing() {
		t.problem = "somebody deleted it; what it had recorded is collected"
	}
}

// notStarted says why a session never started.
func (r *Run) notStarted(t *tracked, shown ledger.Shown) error {
	switch {
	case t.entry.Reused:
		return fmt.Errorf("flow log %s, which was to be read, is gone", t.session.Name)
	case shown == ledger.Foreign:
		return fmt.Errorf("%s is there and belongs to somebody else: give this investigation another name", t.session.Name)
	}
	ended, now := t.ends.UTC().Format(time.RFC3339), r.clock.Now().UTC().Format(time.RFC3339)
	switch {
	case !r.began.Before(t.ends):
		return fmt.Errorf("%w %s, before this run began", plan.ErrTooLate, ended)
	case t.session.InstallAgent != "":
		return fmt.Errorf("%w %s, and the machine's agent was ready at %s only. Give the investigation a longer window, or install the agent before",
			plan.ErrTooLate, ended, now)
	}
	return fmt.Errorf("%w %s, and it was not its turn before. One Network Watcher writes one thing after the other: give the investigation a longer window or fewer targets in one region",
		plan.ErrTooLate, ended)
}

// gone reports whether t's target is known not to be there any more.
func (r *Run) gone(ctx context.Context, t *tracked) bool {
	f, ok := t.provider.(plan.Finder)
	if ok && !t.gone {
		t.gone = errors.Is(f.Find(ctx, t.session.Target.ID), plan.ErrNotFound)
	}
	return t.gone
}

func (r *Run) ended(t *tracked, reason string) { r.endedAt(t, r.clock.Now(), reason) }

func (r *Run) endedAt(t *tracked, at time.Time, reason string) {
	t.entry.Ended = &ledger.Ended{At: at, Reason: reason}
	t.tries, t.looks, t.next = 0, 0, r.clock.Now()
	r.note(t)
	if s := r.settled(t); t.isLog() && s.After(r.clock.Now()) {
		reason += fmt.Sprintf("; what it still writes is waited for until %s", s.UTC().Format("15:04:05"))
	}
	r.emit(t.event(Ended, reason))
}

// endOfTime says why a session's time is over.
func (r *Run) endOfTime(t *tracked) string {
	if t.drop != "" {
		return t.drop
	}
	if r.run.Stopped {
		return cmp.Or(r.run.Limit, "stopped by hand")
	}
	return "end of the window"
}

// stop switches a flow log off, or ends a capture. One that cannot be stopped
// is removed in the end: that ends it as well.
func (r *Run) stop(ctx context.Context, t *tracked) {
	t.next = r.clock.Now().Add(r.Limits.Poll)
	err := t.provider.Stop(ctx, t.rec)
	if t.stops++; err == nil && !t.isLog() && t.stops > r.Limits.Retries {
		err = errors.New("the stop was accepted, and it is shown as running")
	}
	switch {
	case ctx.Err() != nil:
	case err == nil && t.isLog():
		t.rec.Enabled = false
		r.azure.note(t, t.rec, true)
		if t.entry.Ended == nil {
			r.ended(t, r.endOfTime(t))
		}
	case err == nil && t.entry.Ended != nil: // its state cannot be read, and it was stopped
		t.rec.State = plan.CaptureStopped
	case err == nil:
	default:
		if t.stops <= r.Limits.Retries {
			return
		}
		t.stuck, t.problem = true, "stop: "+err.Error()
		if r.gone(ctx, t) {
			t.problem = t.session.Target.ID.Name() + " is not in Azure any more: " + t.problem
			err = fmt.Errorf("%s is not in Azure any more: %w", t.session.Target.ID.Name(), err)
		}
		if t.entry.Ended == nil {
			r.ended(t, fmt.Sprintf("%s; it cannot be stopped: %v", r.endOfTime(t), err))
		}
	}
}

func (r *Run) collect(ctx context.Context, t *tracked) {
	if t.entry.Ended == nil { // somebody else's log goes on
		t.entry.Ended = &ledger.Ended{At: t.ends, Reason: r.endOfTime(t)}
		r.note(t)
		r.emit(t.event(Ended, t.entry.Ended.Reason))
	}
	if r.standing() { // its data stays where it is: the reports of its periods are made from there
		r.collected(ctx, t, nil)
		return
	}
	got, err := r.files.Collect(ctx, r.want(t))
	r.keep(t, got)
	switch {
	case ctx.Err() != nil:
	case errors.Is(err, plan.ErrNotFound) && r.clock.Now().Sub(t.entry.Ended.At) < r.Limits.BlobWait:
		t.looks++
		t.next = r.clock.Now().Add(min(time.Duration(t.looks)*r.Limits.Poll, time.Minute))
	case errors.Is(err, plan.ErrNotFound):
		r.lost(ctx, t, got, err)
	case err != nil:
		r.again(ctx, t, fmt.Errorf("fetch: %w", err))
	default:
		r.collected(ctx, t, got)
	}
}

// lost notes that files of a capture did not appear, and why as far as that can be
// told. What did appear is kept.
func (r *Run) lost(ctx context.Context, t *tracked, got []session.Artifact, err error) {
	why := fmt.Errorf("its file did not appear within %s: %w", plan.Duration(r.Limits.BlobWait), err)
	if r.gone(ctx, t) {
		why = fmt.Errorf("%s is not in Azure any more, and no file of its capture appeared within %s", t.session.Target.ID.Name(), plan.Duration(r.Limits.BlobWait))
	}
	if len(got) == 0 {
		t.empty = true
		r.fail(t, why)
		return
	}
	t.problem = fmt.Sprintf("a part of its files did not appear within %s: %v; machines that were scaled in or deleted take theirs along", plan.Duration(r.Limits.BlobWait), err)
	t.explain("; " + t.problem)
	r.collected(ctx, t, got)
}

func (r *Run) remove(ctx context.Context, t *tracked) {
	if err := t.provider.Remove(ctx, t.rec); err != nil && !errors.Is(err, plan.ErrNotFound) {
		if t.tries == r.Limits.Retries {
			r.gone(ctx, t) // which is why
		}
		r.again(ctx, t, fmt.Errorf("remove: %w", err))
		return
	}
	r.azure.note(t, t.rec, false)
	if s := t.stand(); s == ledger.Planned || s == ledger.Starting { // a creation that came to nothing
		t.next = r.clock.Now()
		return
	}
	t.tries = 0
	if t.entry.Failed == nil {
		t.entry.Removed = r.clock.Now()
	}
	r.note(t)
	r.emit(t.event(Removed, ""))
}
