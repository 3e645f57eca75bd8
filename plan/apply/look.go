package apply

import (
	"context"
	"errors"
	"fmt"
	"time"

	"flowctl/plan"
)

// What a look costs, as the time that has to pass for each session that is
// looked after: so that a thousand of them ask no oftener than Azure lets one
// caller. The state of a capture takes a write, of which a subscription has
// ten a second; the size of a flow log is a listing of blobs.
const (
	captureCost = 500 * time.Millisecond
	flowLogCost = 100 * time.Millisecond
)

// spaced is how long to wait between looks: d, or longer if there are many
// sessions.
func (r *Run) spaced(d, cost time.Duration) time.Duration {
	return max(d, time.Duration(len(r.tracked))*cost)
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
		r.prove(t, !rec.Started.IsZero())
		r.ended(t, endReason(rec))
	case !r.clock.Now().Before(r.run.Ends):
		r.stop(ctx, t)
	default:
		r.prove(t, rec.State == plan.CaptureRunning)
		t.next = r.nextLook(t)
	}
}

// nextLook is when a capture is to be seen again: soon until it runs and again
// when it should have ended, rarely in between.
func (r *Run) nextLook(t *tracked) time.Time {
	now, ends := r.clock.Now(), t.until(r.run.Ends)
	next := now.Add(r.spaced(time.Minute, captureCost))
	if t.data.IsZero() || !now.Before(ends) {
		t.looks++
		next = now.Add(min(time.Duration(t.looks)*r.Limits.Poll, time.Minute))
	} else {
		t.looks = 0
	}
	if now.Before(ends) && next.After(ends) {
		return ends
	}
	return next
}

// stop ends a capture whose time is over. One that cannot be stopped is
// removed: that ends it as well.
func (r *Run) stop(ctx context.Context, t *tracked) {
	t.next = r.clock.Now().Add(r.Limits.Poll)
	err := t.provider.Stop(ctx, t.rec)
	if err == nil || ctx.Err() != nil {
		return
	}
	if t.looks++; t.looks <= r.Limits.Retries {
		return
	}
	r.fail(t, fmt.Errorf("stop: %w", err))
	r.removeAnyway(ctx, t)
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
	if n, err := r.files.Measure(ctx, r.want(t)); err == nil {
		t.bytes = n
		r.prove(t, n > 0)
	}
	t.next = now.Add(r.spaced(time.Minute, flowLogCost))
	if !t.data.IsZero() || t.silent {
		t.next = now.Add(r.spaced(10*r.Limits.Poll, flowLogCost))
	}
	if t.next.After(r.settled()) {
		t.next = r.settled()
	}
}

// prove says once that a session gives data, or that it should and does not.
func (r *Run) prove(t *tracked, data bool) {
	waited := r.clock.Now().Sub(t.since)
	switch {
	case !t.data.IsZero():
	case data:
		t.data = r.clock.Now()
		r.note(t)
		r.emit(t.event(FirstData, proof(t, waited)))
	case !t.silent && waited >= r.Limits.Proof:
		t.silent = true
		r.emit(t.event(NoData, fmt.Sprintf("after %s; %s", waited.Round(time.Second), suspects(t))))
	}
}

func proof(t *tracked, waited time.Duration) string {
	if t.session.Mechanism == plan.PacketCapture {
		return fmt.Sprintf("capturing after %s", waited.Round(time.Second))
	}
	return fmt.Sprintf("first data after %s", waited.Round(time.Second))
}

// suspects are the reasons for which nothing comes.
func suspects(t *tracked) string {
	if t.session.Mechanism == plan.PacketCapture {
		return "Azure does not say that it runs: the agent may be stopped, or be kept from 168.63.129.16, 169.254.169.254 or the storage account"
	}
	if t.reused {
		return "somebody else's flow log writes nothing here: it may be switched off, or there is no traffic"
	}
	return "the storage account's firewall may keep trusted Microsoft services out, its keys may have been rotated, or there is no traffic (ICMP is never logged)"
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
