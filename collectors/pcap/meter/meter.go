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
	pending  = 64      // packets that are looked up together
	batch    = 1024    // records that are handed on together
	maxFlows = 1 << 22 // at once; beyond, all are exported to make room
	minSweep = 1 << 16 // packets between two looks for what has ended
)

// Meter adds packets up. Fill Next, then Add.
type Meter struct {
	emit  func(flow.Batch) bool
	stamp flow.Record // what all records have in common
	table table
	most  int // conversations at once

	packets [pending]packet.Packet
	looked  [pending]lookup
	n       int

	out     flow.Batch
	clock   int64  // time of the last packet that had one
	swept   int64  // clock at the last sweep
	since   int    // packets since then
	kept    int    // conversations that were left then
	stopped bool   // emit wants no more
	sink    uint64 // keeps loads alive that only warm the cache
}

// New returns a meter that hands its records to emit until that returns false.
// The point and target of stamp are those of all records.
func New(stamp flow.Record, emit func(flow.Batch) bool) *Meter {
	m := &Meter{emit: emit, most: maxFlows, clock: flow.NoTime, swept: flow.NoTime}
	m.stamp = flow.Record{Point: stamp.Point, Target: stamp.Target}
	m.table.init(rand.Uint64())
	m.out = make(flow.Batch, 0, batch)
	return m
}

// Next returns the packet to fill next.
func (m *Meter) Next() *packet.Packet { return &m.packets[m.n] }

// Add takes the packet that Next returned and reports whether more are wanted.
func (m *Meter) Add() bool {
	if m.n++; m.n == pending {
		m.flush()
	}
	return !m.stopped
}

// Close exports what is left.
func (m *Meter) Close() {
	m.flush()
	m.table.each(func(e *entry) { m.export(e, flow.End) })
	m.table.clear()
	m.send()
}

// flush adds the pending packets up. Memory is the bottleneck of a table that
// is larger than the cache, so all entries are touched before the first is used.
func (m *Meter) flush() {
	if m.n == 0 {
		return
	}
	ps, ls := m.packets[:m.n], m.looked[:m.n]
	for i := range ps {
		ls[i].of(&ps[i], m.table.seed)
	}
	for i := range ls {
		ls[i].slot = m.table.slots[ls[i].hash&m.table.mask]
	}
	warm := uint64(0)
	for i := range ls {
		if s := ls[i].slot; s != 0 {
			e := m.table.at(s&slotMask - 1)
			warm += e.key.lo.Lo + e.frameBytes[1]
		}
	}
	m.sink += warm
	for i := range ps {
		m.add(&ps[i], &ls[i])
	}
	m.since += m.n
	m.n = 0
	if m.since >= minSweep || m.table.used >= m.most {
		m.sweep()
	}
}

// add counts one packet in its conversation.
func (m *Meter) add(p *packet.Packet, l *lookup) {
	e, fresh := m.table.find(l)
	if fresh {
		e.begin(l)
	} else {
		m.cut(e, p, l)
	}
	e.count(p, l)
	if p.Time != flow.NoTime {
		m.clock = p.Time
	}
}

// cut exports what e has so far if p belongs to a later record, or to a later
// conversation between the same ports.
func (m *Meter) cut(e *entry, p *packet.Packet, l *lookup) {
	opens := p.Flags&(packet.SYN|packet.ACK) == packet.SYN
	switch {
	case opens && e.over(), e.expired(p.Time):
		m.export(e, flow.End)
		e.begin(l)
	case opens && e.opened && l.side != e.opener:
		m.export(e, flow.Continue)
		e.begin(l)
	case e.lasts(p.Time), e.packets[0]|e.packets[1] >= 1<<31:
		m.export(e, flow.Continue)
		e.reset()
	}
}

// apart is the distance of two times, which may be too far apart for an int64.
func apart(a, b int64) uint64 {
	if a > b {
		return uint64(a) - uint64(b)
	}
	return uint64(b) - uint64(a)
}

// sweep exports what has ended, if enough time has passed since the last look,
// and everything if the table is full.
func (m *Meter) sweep() {
	full := m.table.used >= m.most
	if !full && (m.clock == flow.NoTime || m.swept != flow.NoTime && apart(m.clock, m.swept) < active || m.since < 2*m.kept) {
		return
	}
	m.swept, m.since = m.clock, 0
	m.table.drop(func(e *entry) bool {
		switch {
		case e.expired(m.clock):
			m.export(e, flow.End)
		case full:
			m.export(e, flow.Continue)
		default:
			return false
		}
		return true
	})
	m.kept = m.table.used
}

// export appends the record of e.
func (m *Meter) export(e *entry, s flow.State) {
	m.out = append(m.out, m.stamp)
	e.record(&m.out[len(m.out)-1], s)
	if len(m.out) == batch {
		m.send()
	}
}

func (m *Meter) send() {
	if len(m.out) > 0 && !m.stopped {
		m.stopped = !m.emit(m.out)
	}
	m.out = m.out[:0]
}
