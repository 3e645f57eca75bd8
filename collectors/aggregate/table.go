package aggregate

import (
	"errors"
	"slices"
	"sync"
	"sync/atomic"

	"flowctl/collectors/flow"
)

// partitions is how many parts a table is cut into.
const Partitions = 128

// Table adds up flow records. Every worker needs its own: one from New, the
// others from its Worker, so that all put their rows into one place. Merge them
// when everything is read, and ask for the document. The result does not depend
// on the order of the records, nor on which worker read what. Rows beyond some
// hundred thousand go to a temporary file, which Document or Close removes. A
// Table is not for concurrent use; the workers of one table are.
type Table struct {
	*store
	clock    *Clock // that no row is to be of two steps of; nil if nobody asks when flows were
	contexts contexts
	Timeline Timeline
	Sources  []SourceSum
	FlowLogs states
	TCP      FlowTCP // nil if nobody asks for it

	waiting [Partitions][]entry // records on their way to their partition
	count   int                 // of them
	sink    uint64              // keeps loads alive that only warm the cache
	buf     []byte              // scratch
}

// store is the rows of a table and all of its workers.
type store struct {
	Names *flow.Names
	Parts [Partitions]Partition
	Free  Pool

	Used  atomic.Int64 // rows in parts
	Limit int          // of rows
	clock *Clock

	keepTCP bool

	mu       sync.Mutex // of what follows
	ids      map[Context]uint32
	Contexts []Context
	Spills   []*Spill
	full     bool // nothing can be written to a file
}

// SourceSum is what one source said, before anything is merged.
type SourceSum struct {
	Sum         Tally
	First, Last int64
	TCP         TCPSum
}

// states counts the records of flow logs.
type states struct{ Begun, Ended, Untimed, denied uint64 }

// New returns an empty table for records that refer to names.
func New(names *flow.Names) *Table {
	return (&Table{store: &store{Names: names, Limit: defaultRows, ids: map[Context]uint32{}}}).Worker()
}

// Worker returns a table that puts its rows to those of t, for another
// goroutine. Merge it into t in the end.
func (t *Table) Worker() *Table {
	w := &Table{store: t.store, clock: t.store.clock, Timeline: newTimeline()}
	if t.store.keepTCP {
		w.TCP = FlowTCP{}
	}
	return w
}

// Steps lets no row of t and its workers be of two steps of a clock. It is to be
// said before there are workers, and before anything is added.
func (t *Table) Steps(c *Clock) { t.clock, t.store.clock = c, c }

// Budget says how many bytes the rows of t and its workers may take in memory
// together, about. Two fifths are left to what else a run needs, and to garbage. It
// is to be said before anything is added.
func (t *Table) Budget(bytes int64) { t.Limit = int(max(MinRows, bytes/5*3/BytesPerRow)) }

// Add counts the records of a batch. Source is the number of the source they
// came from: its index in Options.Sources.
func (t *Table) Add(source int, b flow.Batch) {
	src := t.source(source)
	for i := range b {
		r := &b[i]
		m, id := marksOf(r), t.contexts.of(r, t)
		if r.Outside {
			t.add(r, m, id)
			continue
		}
		src.count(r, m)
		if r.Records == 0 || r.IsSum() {
			t.countMoment(r, m, id)
		}
		t.add(r, m, id)
		if t.TCP != nil && r.TCP.Seen != 0 {
			t.TCP.add(r, id)
		}
	}
}

// Repeat counts, for their source alone, records that were met before. Source is
// the number of the source, as Add has it.
func (t *Table) Repeat(source int, b flow.Batch) {
	src := t.source(source)
	for i := range b {
		src.count(&b[i], marksOf(&b[i]))
	}
}

func (t *Table) source(number int) *SourceSum {
	for len(t.Sources) <= number {
		t.Sources = append(t.Sources, SourceSum{First: NoFirst, Last: NoLast})
	}
	return &t.Sources[number]
}

// AddIntervals counts when it was that the flows of a source were active, of
// records that sum several.
func (t *Table) AddIntervals(all []flow.Interval) {
	for i := range all {
		s := &all[i]
		r := flow.Record{
			Point: s.Point, Log: s.Log, Target: s.Target, Rule: s.Rule, ACL: s.ACL,
			Direction: s.Direction, Class: s.Class, Encryption: s.Encryption, Measured: s.Measured, State: flow.Continue,
		}
		if s.Denied {
			r.State = flow.Deny
			t.FlowLogs.denied += s.Records
		}
		at := &t.contexts.known[t.contexts.of(&r, t)]
		t.Timeline.addInterval(at.series[number(s.Private)], s, marksOf(&r))
		t.FlowLogs.Begun += s.Begun
		t.FlowLogs.Ended += s.Ended
	}
}

func number(b bool) int {
	if b {
		return 1
	}
	return 0
}

// entry is a record, or the sum of some, on its way to its row.
type entry struct {
	key             Key
	marks           Marks
	hash            uint32 // upper half of the key's
	records, begins uint32
	first, last     int64
	sent, received  Wire
	frames          FrameBytes
}

// entries is how many records wait for a partition: so many that a lock and
// the way to memory are shared by many, and so few that all of them stay in the
// second-level cache.
const entries = 96

// countMoment counts what a record says of one moment.
func (t *Table) countMoment(r *flow.Record, m Marks, id uint32) {
	at := &t.contexts.known[id]
	if r.Class == flow.Analytics {
		t.Timeline.coarsen()
	}
	t.FlowLogs.count(r, at.class)
	t.Timeline.add(at.series[number(r.Src.Private() && r.Dst.Private())], r, m)
}

// add counts r in its row.
func (t *Table) add(r *flow.Record, m Marks, id uint32) {
	port, srcPort, proto := r.DstPort, r.SrcPort, r.Proto
	if !r.IsIP() {
		port, srcPort, proto = r.EtherType, 0, 0
	}
	i, e := t.wait(r.Src, r.Dst, rest(id, port, srcPort, proto))
	e.key.Context, e.key.Port, e.key.SrcPort, e.key.Proto = id, port, srcPort, proto
	e.marks = m
	e.records, e.begins = counted(r)
	e.first, e.last = bounds(r.First, r.Last)
	e.sent = Wire{r.Sent.Packets, r.Sent.IPBytes}
	e.received = Wire{r.Received.Packets, r.Received.IPBytes}
	e.frames = FrameBytes{r.Sent.FrameBytes, r.Received.FrameBytes}
	t.waits(i)
}

// counted is how many records of its source r is, and how many began a flow.
func counted(r *flow.Record) (records, begins uint32) {
	if r.Records != 0 {
		return r.Records, r.Begins
	}
	return 1, uint32(number(r.State == flow.Begin))
}

// bounds returns a span of time in which a bound that is not known does not
// count.
func bounds(first, last int64) (int64, int64) {
	if first == flow.NoTime {
		first = NoFirst
	}
	if last == flow.NoTime {
		last = NoLast
	}
	return first, last
}

// wait returns a new entry with addresses and a hash, of which nothing else is
// set, and the partition for which it waits.
func (t *Table) wait(src, dst flow.Addr, rest uint64) (int, *entry) {
	pair, hash := hashes(src, dst, rest)
	i := pair % Partitions
	w := t.waiting[i]
	if w == nil {
		w = make([]entry, 0, entries)
	}
	w = w[:len(w)+1]
	t.waiting[i] = w
	// Each field goes straight to its place: a copy of the whole would be read
	// back from the stack in other words than it was written, which has to wait
	// for all that was written before, to memory that is far.
	e := &w[len(w)-1]
	e.key.Src, e.key.Dst = src, dst
	e.hash = uint32(hash >> 32)
	t.count++
	return int(i), e
}

// waits lets partition i have its entries if there are enough of them.
func (t *Table) waits(i int) {
	switch {
	case len(t.waiting[i]) == entries:
		t.flush(i)
	case t.count > t.Limit:
		t.Flush()
	}
}

// Flush puts all that was added into its rows.
func (t *Table) Flush() {
	for i := range t.waiting {
		t.flush(i)
	}
}

// flush puts the records that wait for partition i into their rows.
func (t *Table) flush(i int) {
	w := t.waiting[i]
	if len(w) == 0 {
		return
	}
	p := &t.Parts[i]
	p.mu.Lock()
	defer p.mu.Unlock()
	before := p.Rows.N
	for b := range slices.Chunk(w, 32) {
		t.sink += p.warm(b)
		for k := range b {
			p.count(&b[k], &t.Free)
		}
	}
	t.count -= len(w)
	t.waiting[i] = w[:0]
	t.account(i, p.Rows.N-before)
}

// account notes that partition i, which is locked, takes more memory, and
// moves it to a file if that is too much.
func (t *Table) account(i, more int) {
	all := t.store.Used.Add(int64(more))
	if most := int64(t.Limit); all > most && int64(t.Parts[i].Rows.N) >= most/Partitions/2 {
		t.relieve(i)
	}
}

// Ready makes t ready to be asked: then memory is for one partition at a time.
func (t *Table) Ready() {
	t.Flush()
	if len(t.Spills) == 0 {
		return
	}
	for i := range t.Parts {
		t.relieve(i)
	}
}

// Few reports whether there are but few rows.
func (t *Table) Few() bool { return t.store.Used.Load() < 20_000 && len(t.Spills) == 0 }

// Partition returns partition i with all of its rows. Its tables are those of
// spare where these are larger. The errors say which rows are lost.
func (t *Table) Partition(i int, spare *Partition, buf *[]byte) (*Partition, []error) {
	p := &t.Parts[i]
	p.index.Borrow(&spare.index)
	return p, t.Stored(i).Load(p, &t.Free, buf)
}

// Reset empties t and removes its temporary files.
func (t *Table) Reset() error {
	err := t.Close()
	*t = *New(t.Names)
	return err
}

// Close removes temporary files. It is needed only if no document is made.
func (t *Table) Close() error {
	err := closeAll(t.Spills)
	t.Spills = nil
	return err
}

func closeAll(files []*Spill) error {
	var errs []error
	for _, s := range files {
		errs = append(errs, s.Close())
	}
	return errors.Join(errs...)
}

// count adds the counters of one record.
func (r *Row) count(o *entry) {
	r.Sent.Packets += o.sent.Packets
	r.Sent.IPBytes += o.sent.IPBytes
	r.Received.Packets += o.received.Packets
	r.Received.IPBytes += o.received.IPBytes
	r.Marks |= o.marks
	r.Records = plus(r.Records, o.records)
	r.Begins = plus(r.Begins, o.begins)
	r.First = min(r.First, o.first)
	r.Last = max(r.Last, o.last)
}

// plus adds without overflow.
func plus(a, b uint32) uint32 {
	if a+b < a {
		return ^uint32(0)
	}
	return a + b
}

func (s *SourceSum) count(r *flow.Record, m Marks) {
	s.Sum.Add(&Tally{
		Packets:    r.Sent.Packets + r.Received.Packets,
		IPBytes:    r.Sent.IPBytes + r.Received.IPBytes,
		FrameBytes: r.Sent.FrameBytes + r.Received.FrameBytes,
		Marks:      m,
	})
	s.TCP.add(&r.TCP)
	if r.First != flow.NoTime {
		s.First = min(s.First, r.First)
	}
	if r.Last != flow.NoTime {
		s.Last = max(s.Last, r.Last)
	}
}

func (s *states) count(r *flow.Record, c Class) {
	if r.Last == flow.NoTime {
		s.Untimed++
	}
	if c == Analytics && r.State == flow.Continue {
		s.Begun += uint64(r.Begins)
	}
	if c == Analytics && r.Denied() {
		s.denied += uint64(r.Begins)
	}
	if c >= Capture {
		return
	}
	switch r.State {
	case flow.Begin:
		s.Begun++
	case flow.End:
		s.Ended++
	case flow.Deny:
		s.denied++
	}
}
