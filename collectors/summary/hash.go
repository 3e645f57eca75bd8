package summary

import (
	"math/bits"
	"math/rand/v2"

	"flowctl/collectors/flow"
)

// seeds differ from process to process, so that nobody can make up traffic
// whose keys all fall into one place. No result depends on them.
var seeds = [3]uint64{rand.Uint64() | 1, rand.Uint64() | 1, rand.Uint64() | 1}

func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

func hashAddr(a flow.Addr) uint64 {
	return mix(a.Hi^seeds[0], a.Lo^seeds[1]) ^ mix(a.Lo^seeds[2], seeds[0])
}

func pairOf(s, d uint64) uint64 { return mix(s+d, seeds[1]) }

// pairHash returns the first of hashes.
func (k *key) pairHash() uint64 { return pairOf(hashAddr(k.src), hashAddr(k.dst)) }

// hashes returns a hash of the pair of addresses, the same for both orders,
// and one of the whole key.
func (k *key) hashes() (pair, key uint64) {
	return hashes(k.src, k.dst, rest(k.context, k.port, k.proto))
}

// rest is all of a key but its addresses.
func rest(context uint32, port uint16, proto uint8) uint64 {
	return uint64(context)<<32 | uint64(port)<<16 | uint64(proto)
}

func hashes(src, dst flow.Addr, rest uint64) (pair, key uint64) {
	s, d := hashAddr(src), hashAddr(dst)
	return pairOf(s, d), mix(s^seeds[2], mix(d, rest^seeds[0])|1) ^ mix(rest, seeds[1])
}
