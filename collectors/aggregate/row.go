package aggregate

import (
	"math"
	"sync"

	"flowctl/collectors/flow"
)

// Key is what the records of a row have in common: the 5-tuple and how it was
// seen. Only with the source port can two observation points tell whether they
// saw the same traffic.
type Key struct {
	Src, Dst flow.Addr
	Context  uint32 // number of the record's context
	Port     uint16 // destination port; EtherType of frames without IP
	SrcPort  uint16 // of sums, the number of their interval
	Proto    uint8
}

// is reports whether k and o are the same, quicker than == is.
func (k *Key) is(o *Key) bool {
	return k.Src.Lo == o.Src.Lo && k.Dst.Lo == o.Dst.Lo && k.Src.Hi == o.Src.Hi && k.Dst.Hi == o.Dst.Hi &&
		k.Context == o.Context && k.Port == o.Port && k.SrcPort == o.SrcPort && k.Proto == o.Proto
}

// Row sums all records of one key. It holds no pointer.
type Row struct {
	Key
	Sent     Wire // src → dst
	Received Wire // dst → src
	First    int64
	Last     int64
	Records  uint32 // stops at its greatest value
	Begins   uint32 // records with which a flow began; stops likewise
	Flows    uint32 // that the row stands for: 1, unless rows were added up
	Marks    Marks
}

// SamePair reports whether r and o are between the same addresses.
func (r *Row) SamePair(o *Row) bool {
	return r.Src == o.Src && r.Dst == o.Dst || r.Src == o.Dst && r.Dst == o.Src
}

// Wire is a flow.Count without frame bytes, which only captures measure and
// which lie in an array of their own.
type Wire struct{ Packets, IPBytes uint64 }

// Marks are facts about a row or a sum of rows.
type Marks uint16

const (
	MeasuredPackets Marks = 1 << iota
	MeasuredIP
	MeasuredFrames
	lacksPackets // some counters were measured, but not these, for a part of it
	lacksIP
	lacksFrames
	Guessed       // the initiator was guessed for a part of it
	Opened        // the initiator was seen for a part of it
	Ended         // an end was recorded
	sentKnown     // counters of what was sent were measured of a part of it
	receivedKnown // the same of what was received
	Judged        // a log said of a part of it what rules did with it
)

// marksOf returns what record r says of its counters. A record that measured
// nothing, such as the begin of a flow, lacks nothing either.
func marksOf(r *flow.Record) Marks {
	if r.Measured == 0 {
		return ended(r)
	}
	m := ended(r) | sides(r.Measured) | Marks(r.Measured&7) | (Marks(^r.Measured)&7)<<3
	if !r.IsIP() {
		m &^= lacksIP
	}
	if r.Guessed {
		return m | Guessed
	}
	return m | Opened
}

// sides says which sides were measured.
func sides(m flow.Measure) Marks {
	switch {
	case m&flow.SentOnly != 0:
		return sentKnown
	case m&flow.ReceivedOnly != 0:
		return receivedKnown
	}
	return sentKnown | receivedKnown
}

// Sent is what is known of the counters of what was sent.
func (m Marks) Sent() Marks { return m.side(sentKnown) }

// Received is the same of what was received.
func (m Marks) Received() Marks { return m.side(receivedKnown) }

func (m Marks) side(known Marks) Marks {
	if m&known != 0 {
		return m
	}
	return m &^ (MeasuredPackets | MeasuredIP | MeasuredFrames | lacksPackets | lacksIP | lacksFrames)
}

// Flipped is m seen from the other end.
func (m Marks) Flipped() Marks {
	o := m &^ (sentKnown | receivedKnown)
	if m&sentKnown != 0 {
		o |= receivedKnown
	}
	if m&receivedKnown != 0 {
		o |= sentKnown
	}
	return o
}

// ended is the mark of a record with which a flow ended.
func ended(r *flow.Record) Marks {
	if r.State == flow.End {
		return Ended
	}
	return 0
}

// Packets reports whether packets were measured, of all of it.
func (m Marks) Packets() bool { return m&(MeasuredPackets|lacksPackets) == MeasuredPackets }

// IPBytes reports the same of IP bytes.
func (m Marks) IPBytes() bool { return m&(MeasuredIP|lacksIP) == MeasuredIP }

// Frames reports the same of frame bytes.
func (m Marks) Frames() bool { return m&(MeasuredFrames|lacksFrames) == MeasuredFrames }

const (
	NoFirst = math.MaxInt64
	NoLast  = math.MinInt64
)

// Slab keeps rows in chunks that never move and are never copied to grow.
type Slab struct {
	Chunks []*[ChunkRows]Row
	wires  []*[ChunkRows]FrameBytes // nil for chunks without any frame bytes
	N      int
}

const ChunkRows = 256

type FrameBytes struct{ Sent, Received uint64 }

// At returns row i.
func (s *Slab) At(i int) *Row { return &s.Chunks[i/ChunkRows][i%ChunkRows] }

// Frames returns the frame bytes of row i, 0 where there are none.
func (s *Slab) Frames(i int) FrameBytes {
	if c := s.wires[i/ChunkRows]; c != nil {
		return c[i%ChunkRows]
	}
	return FrameBytes{}
}

// AddFrames adds to the frame bytes of row i.
func (s *Slab) AddFrames(i int, f FrameBytes) {
	c := s.wires[i/ChunkRows]
	if c == nil {
		c = new([ChunkRows]FrameBytes)
		s.wires[i/ChunkRows] = c
	}
	c[i%ChunkRows].Sent += f.Sent
	c[i%ChunkRows].Received += f.Received
}

// Add appends a copy of r and returns its number.
func (s *Slab) Add(r *Row, free *Pool) int {
	i, to := s.next(free)
	*to = *r
	return i
}

// next appends a row, of which nothing is set yet, and returns its number too.
func (s *Slab) next(free *Pool) (int, *Row) {
	if s.N == len(s.Chunks)*ChunkRows {
		s.Chunks = append(s.Chunks, free.get())
		s.wires = append(s.wires, nil)
	}
	i := s.N
	s.N++
	return i, s.At(i)
}

// Pool hands chunks that one slab gave up to the next, so that the rows of a
// large table turn into conversations without a second copy of it.
type Pool struct {
	mu     sync.Mutex
	chunks []*[ChunkRows]Row
}

func (p *Pool) get() *[ChunkRows]Row {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.chunks) == 0 {
		return new([ChunkRows]Row)
	}
	c := p.chunks[len(p.chunks)-1]
	p.chunks = p.chunks[:len(p.chunks)-1]
	return c
}

// Put takes the chunks of s, which is empty then.
func (p *Pool) Put(s *Slab) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.chunks = append(p.chunks, s.Chunks...)
	*s = Slab{}
}
