package collectors

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"runtime"
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
	Store  Store     // what has the flows that Path names; nil if it is none of flows
}

// Store has flows that are not in a file. It may be read more than once.
type Store interface {
	Read(ctx context.Context, in flow.Input, add func(flow.Batch) bool) error
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
	if summary.AsksTold(s.Options.Questions) {
		r.hosts.WantFlows()
	}
	defer boundGarbage()()
	if err := r.keepFlows(); err != nil {
		return nil, Problems{}, err
	}
	table := r.read(ctx)
	r.Progress.Answering.Store(true)
	sources, to := r.list.end()
	table.Renumber(to)
	r.sources = sources
	r.succession(ctx)
	if r.Late != nil {
		r.Late(&r.Sum)
	}
	if err := r.endFlows(ctx); err != nil {
		return nil, r.problems, fmt.Errorf("write flows as Parquet: %w", err)
	}
	o := r.Options
	o.Inventories, o.Dictionary = r.found.beside(o.Inventories), r.found.dictionaryBeside(o.Dictionary)
	o.Sources, o.Skipped, o.Hosts = r.sources, r.skipped.All(), r.hosts
	o.Coverage = append(o.Coverage, r.coverage()...)
	o.Successors = r.successors.first()
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
	kept    *parquet.Writer               // nil if flows are not wanted
	put     func(*flow.Names) flow.Keeper // makes what a worker puts records into; nil if they are summed up
	putErr  error                         // why one could not take them
	fine    bool                          // keep them by the second: several captures may have to be cut in time

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

	captures   []*job      // whose packets have times
	leftOut    []*keptFile // of kept flows, that others have
	kin        []*keptFile // that others have in part
	successors successors
	meetings   meetings

	items []Item           // that were read
	watch *aggregate.Watch // flows of which alone this reading is; nil for all

	beside  map[string]view  // by path: the windows outside of which alone this reading is; nil for none
	clock   *aggregate.Clock // nil if no question asks when flows were
	asksTCP bool             // a question asks for what the headers of TCP say
}

// worker reads one file at a time, or a part of one.
type worker struct {
	number int
	table  *aggregate.Table
	cache  aggregate.Cache
	kept   *parquet.Observations // nil if flows are not wanted
	keeper flow.Keeper           // nil if records are summed up

	watched watched
}

// job is an item with the number under which it is counted.
type job struct {
	entry
	source  *sourceEntry
	number  int
	minutes sourceMinutes
	flows   bool // it holds flows that were kept
	mixed   bool // of flow logs and of captures
}

// read reads all items into one table.
func (r *reading) read(ctx context.Context) *aggregate.Table {
	table := aggregate.New(r.names)
	table.Steps(r.clock)
	if r.asksTCP = summary.AsksTCP(r.Options); r.asksTCP {
		table.KeepTCP()
	}
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
	var kept []*job
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
		case j.Store != nil:
			j.mixed = true // which of its captures tell more of its logs, it says
			start(j)
		case r.holdsFlows(j):
			j.flows, kept = true, append(kept, j)
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
	if r.fine && r.put == nil && held.rotated(len(r.items)) { // nothing is being read yet
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
	for _, j := range r.once(ctx, kept) {
		start(j)
	}
	files.Wait()
	return append(workers, r.besides(ctx, workers)...)
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

// keepsFine reports whether several captures are read by the second.
func (r *reading) keepsFine() bool { return r.kept != nil || r.Fine }

func (r *reading) coverage() []summary.Coverage {
	all := append(r.again.coverage(), r.copiesCoverage()...)
	all = append(all, r.keptCoverage()...)
	all = append(all, r.successors.coverage()...)
	all = append(all, r.meetings.coverage()...)
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
