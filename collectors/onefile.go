package collectors

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"flowctl/collectors/flow"
)

// How one file is read: its records go to a worker, and what was wrong with it is
// noted.

// number says under which number w counts what it reads.
func (r *reading) number(j *job, w *worker) {
	if j.source.number < 0 && r.several(j) {
		r.list.keep(j.source)
	}
	if j.number = j.source.number; j.number < 0 {
		j.number = w.number
	}
}

// settle gives a source that w read, if anybody did, its number in the end.
func (r *reading) settle(j *job, w *worker) {
	r.Progress.Files.Add(1)
	if j.source.number >= 0 {
		return
	}
	if to := r.list.settle(j.source); w != nil {
		w.table.Move(w.number, to)
	}
}

// several reports whether more than one worker may read a source.
func (r *reading) several(j *job) bool {
	if j.Blob != nil || j.Stream != nil || j.Store != nil {
		return j.Blob != nil && j.stream == nil
	}
	st, err := os.Stat(r.path(j))
	return err == nil && st.Size() >= wideFrom
}

func (r *reading) path(j *job) string { return filepath.Join(r.Root, filepath.FromSlash(j.Path)) }

// opener reads what a job is about.
type opener func(ctx context.Context, j *job, in flow.Input, to sinks) error

// file reads a file into w's table, and into those of idle workers if it is
// large.
func (r *reading) file(ctx context.Context, j *job, w *worker, open opener) {
	r.number(j, w)
	main := r.sink(ctx, j, w)
	in := flow.Input{
		Source: &j.source.Source, Names: r.names, Skipped: r.skipped, Hosts: r.hosts, Inventories: r.found.add, Dictionary: r.found.addDictionary, Minutes: r.restore, Successors: r.restoreSuccessors, Point: j.Point, Target: j.Target, Cache: main.Cache,
		Evidence: main.Evidence, Log: logOf(j.Path), Room: &r.room,
	}
	in.Memory = r.Memory / 4 / int64(cap(r.idle))
	v := r.view(j)
	j.source.View, j.source.own = v.String(), r.restricts(j)
	in.Start, in.End = v.start, v.end
	if r.Options.Only && r.Flows == nil { // what no question asks for
		if in.Brief = !r.asksTCP; !r.hosts.WantsFlows() {
			in.Hosts = nil
		}
	}
	in.Fine = r.watch != nil || r.clock != nil || r.fine || r.beside != nil
	in.Whole = r.put != nil
	err := open(ctx, j, in, sinks{flow.Workers{Main: main.Add, Extra: func() (flow.Sink, bool) {
		select {
		case other := <-r.idle:
			s := r.sink(ctx, j, other)
			s.Done = func() { r.done(other, s); r.idle <- other }
			return s, true
		default:
			return flow.Sink{}, false
		}
	}}, &r.Progress.Bytes})
	r.done(w, main)
	if err != nil {
		main.Evidence.Lost()
	}
	r.minutesOf(j, main)
	r.outside.Add(j.source.Outside)
	r.again.add(&j.source.Source)
	r.timed(j)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		r.problem(j, err)
	}
	j.source.Note(flow.OK)
}

// open reads a file or a blob.
func (r *reading) open(ctx context.Context, j *job, in flow.Input, to sinks) error {
	switch {
	case j.Store != nil:
		return j.Store.Read(ctx, in, to.Main)
	case j.Stream != nil:
		return readRecords(newPipe(ctx, func() (io.ReadCloser, error) { return io.NopCloser(j.Stream), nil }), in, to.Main)
	case j.stream != nil:
		defer to.bytes.Add(j.Blob.Size)
		return readStream(j.stream, in, to.Main)
	case j.Blob != nil:
		return readRange(ctx, j.From, *j.Blob, in, to)
	}
	return readFile(ctx, r.path(j), in, to)
}

// sink returns what counts the records of j in w's table, until the run is
// stopped.
func (r *reading) sink(ctx context.Context, j *job, w *worker) flow.Sink {
	switch {
	case r.beside != nil:
		return r.besiding(ctx, j, w)
	case r.watch != nil:
		return r.watching(ctx, j, w)
	case r.put != nil:
		return r.putting(ctx, j, w)
	}
	within, acl := r.within(j), aclFilter(r.names, j.ACLs)
	w.cache.Intervals = func(all []flow.Interval) {
		w.table.AddIntervals(slices.DeleteFunc(all, func(s flow.Interval) bool { return !acl(s.ACL) }))
	}
	v := r.view(j)
	w.cache.Start, w.cache.End = v.start, v.end
	w.cache.Besides = func(b flow.Batch) bool {
		b = slices.DeleteFunc(b, func(rec flow.Record) bool { return !acl(rec.ACL) })
		for i := range b {
			b[i].Outside = true
		}
		w.table.Add(j.number, b)
		return ctx.Err() == nil
	}
	if w.cache.Each = r.keepEach(w, acl); v.only != (Only{}) {
		w.cache.Each = nil
	}
	add := func(b flow.Batch) bool {
		b, outside := within(b)
		r.outside.Add(outside)
		w.table.Add(j.number, b)
		if len(b) > 0 && b[0].Records == 0 { // else a sum, of records that were kept one by one
			r.keep(b)
		}
		return ctx.Err() == nil
	}
	if v.only != (Only{}) || r.clock != nil || j.flows && v.end != 0 { // which are judged record by record
		return flow.Sink{Add: add, Evidence: r.evidence(j, w)}
	}
	return flow.Sink{Add: add, Cache: &w.cache, Evidence: r.evidence(j, w)}
}

// done takes over what w saw outside of the window, and what the reader that used
// s saw of minutes.
func (r *reading) done(w *worker, s flow.Sink) {
	s.Evidence.(*recordEvidence).minutes.end()
	r.outside.Add(w.cache.Outside)
	w.cache.Outside = 0
}

// minutesOf takes over what j says of minutes, the reader of which used s at its end.
func (r *reading) minutesOf(j *job, s flow.Sink) {
	s.Evidence.(*recordEvidence).minutes.finish(j.Path, r.names)
	j.minutes.tell(&r.minutes)
}

// within returns what keeps, of a batch and in its place, the records that
// count, and those of flow logs that were outside of the window, and says how many were. It is
// for one goroutine.
func (r *reading) within(j *job) func(b flow.Batch) (kept flow.Batch, outside uint64) {
	v := r.view(j)
	if v.end == 0 && v.acls == nil && v.only == (Only{}) {
		return func(b flow.Batch) (flow.Batch, uint64) { return b, 0 }
	}
	acl, only := aclFilter(r.names, v.acls), v.only.wants()
	return func(b flow.Batch) (kept flow.Batch, outside uint64) {
		kept = b[:0]
		for i := range b {
			switch rec := &b[i]; {
			case v.outside(rec):
				outside++
				if rec.Outside = rec.Class.Log() || j.mixed; rec.Outside && acl(rec.ACL) && only(rec) {
					kept = append(kept, *rec)
				}
			case acl(rec.ACL) && only(rec):
				if v.cuts(rec) {
					r.beyond.add(rec)
				}
				kept = append(kept, *rec)
			}
		}
		return kept, outside
	}
}

// aclFilter reports whether an ACL is one of those named, by id or GUID.
func aclFilter(names *flow.Names, acls []string) func(flow.ID) bool {
	if acls == nil {
		return func(flow.ID) bool { return true }
	}
	known := map[flow.ID]bool{}
	return func(id flow.ID) bool {
		is, ok := known[id]
		if !ok {
			for _, a := range acls {
				is = is || strings.EqualFold(a, names.Text(id))
			}
			known[id] = is
		}
		return is
	}
}
