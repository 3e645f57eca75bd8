package operation

import (
	"context"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"flowctl/collectors/fetch"
	"flowctl/plan"
	"flowctl/plan/apply"
	"flowctl/plan/config"
)

// date sets the time box of an investigation whose window ended some time before its first
// apply, and says of each whether its window was over before anything began.
func (op *Operation) date(inv *config.Investigation, now time.Time) {
	run := op.ledger.Runs[inv.Name]
	if run != nil && !run.Finished.IsZero() && op.again {
		run = nil
	}
	if inv.Before > 0 {
		inv.End = now.Add(-inv.Before).Truncate(time.Minute)
		if run != nil {
			inv.End = run.Ends
		}
		inv.Start = inv.End.Add(-inv.Window)
	}
	inv.Past = inv.Monitor == nil && !inv.End.IsZero() && !now.Before(inv.End)
	if run != nil {
		inv.Past = inv.Past && run.Late()
	} else if inv.Past {
		inv.Past = op.endInAzure(header(inv)).IsZero() // else something of it was started in time
	}
}

// surveyed is how many sources are listed at the same time.
const surveyed = 8

// cover adds to a plan what there is of the part of its window that is past, by listing it.
func (op *Operation) cover(ctx context.Context, inv *config.Investigation, p *plan.Plan) {
	from, to := inv.Start, inv.End
	if p.Made.Before(to) {
		to = p.Made
	}
	if inv.Monitor != nil || from.IsZero() || to.Sub(from) < time.Minute || p.Finished {
		return
	}
	p.Coverage = &plan.Coverage{From: from, To: to, Rows: []plan.Covered{}}
	var sources []plan.Change
	for _, c := range p.Changes {
		switch {
		case c.Action == plan.Reuse:
			sources = append(sources, c)
		case c.Session != nil && c.Mechanism() == plan.FlowLog && (c.Action == plan.Leave || c.Action == plan.Create):
			p.Coverage.Rows = append(p.Coverage.Rows, plan.Covered{Target: c.Target(), Watches: c.Session.Watches, Hours: []plan.Hour{}})
		}
	}
	p.Coverage.Rows = append(p.Coverage.Rows, op.survey(ctx, sources, from, to)...)
	op.addRows(ctx, p, sources)
	switch {
	case !inv.Past || plan.Blocking(p.Findings):
	case !p.Coverage.Any():
		p.Findings = append(p.Findings, nothingRecorded(inv, p.Coverage))
	default:
		p.Findings = append(p.Findings, unrecordedIn(inv, p.Coverage)...)
	}
}

// nothingRecorded refuses a window in the past of which no source has anything.
func nothingRecorded(inv *config.Investigation, c *plan.Coverage) plan.Finding {
	return plan.Finding{
		Code: plan.WindowOver, Severity: plan.Error, Summary: "Nothing was recorded then",
		Detail: fmt.Sprintf("The flow logs that are there have nothing of %s to %s: they may be younger, or what they wrote may be deleted. flowctl plan --coverage shows since when each has something.", c.From.Format(time.RFC3339), c.To.Format(time.RFC3339)),
		File:   inv.WindowRange.Filename, Line: inv.WindowRange.Start.Line,
	}
}

// coveredBy is a row of a target that a flow log records, without what is there of it.
func coveredBy(target plan.ID, r plan.Recording) plan.Covered {
	row := plan.Covered{Target: target, Source: plan.FromBlobs, Recording: r.ID, Owner: r.Tags["owner"], Enabled: r.Enabled, Hours: []plan.Hour{}}
	if o := r.Tags[plan.TagOwner]; o != "" {
		row.Owner = o
	}
	switch {
	case r.InWorkspace():
		row.Source = plan.FromWorkspace
	case r.OfNSG():
		row.Source = plan.FromNSGBlobs
	}
	if r.FlowLog != nil && !r.InWorkspace() { // which keeps rows as long as it is set to
		row.Retention = r.FlowLog.RetentionDays
		if ta := r.FlowLog.TrafficAnalytics; ta != nil {
			row.Workspace = ta.Workspace
		}
	}
	return row
}

// lister is a collector that brings nothing.
func (op *Operation) lister() fetch.Collector {
	return fetch.Collector{Providers: op.providers, Inventories: op.allInventories()}
}

// unrecordedIn says of which target and when nobody recorded anything, at the watch's place.
func unrecordedIn(inv *config.Investigation, c *plan.Coverage) []plan.Finding {
	out := c.Unrecorded()
	for i := range out {
		for _, w := range inv.Watches {
			if w.Address() == out[i].Watch {
				out[i].File, out[i].Line = w.Range.Filename, w.Range.Start.Line
			}
		}
	}
	return out
}

// addRows has what Traffic Analytics wrote read for the hours of which storage has not all, or of
// which it is not known what it has. Rows have no source ports, so that they cannot be told from the
// records they are made of: of each target and hour either files or rows count, never both.
func (op *Operation) addRows(ctx context.Context, p *plan.Plan, sources []plan.Change) {
	var more []plan.Change
	for _, c := range sources {
		rows, ok := c.Recording.Rows()
		if ok && len(p.Coverage.Partial(c.Target())) > 0 && !slices.ContainsFunc(p.Changes, func(o plan.Change) bool {
			return o.Recording != nil && o.Recording.ID.Is(rows.ID) && o.Target().Is(c.Target())
		}) {
			s := *c.Session
			more = append(more, plan.Change{Action: plan.Reuse, Reason: fmt.Sprintf("Traffic Analytics of flow log %s has it in workspace %s", c.Recording.ID.Name(), rows.ID.Parent().Name()), Session: &s, Recording: &rows})
		}
	}
	for i, row := range op.survey(ctx, more, p.Coverage.From, p.Coverage.To) {
		c := more[i]
		row.Hours, c.Session.Spans = p.Coverage.Take(row)
		p.Coverage.Rows = append(p.Coverage.Rows, row)
		if len(row.Hours) > 0 {
			p.Coverage.Leave(p.Changes, c)
			p.Changes = append(p.Changes, c)
		}
	}
}

// survey lists what sources have of a time, in their order.
func (op *Operation) survey(ctx context.Context, sources []plan.Change, from, to time.Time) []plan.Covered {
	out := make([]plan.Covered, len(sources))
	var g errgroup.Group
	g.SetLimit(surveyed)
	for i, c := range sources {
		g.Go(func() error {
			out[i] = op.covered(ctx, c, from, to)
			return nil
		})
	}
	g.Wait()
	return out
}

// covered lists what one source has of a time.
func (op *Operation) covered(ctx context.Context, c plan.Change, from, to time.Time) plan.Covered {
	r := c.Recording
	row := coveredBy(c.Target(), *r)
	row.Watches = c.Session.Watches
	hours, err := op.lister().Hours(ctx, apply.Want{Session: *c.Session, Recording: *r, Start: from, End: to})
	if err != nil {
		row.Unread = err.Error()
	}
	row.Hours = append(row.Hours, hours...)
	return row
}
