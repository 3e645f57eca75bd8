package parquet

import (
	"encoding/binary"
	"math/bits"
)

// packBits appends the lowest width bits of each value, the first value in the
// lowest bits, and fills up the last byte with zeros.
func packBits[T uint32 | uint64](b []byte, values []T, width int) []byte {
	if width == 0 {
		return b
	}
	var word uint64
	var used int
	for _, v := range values {
		x := uint64(v)
		word |= x << used
		used += width
		if used >= 64 {
			b = binary.LittleEndian.AppendUint64(b, word)
			used -= 64
			word = x >> (width - used)
		}
	}
	for ; used > 0; used -= 8 {
		b = append(b, byte(word))
		word >>= 8
	}
	return b
}

// packLevels appends the definition levels of so many rows in the hybrid of
// run lengths and bits, after their length: 1 where there is a value, as there
// are count of them, and 0 for a null.
func packLevels(b []byte, there []bool, count, rows int) []byte {
	at := len(b)
	b = append(b, 0, 0, 0, 0)
	switch count {
	case rows:
		b = append(binary.AppendUvarint(b, uint64(rows)<<1), 1)
	case 0:
		b = append(binary.AppendUvarint(b, uint64(rows)<<1), 0)
	default:
		groups := (rows + 7) / 8
		b = binary.AppendUvarint(b, uint64(groups)<<1|1)
		end := len(b) + groups
		b = packFlags(b, there)
		b = append(b, make([]byte, end-len(b))...)
	}
	binary.LittleEndian.PutUint32(b[at:], uint32(len(b)-at-4))
	return b
}

// packFlags appends a bit for each flag.
func packFlags(b []byte, flags []bool) []byte {
	for len(flags) > 0 {
		var x byte
		n := min(8, len(flags))
		for i, f := range flags[:n] {
			if f {
				x |= 1 << i
			}
		}
		b, flags = append(b, x), flags[n:]
	}
	return b
}

// packIndices appends numbers of dictionary entries, of which there are size.
func packIndices(b []byte, indices []uint32, size int) []byte {
	width := max(1, bits.Len(uint(size-1)))
	b = append(b, byte(width))
	if size == 1 {
		return append(binary.AppendUvarint(b, uint64(len(indices))<<1), 0)
	}
	groups := (len(indices) + 7) / 8
	b = binary.AppendUvarint(b, uint64(groups)<<1|1)
	end := len(b) + groups*width
	b = packBits(b, indices, width)
	return append(b, make([]byte, end-len(b))...)
}

// The blocks of DELTA_BINARY_PACKED.
const (
	deltaBlock     = 128
	deltaMini      = 32
	deltaMinis     = deltaBlock / deltaMini
	deltaHeaderMax = 4 * binary.MaxVarintLen64
)

// packDeltas appends integers as the bits of their differences
// (DELTA_BINARY_PACKED). There is at least one.
func packDeltas(b []byte, values []int64) []byte {
	b = binary.AppendUvarint(b, deltaBlock)
	b = binary.AppendUvarint(b, deltaMinis)
	b = binary.AppendUvarint(b, uint64(len(values)))
	b = binary.AppendVarint(b, values[0])
	last := values[0]
	var block [deltaBlock]uint64
	for rest := values[1:]; len(rest) > 0; {
		n := min(deltaBlock, len(rest))
		least := rest[0] - last
		for i, v := range rest[:n] {
			d := v - last
			last = v
			least = min(least, d)
			block[i] = uint64(d)
		}
		b = packBlock(b, block[:n], least)
		rest = rest[n:]
	}
	return b
}

// packBlock appends one block of differences, of which least is the least.
func packBlock(b []byte, deltas []uint64, least int64) []byte {
	b = binary.AppendVarint(b, least)
	at := len(b)
	b = append(b, make([]byte, deltaMinis)...)
	for mini := 0; len(deltas) > 0; mini++ {
		var all uint64
		n := min(deltaMini, len(deltas))
		for i := range deltas[:n] {
			deltas[i] -= uint64(least)
			all |= deltas[i]
		}
		width := bits.Len64(all)
		b[at+mini] = byte(width)
		end := len(b) + deltaMini*width/8
		b = packBits(b, deltas[:n], width)
		b = append(b, make([]byte, end-len(b))...) // the last one is filled up
		deltas = deltas[n:]
	}
	return b
}
