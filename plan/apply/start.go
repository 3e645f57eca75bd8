package apply

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"flowctl/plan"
	"flowctl/plan/state"
)

// Start removes what is not wanted any more and starts what is. Sessions that
// run meanwhile are looked after.
func (r *Run) Start(ctx context.Context) error {
	if err := r.save(); err != nil {
		return err
	}
	if err := r.folder.WriteInventory(r.Inventory); err != nil {
		return err
	}
	r.removeUnwanted(ctx)
	if err := r.untilDue(ctx); err != nil {
		return err
	}
	err := r.proceed(ctx, func(t *tracked) bool { return t.phase != state.Planned && t.phase != state.Starting })
	return errors.Join(err, r.save())
}

// untilDue waits for the start that the file states.
func (r *Run) untilDue(ctx context.Context) error {
	wait := r.Plan.Investigation.Start.Sub(r.clock.Now())
	if r.Plan.Investigation.Start.IsZero() || wait <= 0 {
		return nil
	}
	r.emit(Event{Kind: Waiting, Text: "until " + r.Plan.Investigation.Start.Format(time.RFC3339)})
	return r.clock.Sleep(ctx, wait)
}

// start brings a session to recording.
func (r *Run) start(ctx context.Context, t *tracked) {
	r.emit(t.event(Starting, ""))
	t.phase = state.Starting
	r.note(t)
	rec, err := t.provider.Start(ctx, t.session)
	switch {
	case errors.Is(err, plan.ErrExists):
		rec, err = r.found(ctx, t)
	case ctx.Err() != nil:
		t.phase = state.Planned
		return // it is found by its name, if it came to be
	}
	if err != nil {
		r.fail(t, err)
		return
	}
	t.rec, t.phase, t.since, t.next = rec, state.Recording, r.clock.Now(), r.clock.Now().Add(r.Limits.Poll)
	if t.session.Mechanism == plan.FlowLog {
		t.next = t.since.Add(r.spaced(time.Minute, flowLogCost))
	}
	r.note(t)
	r.emit(t.event(Started, ""))
}

// found takes on what is there under the session's name: what an earlier run
// had begun to make.
func (r *Run) found(ctx context.Context, t *tracked) (plan.Recording, error) {
	rec, err := t.provider.Status(ctx, plan.Recording{ID: t.session.ResourceID(), Mechanism: t.session.Mechanism})
	if rec.Target == "" {
		return rec, err
	}
	if d := plan.Differs(t.session, rec); d != "" {
		return rec, fmt.Errorf("%s is there with another %s; run flowctl apply again to replace it", rec.ID.Name(), d)
	}
	return rec, nil // that its state cannot be had is met again
}

// removeUnwanted deletes what nothing asks for, and what is to be replaced.
// What cannot be deleted is a failure that stops nothing else.
func (r *Run) removeUnwanted(ctx context.Context) {
	var unwanted []plan.Change
	for _, c := range r.Plan.Changes {
		if c.Action == plan.Delete || c.Action == plan.Replace {
			unwanted = append(unwanted, c)
		}
	}
	errs := make([]error, len(unwanted))
	sideBySide(len(unwanted), func(i int) {
		errs[i] = r.providerOf(unwanted[i].Recording.ID).Remove(ctx, *unwanted[i].Recording)
	})
	for i, c := range unwanted {
		e := Event{Kind: Removed, Session: c.Recording.ID.Name(), Target: c.Target(), Mechanism: c.Mechanism()}
		if errs[i] != nil {
			r.kept = append(r.kept, Failure{Session: c.Recording.ID.Name(), Reason: "remove: " + errs[i].Error(), Left: c.Recording.ID})
			e.Kind, e.Text = Failed, "remove: "+errs[i].Error()
		}
		r.emit(e)
	}
}

func (r *Run) providerOf(id plan.ID) plan.Provider { return providerOf(r.Providers, id) }

// providerOf returns the provider in whose subscription id is; nil if there is
// none.
func providerOf(all map[string]plan.Provider, id plan.ID) plan.Provider {
	for _, alias := range slices.Sorted(maps.Keys(all)) {
		if p := all[alias]; plan.ID(p.Subscription()).Is(plan.ID(id.Subscription())) {
			return p
		}
	}
	return nil
}

func (r *Run) fail(t *tracked, err error) {
	t.phase, t.reason = state.Failed, err.Error()
	r.note(t)
	r.emit(t.event(Failed, t.reason))
}
