package collectors

import (
	"context"
	"fmt"
	"io"
	"reflect"
	"slices"

	"flowctl/collectors/flow"
	"flowctl/collectors/minutes"
	"flowctl/collectors/parquet"
	"flowctl/collectors/summary"
)

// Flows says where the records that count go as Parquet, beside the sums.
type Flows struct {
	To      io.Writer
	Version string // of flowctl
}

// keepFlows begins to keep flows, if they are wanted.
func (r *reading) keepFlows() (err error) {
	if r.Flows == nil {
		return nil
	}
	var namer parquet.Namer
	o := r.Options
	o.Hosts = r.hosts
	if n := summary.NewNamer(o, r.names); n != nil {
		namer = n
	}
	r.kept, err = parquet.NewWriter(r.Flows.To, r.names, namer)
	return err
}

// keep keeps the records of a batch, if they are wanted.
func (r *reading) keep(b flow.Batch) {
	if r.kept != nil {
		r.kept.Add(slices.DeleteFunc(b, func(rec flow.Record) bool { return rec.Outside }))
	}
}

// keepEach returns what keeps the observations of w that acl wants; nil if flows
// are not wanted.
func (r *reading) keepEach(w *worker, acl func(flow.ID) bool) func([]flow.Observation) {
	if r.kept == nil {
		return nil
	}
	if w.kept == nil {
		w.kept = r.kept.Observations(&w.cache)
	}
	w.kept.Want(acl)
	return w.kept.Add
}

// endFlows ends the file of flows. Of a run that was stopped there is none.
func (r *reading) endFlows(ctx context.Context) error {
	if r.kept == nil || ctx.Err() != nil {
		return nil
	}
	beside, err := r.meta(r.Flows.Version)
	if err != nil {
		return err
	}
	clipped, err := r.kept.Close(beside)
	if n := sumSources(r.sources); n > 0 {
		r.Options.Coverage = append(r.Options.Coverage, summary.Coverage{Code: "sums-not-kept",
			Text: fmt.Sprintf("Rows of Traffic Analytics and of agents (sources: %d) are sums and no flows: the Parquet file holds none of them. Keep the exports.", n)})
	}
	if clipped > 0 {
		r.Options.Coverage = append(r.Options.Coverage, summary.Coverage{Code: "parquet-clipped",
			Text: "Counters beyond 2^63-1, which no signed integer holds, stand in the Parquet file as that number."})
	}
	return err
}

// meta is what is kept of the flows beside these.
func (r *reading) meta(version string) (parquet.Meta, error) {
	names, err := r.namesToKeep()
	if err != nil {
		return parquet.Meta{}, err
	}
	called, err := r.dictionaryToKeep()
	if err != nil {
		return parquet.Meta{}, err
	}
	told, err := r.minutes.Keep(r.names, r.due(nil))
	if err != nil {
		r.Options.Coverage = append(r.Options.Coverage, summary.Coverage{Code: "minutes-not-kept",
			Text: "Which minutes were recorded is not in the Parquet file: " + err.Error() + "."})
	}
	return parquet.Meta{
		Version: version, Sources: r.sources, Skipped: r.skipped.All(), Hosts: r.hosts, Inventories: names, Dictionary: called, Minutes: told,
		Successors: r.successors.keep(),
	}, nil
}

// due says what should have been recorded.
func (r *reading) due(name func(mac string) string) minutes.Options {
	return minutes.Options{Start: r.Start, End: r.End, Followed: slices.Concat(r.Followed, r.followed), Name: name}
}

// restore takes over what kept flows say of minutes.
func (r *reading) restore(text []byte) error {
	followed, err := r.minutes.Restore(text, r.names)
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, f := range followed { // which many files of one run may say
		if !slices.ContainsFunc(r.followed, func(o minutes.Followed) bool { return reflect.DeepEqual(f, o) }) {
			r.followed = append(r.followed, f)
		}
	}
	return err
}

// sumSources is how many sources hold sums that are kept nowhere.
func sumSources(all []flow.Source) (n int) {
	for i := range all {
		if k := all[i].Kind; all[i].Records > 0 && (k == flow.TrafficAnalytics || k == flow.AgentTable) {
			n++
		}
	}
	return n
}

// readFlows reads flows that flowctl wrote.
func readFlows(f io.ReaderAt, size int64, in flow.Input, to flow.Workers) error {
	return parquet.ReadAt(f, size, in, to)
}
