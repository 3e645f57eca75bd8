package traffic

import "hash/fnv"

// mix is a hash of two words (the finalizer of splitmix64). It stands in for a
// random number that belongs to a thing and needs no memory.
func mix(a, b uint64) uint64 {
	x := a ^ b*0x9e3779b97f4a7c15 + 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// unit maps a hash to [0, 1).
func unit(h uint64) float64 { return float64(h>>11) / (1 << 53) }

func hashText(texts ...string) uint64 {
	h := fnv.New64a()
	for _, t := range texts {
		h.Write([]byte(t))
		h.Write([]byte{0})
	}
	return h.Sum64()
}

// The bytes that nobody looks at come from a table of noise, whose prefix
// sums give the Internet checksum (RFC 1071) of any part of it at once.
const (
	noiseSize = 1 << 16
	noiseMask = noiseSize - 2 // offsets are even
)

type noise struct {
	bytes [noiseSize + 2*mss]byte
	sums  [noiseSize/2 + mss + 1]uint64 // of the 16-bit words before
}

func newNoise(seed uint64) *noise {
	n := &noise{}
	for i := 0; i+8 <= len(n.bytes); i += 8 {
		v := mix(seed, uint64(i))
		for j := range 8 {
			n.bytes[i+j] = byte(v >> (8 * j))
		}
	}
	for i := 0; i+1 < len(n.bytes); i += 2 {
		n.sums[i/2+1] = n.sums[i/2] + uint64(n.bytes[i])<<8 + uint64(n.bytes[i+1])
	}
	return n
}

// sum is the checksum sum of size bytes from the even offset off.
func (n *noise) sum(off, size int) uint64 {
	s := n.sums[(off+size)/2] - n.sums[off/2]
	if size%2 == 1 {
		s += uint64(n.bytes[off+size-1]) << 8
	}
	return s
}
