package apply

import (
	"context"
	"fmt"
	"maps"
	"time"

	"flowctl/plan"
	"flowctl/plan/ledger"
)

// What a look costs, as the time that has to pass for each session that is
// looked after: so that a thousand of them stay within the caller's request
// quota. The state of a capture takes a write, of which a subscription has ten
// a second; the size of a flow log is a listing of blobs; what all watchers
// hold is a few listings for all sessions.
const (
	captureCost = 500 * time.Millisecond
	flowLogCost = 100 * time.Millisecond
	listingCost = 20 * time.Millisecond
)

// spaced is how long to wait between looks: d, or longer if there are many
// sessions.
func (r *Run) spaced(d, cost time.Duration) time.Duration {
	return max(d, time.Duration(r.many())*cost)
}

// follow notes what others did to a recording, and whether it gives data.
func (r *Run) follow(ctx context.Context, t *tracked, shown ledger.Shown) {
	r.compare(t, shown)
	r.prolong(ctx, t)
	if !t.isLog() {
		r.measure(ctx, t)
		r.prove(t, t.rec.State == plan.CaptureRunning)
		t.next = r.nextLook(t)
		return
	}
	if n, err := r.files.Measure(ctx, r.want(t)); err == nil {
		r.learn(ctx, t, n)
		r.prove(t, n > 0)
	}
	now := r.clock.Now()
	t.next = now.Add(r.spaced(time.Minute, flowLogCost))
	if !t.entry.Data.IsZero() || t.silent {
		t.next = now.Add(r.spaced(10*r.Limits.Poll, flowLogCost))
	}
	if end := t.ends; t.next.After(end) && now.Before(end) {
		t.next = end
	}
}

// prolong writes to a flow log when it ends now, if that was moved: whoever sweeps goes
// by it. Where it is refused the next run tries again.
func (r *Run) prolong(ctx context.Context, t *tracked) {
	x, ok := t.provider.(plan.Extender)
	told, end := t.rec.Tags[plan.TagExpires], t.ends.UTC().Format(time.RFC3339)
	if !ok || !t.isLog() || t.entry.Reused || t.entry.Shared || t.drop != "" || t.unmoved || t.session.Standing() || told == "" || told == end || !r.clock.Now().Before(t.ends) || !r.mayWrite(ctx, t) {
		return
	}
	if err := x.Extend(ctx, t.rec, t.ends); err != nil {
		t.unmoved = true
		r.emit(t.event(Changed, fmt.Sprintf("it could not be noted in Azure that it ends at %s: %v; a sweep goes by %s", end, err, told)))
		return
	}
	t.rec.Tags = maps.Clone(t.rec.Tags)
	t.rec.Tags[plan.TagExpires] = end
	r.azure.note(t, t.rec, true)
	r.note(t)
	r.emit(t.event(Changed, "ends at "+end))
}

// compare notes how t's recording differs from what was asked for, and which
// other flow logs write parts of its records.
func (r *Run) compare(t *tracked, shown ledger.Shown) {
	if t.entry.Reused {
		if shown == ledger.Absent {
			r.changed(t, ledger.Change{What: ledger.Deleted})
			return
		}
	}
	off := hasChange(t.entry, ledger.Switched, ledger.SwitchedOn)
	switch {
	case shown == ledger.Off && !off:
		r.changed(t, ledger.Change{What: ledger.Switched})
	case shown != ledger.Off && off && shown != ledger.Absent:
		r.changed(t, ledger.Change{What: ledger.SwitchedOn})
	}
	if !t.entry.Reused {
		switch d := plan.Differs(t.session, t.rec); {
		case d == "target":
			r.changed(t, ledger.Change{What: ledger.Retargeted, Text: "it logs " + t.rec.Target.Name()})
		case d == "storage account":
			r.changed(t, ledger.Change{What: ledger.Moved, Text: "it writes to " + t.rec.Storage.Name()})
		case d != "":
			r.changed(t, ledger.Change{What: ledger.Settings, Text: d})
		}
	}
	if t.isLog() {
		r.takenOver(t, shown == ledger.On || shown == ledger.Other && t.rec.Target.Is(t.session.Target.ID))
	}
}

// hasChange reports whether the last of two opposite changes was the first.
func hasChange(e *ledger.Entry, what, back ledger.What) bool {
	for i := len(e.Changes) - 1; i >= 0; i-- {
		switch e.Changes[i].What {
		case what:
			return true
		case back, ledger.Mended:
			return false
		}
	}
	return false
}

// changed notes a change once, and tells it.
func (r *Run) changed(t *tracked, c ledger.Change) {
	c.At = r.clock.Now().UTC().Truncate(time.Second)
	if r.standing() && c.Stops() && c.What != ledger.TakenOver {
		c.Noticed, c.At = c.At, r.lastKnown(t, c.At)
	}
	if !t.entry.Note(c) {
		return
	}
	r.note(t)
	text := c.What.Told()
	if c.Text != "" {
		text += ": " + c.Text
	}
	r.emit(t.event(Changed, text))
}

// nextLook is when a capture is to be seen again: soon until it runs and again
// when it should have ended, rarely in between.
func (r *Run) nextLook(t *tracked) time.Time {
	now, ends := r.clock.Now(), t.until()
	next := now.Add(r.spaced(time.Minute, captureCost))
	if t.entry.Data.IsZero() || !now.Before(ends) {
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

// prove says once that a session gives data, or that it should and does not.
func (r *Run) prove(t *tracked, data bool) {
	waited := r.clock.Now().Sub(t.since)
	switch {
	case !t.entry.Data.IsZero():
	case data:
		t.entry.Data = r.clock.Now()
		r.note(t)
		r.emit(t.event(FirstData, proof(t, waited)))
	case !t.silent && waited >= r.Limits.Proof:
		t.silent = true
		r.emit(t.event(NoData, fmt.Sprintf("after %s; %s", plan.Duration(waited), suspects(t))))
	}
}

func proof(t *tracked, waited time.Duration) string {
	if !t.isLog() {
		return fmt.Sprintf("capturing after %s", plan.Duration(waited))
	}
	return fmt.Sprintf("first data after %s", plan.Duration(waited))
}

// suspects are the reasons for which nothing comes.
func suspects(t *tracked) string {
	if !t.isLog() {
		return "Azure does not say that it runs: the agent may be stopped, or be kept from 168.63.129.16, 169.254.169.254 or the storage account"
	}
	if t.entry.Reused {
		return "somebody else's flow log writes nothing here: it may be switched off, or there is no traffic"
	}
	return "the storage account's firewall may keep trusted Microsoft services out, its keys may have been rotated, or there is no traffic (ICMP is never logged)"
}
