package operation

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"flowctl/plan"
	"flowctl/plan/apply"
	"flowctl/plan/session"
	"flowctl/plan/state"
)

// Outcome is what an operation did for one investigation.
type Outcome struct {
	Name     string
	Removed  int  // recordings
	Idle     bool // nothing was recording
	Complete bool // all that was to be done was done
}

// each does something for every investigation of the file, also after one
// failed, and saves the state.
func (op *Operation) each(do func(name string) (Outcome, error)) ([]Outcome, error) {
	var out []Outcome
	var errs []error
	for _, inv := range op.Config.Investigations {
		o, err := do(inv.Name)
		o.Name, o.Complete = inv.Name, err == nil
		out, errs = append(out, o), append(errs, err)
	}
	_, err := op.state.Write(op.snapshot)
	return out, errors.Join(append(errs, err)...)
}

// Destroy removes what flowctl made for the investigations of the file,
// without collecting. Approve is asked for each with what would be removed.
func (op *Operation) Destroy(ctx context.Context, approve func(name string, there []plan.Recording) error) ([]Outcome, error) {
	return op.each(func(name string) (Outcome, error) { return op.destroy(ctx, name, approve) })
}

func (op *Operation) destroy(ctx context.Context, name string, approve func(string, []plan.Recording) error) (o Outcome, err error) {
	there, err := op.ours(ctx, name)
	if err != nil {
		return o, fmt.Errorf("destroy %s: %w", name, err)
	}
	if err := approve(name, there); err != nil {
		return o, err
	}
	var errs []error
	for _, r := range there {
		if err := op.providerOf(r).Remove(ctx, r); err != nil {
			errs = append(errs, fmt.Errorf("remove %s: %w", r.ID.Name(), err))
		}
	}
	errs = append(errs, op.tidy(ctx, name))
	if errors.Join(errs...) == nil {
		o.Removed = len(there)
		errs = append(errs, op.forget(name))
	}
	return o, errors.Join(errs...)
}

// tidy undoes what was made besides the recordings: agents that flowctl
// brought, lifecycle rules that a retention made Azure change.
func (op *Operation) tidy(ctx context.Context, name string) error {
	run := op.snapshot.Runs[name]
	if run == nil {
		run = &state.Run{}
	}
	t := apply.Tidy{
		Investigation: name, Providers: op.providers, Inventory: op.allInventories(), Run: run,
		Last: state.NewKeeper(op.state, op.snapshot).LastFor(name),
		Emit: func(e apply.Event) { op.emit(Event{Run: &e}) },
	}
	var errs []error
	for _, f := range t.Do(ctx) {
		errs = append(errs, fmt.Errorf("%s: %s", f.Session, f.Reason))
	}
	return errors.Join(errs...)
}

// forget lets a run that was not finished start anew.
func (op *Operation) forget(name string) error {
	run := op.snapshot.Runs[name]
	if run == nil || !run.Finished.IsZero() {
		return nil
	}
	delete(op.snapshot.Runs, name)
	folder := session.Folder{Path: run.Results}
	if !session.Is(folder.Path) {
		return nil
	}
	m, err := folder.Manifest()
	if err != nil {
		return err
	}
	m.Destroyed = true
	return folder.WriteManifest(m)
}

// Stop ends the captures of the investigations and moves the end of their time
// boxes to now.
func (op *Operation) Stop(ctx context.Context) ([]Outcome, error) {
	return op.each(func(name string) (Outcome, error) { return op.stop(ctx, name) })
}

func (op *Operation) stop(ctx context.Context, name string) (Outcome, error) {
	run := op.snapshot.Runs[name]
	if run == nil || !run.Finished.IsZero() {
		return Outcome{Idle: true}, nil
	}
	there, err := op.ours(ctx, name)
	errs := []error{err}
	for _, r := range there {
		if r.Mechanism == plan.PacketCapture && !r.State.Ended() {
			errs = append(errs, op.providerOf(r).Stop(ctx, r))
		}
	}
	if now := op.now(); now.Before(run.Ends) {
		run.Ends, run.Stopped = now, true
	}
	if err := errors.Join(errs...); err != nil {
		return Outcome{}, fmt.Errorf("stop %s: %w", name, err)
	}
	return Outcome{}, nil
}

// providerOf returns the provider in whose subscription r is.
func (op *Operation) providerOf(r plan.Recording) plan.Provider {
	for _, alias := range op.aliases() {
		if slices.ContainsFunc(op.recordings[alias], func(x plan.Recording) bool { return x.ID.Is(r.ID) }) {
			return op.providers[alias]
		}
	}
	return nil
}
