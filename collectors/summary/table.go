package summary

import (
	"errors"
	"slices"
	"sync"
	"sync/atomic"

	"flowctl/collectors/flow"
)

// partitions is how many parts a table is cut into.
const partitions = 128

// Table adds up flow records. Every worker needs its own: one from New, the
// others from its Worker, so that all put their rows into one place. Merge them
// when everything is read, and ask for the document. The result does not depend
// on the order of the records, nor on which worker read what. Rows beyond some
// hundred thousand go to a temporary file, which Document or Close removes. A
// Table is not for concurrent use; the workers of one table are.
type Table struct {
	*store
	contexts contexts
	timeline timeline
	sources  []sourceSum
	flowLog  states

	hot     hot
	keys    [chunk]hotKey       // scratch
	waiting [partitions][]entry // records on their way to their partition
	count   int                 // of them
	sink    uint64              // keeps loads alive that only warm the cache
	buf     []byte              // scratch
}

// store is the rows of a table and all of its workers.
type store struct {
	names *flow.Names
	parts [partitions]partition
	free  pool

	used  atomic.Int64 // by rows in parts, in shares of a row
	limit int          // of rows

	mu     sync.Mutex // of what follows
	ids    map[context]uint32
	all    []context
	spills []*spill
	full   bool // nothing can be written to a file
}

// sourceSum is what one source said, before anything is merged.
type sourceSum struct {
	sum         tally
	first, last int64
	tcp         tcpSum
}

// states counts the records of flow logs.
type states struct{ begun, ended, untimed, denied uint64 }

// New returns an empty table for records that refer to names.
func New(names *flow.Names) *Table {
	return (&Table{store: &store{names: names, limit: hotRows, ids: map[context]uint32{}}}).Worker()
}

// Worker returns a table that puts its rows to those of t, for another
// goroutine. Merge it into t in the end.
func (t *Table) Worker() *Table { return &Table{store: t.store, timeline: newTimeline()} }

// Budget says how many bytes the rows of t and its workers may take in memory
// together, about. Two fifths are left to what else a run needs, and to garbage. It
// is to be said before anything is added.
func (t *Table) Budget(bytes int64) { t.limit = int(max(minHotRows, bytes/5*3/bytesPerRow)) }

// Add counts the records of a batch. Source is the number of the source they
// came from: its place in Options.Sources.
func (t *Table) Add(source int, b flow.Batch) {
	for len(t.sources) <= source {
		t.sources = append(t.sources, sourceSum{first: noFirst, last: noLast})
	}
	src := &t.sources[source]
	for b := range slices.Chunk(b, chunk) {
		keys := t.keys[:0]
		for i := range b {
			r := &b[i]
			m, id := marksOf(r), t.contexts.of(r, t)
			src.count(r, m)
			if r.Records == 0 {
				t.once(r, m, id)
			}
			if hotFits(r, id) {
				addrs, rest := r.Src.Lo<<32|r.Dst.Lo&0xffffffff, restOf(r, id)
				keys = append(keys, hotKey{addrs, rest, home(addrs, rest), uint8(i), m})
			} else {
				t.add(r, m, id)
			}
		}
		t.addHot(b, keys)
	}
}

// AddSteps counts when it was that the flows of a source were active, of
// records that sum several.
func (t *Table) AddSteps(steps []flow.Step) {
	for i := range steps {
		s := &steps[i]
		r := flow.Record{
			Point: s.Point, Target: s.Target, Rule: s.Rule, ACL: s.ACL,
			Direction: s.Direction, Encryption: s.Encryption, Measured: s.Measured, State: flow.Continue,
		}
		if s.Denied {
			r.State = flow.Deny
			t.flowLog.denied += s.Records
		}
		at := &t.contexts.known[t.contexts.of(&r, t)]
		t.timeline.addStep(at.series[number(s.Private)], s, marksOf(&r))
		t.flowLog.begun += s.Begun
		t.flowLog.ended += s.Ended
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
	key             key
	srcPort         uint16
	marks           marks
	hash            uint32 // upper half of the key's
	records, begins uint32
	first, last     int64
	sent, received  wire
	frames          frameBytes
}

// entries is how many records wait for a partition: so many that a lock and
// the way to memory are shared by many, and so few that all of them stay in the
// second-level cache.
const entries = 96

// once counts what a record says of one moment.
func (t *Table) once(r *flow.Record, m marks, id uint32) {
	at := &t.contexts.known[id]
	t.flowLog.count(r, at.class)
	t.timeline.add(at.series[number(r.Src.Private() && r.Dst.Private())], r, m)
}

// add counts r in its row.
func (t *Table) add(r *flow.Record, m marks, id uint32) {
	port, proto := r.DstPort, r.Proto
	if !r.IsIP() {
		port, proto = r.EtherType, 0
	}
	i, e := t.wait(r.Src, r.Dst, id, port, proto)
	e.srcPort, e.marks = r.SrcPort, m
	e.records, e.begins = counted(r)
	e.first, e.last = bounds(r.First, r.Last)
	e.sent = wire{r.Sent.Packets, r.Sent.IPBytes}
	e.received = wire{r.Received.Packets, r.Received.IPBytes}
	e.frames = frameBytes{r.Sent.FrameBytes, r.Received.FrameBytes}
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
		first = noFirst
	}
	if last == flow.NoTime {
		last = noLast
	}
	return first, last
}

// wait returns a new entry with a key, of which nothing else is set, and the
// partition for which it waits.
func (t *Table) wait(src, dst flow.Addr, context uint32, port uint16, proto uint8) (int, *entry) {
	pair, hash := hashes(src, dst, rest(context, port, proto))
	i := pair % partitions
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
	e.key.src, e.key.dst = src, dst
	e.key.context, e.key.port, e.key.proto = context, port, proto
	e.hash = uint32(hash >> 32)
	t.count++
	return int(i), e
}

// waits lets partition i have its entries if there are enough of them.
func (t *Table) waits(i int) {
	switch {
	case len(t.waiting[i]) == entries:
		t.flush(i)
	case t.count > t.limit:
		t.flushWaiting()
	}
}

// flushAll puts all that was added into its rows.
func (t *Table) flushAll() {
	t.coolAll()
	t.flushWaiting()
}

func (t *Table) flushWaiting() {
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
	p := &t.parts[i]
	p.mu.Lock()
	defer p.mu.Unlock()
	before := p.used()
	for b := range slices.Chunk(w, 32) {
		t.sink += p.warm(b)
		for k := range b {
			p.count(&b[k], &t.free)
		}
	}
	t.count -= len(w)
	t.waiting[i] = w[:0]
	t.account(i, p.used()-before)
}

// account notes that partition i, which is locked, takes more memory, and
// moves it to a file if that is too much.
func (t *Table) account(i, more int) {
	all := t.store.used.Add(int64(more))
	if most := int64(t.limit) * rowShares; all > most && int64(t.parts[i].used()) >= most/partitions/2 {
		t.relieve(i)
	}
}

// Close removes temporary files. It is needed only if no document is made.
func (t *Table) Close() error {
	var errs []error
	for _, s := range t.spills {
		errs = append(errs, s.close())
	}
	t.spills = nil
	return errors.Join(errs...)
}

// count adds the counters of one record.
func (r *row) count(o *entry) {
	r.sent.packets += o.sent.packets
	r.sent.ipBytes += o.sent.ipBytes
	r.received.packets += o.received.packets
	r.received.ipBytes += o.received.ipBytes
	r.marks |= o.marks
	r.records = plus(r.records, o.records)
	r.begins = plus(r.begins, o.begins)
	r.first = min(r.first, o.first)
	r.last = max(r.last, o.last)
}

// plus adds without overflow.
func plus(a, b uint32) uint32 {
	if a+b < a {
		return ^uint32(0)
	}
	return a + b
}

func (s *sourceSum) count(r *flow.Record, m marks) {
	s.sum.add(&tally{
		packets:    r.Sent.Packets + r.Received.Packets,
		ipBytes:    r.Sent.IPBytes + r.Received.IPBytes,
		frameBytes: r.Sent.FrameBytes + r.Received.FrameBytes,
		marks:      m,
	})
	s.tcp.add(&r.TCP)
	if r.First != flow.NoTime {
		s.first = min(s.first, r.First)
	}
	if r.Last != flow.NoTime {
		s.last = max(s.last, r.Last)
	}
}

func (s *states) count(r *flow.Record, c class) {
	if r.Last == flow.NoTime {
		s.untimed++
	}
	if c >= capture {
		return
	}
	switch r.State {
	case flow.Begin:
		s.begun++
	case flow.End:
		s.ended++
	case flow.Deny:
		s.denied++
	}
}
