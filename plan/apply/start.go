package apply

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"flowctl/plan"
	"flowctl/plan/ledger"
)

// Start starts what is wanted. Sessions that run meanwhile are looked after.
// A run that only does a step returns when nothing is due.
func (r *Run) Start(ctx context.Context) error {
	if err := r.save(); err != nil {
		return err
	}
	if err := r.keepInventory(); err != nil {
		return err
	}
	if r.Step {
		err := r.proceed(ctx, r.idle)
		return errors.Join(err, r.save())
	}
	if r.standing() {
		err := r.proceed(ctx, (*tracked).kept)
		return errors.Join(err, r.save())
	}
	if err := r.untilDue(ctx); err != nil {
		return err
	}
	err := r.proceed(ctx, (*tracked).begun)
	return errors.Join(err, r.save())
}

// keepInventory stores what the subscriptions hold, with what earlier looks of
// this run found: what is gone by now still has a name in what was recorded.
func (r *Run) keepInventory() error { return r.keepLook(r.Inventory) }

func (r *Run) keepLook(look []*plan.Inventory) error {
	earlier, err := r.folder.Inventory()
	if err != nil {
		return err
	}
	var out []*plan.Inventory
	for _, inv := range look {
		now := *inv
		for _, old := range earlier {
			if old.Provider == inv.Provider && old.Subscription == inv.Subscription {
				now.Remember(old)
			}
		}
		out = append(out, &now)
	}
	if err := r.folder.WriteInventory(out); err != nil {
		return err
	}
	r.saving.Lock()
	defer r.saving.Unlock()
	r.keepNames(out)
	return nil
}

// begun reports whether t has started, or never will.
func (t *tracked) begun() bool {
	return t.done || t.stepped && !t.starts()
}

// idle reports whether nothing can be done about t before some time passes.
func (r *Run) idle(t *tracked) bool {
	return t.done || t.stepped && t.next.After(r.clock.Now()) && (t.begun() || r.when(t) == ledger.Before || t.after != nil && !t.after.done)
}

// untilDue waits for the start that the file states. It looks at the clock
// now and then: a machine may sleep meanwhile.
func (r *Run) untilDue(ctx context.Context) error {
	start := r.Plan.Investigation.Start
	if start.IsZero() || !r.clock.Now().Before(start) {
		return nil
	}
	r.emit(Event{Kind: Waiting, Text: "until " + start.Format(time.RFC3339)})
	for {
		wait := start.Sub(r.clock.Now())
		if wait <= 0 {
			return nil
		}
		if err := r.clock.Sleep(ctx, min(wait, time.Minute)); err != nil {
			return err
		}
	}
}

// Wait looks after every session until each has ended, its files are here and
// what was made is gone. It returns ctx's error if it is told to stop
// waiting; then the next run goes on from there.
func (r *Run) Wait(ctx context.Context) error {
	if err := r.proceed(ctx, func(t *tracked) bool { return t.done }); err != nil && r.State.Lost() != nil {
		return err // another run has the ledger now, and what is kept of this one
	} else if err != nil {
		return errors.Join(err, r.save())
	}
	if err := r.lookAgain(ctx); err != nil {
		return errors.Join(err, r.save())
	}
	return r.finish(ctx)
}

// lookAgain keeps what the subscriptions hold at the end of a run that was awaited: machines
// that came meanwhile have names, and one that took over the address of another has its own.
// What cannot be read is known by the first look.
func (r *Run) lookAgain(ctx context.Context) error {
	const fresh = time.Minute
	var look []*plan.Inventory
	for _, inv := range r.Inventory {
		if r.clock.Now().Sub(inv.Read) > fresh {
			if now, err := r.Providers[inv.Provider].Inventory(ctx); err == nil {
				now.Provider = inv.Provider
				inv = now
			}
		}
		look = append(look, inv)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return r.keepLook(look)
}

// Done finishes a run of which only a step was done, if nothing of it is
// pending, and reports whether it is over.
func (r *Run) Done(ctx context.Context) (bool, error) {
	for _, t := range r.tracked {
		if !t.done {
			return false, r.save()
		}
	}
	if r.clock.Now().Before(r.run.Ends) && (len(r.tracked) > 0 || r.standing()) && !r.run.Stopped {
		return false, r.save() // all it had has ended, and its time is not over
	}
	return true, r.finish(ctx)
}

// providerOf returns the alias and provider in whose subscription id is; nil
// if there is none.
func providerOf(all map[string]plan.Provider, id plan.ID) (string, plan.Provider) {
	for _, alias := range slices.Sorted(maps.Keys(all)) {
		if p := all[alias]; plan.ID(p.Subscription()).Is(plan.ID(id.Subscription())) {
			return alias, p
		}
	}
	return "", nil
}

// CollectNow brings what there is so far and leaves every session as it is.
// The number of sessions that had something is returned.
func (r *Run) CollectNow(ctx context.Context) (int, error) {
	if err := r.keepInventory(); err != nil {
		return 0, err
	}
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
			errs = append(errs, failed(t, err))
		}
		if len(got) > 0 {
			n++
		}
	})
	return n, errors.Join(append(errs, r.save())...)
}
