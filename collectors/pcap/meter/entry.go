package meter

import (
	"math/bits"

	"flowctl/collectors/flow"
	"flowctl/collectors/pcap/packet"
)

// key names a conversation whoever sends: the lower end first. It is compared
// as a whole, so rest packs ports, protocol and EtherType into one word.
type key struct {
	lo, hi flow.Addr
	rest   uint64 // lower end's port, higher end's port, EtherType, protocol
}

// lookup is what is needed to find a packet's entry.
type lookup struct {
	key  key
	hash uint64
	slot uint32
	side uint8 // of the key that sent it: 0 lo, 1 hi
}

// of fills l for p.
func (l *lookup) of(p *packet.Packet, seed uint64) {
	sp, dp := uint64(p.SrcPort), uint64(p.DstPort)
	l.side = 0
	if above(p) {
		l.side = 1
		l.key.lo, l.key.hi = p.Dst, p.Src
		sp, dp = dp, sp
	} else {
		l.key.lo, l.key.hi = p.Src, p.Dst
	}
	l.key.rest = sp<<48 | dp<<32 | uint64(p.EtherType)<<8 | uint64(p.Proto)
	l.hash = l.key.hash(seed)
}

// above reports whether the sender is the higher end.
func above(p *packet.Packet) bool {
	if p.Src.Lo != p.Dst.Lo {
		return p.Src.Lo > p.Dst.Lo
	}
	if p.Src.Hi != p.Dst.Hi {
		return p.Src.Hi > p.Dst.Hi
	}
	return p.SrcPort > p.DstPort
}

// is reports whether both are the same, faster than the comparison of memory
// that == becomes.
func (k *key) is(o *key) bool {
	return k.lo.Lo == o.lo.Lo && k.hi.Lo == o.hi.Lo && k.rest == o.rest && k.lo.Hi == o.lo.Hi && k.hi.Hi == o.hi.Hi
}

// hash mixes the key by multiplication to 128 bits. The seed keeps whoever
// writes a capture from choosing keys that collide.
func (k *key) hash(seed uint64) uint64 {
	h, l := bits.Mul64(k.lo.Lo^seed, k.hi.Lo^0xe7037ed1a0b428db)
	if k.lo.Hi|k.hi.Hi != 0 {
		h2, l2 := bits.Mul64(k.lo.Hi^0x8ebc6af09c88c6e3, k.hi.Hi^seed)
		h, l = h^l2, l^h2
	}
	h, l = bits.Mul64(h^l^0xa0761d6478bd642f, k.rest^bits.RotateLeft64(seed, 32))
	return h ^ l
}

// entry is a conversation that is going on. Counters are by sending side.
type entry struct {
	key         key
	first, last int64 // of the record to come
	packets     [2]uint32
	ipBytes     [2]uint64
	frameBytes  [2]uint64

	opener uint8 // side that opened, or that was seen first
	opened bool  // the opener was seen to open
	fins   uint8 // sides that are done, as bits
	broken bool
	tunnel flow.Tunnel
	live   bool
	_      [26]byte // two cache lines
}

// begin makes e a new conversation.
func (e *entry) begin(l *lookup) {
	*e = entry{key: l.key, first: flow.NoTime, last: flow.NoTime, opener: l.side, live: true}
}

// reset makes e ready for the next record of the same conversation.
func (e *entry) reset() {
	e.first, e.last = flow.NoTime, flow.NoTime
	e.packets, e.ipBytes, e.frameBytes = [2]uint32{}, [2]uint64{}, [2]uint64{}
}

// count adds p to e.
func (e *entry) count(p *packet.Packet, l *lookup) {
	s := l.side & 1
	e.packets[s]++
	e.ipBytes[s] += p.IPBytes
	e.frameBytes[s] += p.FrameBytes
	if t := p.Time; t != flow.NoTime {
		if t < e.first || e.first == flow.NoTime {
			e.first = t
		}
		e.last = max(e.last, t)
	}
	if e.tunnel == flow.NoTunnel {
		e.tunnel = p.Tunnel
	}
	if p.Sender != packet.RoleUnknown && !e.opened {
		e.opened = true
		e.opener = s
		if p.Sender == packet.Answerer {
			e.opener = 1 - s
		}
	}
	if p.Flags&(packet.FIN|packet.RST) != 0 {
		e.broken = e.broken || p.Flags&packet.RST != 0
		e.fins |= uint8(p.Flags&packet.FIN) << s
	}
}

// over reports whether both sides closed the connection, or one broke it off.
func (e *entry) over() bool { return e.broken || e.fins == 3 }

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
