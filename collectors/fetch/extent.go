package fetch

import (
	"context"
	"errors"
	"time"

	"flowctl/collectors/flowlog"
	"flowctl/plan"
	"flowctl/plan/apply"
)

// timeFolders are the folders of time below that of a flow log, from the outside in.
var timeFolders = []string{"y=2006", "m=01", "d=02", "h=15"}

// Extent is the first and the last hour of which a flow log has something in storage; zero if it
// has nothing. It goes down the folders of time, so that it costs a few listings however much is
// there.
func (c Collector) Extent(ctx context.Context, r plan.Recording) (first, last time.Time, err error) {
	j, err := c.job(ctx, apply.Want{Session: plan.Session{Mechanism: plan.FlowLog, Target: plan.Target{ID: r.Target}}, Recording: r})
	if err != nil {
		return first, last, err
	}
	container, folders := flowlog.VNetContainer, flowlog.Folders(r.ID.Parent(), r.ID.Name())
	if r.OfNSG() {
		container, folders = flowlog.NSGContainer, []string{flowlog.NSGFolder(r.Target)}
	}
	for _, folder := range folders {
		for _, newest := range []bool{false, true} {
			at, err := j.outermost(ctx, container, folder, newest)
			if err != nil {
				return first, last, err
			}
			if !newest && !at.IsZero() && (first.IsZero() || at.Before(first)) {
				first = at
			}
			if newest && at.After(last) {
				last = at
			}
		}
	}
	return first, last, nil
}

// outermost is the oldest or the newest hour below a folder; zero if there is none.
func (j job) outermost(ctx context.Context, container, folder string, newest bool) (time.Time, error) {
	form := ""
	var at time.Time
	path := ""
	for _, level := range timeFolders {
		best, name := time.Time{}, ""
		form += level
		for one, err := range j.blobs.Prefixes(ctx, container, folder+path) {
			if errors.Is(err, plan.ErrNotFound) {
				return time.Time{}, nil
			}
			if err != nil {
				return time.Time{}, err
			}
			t, err := time.Parse(form, path+one)
			if err == nil && (name == "" || t.Before(best) != newest) {
				best, name = t, one
			}
		}
		if name == "" {
			return time.Time{}, nil
		}
		at, path, form = best, path+name+"/", form+"/"
	}
	return at, nil
}
