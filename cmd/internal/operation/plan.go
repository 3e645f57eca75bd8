package operation

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/hashicorp/hcl/v2"

	"flowctl/plan"
	"flowctl/plan/apply"
	"flowctl/plan/config"
	"flowctl/plan/ledger"
	"flowctl/plan/policy"
	"flowctl/plan/preflight"
	"flowctl/plan/resolve"
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
		op.cover(ctx, op.Config.Investigations[i], &p)
		plans[i] = op.preflight(ctx, op.Config.Investigations[i], p)
		plans[i].Contain()
		op.hold(op.Config.Investigations[i], &plans[i])
	}
	return plans, nil
}

// hold holds a plan against the policies. What was approved before with the same files goes
// on to its end: there they warn.
func (op *Operation) hold(inv *config.Investigation, p *plan.Plan) {
	if p.Removed || p.Finished && !p.Pending() { // nothing is recorded any more
		return
	}
	found := policy.Check(op.Policies, policy.Input{Config: inv, Plan: *p, Indexes: op.indexes()})
	run := op.ledger.Runs[inv.Name]
	for _, f := range found {
		if f.Severity == plan.Error && run != nil && run.Finished.IsZero() && run.Approved == op.Config.Digest {
			f.Severity, f.Detail = plan.Warning, f.Detail+" It goes on: these files were applied before."
		}
		p.Findings = append(p.Findings, f)
	}
	preflight.Sort(p.Findings)
}

// Results is where the latest run of an investigation left its results; empty
// if there was none.
func (op *Operation) Results(name string) string {
	if run := op.ledger.Runs[name]; run != nil {
		return run.Results
	}
	return ""
}

// plans makes the plan of every investigation; what is wrong with the file in
// the light of Azure is a *Diagnosed. Where something of the investigation is
// there already, it is a finding: it stops nothing that runs.
func (op *Operation) plans(ctx context.Context) ([]plan.Plan, error) {
	var out []plan.Plan
	var all hcl.Diagnostics
	for _, inv := range op.Config.Investigations {
		now := op.now()
		op.date(inv, now)
		asked, diags := resolve.Queries(ctx, inv, op.inventories, op.checkers())
		if diags.HasErrors() {
			asked = inv
		}
		res, more := resolve.Investigation(asked, op.inventories, now)
		diags = append(diags, more...)
		if diags.HasErrors() && op.begun(res.Investigation) {
			res.Findings = append(res.Findings, resolve.Unselected(diags, op.finished(res.Investigation))...)
			diags = nil
		}
		all = append(all, diags...)
		if !diags.HasErrors() {
			out = append(out, op.plan(inv, res, now))
		}
	}
	return out, op.diagnose(op.Config, all)
}

// begun reports whether an investigation was started, as the ledger or Azure
// says: then selectors that find nothing stop nothing. With again, what is
// finished does not count.
func (op *Operation) begun(inv plan.Investigation) bool {
	if run := op.ledger.Runs[inv.Name]; run != nil {
		return run.Finished.IsZero() || !op.again && !inv.Standing()
	}
	return slices.ContainsFunc(op.allRecordings(), inv.Made)
}

// finished reports whether the latest run of an investigation is over and answered.
func (op *Operation) finished(inv plan.Investigation) bool {
	run := op.ledger.Runs[inv.Name]
	return run != nil && !run.Finished.IsZero()
}

func (op *Operation) plan(inv *config.Investigation, res resolve.Result, now time.Time) plan.Plan {
	head := res.Investigation
	run := op.ledger.Runs[head.Name]
	if run != nil && !run.Finished.IsZero() && (op.again || head.Standing() && !inv.Removed) {
		run = nil
	}
	prior := run.Prior(head, addresses(inv), now)
	prior.Moved = inv.Moved
	if ends := op.endInAzure(head); run == nil && !ends.IsZero() && !now.Before(ends) {
		prior.Over = ends
	}
	head.Simulated = op.simulated(inv)
	p := plan.Plan{
		Investigation: head, Made: now, Views: res.Views, Findings: res.Findings,
		Changes:  plan.Diff(head, res.Sessions, op.allRecordings(), prior, now),
		Finished: run != nil && op.finished(head), Removed: inv.Removed,
	}
	p.Joining = joining(head, run, p.Changes)
	if p.Count(plan.Create, plan.Replace) == 0 && (!inv.Past || run != nil || p.Count(plan.Reuse) > 0) { // what is there can still be collected
		p.Findings = slices.DeleteFunc(p.Findings, func(f plan.Finding) bool { return f.Code == plan.WindowOver })
	}
	_, p.Ends = head.TimeBox(now)
	if run != nil && run.Finished.IsZero() {
		_, p.Ends = run.Window(head)
		p.Begun = true
		p.Findings = append(p.Findings, run.LeftBehind()...)
	} else if ends := apply.Deadline(p); !ends.IsZero() {
		p.Ends, p.Begun = ends, true
	}
	if p.Finished {
		p.Failed = run.Failed()
	}
	if err := op.unrecalled[head.Name]; err != nil {
		p.Findings = append(p.Findings, plan.Finding{Code: plan.NotChecked, Severity: plan.Warning, Summary: "Not everything was checked",
			Detail: fmt.Sprintf("Whether an earlier run of this investigation is remembered beside its data could not be read: %v. Nothing is remembered here; if another machine recorded it before, it would be recorded a second time.", err)})
	}
	p.Findings = append(p.Findings, p.Late(op.ledger.Pace())...)
	return p
}

// simulated reports whether the sandbox answers in Azure's place for some watch.
func (op *Operation) simulated(inv *config.Investigation) bool {
	return slices.ContainsFunc(inv.Watches, func(w config.Watch) bool {
		return slices.ContainsFunc(op.Config.Providers, func(p config.Provider) bool { return p.Alias == w.Provider && p.Type == config.Sandbox })
	})
}

// endInAzure is the end of the time box that what is in Azure was made for, as it
// says itself; zero if nothing is there.
func (op *Operation) endInAzure(inv plan.Investigation) time.Time {
	var ends time.Time
	for _, r := range op.allRecordings() {
		if end := r.Deadline(); inv.Made(r) && end.After(ends) {
			ends = end
		}
	}
	return ends
}

// joining counts the logs of others that a monitor has to read and does not yet.
func joining(inv plan.Investigation, run *ledger.Run, changes []plan.Change) int {
	n := 0
	for _, c := range changes {
		if inv.Standing() && run != nil && c.Action == plan.Reuse && !run.Reads(c.Recording.ID) {
			n++
		}
	}
	return n
}

func addresses(inv *config.Investigation) []string {
	out := []string{}
	for _, w := range inv.Watches {
		out = append(out, w.Address())
	}
	return out
}
