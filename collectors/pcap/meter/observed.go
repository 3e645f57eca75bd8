package meter

import (
	"math"
	"math/bits"

	"flowctl/collectors/flow"
	"flowctl/collectors/pcap/packet"
)

// key names a conversation whoever sends, in two words: both IPv4 addresses,
// or the number that the part has for other ones, and all the rest.
type key struct {
	pair uint64 // lower end, higher end
	rest uint64 // lower end's port, higher end's port, EtherType, protocol
}

// numbered marks, in key.rest, that the pair is a number.
const numbered = 1 << 24

// observed is a packet as its conversation counts it.
type observed struct {
	key    key
	lo, hi flow.Addr
	hash   uint64
	time   int64
	ip     uint32 // bytes; a jumbogram of more than 4 GiB counts as that
	frame  uint32 // bytes
	seg    packet.Segment
	slot   uint32
	side   uint8 // of the key that sent it: 0 lo, 1 hi
	flags  packet.TCPFlag
	sender packet.Role
	tunnel flow.Tunnel
}

// fill makes o what p is, but for whom it is from and to.
func (o *observed) fill(p *packet.Packet) {
	o.time = p.Time
	o.ip = uint32(min(p.IPBytes, math.MaxUint32))
	o.frame = uint32(min(p.FrameBytes, math.MaxUint32))
	o.seg, o.flags, o.sender, o.tunnel = p.Segment, p.Flags, p.Sender, p.Tunnel
}

// keyOf returns the key of p, but for the number of a pair, its ends with the
// lower one first, and the side of the sender.
func keyOf(p *packet.Packet) (k key, lo, hi flow.Addr, side uint8) {
	sp, dp := uint64(p.SrcPort), uint64(p.DstPort)
	lo, hi = p.Src, p.Dst
	if above(p) {
		side = 1
		lo, hi = p.Dst, p.Src
		sp, dp = dp, sp
	}
	k.rest = sp<<48 | dp<<32 | uint64(p.EtherType)<<8 | uint64(p.Proto)
	if lo.Is4() && hi.Is4() {
		k.pair = lo.Lo<<32 | hi.Lo&0xffffffff
	} else {
		k.rest |= numbered
	}
	return k, lo, hi, side
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

// hash mixes what names a conversation between lo and hi. The seed keeps
// whoever writes a capture from choosing conversations that collide.
func (k *key) hash(lo, hi flow.Addr, seed uint64) uint64 {
	pair := k.pair
	if k.rest&numbered != 0 {
		pair = hashEnds(lo, hi, seed)
	}
	return mix(mix(pair^seed, k.rest^0xe7037ed1a0b428db), 0xa0761d6478bd642f^bits.RotateLeft64(seed, 32))
}

func hashEnds(lo, hi flow.Addr, seed uint64) uint64 {
	return mix(lo.Lo^seed, hi.Lo^0xe7037ed1a0b428db) ^ mix(lo.Hi^0x8ebc6af09c88c6e3, hi.Hi^bits.RotateLeft64(seed, 32))
}

// mix folds the product of a and b, which has 128 bits.
func mix(a, b uint64) uint64 {
	h, l := bits.Mul64(a, b)
	return h ^ l
}
