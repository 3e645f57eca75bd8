package operation

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"flowctl/collectors/fetch"
	"flowctl/plan"
	"flowctl/plan/apply"
	"flowctl/plan/ledger"
	"flowctl/plan/session"
)

// ApplyOptions say how plans are carried out.
type ApplyOptions struct {
	Detach     bool // do what is due, and return
	Unattended bool // nobody looks at the plans: only what was approved is started
	Again      bool // record anew what is finished
	Saved      *Saved
	look       bool
	answers    apply.SoFar
	// Continue goes on with what was approved before, reports the periods of monitors, and
	// starts nothing else.
	Continue    bool
	Preliminary bool // say the answer so far while waiting
	// Approve is asked before anything is done, with all plans; pending is
	// whether there is something to do.
	Approve func(plans []plan.Plan, pending bool) error
}

// Result is what became of one investigation.
type Result struct {
	Name     string
	Ends     time.Time
	Start    time.Time // of the window
	Answer   *Answer   // nil if nothing was answered
	Failures []apply.Failure
	Done     bool           // it is over
	Waiting  []plan.Finding // what nobody approved
	Now      time.Time

	Standing bool           // of a monitor
	Period   *ledger.Period // of a monitor that was reported; nil: of the monitor itself
	Next     string         // of a monitor: which report comes next, and when
}

// CloseAll gives back what the answers keep on disk.
func CloseAll(results []Result) {
	for _, r := range results {
		if r.Answer != nil {
			r.Answer.Close()
		}
	}
}

// Apply starts what is due of all investigations, waits for all of them
// together, collects, answers one after the other, and cleans up. It returns
// context.Canceled if it is told to stop waiting; the next Apply goes on.
func (op *Operation) Apply(ctx context.Context, o ApplyOptions) ([]Result, error) {
	plans, err := op.Plan(ctx, o.Again)
	if err != nil {
		return nil, err
	}
	if o.Saved != nil {
		if err := o.Saved.check(op, plans); err != nil {
			return nil, err
		}
	}
	if o.Continue {
		plans = slices.DeleteFunc(plans, func(p plan.Plan) bool { return !p.Begun && !op.unreported(p) })
	}
	var pending []plan.Plan
	for _, p := range plans {
		if p.Pending() {
			pending = append(pending, p)
		}
	}
	if err := o.Approve(plans, len(pending) > 0); err != nil {
		return nil, err
	}
	var out []Result
	if len(pending) > 0 {
		if out, err = op.carryOut(ctx, o, pending); err != nil {
			return out, err
		}
	}
	if o.Continue {
		return op.reports(ctx, plans, out)
	}
	return out, nil
}

// unreported reports whether p is of a monitor that ended and is not reported to its end.
func (op *Operation) unreported(p plan.Plan) bool {
	run := op.ledger.Runs[p.Investigation.Name]
	return p.Removed && run != nil && run.Monitor != nil
}

// reports adds to results those of the periods of monitors.
func (op *Operation) reports(ctx context.Context, plans []plan.Plan, out []Result) ([]Result, error) {
	var errs []error
	for _, p := range plans {
		if !p.Investigation.Standing() {
			continue
		}
		out = slices.DeleteFunc(out, func(r Result) bool {
			return r.Name == p.Investigation.Name && len(r.Waiting)+len(r.Failures) == 0
		})
		more, err := op.report(ctx, p)
		out, errs = append(out, more...), append(errs, err)
	}
	return out, errors.Join(errs...)
}

// Blocked says which plan cannot be carried out, if there is one.
func Blocked(plans []plan.Plan) error {
	for _, p := range plans {
		if plan.Blocking(p.Findings) {
			return fmt.Errorf("%s: nothing was done", p.Investigation.Name)
		}
	}
	return nil
}

func (op *Operation) carryOut(ctx context.Context, o ApplyOptions, plans []plan.Plan) ([]Result, error) {
	keeper := op.keeper()
	var runs []*apply.Run
	for _, p := range plans {
		first := &preliminary{op: op, name: p.Investigation.Name}
		defer first.close()
		if o.Preliminary && !o.Detach {
			o.answers = first.answer
		}
		run, err := op.newRun(keeper, p, o)
		if err != nil {
			return nil, err
		}
		first.folder = run.Folder
		runs = append(runs, run)
	}
	err := together(runs, func(r *apply.Run) error { return r.Start(ctx) })
	for _, r := range runs {
		if session.Is(r.Folder().Path) {
			err = errors.Join(err, op.keepGiven(r.Folder()))
		}
	}
	if err == nil && !o.Detach {
		err = together(ending(runs), func(r *apply.Run) error { return r.Wait(ctx) })
	}
	if err != nil {
		return nil, err
	}
	defer func() { op.ledger = keeper.Ledger() }() // what follows goes on from there
	var out []Result
	var errs []error
	for i, run := range runs {
		start, ends := run.Window()
		r := Result{Name: plans[i].Investigation.Name, Start: start, Ends: ends, Done: !o.Detach, Waiting: run.Unapproved(), Now: op.now()}
		r.Standing = plans[i].Investigation.Standing()
		if o.Detach || r.Standing {
			r.Done, err = run.Done(ctx)
			errs = append(errs, err)
		}
		r.Failures = run.Failures()
		if r.Standing {
			r.Next = op.next(plans[i].Investigation, run.Ledger())
			errs = append(errs, op.keepAsked(plans[i].Investigation.Name, run.Folder()))
		} else if r.Done {
			errs = append(errs, op.refetch(ctx, run.Ledger()))
			r.Answer, err = op.answer(ctx, run.Folder())
			errs = append(errs, err)
		}
		out = append(out, r)
	}
	return out, errors.Join(errs...)
}

// ending are the runs that have an end to wait for.
func ending(runs []*apply.Run) []*apply.Run {
	return slices.DeleteFunc(slices.Clone(runs), (*apply.Run).Standing)
}

// together does something with all runs side by side.
func together(runs []*apply.Run, do func(*apply.Run) error) error {
	errs := make([]error, len(runs))
	var wg sync.WaitGroup
	for i, r := range runs {
		wg.Go(func() { errs[i] = do(r) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

func (op *Operation) newRun(keeper *ledger.Keeper, p plan.Plan, o ApplyOptions) (*apply.Run, error) {
	transfer := fetch.NewTransfer()
	return apply.New(apply.Options{
		Plan: p, Providers: op.providers, State: keeper, Inventory: op.allInventories(),
		Accounts: op.accountsOf(p.Investigation.Name), Captures: op.capturesOf(p.Investigation.Name),
		Emit: func(e apply.Event) { op.emit(Event{Run: &e}) },
		Results: func(ends time.Time) string {
			if p.Investigation.Standing() {
				return op.standingFolder(p.Investigation.Name).Path
			}
			return filepath.Join(op.resultsOf(p.Investigation.Name), ends.UTC().Format(resultsTime))
		},
		Collector: func(f session.Folder) apply.Collector {
			return fetch.Collector{Folder: f, Providers: op.providers, Inventories: op.allInventories(), Transfer: transfer}
		},
		Exceeded: op.exceeded(p), Answers: o.answers,
		Limits: apply.DefaultLimits, File: op.file(), Approved: op.Config.Digest, Unattended: o.Unattended, Continue: o.Continue, Again: o.Again, Step: o.Detach, Look: o.look, Beside: op.isLocal(),
	})
}

// Collect brings what the running sessions have written until now and answers
// from it. Of an investigation that is finished it answers again.
func (op *Operation) Collect(ctx context.Context) ([]Result, error) {
	plans, err := op.plans(ctx)
	if err != nil {
		return nil, err
	}
	var out []Result
	var errs []error
	for _, p := range plans {
		if p.Investigation.Standing() {
			periods, err := op.report(ctx, p)
			out, errs = append(out, periods...), append(errs, err)
			continue
		}
		r := Result{Name: p.Investigation.Name, Ends: p.Ends}
		r.Answer, err = op.collect(ctx, p)
		out, errs = append(out, r), append(errs, err)
	}
	return out, errors.Join(errs...)
}

func (op *Operation) collect(ctx context.Context, p plan.Plan) (*Answer, error) {
	name := p.Investigation.Name
	run := op.ledger.Runs[name]
	if run != nil && !run.Finished.IsZero() {
		if err := op.refetch(ctx, run); err != nil {
			return nil, err
		}
		return op.answer(ctx, session.Folder{Path: run.Results})
	}
	if run == nil && p.Count(plan.Keep, plan.Finish) == 0 {
		if folder, ok := session.Latest(op.resultsOf(name)); ok { // of one that was given up
			return op.answer(ctx, folder)
		}
		return nil, fmt.Errorf("%s: nothing is recording; flowctl apply starts it", name)
	}
	r, err := op.newRun(op.keeper(), p, ApplyOptions{})
	if err != nil {
		return nil, err
	}
	n, err := r.CollectNow(ctx)
	if err != nil {
		return nil, err
	}
	if m, err := r.Folder().Manifest(); err != nil || n == 0 && len(m.Artifacts) == 0 {
		return nil, err
	}
	if err := op.refetch(ctx, r.Ledger()); err != nil {
		return nil, err
	}
	return op.answer(ctx, r.Folder())
}
