package parquet

import (
	"encoding/binary"
	"math/bits"
)

// smallNumbers finds the slots of numbers of 16 bits in their dictionary,
// which is in their order: as a set of bits, so that it stays in the
// processor's first cache.
type smallNumbers struct {
	set    [1 << 10]uint64
	before [1 << 10]uint16 // how many are in the words before
}

// slots sets the slots of the numbers of list.
func (s *smallNumbers) slots(list []uint16, to []int32) {
	clear(s.set[:])
	for _, x := range list {
		s.set[x>>6] |= 1 << (x & 63)
	}
	n := 0
	for i, word := range s.set {
		s.before[i] = uint16(n)
		n += bits.OnesCount64(word)
	}
	to = to[:len(list)]
	for i, x := range list {
		to[i] = int32(s.before[x>>6]) + int32(bits.OnesCount64(s.set[x>>6]&(1<<(x&63)-1)))
	}
}

// append appends the dictionary and returns how many numbers it has.
func (s *smallNumbers) append(b []byte) (out []byte, size int) {
	for i, word := range s.set {
		for ; word != 0; word &= word - 1 {
			b = binary.LittleEndian.AppendUint32(b, uint32(i<<6+bits.TrailingZeros64(word)))
			size++
		}
	}
	return b, size
}
