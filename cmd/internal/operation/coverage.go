package operation

import (
	"context"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"flowctl/plan"
)

// Coverage says who is recorded by what in the subscriptions of the file: every flow log with
// the first and the last hour that it has in storage, and the virtual networks that none covers.
func (op *Operation) Coverage(ctx context.Context) plan.Coverage {
	c := plan.Coverage{To: op.now(), Rows: []plan.Covered{}}
	var logs []plan.Recording
	for _, r := range op.allRecordings() {
		if r.Mechanism == plan.FlowLog {
			logs = append(logs, r)
		}
	}
	slices.SortFunc(logs, func(a, b plan.Recording) int {
		return strings.Compare(a.Target.Key()+a.ID.Key(), b.Target.Key()+b.ID.Key())
	})
	rows := make([]plan.Covered, len(logs))
	var g errgroup.Group
	g.SetLimit(surveyed)
	for i, r := range logs {
		g.Go(func() error {
			rows[i] = coveredBy(r.Target, r)
			var err error
			if rows[i].First, rows[i].Last, err = op.lister().Extent(ctx, r); err != nil {
				rows[i].Unread = err.Error()
			}
			return nil
		})
	}
	g.Wait()
	c.Rows = append(rows, op.unrecorded(logs)...)
	return c
}

// unrecorded are the virtual networks of which no log has all that is in them: a subnet or an
// interface of them may have one of its own.
func (op *Operation) unrecorded(logs []plan.Recording) []plan.Covered {
	var out []plan.Covered
	for _, inv := range op.allInventories() {
		for _, v := range inv.VNets {
			whole := func(r plan.Recording) bool { return r.Target.Is(v.ID) }
			if !slices.ContainsFunc(logs, whole) {
				out = append(out, plan.Covered{Target: v.ID, Hours: []plan.Hour{}})
			}
		}
	}
	slices.SortFunc(out, func(a, b plan.Covered) int { return strings.Compare(a.Target.Key(), b.Target.Key()) })
	return out
}
