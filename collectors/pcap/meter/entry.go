package meter

import (
	"math"

	"flowctl/collectors/flow"
	"flowctl/collectors/pcap/packet"
)

// entry is a conversation that is going on, in two cache lines, of which the
// second is for TCP alone. Counters are by sending side.
type entry struct {
	key         key
	first, last int64 // of the record to come
	packets     [2]uint32
	ipBytes     [2]uint32
	frameBytes  [2]uint32

	opener uint8 // side that opened, or that was seen first
	opened bool  // the opener was seen to open
	signs  uint8 // of the end, and of the ways that packets went, as bits
	tunnel flow.Tunnel
	live   bool
	full   bool // a counter of TCP cannot count on
	step   step
	seen   flow.TCPSeen // for the record to come: of the handshake, and whether headers could not be read

	tcp connection
}

// What ends a connection: both sides are done, or one broke it off.
const (
	bothDone = 1<<0 | 1<<1 // a bit a side
	broken   = 1 << 2
	closed   = bothDone | broken
)

// The ways that packets went at the machine that captured them, of the lower
// end; those of the higher end are the bits after.
const (
	cameIn  = 1 << 3
	wentOut = 1 << 5
)

// begin makes e a new conversation, of which o is the first packet.
func (e *entry) begin(o *observed) {
	*e = entry{key: o.key, first: flow.NoTime, last: flow.NoTime, opener: o.side, live: true}
}

// renew makes e a later conversation between the same ports, of which o is the
// first packet. Who opened the one before probably opened this one too.
func (e *entry) renew(o *observed) {
	opened, opener := e.opened, e.opener
	e.begin(o)
	if opened {
		e.opened, e.opener = true, opener
	}
}

// pause makes e ready for a record of another file. The times stay, by which e
// expires.
func (e *entry) pause() {
	first, last := e.first, e.last
	e.reset()
	e.first, e.last = first, last
}

// empty reports whether nothing was counted since the last record.
func (e *entry) empty() bool { return e.packets[0]|e.packets[1] == 0 }

// reset makes e ready for the next record of the same conversation.
func (e *entry) reset() {
	e.first, e.last = flow.NoTime, flow.NoTime
	e.packets, e.ipBytes, e.frameBytes = [2]uint32{}, [2]uint32{}, [2]uint32{}
	e.full, e.seen = false, 0
	e.tcp.reset()
}

// count adds o to e.
func (e *entry) count(o *observed) {
	s := o.side & 1
	e.packets[s]++
	e.ipBytes[s] += bounded(o.IPBytes)
	e.frameBytes[s] += bounded(o.FrameBytes)
	e.observe(o)
}

// observe notes when o was, and what it shows of the conversation.
func (e *entry) observe(o *observed) {
	s := o.side & 1
	if o.Way != flow.DirectionUnknown {
		e.way(s, o.Way)
	}
	if t := o.Time; t != flow.NoTime {
		if t < e.first || e.first == flow.NoTime {
			e.first = t
		}
		e.last = max(e.last, t)
	}
	if e.tunnel == flow.NoTunnel {
		e.tunnel = o.Tunnel
	}
	if o.Sender != packet.RoleUnknown && !e.opened {
		e.opened = true
		e.opener = s
		if o.Sender == packet.Answerer {
			e.opener = 1 - s
		}
	}
}

// way notes which way a packet of side s went.
func (e *entry) way(s uint8, d flow.Direction) {
	if d == flow.Inbound {
		e.signs |= cameIn << s
		return
	}
	e.signs |= wentOut << s
}

// direction is that of a conversation that the side from opened. A machine that
// forwards sees both sides come in, or go out: for it there is none.
func (e *entry) direction(from uint8) flow.Direction {
	const all = cameIn | cameIn<<1 | wentOut | wentOut<<1
	to := 1 - from
	in, out := uint8(cameIn<<from|wentOut<<to), uint8(wentOut<<from|cameIn<<to)
	switch signs := e.signs & all; {
	case signs == 0:
	case signs&^in == 0:
		return flow.Inbound
	case signs&^out == 0:
		return flow.Outbound
	}
	return flow.DirectionUnknown
}

// end notes what o, of TCP, shows of the end.
func (e *entry) end(o *observed) {
	if o.Flags&(packet.FIN|packet.RST) == 0 {
		return
	}
	e.signs |= uint8(o.Flags&packet.FIN) << (o.side & 1)
	if o.Flags&packet.RST != 0 {
		e.signs |= broken
	}
}

const protoTCP = 6

// holds reports whether the counters of e have room for o.
func (e *entry) holds(o *observed) bool {
	s := o.side & 1
	return !e.full && e.packets[s] != math.MaxUint32 &&
		bounded(o.IPBytes) <= math.MaxUint32-e.ipBytes[s] && bounded(o.FrameBytes) <= math.MaxUint32-e.frameBytes[s]
}

// bounded is a length of a packet in 32 bits, which only a jumbogram that
// claims more than 4 GiB does not fit into.
func bounded(n uint64) uint32 { return uint32(min(n, math.MaxUint32)) }

// over reports whether both sides closed the connection, or one broke it off.
func (e *entry) over() bool { return e.signs&closed >= bothDone }

// within reports whether t is less than a minute after the first packet, as it
// nearly always is: then e neither lasts nor has expired.
func (e *entry) within(t int64) bool { return uint64(t-e.first) < active && e.first != flow.NoTime }

// lasts reports whether e with a packet at t would span a minute or more.
func (e *entry) lasts(t int64) bool {
	if t == flow.NoTime || e.last == flow.NoTime {
		return false
	}
	return apart(e.first, t) >= active || apart(e.last, t) >= active
}

// expired reports whether e was silent for too long before t to be the same
// conversation, in either direction: files are not always in time order.
func (e *entry) expired(t int64) bool {
	if t == flow.NoTime || e.last == flow.NoTime {
		return false
	}
	gap := min(apart(e.first, t), apart(e.last, t))
	return gap > idle || gap > linger && e.over()
}
