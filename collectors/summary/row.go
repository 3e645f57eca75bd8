package summary

import (
	"math"
	"sync"

	"flowctl/collectors/flow"
)

// key is what the records of a row have in common. There is no source port:
// as in Traffic Analytics, connections that differ only in the port their
// client happened to get are one row, which knows how many there were.
type key struct {
	src, dst flow.Addr
	context  uint32 // number of the record's context
	port     uint16 // destination port; EtherType of frames without IP
	proto    uint8
}

// is reports whether k and o are the same, quicker than == is.
func (k *key) is(o *key) bool {
	return k.src.Lo == o.src.Lo && k.dst.Lo == o.dst.Lo && k.src.Hi == o.src.Hi && k.dst.Hi == o.dst.Hi &&
		k.context == o.context && k.port == o.port && k.proto == o.proto
}

// row sums all records of one key. It holds no pointer.
type row struct {
	key
	sent     wire // src → dst
	received wire // dst → src
	first    int64
	last     int64
	records  uint32 // stops at its greatest value
	begins   uint32 // records with which a flow began; stops likewise
	flows    uint32 // distinct source ports
	srcPort  uint16 // the first of them; further ones are in the partition's set
	marks    marks
}

// wire is a flow.Count without frame bytes, which only captures measure and
// which lie in an array of their own.
type wire struct{ packets, ipBytes uint64 }

// marks are facts about a row or a sum of rows.
type marks uint8

const (
	measuredPackets marks = 1 << iota
	measuredIP
	measuredFrames
	lacksPackets // some counters were measured, but not these, for a part of it
	lacksIP
	lacksFrames
	guessed // the initiator was guessed for a part of it
)

// marksOf returns what record r says of its counters. A record that measured
// nothing, such as the begin of a flow, lacks nothing either.
func marksOf(r *flow.Record) marks {
	if r.Measured == 0 {
		return 0
	}
	m := marks(r.Measured) | (marks(^r.Measured)&7)<<3
	if !r.IsIP() {
		m &^= lacksIP
	}
	if r.Guessed {
		m |= guessed
	}
	return m
}

func (m marks) packets() bool { return m&(measuredPackets|lacksPackets) == measuredPackets }
func (m marks) ipBytes() bool { return m&(measuredIP|lacksIP) == measuredIP }
func (m marks) frames() bool  { return m&(measuredFrames|lacksFrames) == measuredFrames }

const (
	noFirst = math.MaxInt64
	noLast  = math.MinInt64
)

// instant returns t, or no time for the bounds of an empty span.
func instant(t int64) Instant {
	if t == noFirst || t == noLast {
		return Instant(flow.NoTime)
	}
	return Instant(t)
}

// slab keeps rows in chunks that never move and are never copied to grow.
type slab struct {
	chunks []*[chunkRows]row
	wires  []*[chunkRows]frameBytes // nil for chunks without any frame bytes
	n      int
}

const chunkRows = 256

type frameBytes struct{ sent, received uint64 }

func (s *slab) at(i int) *row { return &s.chunks[i/chunkRows][i%chunkRows] }

// frames returns the frame bytes of row i, 0 where there are none.
func (s *slab) frames(i int) frameBytes {
	if c := s.wires[i/chunkRows]; c != nil {
		return c[i%chunkRows]
	}
	return frameBytes{}
}

func (s *slab) addFrames(i int, f frameBytes) {
	c := s.wires[i/chunkRows]
	if c == nil {
		c = new([chunkRows]frameBytes)
		s.wires[i/chunkRows] = c
	}
	c[i%chunkRows].sent += f.sent
	c[i%chunkRows].received += f.received
}

// add appends a copy of r and returns its number.
func (s *slab) add(r *row, free *pool) int {
	i, to := s.next(free)
	*to = *r
	return i
}

// next appends a row, of which nothing is set yet, and returns its number too.
func (s *slab) next(free *pool) (int, *row) {
	if s.n == len(s.chunks)*chunkRows {
		s.chunks = append(s.chunks, free.get())
		s.wires = append(s.wires, nil)
	}
	i := s.n
	s.n++
	return i, s.at(i)
}

// pool hands chunks that one slab gave up to the next, so that the rows of a
// large table turn into conversations without a second copy of it.
type pool struct {
	mu     sync.Mutex
	chunks []*[chunkRows]row
}

func (p *pool) get() *[chunkRows]row {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.chunks) == 0 {
		return new([chunkRows]row)
	}
	c := p.chunks[len(p.chunks)-1]
	p.chunks = p.chunks[:len(p.chunks)-1]
	return c
}

func (p *pool) put(s *slab) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.chunks = append(p.chunks, s.chunks...)
	*s = slab{}
}
