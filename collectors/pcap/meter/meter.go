// Package meter turns packets into flow records, as the metering process of
// an IPFIX exporter does (RFC 5470, 5.3; RFC 7011): one entry per conversation
// that is going on, a record when it has gone on for a minute, has been silent
// for long or is over.
package meter

import (
	"math/rand/v2"
	"time"

	"flowctl/collectors/flow"
	"flowctl/collectors/pcap/packet"
)

// The time-outs, in packet time (RFC 7011 leaves them to the exporter).
const (
	active = uint64(time.Minute)     // a record never spans more
	idle   = uint64(5 * time.Minute) // a conversation that was silent for longer is over
	linger = uint64(time.Minute)     // after its end, for what arrives late
)

const (
	maxFlows = 1 << 22 // at once; beyond, those that were silent for longest are exported to make room
	minFlows = 1 << 16 // at once, however little memory there is
	perFlow  = 152     // bytes that one takes
	minSweep = 1 << 16 // packets between two looks for what has ended
	batch    = 256     // records that are handed on together
)

// Meter adds packets up. Fill Next, then Add. Conversations are in parts, so
// that several goroutines can share the work; whatever they do, a part gets its
// packets in their order, and the records are the same.
type Meter struct {
	seed  uint64
	chunk *chunk // that is being filled
	pool  workerPool
}

// New returns a meter that hands its records to emit until that returns false.
// The point and target of stamp are those of all records.
func New(stamp flow.Record, emit func(flow.Batch) bool) *Meter {
	return Shared(stamp, flow.Workers{Main: emit})
}

// Shared returns a meter that shares its work between workers.
func Shared(stamp flow.Record, to flow.Workers) *Meter {
	m := &Meter{seed: rand.Uint64(), chunk: &chunk{}}
	stamp = flow.Record{Point: stamp.Point, Target: stamp.Target}
	m.pool.init(m.seed, stamp, to)
	return m
}

// Brief leaves out of the records what TCP headers say. It is to be said before
// the first packet.
func (m *Meter) Brief() {
	for i := range m.pool.parts {
		m.pool.parts[i].table.brief = true
	}
}

// Fine ends records with each second of the clock. It is to be said before the
// first packet.
func (m *Meter) Fine() {
	for i := range m.pool.parts {
		m.pool.parts[i].table.fine = true
	}
}

// Bound lets the conversations that are going on take so many bytes, about. It is
// to be said before the first packet.
func (m *Meter) Bound(bytes int64) {
	most := int(min(max(bytes/perFlow, minFlows), maxFlows))
	for i := range m.pool.parts {
		m.pool.parts[i].most = most / parts
	}
}

// Next returns the packet to fill next.
func (m *Meter) Next() *packet.Packet { return &m.chunk.list[m.chunk.n].Packet }

// Add takes the packet that Next returned and reports whether more are wanted.
func (m *Meter) Add() bool { return m.add(false) }

// AddEarly takes the packet that Next returned as one from before what is
// wanted: it is not counted, but says how what is counted went before.
func (m *Meter) AddEarly() bool { return m.add(true) }

func (m *Meter) add(early bool) bool {
	m.chunk.add(m.seed, early)
	if m.chunk.n < chunkPackets {
		return true
	}
	m.chunk = m.pool.take(m.chunk)
	return !m.pool.stopped.Load()
}

// Close exports what is left and waits for all who help.
func (m *Meter) Close() { m.pool.finish(m.chunk, (*part).close) }

// Pause exports what was counted and waits for all who help, as Close does, but
// conversations go on with what comes after Resume.
func (m *Meter) Pause() {
	m.pool.finish(m.chunk, (*part).pause)
	m.chunk = &chunk{}
}

// Resume has the records of what comes go to other sinks.
func (m *Meter) Resume(to flow.Workers) { m.pool.renew(to) }

// apart is the distance of two times, which may be too far apart for an int64.
func apart(a, b int64) uint64 {
	if a > b {
		return uint64(a) - uint64(b)
	}
	return uint64(b) - uint64(a)
}
