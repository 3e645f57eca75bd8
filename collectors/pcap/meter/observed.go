package meter

import (
	"math/bits"

	"flowctl/collectors/flow"
	"flowctl/collectors/pcap/packet"
)

// key names a conversation whoever sends, in two words: both IPv4 addresses,
// or a hash of other ones, which the table has apart, and all the rest.
type key struct {
	pair uint64 // lower end, higher end
	rest uint64 // lower end's port, higher end's port, EtherType, protocol
}

// hashed marks, in key.rest, that the pair is a hash.
const hashed = 1 << 24

// observed is a packet on its way to its conversation.
type observed struct {
	packet.Packet
	key   key
	hash  uint64
	side  uint8 // of the key that sent it: 0 the lower end, 1 the higher
	early bool  // it is from before what counts
}

// identify fills what is to be known to find the conversation.
func (o *observed) identify(seed uint64) {
	sp, dp := uint64(o.SrcPort), uint64(o.DstPort)
	lo, hi := &o.Src, &o.Dst
	o.side = 0
	if o.above() {
		o.side = 1
		lo, hi = hi, lo
		sp, dp = dp, sp
	}
	rest := sp<<48 | dp<<32 | uint64(o.EtherType)<<8 | uint64(o.Proto)
	pair := lo.Lo<<32 | hi.Lo&0xffffffff
	if !lo.Is4() || !hi.Is4() {
		rest |= hashed
		pair = hashEnds(*lo, *hi, seed)
	}
	o.key = key{pair, rest}
	o.hash = hash(pair, rest, seed)
}

// ends are the addresses of o, the lower one first.
func (o *observed) ends() ends {
	if o.side == 1 {
		return ends{o.Dst, o.Src}
	}
	return ends{o.Src, o.Dst}
}

// above reports whether the sender is the higher end.
func (o *observed) above() bool {
	if o.Src.Lo != o.Dst.Lo {
		return o.Src.Lo > o.Dst.Lo
	}
	if o.Src.Hi != o.Dst.Hi {
		return o.Src.Hi > o.Dst.Hi
	}
	return o.SrcPort > o.DstPort
}

// hash mixes what names a conversation. The seed keeps whoever writes a capture
// from choosing conversations that collide.
func hash(pair, rest, seed uint64) uint64 {
	return mix(mix(pair^seed, rest^0xe7037ed1a0b428db), 0xa0761d6478bd642f^bits.RotateLeft64(seed, 32))
}

func hashEnds(lo, hi flow.Addr, seed uint64) uint64 {
	return mix(lo.Lo^seed, hi.Lo^0xe7037ed1a0b428db) ^ mix(lo.Hi^0x8ebc6af09c88c6e3, hi.Hi^bits.RotateLeft64(seed, 32))
}

// mix folds the product of a and b, which has 128 bits.
func mix(a, b uint64) uint64 {
	h, l := bits.Mul64(a, b)
	return h ^ l
}
