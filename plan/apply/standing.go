package apply

import (
	"context"
	"errors"
	"fmt"
	"time"

	"flowctl/plan"
	"flowctl/plan/ledger"
)

// A monitor is a run without an end. What it started is kept as the file says, and
// nothing is fetched into its own folder: its answers are those of its periods.

// Standing reports whether r has no end to wait for.
func (r *Run) Standing() bool { return r.standing() }

func (r *Run) standing() bool { return r.Plan.Investigation.Standing() }

// kept reports whether nothing more is to be done about t for Azure to be as the file says.
func (t *tracked) kept() bool {
	switch t.change.Action {
	case plan.Delete, plan.Finish:
		return t.done
	}
	return t.done || t.begun() && !t.mends
}

// since is when a monitor of which no ledger knows began, as its logs in Azure say; now
// if none does.
func (r *Run) since(now time.Time) time.Time {
	for _, c := range r.Plan.Changes {
		if c.Recording == nil {
			continue
		}
		if t, err := time.Parse(time.RFC3339, c.Recording.Tags[plan.TagSince]); err == nil && t.Before(now) {
			now = t
		}
	}
	return now
}

// mend makes a flow log again, or sets it back, as the file says. That it was not so is
// noted first: until now it may not have recorded.
func (r *Run) mend(ctx context.Context, t *tracked, shown ledger.Shown) {
	r.lastWritten(ctx, t)
	switch {
	case shown == ledger.Absent && !hasChange(t.entry, ledger.Unwatched, ledger.Deleted):
		r.changed(t, ledger.Change{What: ledger.Deleted})
	case shown == ledger.Off || t.entry.Digest == t.session.Digest(): // else the file changed
		r.compare(t, shown)
	}
	rec, err := r.mended(ctx, t, shown)
	if err != nil {
		r.again(ctx, t, fmt.Errorf("set back: %w", err))
		return
	}
	t.rec, t.tries, t.looks, t.problem, t.mends = rec, 0, 0, "", false
	t.entry.Digest, t.entry.Session = t.session.Digest(), t.session
	t.entry.Changes = append(t.entry.Changes[:len(t.entry.Changes):len(t.entry.Changes)], ledger.Change{At: r.clock.Now().UTC().Truncate(time.Second), What: ledger.Mended})
	t.next = r.clock.Now().Add(r.Limits.Poll)
	r.azure.note(t, rec, true)
	r.note(t)
	r.emit(t.event(Changed, string(ledger.Mended)))
}

func (r *Run) mended(ctx context.Context, t *tracked, shown ledger.Shown) (plan.Recording, error) {
	if shown == ledger.Absent {
		return t.provider.Start(ctx, t.session)
	}
	m, ok := t.provider.(plan.Mender)
	if !ok {
		return t.rec, errors.New("this provider cannot change a flow log")
	}
	return m.Mend(ctx, t.rec, t.session)
}

// Observe notes how what a monitor keeps is now, and changes nothing in Azure.
func (r *Run) Observe(ctx context.Context) error {
	if err := r.keepInventory(); err != nil {
		return err
	}
	sideBySide(len(r.tracked), func(i int) {
		t := r.tracked[i]
		if t.stand() != ledger.Recording {
			return
		}
		shown := r.look(ctx, t)
		if ctx.Err() != nil || shown == ledger.Unreadable {
			return
		}
		if shown != ledger.On {
			r.lastWritten(ctx, t)
		}
		if shown == ledger.Absent && !t.entry.Reused {
			r.changed(t, ledger.Change{What: ledger.Deleted})
			return
		}
		r.compare(t, shown)
		r.note(t)
	})
	return errors.Join(ctx.Err(), r.save())
}

// Observed leaves of p what its monitor has started, for a run that only looks.
func Observed(p plan.Plan, run *ledger.Run) plan.Plan {
	var there []plan.Change
	for _, c := range p.Changes {
		switch {
		case c.Action == plan.Keep || c.Action == plan.Update:
			there = append(there, c)
		case c.Action == plan.Reuse && run.Reads(c.Recording.ID):
			there = append(there, c)
		case c.Action == plan.Create: // it is not started; that it is gone is noted
			if e := run.Sessions[c.Session.Fingerprint()]; e != nil && !e.Reused && e.Recording() != nil {
				there = append(there, plan.Change{Action: plan.Keep, Session: &e.Session, Recording: e.Recording()})
			}
		}
	}
	p.Changes = there
	return p
}

// lastWritten looks for the newest record of t that is there, since it was last seen.
func (r *Run) lastWritten(ctx context.Context, t *tracked) {
	w := r.want(t)
	if e := t.entry.Seen; e != nil {
		w.Start = later(w.Start, e.At.Add(-time.Hour))
	}
	if newest, _, err := r.files.Newest(ctx, w); err == nil && newest.After(t.newest) {
		t.newest = newest
	}
}

// lastKnown is until when t is known to have recorded: it was seen so, or wrote.
func (r *Run) lastKnown(t *tracked, now time.Time) time.Time {
	at := t.entry.Created
	if t.entry.Seen != nil {
		at = later(at, t.entry.Seen.At)
	}
	return earlier(now, later(at, t.newest)).UTC().Truncate(time.Second)
}
