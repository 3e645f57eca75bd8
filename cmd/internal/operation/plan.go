package operation

import (
	"context"
	"slices"
	"time"

	"github.com/hashicorp/hcl/v2"

	"flowctl/plan"
	"flowctl/plan/apply"
	"flowctl/plan/resolve"
	"flowctl/plan/state"
)

// Plan makes the plan of every investigation with all that there is to say about
// it. With again, what is finished is recorded anew.
func (op *Operation) Plan(ctx context.Context, again bool) ([]plan.Plan, error) {
	op.again = again
	if err := op.guard(ctx); err != nil {
		return nil, err
	}
	plans, err := op.plans(ctx)
	if err != nil {
		return nil, err
	}
	for i, p := range plans { // all investigations have one if there was no error
		plans[i] = op.preflight(ctx, op.Config.Investigations[i], p)
	}
	return plans, nil
}

// Results is where the latest run of an investigation left its results; empty
// if there was none.
func (op *Operation) Results(name string) string {
	if run := op.snapshot.Runs[name]; run != nil {
		return run.Results
	}
	return ""
}

// plans makes the plan of every investigation; what is wrong with the file in
// the light of Azure is a *Diagnosed.
func (op *Operation) plans(ctx context.Context) ([]plan.Plan, error) {
	var out []plan.Plan
	var all hcl.Diagnostics
	for _, inv := range op.Config.Investigations {
		now := op.now()
		asked, diags := resolve.Queries(ctx, inv, op.inventories, op.checkers())
		all = append(all, diags...)
		if diags.HasErrors() {
			continue
		}
		res, diags := resolve.Investigation(asked, op.inventories, now)
		all = append(all, diags...)
		if !diags.HasErrors() {
			out = append(out, op.plan(res, now))
		}
	}
	return out, op.diagnose(op.Config, all)
}

func (op *Operation) plan(res resolve.Result, now time.Time) plan.Plan {
	name := res.Investigation.Name
	run := op.snapshot.Runs[name]
	if op.again && run != nil && !run.Finished.IsZero() {
		run = nil
	}
	p := plan.Plan{
		Investigation: res.Investigation, Made: now, Views: res.Views, Findings: res.Findings,
		Changes:  plan.Diff(name, res.Sessions, op.allRecordings(), prior(run), now),
		Finished: run != nil && !run.Finished.IsZero(),
	}
	if p.Count(plan.Create, plan.Replace) == 0 { // what is there can still be collected
		p.Findings = slices.DeleteFunc(p.Findings, func(f plan.Finding) bool { return f.Code == plan.WindowOver })
	}
	p.Ends = ends(res.Investigation, now)
	if run != nil && run.Finished.IsZero() {
		p.Ends = run.Ends
	} else {
		p.Ends = apply.Ends(p)
	}
	return p
}

// ends is when a time box that begins now, or when the file says, is over.
func ends(inv plan.Investigation, now time.Time) time.Time {
	switch {
	case !inv.End.IsZero():
		return inv.End
	case inv.Start.After(now):
		return inv.Start.Add(inv.Window)
	}
	return now.Add(inv.Window)
}

// prior tells the planner what was collected before.
func prior(run *state.Run) plan.Prior {
	p := plan.Prior{Collected: map[string]string{}}
	if run == nil {
		return p
	}
	for print, s := range run.Sessions {
		if s.Phase == state.Collected || s.Phase == state.Removed {
			p.Collected[print] = s.Digest
		}
	}
	return p
}
