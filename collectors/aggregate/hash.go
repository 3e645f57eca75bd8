package aggregate

import (
	"math/bits"
	"math/rand/v2"

	"flowctl/collectors/flow"
)

// seeds differ from process to process, so that nobody can make up traffic
// whose keys all fall into one place. No result depends on them.
var Seeds = [3]uint64{rand.Uint64() | 1, rand.Uint64() | 1, rand.Uint64() | 1}

// Mix is a hash of two words.
func Mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

func hashAddr(a flow.Addr) uint64 {
	return Mix(a.Hi^Seeds[0], a.Lo^Seeds[1]) ^ Mix(a.Lo^Seeds[2], Seeds[0])
}

func pairOf(s, d uint64) uint64 { return Mix(s+d, Seeds[1]) }

// PairHash returns the first of hashes.
func (k *Key) PairHash() uint64 { return pairOf(hashAddr(k.Src), hashAddr(k.Dst)) }

// hashes returns a hash of the pair of addresses, the same for both orders,
// and one of the whole key.
func (k *Key) hashes() (pair, key uint64) {
	return hashes(k.Src, k.Dst, rest(k.Context, k.Port, k.SrcPort, k.Proto))
}

// rest is all of a key but its addresses.
func rest(context uint32, port, srcPort uint16, proto uint8) uint64 {
	return uint64(context)<<40 ^ uint64(srcPort)<<24 ^ uint64(port)<<8 ^ uint64(proto)
}

func hashes(src, dst flow.Addr, rest uint64) (pair, key uint64) {
	s, d := hashAddr(src), hashAddr(dst)
	return pairOf(s, d), Mix(s^Seeds[2], Mix(d, rest^Seeds[0])|1) ^ Mix(rest, Seeds[1])
}
