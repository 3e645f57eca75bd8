package collectors

import (
	"context"
	"os"

	"flowctl/collectors/aggregate"
	"flowctl/collectors/flow"
	"flowctl/collectors/identity"
)

// reread reads all items once more, for what was seen of the flows that are
// watched in each minute. What cannot be read twice, such as a pipe, is left out.
func (r *reading) reread(ctx context.Context, table *aggregate.Table, watch *aggregate.Watch) *aggregate.Detail {
	s := r.Sum
	s.Flows, s.Progress = nil, nil
	s.Options.Only = true // no more is wanted of captures than their records
	s.Items = func(yield func(Item, error) bool) {
		for _, item := range r.items {
			if r.twice(item) && !r.leaves(item) && !yield(item, nil) {
				return
			}
		}
	}
	again := &reading{Sum: s, names: r.names, skipped: &flow.Skipped{}, hosts: &flow.Hosts{}, watch: watch, identity: identity.New(r.Memory / 16)}
	defer again.identity.Close()
	var detail aggregate.Detail
	for _, w := range again.readInto(ctx, table.Worker()) {
		detail.Merge(&w.watched.detail)
	}
	return &detail
}

// twice reports whether an item can be read more than once.
func (r *reading) twice(i Item) bool {
	if i.Blob != nil || i.Stream != nil || i.Store != nil {
		return i.Stream == nil
	}
	st, err := os.Stat(r.path(&job{entry: entry{Item: i}}))
	return err == nil && st.Mode().IsRegular()
}

// watched is what a worker sees of flows that are watched.
type watched struct {
	detail aggregate.Detail

	generation uint32 // of the flow cache
	known      []int8 // by row of the cache: 1 if its flow is watched, -1 if not
}

// watching returns what looks at the records of j for flows that are watched.
func (r *reading) watching(ctx context.Context, j *job, w *worker) flow.Sink {
	within, acl := r.within(j), aclFilter(r.names, j.ACLs)
	take := func(rec *flow.Record) {
		if rec.IsIP() && r.watch.Has(&rec.Key) {
			w.watched.detail.Add(rec, w.table.Number(rec))
		}
	}
	w.cache.Intervals = func([]flow.Interval) {}
	v := r.view(j)
	w.cache.Start, w.cache.End = v.start, v.end
	w.cache.Each = func(all []flow.Observation) {
		for i := range all {
			o := &all[i]
			if !w.watches(r.watch, o) {
				continue
			}
			rec := o.Record(w.cache.Flow(o))
			if rec.Outside = w.cache.IsOutside(o.Time); acl(rec.ACL) {
				take(&rec)
			}
		}
	}
	sink := flow.Sink{Cache: &w.cache, Evidence: r.evidence(j, w), Add: func(b flow.Batch) bool {
		b, _ = within(b)
		for i := range b {
			if b[i].Records == 0 { // else a sum, of observations that were looked at one by one
				take(&b[i])
			}
		}
		return ctx.Err() == nil
	}}
	if v.only != (Only{}) {
		sink.Cache = nil
	}
	return sink
}

// watches reports whether the flow of an observation is watched.
func (w *worker) watches(watch *aggregate.Watch, o *flow.Observation) bool {
	s := &w.watched
	if g := w.cache.Generation(); g != s.generation {
		s.generation, s.known = g, s.known[:0]
	}
	for int(o.Row) >= len(s.known) {
		s.known = append(s.known, make([]int8, max(256, len(s.known)))...)
	}
	k := &s.known[o.Row]
	if *k == 0 {
		key, _ := w.cache.Flow(o)
		*k = -1
		if watch.Has(&key) {
			*k = 1
		}
	}
	return *k > 0
}
