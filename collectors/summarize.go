package collectors

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"flowctl/collectors/aggregate"
	"flowctl/collectors/flow"
	"flowctl/collectors/identity"
	"flowctl/collectors/minutes"
	"flowctl/collectors/parquet"
	"flowctl/collectors/summary"
	"flowctl/plan"
)

// Item is one file to sum up, with what is known of it beforehand.
type Item struct {
	Path   string
	Point  string // of a capture: where it was taken
	Target string // of a capture: resource id of the machine
	// Start and End bound what counts of it, within what the Sum does; zero if
	// nothing does.
	Start, End time.Time
	ACLs       []string // count only what these security groups decided: ids and GUIDs; nil for all
	Only       Only     // of a flow log, what counts of it

	Blob *plan.Blob // what Path is the URL of; nil if it is a file
	From plan.Blobs // where Blob is

	Stream io.Reader // what comes by itself, and Path names; nil if it is a file or a blob
}

// Sum reads files and answers from them.
type Sum struct {
	Items      iter.Seq2[Item, error]
	Root       string             // folder that the items' paths are below; empty for the working directory
	Start, End time.Time          // count only what happened between them; zero for all
	Followed   []minutes.Followed // flow logs that were to record
	Options    summary.Options
	Late       func(*Sum) // adds what is known once all items were found; nil for nothing
	Flows      *Flows     // nil to keep none
	Fine       bool       // read several captures by the second, as where flows are kept, so that the answer is the same
	Workers    int        // 0 for one a processor
	Memory     int64      // bytes that rows may take before they go to a temporary file; 0 for a quarter of the memory
	Progress   *Progress  // nil if nobody looks
}

// Progress is how far a Sum has come, for others to look at while it runs.
type Progress struct {
	Files     atomic.Int64 // and blobs, that were read or could not be
	Bytes     atomic.Int64 // that were read of them as they lie there, about
	Answering atomic.Bool  // everything is read
}

// Run reads all items and returns the document. A file that cannot be read is
// a source with that status and its error in Problems; others go on. The error
// says that the document is not of all that was read.
func (s Sum) Run(ctx context.Context) (*summary.Document, Problems, error) {
	r := &reading{Sum: s, names: flow.NewNames(), skipped: &flow.Skipped{}, hosts: &flow.Hosts{}}
	r.clock = summary.ClockOf(s.Options.Questions)
	defer boundGarbage()()
	if err := r.keepFlows(); err != nil {
		return nil, Problems{}, err
	}
	table := r.read(ctx)
	r.Progress.Answering.Store(true)
	sources, to := r.list.end()
	table.Renumber(to)
	r.sources = sources
	if r.Late != nil {
		r.Late(&r.Sum)
	}
	if err := r.endFlows(ctx); err != nil {
		return nil, r.problems, fmt.Errorf("write flows as Parquet: %w", err)
	}
	o := r.Options
	o.Inventories = r.found.beside(o.Inventories)
	o.Sources, o.Skipped, o.Hosts = r.sources, r.skipped.All(), r.hosts
	o.Coverage = append(o.Coverage, r.coverage()...)
	o.Repeats = r.identity.Repeats()
	o.Minutes = func(name func(mac string) string) *minutes.Document {
		return r.minutes.Document(r.names, r.due(name))
	}
	if r.identityErr != nil {
		o.Coverage = append(o.Coverage, summary.Coverage{Code: "records-not-told-apart",
			Text: "Which records of flow logs were met before could not be kept in a temporary file: some may be counted twice."})
	}
	o.Again = func(t *aggregate.Table, watch *aggregate.Watch) *aggregate.Detail { return r.reread(ctx, t, watch) }
	doc, err := summary.Of(table, o)
	return doc, r.problems, errors.Join(err, r.identityErr, r.identity.Close(), ctx.Err())
}

// Problem is why a file could not be read, or not to its end.
type Problem struct {
	Path string
	Err  error
}

// Problems are the files that could not be read.
type Problems struct {
	First []Problem // at most mostBad
	Count int
}

type reading struct {
	Sum
	names   *flow.Names
	skipped *flow.Skipped
	hosts   *flow.Hosts
	found   inventories // in files of kept flows
	room    flow.Room
	kept    *parquet.Writer // nil if flows are not wanted
	fine    bool            // keep them by the second: several captures may have to be cut in time

	list     *sourceList
	sources  []flow.Source // once all are read
	mu       sync.Mutex    // of problems and followed
	problems Problems

	minutes     minutes.Table
	followed    []minutes.Followed // as kept flows say
	identity    *identity.Set      // records of flow logs that were met
	identityErr error
	views       views

	idle    chan *worker  // that have nothing to do
	outside atomic.Uint64 // records before or after the window
	beyond  beyond        // records that go beyond it
	again   again
	copied  []*member // captures that another one is equal to

	items []Item           // that were read
	watch *aggregate.Watch // flows of which alone this reading is; nil for all
	clock *aggregate.Clock // nil if no question asks when flows were
}

// worker reads one file at a time, or a part of one.
type worker struct {
	number int
	table  *aggregate.Table
	cache  aggregate.Cache
	kept   *parquet.Observations // nil if flows are not wanted

	watched watched
}

// job is an item with the number under which it is counted.
type job struct {
	entry
	source  *sourceEntry
	number  int
	minutes sourceMinutes
}

// read reads all items into one table.
func (r *reading) read(ctx context.Context) *aggregate.Table {
	table := aggregate.New(r.names)
	table.Steps(r.clock)
	if r.Memory == 0 {
		r.Memory = memory()
	}
	table.Budget(r.Memory)
	r.identity = identity.New(r.Memory / 16)
	for _, w := range r.readInto(ctx, table)[1:] {
		table.Merge(w.table)
	}
	return table
}

// readInto reads all items with workers that it returns: the first counts in
// table, the others in tables that belong to it.
func (r *reading) readInto(ctx context.Context, table *aggregate.Table) []*worker {
	workers := r.workers(table)
	r.Progress = cmp.Or(r.Progress, new(Progress))
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var files sync.WaitGroup
	var held rotations
	start := func(j *job) {
		w := <-r.idle
		files.Go(func() {
			r.file(ctx, j, w, r.open)
			r.settle(j, w)
			r.idle <- w
		})
	}
	var alone *job // that waits for it to be known whether there is another
	for e := range ahead(ctx, r.Items) {
		if ctx.Err() != nil {
			break
		}
		j := &job{entry: e, source: r.list.begin(e.Path), minutes: sourceMinutes{last: flow.NoMinute}}
		if e.err != nil {
			r.problem(j, e.err)
			r.settle(j, nil)
			continue
		}
		r.items = append(r.items, e.Item)
		if len(r.items) == 2 && r.keepsFine() { // nothing is being read yet
			r.fine = true
		}
		if alone != nil {
			start(alone)
			alone = nil
		}
		switch {
		case j.Stream == nil && held.add(j, r.path(j)):
		case len(r.items) == 1 && r.keepsFine():
			alone = j
		default:
			start(j)
		}
	}
	if alone != nil {
		start(alone)
	}
	if r.fine && held.rotated(len(r.items)) { // nothing is being read yet
		r.fine = false
	}
	r.copies(ctx, &held)
	for list := range held.groups() {
		w := <-r.idle
		files.Go(func() {
			r.rotation(ctx, list, w)
			r.idle <- w
		})
	}
	files.Wait() // and leave those who are idle to the last files
	return workers
}

// workers are those that put their rows into table, all of them idle.
func (r *reading) workers(table *aggregate.Table) []*worker {
	n := r.Workers
	if n <= 0 {
		n = runtime.GOMAXPROCS(0)
	}
	r.idle, r.list = make(chan *worker, n), newSourceList(n)
	all := []*worker{{table: table}}
	for len(all) < n {
		all = append(all, &worker{number: len(all), table: table.Worker()})
	}
	for _, w := range all {
		r.idle <- w
	}
	return all
}

func (r *reading) problem(j *job, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if j.source.Records == 0 {
		j.source.Note(flow.Unreadable)
		j.source.Detail = err.Error()
	}
	if r.problems.Count++; len(r.problems.First) < mostBad {
		r.problems.First = append(r.problems.First, Problem{j.Path, err})
	}
}

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
	if j.Blob != nil || j.Stream != nil {
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
		Source: &j.source.Source, Names: r.names, Skipped: r.skipped, Hosts: r.hosts, Inventories: r.found.add, Minutes: r.restore, Point: j.Point, Target: j.Target, Cache: main.Cache,
		Evidence: main.Evidence, Log: logOf(j.Path), Room: &r.room,
	}
	in.Memory = r.Memory / 4 / int64(cap(r.idle))
	v := r.view(j)
	in.Start, in.End = v.start, v.end
	if r.Options.Only && r.Flows == nil { // no question asks for these
		in.Hosts, in.Brief = nil, true
	}
	in.Fine = r.watch != nil || r.clock != nil || r.fine
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
	if r.watch != nil {
		return r.watching(ctx, j, w)
	}
	within, acl := r.within(j), aclFilter(r.names, j.ACLs)
	w.cache.Intervals = func(all []flow.Interval) {
		w.table.AddIntervals(slices.DeleteFunc(all, func(s flow.Interval) bool { return !acl(s.ACL) }))
	}
	v := r.view(j)
	w.cache.Start, w.cache.End = v.start, v.end
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
	if v.only != (Only{}) || r.clock != nil { // which are judged record by record
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
// count, and says how many were outside of the window. It is for one goroutine.
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

// keepsFine reports whether several captures are read by the second.
func (r *reading) keepsFine() bool { return r.kept != nil || r.Fine }

func (r *reading) coverage() []summary.Coverage {
	all := append(r.again.coverage(), r.copiesCoverage()...)
	window := "that of its run"
	if !r.End.IsZero() {
		window = windowText(r.Start, r.End)
	}
	all = append(all, r.beyond.coverage(window)...)
	if r.outside.Load() == 0 {
		return all
	}
	return append(all, summary.Coverage{Code: "outside-window",
		Text: fmt.Sprintf("%d records from before or after the window (%s) were read and left out.", r.outside.Load(), window)})
}
