package parquet

import (
	"errors"

	"github.com/parquet-go/parquet-go/compress/zstd"

	"flowctl/collectors/flow"
)

// part gathers the rows of a row group and encodes them. It is for one
// goroutine at a time and keeps its memory from one group to the next.
type part struct {
	names *flow.Names
	most  int // rows

	turns int // row groups that were before

	rows      []row
	times     []int64 // when they were first seen: microseconds, or null
	lasts     []int64 // when they were last seen; empty if all are moments
	rests     []rest  // of the first rows; those behind have none
	addresses [2]*addresses
	traits    traitList
	clipped   uint64 // counters that no signed integer holds
	moments   bool   // all rows are of one time each, as those of flow logs

	order   order
	gather  gathered
	naming  naming
	columns columnWriter
	pages   pages
}

func newPart(names *flow.Names, namer Namer, rows int) *part {
	p := &part{names: names, most: rows, naming: naming{namer: namer}, addresses: [2]*addresses{newAddresses(), newAddresses()}}
	p.rows, p.times = make([]row, 0, rows), make([]int64, 0, rows)
	p.pages.zstd.Level = zstd.SpeedFastest
	p.reset()
	return p
}

// reset forgets the rows.
func (p *part) reset() {
	p.turns++
	p.rows, p.times, p.lasts, p.rests, p.clipped = p.rows[:0], p.times[:0], p.lasts[:0], p.rests[:0], 0
	p.moments = true
	p.addresses[0].reset()
	p.addresses[1].reset()
	p.traits.reset()
}

func (p *part) full() bool { return p.room() == 0 }

// room is how many rows more it takes. What captures have beside takes more
// memory than all the rest of a row, so of those there are half as many.
func (p *part) room() int {
	most := p.most
	if len(p.rests) > 0 {
		most /= 2
	}
	return max(0, most-len(p.rows))
}

// add takes records until the row group is full, and returns how many.
func (p *part) add(b flow.Batch) int {
	b = b[:min(len(b), p.room())]
	for i := range b {
		if !p.record(&b[i]) {
			return i
		}
	}
	return len(b)
}

// record takes a record, unless its texts do not fit into the row group.
func (p *part) record(r *flow.Record) bool {
	t, ok := p.traits.number(traitsOf(r), p.names)
	if !ok {
		return false
	}
	nanos, lastNanos := p.when(r)
	p.rows = append(p.rows, row{
		src: p.addresses[0].number(r.Src), dst: p.addresses[1].number(r.Dst),
		srcPort: r.SrcPort, dstPort: r.DstPort, traits: t,
		counters: p.signed([4]uint64{r.Sent.Packets, r.Sent.IPBytes, r.Received.Packets, r.Received.IPBytes}),
	})
	if nanos|lastNanos != 0 || r.Measured&flow.FrameBytes != 0 || r.TCP.Seen != 0 {
		frames := p.signed([4]uint64{r.Sent.FrameBytes, r.Received.FrameBytes})
		p.beside(rest{framed: r.Measured&flow.FrameBytes != 0, frames: [2]int64(frames[:2]), nanos: [2]uint16{nanos, lastNanos}, tcp: r.TCP})
	}
	return true
}

// signed are counters as signed integers.
func (p *part) signed(list [4]uint64) [4]int64 {
	out, cut := signed(list)
	p.clipped += cut
	return out
}

// when keeps the times of a record and returns the nanoseconds that are left.
func (p *part) when(r *flow.Record) (first, last uint16) {
	us, first := moment(r.First)
	if r.First != r.Last && p.moments {
		p.lasts, p.moments = append(p.lasts, p.times...), false
	}
	p.times = append(p.times, us)
	if p.moments {
		return first, first
	}
	us, last = moment(r.Last)
	p.lasts = append(p.lasts, us)
	return first, last
}

// moment is a time in microseconds, or null, and the nanoseconds that are left.
func moment(ns int64) (us int64, left uint16) {
	if ns == flow.NoTime {
		return null, 0
	}
	us, rest := micros(ns)
	return us, uint16(rest)
}

// beside keeps what few records have, of the last row.
func (p *part) beside(r rest) {
	for len(p.rests) < len(p.rows) {
		p.rests = append(p.rests, rest{})
	}
	p.rests[len(p.rows)-1] = r
}

// group returns the row group of what was taken; its bytes are in p.pages.out.
func (p *part) group() group {
	ranks := [2][]uint32{p.addresses[0].sort(), p.addresses[1].sort()}
	list := p.order.sort(p.times, p.rows, ranks)
	p.gather.all(p, list, ranks)
	p.naming.all(p, list)
	p.columns.of = noBit
	p.pages.out = p.pages.out[:0]
	g := group{rows: len(list), clipped: p.clipped}
	for i := range columns {
		if i == colLast && p.moments {
			g.chunks[i] = p.pages.again(g.chunks[colFirst])
			continue
		}
		g.chunks[i] = p.pages.add(i, p.column(i))
	}
	return g
}

// group is a row group as it stands in the file.
type group struct {
	rows    int
	chunks  [writtenCount]chunk
	clipped uint64
}

// err is why the row group cannot be written; nil if it can.
func (p *part) err() error { return errors.Join(p.columns.err, p.pages.err) }
