package summary

import (
	"errors"

	"flowctl/collectors/flow"
)

// partitions is how many parts a table is cut into.
const partitions = 128

// Table adds up flow records. Give every worker its own, all with the same
// names, merge them when everything is read, and ask for the document. The
// result does not depend on the order of the records, nor on which worker
// read what. Rows beyond some hundred thousand go to a temporary file, which
// Document or Close removes. A Table is not for concurrent use.
type Table struct {
	names    *flow.Names
	parts    [partitions]partition
	contexts contexts
	timeline timeline
	sources  []sourceSum
	flowLog  states
	pending  [32]pending
	sink     uint64 // keeps loads alive that only warm the cache

	rows   int // in parts
	limit  int // of rows
	spills []*spill
	free   pool
}

// sourceSum is what one source said, before anything is merged.
type sourceSum struct {
	sum         tally
	first, last int64
}

// states counts the records of flow logs.
type states struct{ begun, ended, untimed, denied uint64 }

// New returns an empty table for records that refer to names.
func New(names *flow.Names) *Table {
	return &Table{names: names, timeline: newTimeline(), limit: hotShare()}
}

// Add counts the records of a batch. Source is the number of the source they
// came from: its place in Options.Sources.
func (t *Table) Add(source int, b flow.Batch) {
	for len(t.sources) <= source {
		t.sources = append(t.sources, sourceSum{first: noFirst, last: noLast})
	}
	src := &t.sources[source]
	for len(b) > 0 {
		n := min(len(b), len(t.pending))
		t.addSome(src, b[:n])
		t.relieve()
		b = b[n:]
	}
}

// pending is a record on its way to its row.
type pending struct {
	key  key
	part *partition
	hash uint64
	slot uint64
}

// addSome adds as many records as fit into pending.
func (t *Table) addSome(src *sourceSum, b flow.Batch) {
	for i := range b {
		p := &t.pending[i]
		p.key = t.key(&b[i])
		var pair uint64
		pair, p.hash = p.key.hashes()
		p.part = &t.parts[pair%partitions]
		p.slot = p.part.warm(p.hash)
	}
	for i := range b {
		t.sink += t.pending[i].part.warmRow(t.pending[i].slot)
	}
	for i := range b {
		t.add(src, &b[i], &t.pending[i])
	}
}

// key returns the key of r.
func (t *Table) key(r *flow.Record) key {
	k := key{src: r.Src, dst: r.Dst, proto: r.Proto, port: r.DstPort, context: t.contexts.of(r, &t.timeline)}
	if !r.IsIP() {
		k.port, k.proto = r.EtherType, 0
	}
	return k
}

func (t *Table) add(src *sourceSum, r *flow.Record, p *pending) {
	m := marksOf(r)
	n, added := p.part.find(&p.key, p.hash, &t.free)
	if added {
		t.rows++
	}
	p.part.rows.at(n).count(r, m)
	if r.Measured&flow.FrameBytes != 0 {
		p.part.rows.addFrames(n, frameBytes{r.Sent.FrameBytes, r.Received.FrameBytes})
	}
	p.part.addFlow(n, r.SrcPort)
	src.count(r, m)
	t.flowLog.count(r, t.contexts.all[p.key.context].class)
	both := 0
	if private(r.Src) && private(r.Dst) {
		both = 1
	}
	t.timeline.add(t.contexts.series[p.key.context][both], r)
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
func (r *row) count(o *flow.Record, m marks) {
	r.sent.packets += o.Sent.Packets
	r.sent.ipBytes += o.Sent.IPBytes
	r.received.packets += o.Received.Packets
	r.received.ipBytes += o.Received.IPBytes
	r.marks |= m
	r.records = plus(r.records, 1)
	if o.State == flow.Begin {
		r.begins = plus(r.begins, 1)
	}
	if o.First != flow.NoTime {
		r.first = min(r.first, o.First)
	}
	if o.Last != flow.NoTime {
		r.last = max(r.last, o.Last)
	}
}

// plus adds without overflow.
func plus(a, b uint32) uint32 {
	if a+b < a {
		return ^uint32(0)
	}
	return a + b
}

func (s *sourceSum) count(r *flow.Record, m marks) {
	s.sum.add(tally{
		packets:    r.Sent.Packets + r.Received.Packets,
		ipBytes:    r.Sent.IPBytes + r.Received.IPBytes,
		frameBytes: r.Sent.FrameBytes + r.Received.FrameBytes,
		marks:      m,
	})
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
