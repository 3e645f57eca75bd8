package collectors

import (
	"cmp"
	"context"
	"errors"

	"flowctl/collectors/aggregate"
	"flowctl/collectors/flow"
	"flowctl/collectors/identity"
	"flowctl/collectors/parquet"
)

// errSums says that a source is for no keeper.
var errSums = errors.New("holds sums of flows, as Traffic Analytics and agents make them, and no flows: an engine takes flows alone. Summarize the export by itself")

// errKept says the same of flows that were kept.
var errKept = errors.New("holds flows that flowctl kept, of which it is not known any more in which record they were: the same log, added as well, would count twice. Add what they were made from")

// Put reads all items and gives what counts of them to keepers, one for each worker, that
// to makes. What is said of the records beside them is what it returns. A file that cannot be
// read is in Problems; others go on.
func (s Sum) Put(ctx context.Context, version string, to func(*flow.Names) flow.Keeper) (parquet.Meta, Problems, error) {
	r := &reading{Sum: s, names: flow.NewNames(), skipped: &flow.Skipped{}, hosts: &flow.Hosts{}, put: to, fine: true}
	defer boundGarbage()()
	table := aggregate.New(r.names)
	if r.Memory == 0 {
		r.Memory = memory()
	}
	r.identity = identity.New(r.Memory / 16)
	for _, w := range r.readInto(ctx, table)[1:] {
		table.Merge(w.table)
	}
	r.sources, _ = r.list.end()
	r.succession(ctx)
	if r.Late != nil {
		r.Late(&r.Sum)
	}
	meta, err := r.meta(version)
	return meta, r.problems, errors.Join(err, r.putErr, r.identityErr, r.identity.Close(), table.Close(), ctx.Err())
}

// putting returns what gives the records of j to the keeper of w.
func (r *reading) putting(ctx context.Context, j *job, w *worker) flow.Sink {
	e := r.evidence(j, w)
	if w.keeper == nil {
		w.keeper = r.put(r.names)
	}
	add := func(b flow.Batch) bool {
		if len(b) == 0 || ctx.Err() != nil {
			return ctx.Err() == nil
		}
		id := e.id
		if b[0].Class != flow.VNetLog && b[0].Class != flow.NSGLog {
			id = flow.RecordID{}
		}
		switch {
		case b[0].IsSum():
			r.problem(j, errSums)
			return false
		case j.source.Kind == flow.Parquet:
			r.problem(j, errKept)
			return false
		}
		if err := w.keeper.Keep(id, b); err != nil {
			r.mu.Lock()
			r.putErr = cmp.Or(r.putErr, err)
			r.mu.Unlock()
			return false
		}
		return true
	}
	return flow.Sink{Add: add, Evidence: e}
}
