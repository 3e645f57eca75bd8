package collectors

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"flowctl/collectors/flow"
	"flowctl/collectors/parquet"
	"flowctl/collectors/summary"
	"flowctl/plan"
)

// Item is one file to sum up, with what is known of it beforehand.
type Item struct {
	Path   string
	Point  string   // of a capture: where it was taken
	Target string   // of a capture: resource id of the machine
	ACLs   []string // count only what these security groups decided: ids and GUIDs; nil for all

	Blob *plan.Blob // what Path is the URL of; nil if it is a file
	From plan.Blobs // where Blob is
}

// Sum reads files and answers from them.
type Sum struct {
	Items      iter.Seq2[Item, error]
	Root       string    // folder that the items' paths are below; empty for the working directory
	Start, End time.Time // count only what happened between them; zero for all
	Options    summary.Options
	Flows      *Flows // nil to keep none
	Workers    int    // 0 for one a processor
	Memory     int64  // bytes that rows may take before they go to a temporary file; 0 for a quarter of the memory
}

// garbage is how much of the memory in use may be garbage, in percent. What is
// kept holds hardly a pointer, so that to collect often costs nothing.
const garbage = 20

// Run reads all items and returns the document. A file that cannot be read is
// a source with that status and its error in Problems; others go on. The error
// says that the document is not of all that was read.
func (s Sum) Run(ctx context.Context) (*summary.Document, Problems, error) {
	r := &reading{Sum: s, names: flow.NewNames(), skipped: &flow.Skipped{}, hosts: &flow.Hosts{}}
	defer debug.SetGCPercent(debug.SetGCPercent(garbage))
	if err := r.keepFlows(); err != nil {
		return nil, nil, err
	}
	table := r.read(ctx)
	if err := r.endFlows(ctx); err != nil {
		return nil, r.problems, fmt.Errorf("write flows as Parquet: %w", err)
	}
	o := r.Options
	o.Sources, o.Skipped, o.Hosts = r.allSources(), r.skipped.All(), r.hosts
	o.Coverage = append(o.Coverage, r.coverage()...)
	doc, err := table.Document(o)
	return doc, r.problems, errors.Join(err, ctx.Err())
}

// Problem is why a file could not be read, or not to its end.
type Problem struct {
	Path string
	Err  error
}

// Problems are the files that could not be read.
type Problems []Problem

type reading struct {
	Sum
	names   *flow.Names
	skipped *flow.Skipped
	hosts   *flow.Hosts
	kept    *parquet.Writer // nil if flows are not wanted

	mu       sync.Mutex
	sources  []*flow.Source
	problems Problems

	idle    chan *worker  // that have nothing to do
	outside atomic.Uint64 // records before or after the window
}

// worker reads one file at a time, or a part of one.
type worker struct {
	table *summary.Table
	sums  flow.Sums
}

// job is an item with its number.
type job struct {
	entry
	number int
	source *flow.Source
}

// read reads all items into one table.
func (r *reading) read(ctx context.Context) *summary.Table {
	table := summary.New(r.names)
	if r.Memory == 0 {
		r.Memory = memory()
	}
	table.Budget(r.Memory)
	workers := r.workers(table)
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	for e := range newQueue().ahead(ctx, r.Items) {
		if ctx.Err() != nil {
			break
		}
		j := r.number(e)
		if e.err != nil {
			r.problem(j, e.err)
			continue
		}
		w := <-r.idle
		go func() {
			r.file(ctx, j, w)
			r.idle <- w
		}()
	}
	for range workers { // once all are idle, all is read
		<-r.idle
	}
	for _, w := range workers[1:] {
		table.Merge(w.table)
	}
	return table
}

// workers are those that put their rows into table, all of them idle.
func (r *reading) workers(table *summary.Table) []*worker {
	n := r.Workers
	if n <= 0 {
		n = runtime.GOMAXPROCS(0)
	}
	r.idle = make(chan *worker, n)
	all := []*worker{{table: table}}
	for len(all) < n {
		all = append(all, &worker{table: table.Worker()})
	}
	for _, w := range all {
		r.idle <- w
	}
	return all
}

func (r *reading) number(e entry) job {
	r.mu.Lock()
	defer r.mu.Unlock()
	src := &flow.Source{Path: e.Path}
	r.sources = append(r.sources, src)
	return job{e, len(r.sources) - 1, src}
}

func (r *reading) problem(j job, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if j.source.Records == 0 {
		j.source.Note(flow.Unreadable)
		j.source.Detail = err.Error()
	}
	r.problems = append(r.problems, Problem{j.Path, err})
}

// file reads a file into w's table, and into those of idle workers if it is
// large.
func (r *reading) file(ctx context.Context, j job, w *worker) {
	own := r.sink(ctx, j, w)
	in := flow.Input{
		Source: j.source, Names: r.names, Skipped: r.skipped, Hosts: r.hosts, Point: j.Point, Target: j.Target, Sums: own.Sums,
	}
	err := r.source(ctx, j, in, sinks{own.Add, func() (flow.Sink, bool) {
		select {
		case w := <-r.idle:
			s := r.sink(ctx, j, w)
			s.Done = func() { r.done(w); r.idle <- w }
			return s, true
		default:
			return flow.Sink{}, false
		}
	}})
	r.done(w)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		r.problem(j, err)
	}
	j.source.Note(flow.OK)
}

// source reads a file or a blob.
func (r *reading) source(ctx context.Context, j job, in flow.Input, to sinks) error {
	switch {
	case j.stream != nil:
		return readStream(j.stream, in, to)
	case j.Blob != nil:
		return readRange(ctx, newVersion(j.From, *j.Blob), in, to)
	}
	return readWide(filepath.Join(r.Root, filepath.FromSlash(j.Path)), in, to.own, to.lend)
}

// sink returns what counts the records of j in w's table, until the run is
// stopped.
func (r *reading) sink(ctx context.Context, j job, w *worker) flow.Sink {
	keep, acl := r.filter(j), aclFilter(r.names, j.ACLs)
	w.sums.Steps = func(steps []flow.Step) {
		w.table.AddSteps(slices.DeleteFunc(steps, func(s flow.Step) bool { return !acl(s.ACL) }))
	}
	if !r.End.IsZero() {
		w.sums.Start, w.sums.End = r.Start.UnixNano(), r.End.UnixNano()
	}
	w.sums.Each = r.keepEach(acl)
	add := func(b flow.Batch) bool {
		b = keep(b)
		w.table.Add(j.number, b)
		if len(b) > 0 && b[0].Records == 0 { // else a sum, of records that were kept one by one
			r.keep(b)
		}
		return ctx.Err() == nil
	}
	return flow.Sink{Add: add, Sums: &w.sums}
}

// done takes over what w saw outside of the window.
func (r *reading) done(w *worker) {
	r.outside.Add(w.sums.Outside)
	w.sums.Outside = 0
}

// filter returns what keeps, of a batch and in its place, the records that
// count. It is for one goroutine.
func (r *reading) filter(j job) func(b flow.Batch) flow.Batch {
	if r.Start.IsZero() && r.End.IsZero() && j.ACLs == nil {
		return func(b flow.Batch) flow.Batch { return b }
	}
	start, end := r.Start.UnixNano(), r.End.UnixNano()
	acl := aclFilter(r.names, j.ACLs)
	return func(b flow.Batch) flow.Batch {
		kept := b[:0]
		var outside uint64
		for i := range b {
			switch rec := &b[i]; {
			case !r.End.IsZero() && rec.Last != flow.NoTime && (rec.Last < start || rec.First >= end):
				outside++
			case acl(rec.ACL):
				kept = append(kept, *rec)
			}
		}
		r.outside.Add(outside)
		return kept
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

func (r *reading) allSources() []flow.Source {
	out := make([]flow.Source, len(r.sources))
	for i, s := range r.sources {
		out[i] = *s
	}
	return out
}

func (r *reading) coverage() []summary.Coverage {
	if r.outside.Load() == 0 {
		return nil
	}
	return []summary.Coverage{{Code: "outside-window", Text: fmt.Sprintf("%d records from before or after the window (%s to %s) were read and left out.",
		r.outside.Load(), r.Start.UTC().Format(time.RFC3339), r.End.UTC().Format(time.RFC3339))}}
}
