package collectors

import (
	"context"
	"time"

	"flowctl/collectors/flow"
	"flowctl/collectors/identity"
)

// What counts of a flow that several points saw is found from all that they saw, and not
// from what they saw in a window: else a count of one log and a count of another, of the same
// packets but of a moment before and after a border, would count in both windows. Flow logs
// are read whole for it; captures, whose packets are cut exactly, only if there are logs
// beside them, once more.

// besides reads captures once more, for what they saw outside of the window, if there are
// flow logs too.
func (r *reading) besides(ctx context.Context, workers []*worker) []*worker {
	var logs bool
	views := map[string]view{}
	for _, s := range r.list.single() {
		logs = logs || s.Records > 0 && s.Kind.Log()
	}
	for _, j := range r.captures {
		if v := r.view(j); v.end != 0 && r.twice(j.Item) {
			views[j.Path] = v
		}
	}
	if !logs || len(views) == 0 || r.beside != nil || ctx.Err() != nil {
		return nil
	}
	s := r.Sum
	s.Start, s.End, s.Flows, s.Progress = time.Time{}, time.Time{}, nil, nil
	s.Options.Only = true
	s.Items = func(yield func(Item, error) bool) {
		for _, i := range r.items {
			if _, ok := views[i.Path]; ok {
				i.Start, i.End = time.Time{}, time.Time{}
				if !yield(i, nil) {
					return
				}
			}
		}
	}
	again := &reading{Sum: s, names: r.names, skipped: &flow.Skipped{}, hosts: &flow.Hosts{}, watch: r.watch, beside: views, identity: identity.New(r.Memory / 16)}
	defer again.identity.Close()
	return again.readInto(ctx, workers[0].table.Worker())
}

// besiding returns what takes of j what is outside of its window.
func (r *reading) besiding(ctx context.Context, j *job, w *worker) flow.Sink {
	v, acl := r.beside[j.Path], aclFilter(r.names, j.ACLs)
	return flow.Sink{Evidence: r.evidence(j, w), Add: func(b flow.Batch) bool {
		for i := range b {
			rec := &b[i]
			if rec.Outside = v.outside(rec); !rec.Outside || !rec.IsIP() || !acl(rec.ACL) {
				continue
			}
			if r.watch == nil {
				w.table.Add(0, b[i:i+1])
			} else if r.watch.Has(&rec.Key) {
				w.watched.detail.Add(rec, w.table.Number(rec))
			}
		}
		return ctx.Err() == nil
	}}
}
