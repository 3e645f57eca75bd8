package summary

import (
	"flowctl/collectors/flow"
)

// partitions is how many parts a table is cut into.
const partitions = 128

// Table adds up flow records. Give every worker its own, all with the same
// names, merge them when everything is read, and ask for the document. The
// result does not depend on the order of the records, nor on which worker
// read what. A Table is not for concurrent use.
type Table struct {
	names    *flow.Names
	parts    [partitions]partition
	contexts contexts
	timeline timeline
	sources  []sourceSum
	flowLog  states
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
	return &Table{names: names, timeline: newTimeline()}
}

// Add counts the records of a batch. Source is the number of the source they
// came from: its place in Options.Sources.
func (t *Table) Add(source int, b flow.Batch) {
	for len(t.sources) <= source {
		t.sources = append(t.sources, sourceSum{first: noFirst, last: noLast})
	}
	src := &t.sources[source]
	for i := range b {
		t.add(src, &b[i])
	}
}

func (t *Table) add(src *sourceSum, r *flow.Record) {
	m := marksOf(r)
	k := contextOf(r)
	key := row{
		src: r.Src, dst: r.Dst, proto: r.Proto, port: r.DstPort,
		context: t.contexts.id(k, &t.timeline),
		first:   noFirst, last: noLast,
	}
	if k.class == noIP {
		key.port, key.proto = r.EtherType, 0
	}
	pair, hash := hashes(&key)
	p := &t.parts[pair%partitions]
	n, _ := p.find(&key, hash)
	p.rows.at(n).count(r, m)
	if r.Measured&flow.FrameBytes != 0 {
		p.rows.addFrames(n, frameBytes{r.Sent.FrameBytes, r.Received.FrameBytes})
	}
	p.addFlow(n, r.SrcPort)
	src.count(r, m)
	t.flowLog.count(r, k.class)
	both := 0
	if private(r.Src) && private(r.Dst) {
		both = 1
	}
	t.timeline.add(t.contexts.series[key.context][both], r)
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
