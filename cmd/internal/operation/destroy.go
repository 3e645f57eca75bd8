package operation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"flowctl/collectors/fetch"
	"flowctl/plan"
	"flowctl/plan/apply"
	"flowctl/plan/config"
	"flowctl/plan/ledger"
	"flowctl/plan/session"
)

// Outcome is what an operation did for one investigation.
type Outcome struct {
	Name     string
	Removed  int       // recordings
	Idle     bool      // nothing was recording
	Ends     time.Time // where the end was moved
	Fixed    []string  // targets of captures, whose end cannot be moved
	Complete bool      // all that was to be done was done
}

// each does something for every investigation of the file, also after one
// failed, and saves the state.
func (op *Operation) each(ctx context.Context, do func(inv plan.Investigation) (Outcome, error)) ([]Outcome, error) {
	var out []Outcome
	var errs []error
	for _, inv := range op.Config.Investigations {
		o, err := do(header(inv))
		o.Name, o.Complete = inv.Name, err == nil
		out, errs = append(out, o), append(errs, err)
	}
	_, err := op.backend.Write(context.WithoutCancel(ctx), op.ledger)
	return out, errors.Join(append(errs, err)...)
}

// header is the part of an investigation that travels with what is made for it.
func header(i *config.Investigation) plan.Investigation {
	return plan.Investigation{Name: i.Name, Reason: i.Reason, Owner: i.Owner, Ticket: i.Ticket, Window: i.Window, Start: i.Start, End: i.End, Monitor: i.Monitor}
}

// Doomed is a recording that destroy would remove.
type Doomed struct {
	Recording   plan.Recording
	Uncollected bool  // what it recorded is not in the results folder
	Bytes       int64 // of it in storage, as far as that is known
}

// Destroy removes what flowctl made for the investigations of the file,
// without collecting. Approve is asked for each with what would be removed.
func (op *Operation) Destroy(ctx context.Context, approve func(name string, there []Doomed) error) ([]Outcome, error) {
	return op.each(ctx, func(inv plan.Investigation) (Outcome, error) { return op.destroy(ctx, inv, approve) })
}

func (op *Operation) destroy(ctx context.Context, inv plan.Investigation, approve func(string, []Doomed) error) (o Outcome, err error) {
	there, err := op.ours(ctx, inv)
	if err != nil {
		return o, fmt.Errorf("destroy %s: %w", inv.Name, err)
	}
	var doomed []Doomed
	for _, r := range there {
		doomed = append(doomed, op.doomed(ctx, inv, r))
	}
	if err := approve(inv.Name, doomed); err != nil {
		return o, err
	}
	if err := op.lock.Hold(ctx); err != nil {
		return o, err
	}
	var errs []error
	for _, r := range there {
		if err := op.providerOf(r).Remove(ctx, r); err != nil {
			errs = append(errs, fmt.Errorf("remove %s: %w", r.ID.Name(), err))
		}
	}
	errs = append(errs, op.tidy(ctx, inv, there))
	if errors.Join(errs...) == nil {
		o.Removed = len(there)
		errs = append(errs, op.forget(inv.Name), op.forgetBeside(ctx, inv))
	}
	return o, errors.Join(errs...)
}

// doomed looks at what would be lost with a recording.
func (op *Operation) doomed(ctx context.Context, inv plan.Investigation, r plan.Recording) Doomed {
	d := Doomed{Recording: r, Uncollected: true}
	start, end := inv.TimeBox(r.Started)
	if run := op.ledger.Runs[inv.Name]; run != nil {
		start, end = run.Window(inv)
		for _, e := range run.Sessions {
			if e.Session.Name == r.ID.Name() && e.Fetched != nil {
				d.Uncollected = false
			}
		}
	} else if n, ok := plan.ParseName(r.ID.Name()); ok {
		start, end = n.Deadline.Add(-inv.Window), n.Deadline
	}
	if inv.Standing() { // what is not reported yet
		end = op.now()
		if run := op.ledger.Runs[inv.Name]; run != nil && len(run.Periods) > 0 {
			start = run.Periods[len(run.Periods)-1].End
		} else {
			start = end.Add(-inv.Monitor.Every)
		}
	}
	s := plan.SessionOf(r)
	s.Target.Provider = op.aliasOf(r)
	d.Bytes, _ = fetch.Collector{Providers: op.providers, Inventories: op.allInventories()}.Measure(ctx, apply.Want{Session: s, Recording: r, Start: start, End: end})
	return d
}

// tidy undoes what was made besides the recordings: agents that flowctl
// brought, lifecycle rules that a retention made Azure change.
func (op *Operation) tidy(ctx context.Context, inv plan.Investigation, removed []plan.Recording) error {
	run := op.ledger.Runs[inv.Name]
	if run == nil {
		run = &ledger.Run{}
	}
	keeper := op.keeper()
	t := apply.Tidy{
		Investigation: inv, Providers: op.providers, Inventory: op.allInventories(), Accounts: op.accountsOf(inv.Name), Captures: op.capturesOf(inv.Name), Removed: removed, Run: run,
		Last: keeper.LastFor(inv.Name), Knows: keeper.Knows, Now: op.now(),
		Emit: func(e apply.Event) { op.emit(Event{Run: &e}) },
	}
	var errs []error
	for _, f := range t.Do(ctx) {
		errs = append(errs, fmt.Errorf("%s: %s", f.Session, f.Reason))
	}
	return errors.Join(errs...)
}

// capturesOf are the aliases of the providers through which an investigation of the
// file captures packets.
func (op *Operation) capturesOf(name string) []string {
	var out []string
	for _, inv := range op.Config.Investigations {
		for _, w := range inv.Watches {
			if inv.Name == name && w.Capture != nil {
				out = append(out, w.Provider)
			}
		}
	}
	return out
}

// accountsOf are the storage accounts that the file has for an investigation.
func (op *Operation) accountsOf(name string) []plan.ID {
	var out []plan.ID
	for _, inv := range op.Config.Investigations {
		if inv.Name != name {
			continue
		}
		for _, st := range inv.Storage {
			out = append(out, st.AccountID)
		}
	}
	return out
}

// forgetBeside removes what is kept beside the data of a run that was given up.
func (op *Operation) forgetBeside(ctx context.Context, inv plan.Investigation) error {
	if run := op.ledger.Runs[inv.Name]; run != nil || !op.isLocal() {
		return nil
	}
	var errs []error
	for _, st := range op.investigation(inv.Name).Storage {
		p := op.providerOfAccount(st.AccountID)
		if p == nil {
			continue
		}
		if kept, err := apply.Recall(ctx, p, st.AccountID, inv); err == nil && kept != nil {
			if err := apply.Forget(ctx, p, st.AccountID, inv); err != nil {
				errs = append(errs, fmt.Errorf("forget the run of %s that is kept in storage account %s: %w", inv.Name, st.AccountID.Name(), err))
			}
		}
	}
	return errors.Join(errs...)
}

// forget lets a run that was not finished start anew.
func (op *Operation) forget(name string) error {
	run := op.ledger.Runs[name]
	if run == nil || !run.Finished.IsZero() {
		return nil
	}
	delete(op.ledger.Runs, name)
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

// Stop ends what the investigations record, and moves the end of their time
// boxes to now. That they are stopped is a fact in Azure: any machine sees it.
func (op *Operation) Stop(ctx context.Context) ([]Outcome, error) {
	return op.each(ctx, func(inv plan.Investigation) (Outcome, error) { return op.stop(ctx, inv) })
}

func (op *Operation) stop(ctx context.Context, inv plan.Investigation) (Outcome, error) {
	if inv.Standing() { // the next apply would set it back
		return Outcome{}, fmt.Errorf("stop %s: a monitor has no time box. Take its block out of the file and run flowctl apply, which reports its last period; or flowctl destroy --discard", inv.Name)
	}
	there, err := op.ours(ctx, inv)
	run := op.ledger.Runs[inv.Name]
	if idle := run == nil || !run.Finished.IsZero(); idle && len(there) == 0 {
		return Outcome{Idle: true}, err
	}
	if err := op.lock.Hold(ctx); err != nil {
		return Outcome{}, err
	}
	errs := []error{err}
	now := op.now()
	for _, r := range there {
		if r.Mechanism == plan.PacketCapture && !r.State.Ended() || r.Mechanism == plan.FlowLog && r.Enabled {
			err := op.providerOf(r).Stop(ctx, r)
			errs = append(errs, err)
			if err == nil && r.Mechanism == plan.FlowLog {
				run.End(r.ID.Name(), now, "stopped by hand")
			}
		}
	}
	if run != nil && run.Finished.IsZero() {
		if _, end := run.Window(inv); now.Before(end) {
			run.Ends, run.Stopped = now, true
		}
	}
	if err := errors.Join(errs...); err != nil {
		return Outcome{}, fmt.Errorf("stop %s: %w", inv.Name, err)
	}
	return Outcome{}, nil
}

// providerOf returns the provider in whose subscription r is.
func (op *Operation) providerOf(r plan.Recording) plan.Provider {
	return op.providers[op.aliasOf(r)]
}

func (op *Operation) aliasOf(r plan.Recording) string {
	for _, alias := range op.aliases() {
		if slices.ContainsFunc(op.recordings[alias], func(x plan.Recording) bool { return x.ID.Is(r.ID) }) {
			return alias
		}
	}
	return ""
}
