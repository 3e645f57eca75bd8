package parquet

import (
	"encoding/binary"
	"errors"
	"math/bits"
)

var errBits = errors.New("values are damaged")

// word returns the 8 bytes of b from i on, with zeros past its end.
func word(b []byte, i int) uint64 {
	if i+8 <= len(b) {
		return binary.LittleEndian.Uint64(b[i:])
	}
	var tail [8]byte
	if i < len(b) {
		copy(tail[:], b[i:])
	}
	return binary.LittleEndian.Uint64(tail[:])
}

// unpack32 fills out with values of width bits, at most 32, that are packed
// in b; there are enough bytes.
func unpack32(out []uint32, b []byte, width int) {
	mask := uint64(1)<<width - 1
	n, at := 0, 0
	for ; n < len(out) && at>>3+8 <= len(b); n++ {
		out[n] = uint32(binary.LittleEndian.Uint64(b[at>>3:]) >> (at & 7) & mask)
		at += width
	}
	for ; n < len(out); n++ {
		out[n] = uint32(word(b, at>>3) >> (at & 7) & mask)
		at += width
	}
}

// unpack64 does as unpack32 for values of up to 64 bits.
func unpack64(out []uint64, b []byte, width int) {
	mask := ^uint64(0)
	if width < 64 {
		mask = 1<<width - 1
	}
	at := 0
	for n := range out {
		v := word(b, at>>3) >> (at & 7)
		if over := at&7 + width - 64; over > 0 {
			v |= uint64(b[at>>3+8]) << (width - over)
		}
		out[n] = v & mask
		at += width
	}
}

// unpackRuns fills out with values of width bits in the hybrid of run lengths
// and bits.
func unpackRuns(out []uint32, b []byte, width int) error {
	for len(out) > 0 {
		head, n := binary.Uvarint(b)
		if n <= 0 {
			return errBits
		}
		b = b[n:]
		if head&1 == 0 {
			size := (width + 7) / 8
			if head>>1 == 0 || head>>1 > uint64(len(out)) || len(b) < size {
				return errBits
			}
			v := uint32(word(b[:size], 0))
			for i := range out[:head>>1] {
				out[i] = v
			}
			out, b = out[head>>1:], b[size:]
			continue
		}
		groups := head >> 1
		if groups == 0 || width > 0 && groups > uint64(len(b)/width) || groups > uint64(len(out)+7)/8 {
			return errBits
		}
		count := min(len(out), int(groups)*8)
		unpack32(out[:count], b, width)
		out, b = out[count:], b[int(groups)*width:]
	}
	return nil
}

// unpackIndices fills out with numbers of dictionary entries, of which there
// are size.
func unpackIndices(out []uint32, b []byte, size int) error {
	if len(b) == 0 || b[0] > 32 {
		return errBits
	}
	if err := unpackRuns(out, b[1:], int(b[0])); err != nil {
		return err
	}
	var most uint32
	for _, v := range out {
		most = max(most, v)
	}
	if len(out) > 0 && int64(most) >= int64(size) {
		return errBits
	}
	return nil
}

// unpackDeltas fills out with integers that packDeltas wrote.
func unpackDeltas(out []int64, b []byte) error {
	var head [3]uint64
	for i := range head {
		v, n := binary.Uvarint(b)
		if n <= 0 {
			return errBits
		}
		head[i], b = v, b[n:]
	}
	first, n := binary.Varint(b)
	if n <= 0 || head != [3]uint64{deltaBlock, deltaMinis, uint64(len(out))} || len(out) == 0 {
		return errBits
	}
	b = b[n:]
	out[0] = first
	last := uint64(first)
	var mini [deltaMini]uint64
	for rest := out[1:]; len(rest) > 0; {
		least, n := binary.Varint(b)
		if n <= 0 || len(b) < n+deltaMinis {
			return errBits
		}
		widths := b[n : n+deltaMinis]
		b = b[n+deltaMinis:]
		for _, w := range widths {
			if len(rest) == 0 {
				break
			}
			width := int(w)
			if width > 64 || len(b) < width*deltaMini/8 {
				return errBits
			}
			k := min(deltaMini, len(rest))
			unpack64(mini[:k], b[:width*deltaMini/8], width)
			for i, d := range mini[:k] {
				last += d + uint64(least)
				rest[i] = int64(last)
			}
			rest, b = rest[k:], b[width*deltaMini/8:]
		}
	}
	return nil
}

// unpackLevels reads definition levels: out is set where there is a value. It
// returns how many values there are, and the bytes that follow.
func unpackLevels(out []bool, b []byte) (values int, rest []byte, err error) {
	if len(b) < 4 || uint64(binary.LittleEndian.Uint32(b)) > uint64(len(b)-4) {
		return 0, nil, errBits
	}
	size := int(binary.LittleEndian.Uint32(b))
	rest, b = b[4+size:], b[4:4+size]
	for len(out) > 0 {
		head, n := binary.Uvarint(b)
		if n <= 0 || len(b) == n {
			return 0, nil, errBits
		}
		b = b[n:]
		if head&1 == 0 {
			if head>>1 == 0 || head>>1 > uint64(len(out)) || b[0] > 1 {
				return 0, nil, errBits
			}
			for i := range out[:head>>1] {
				out[i] = b[0] == 1
			}
			values += int(head>>1) * int(b[0])
			out, b = out[head>>1:], b[1:]
			continue
		}
		groups := head >> 1
		if groups == 0 || groups > uint64(len(b)) || groups > uint64(len(out)+7)/8 {
			return 0, nil, errBits
		}
		k := min(len(out), int(groups)*8)
		values += unpackFlags(out[:k], b)
		out, b = out[k:], b[groups:]
	}
	return values, rest, nil
}

// unpackFlags fills out from bits and returns how many are set.
func unpackFlags(out []bool, b []byte) (set int) {
	for i := range out {
		out[i] = b[i>>3]>>(i&7)&1 == 1
	}
	whole := len(out) / 8
	for _, x := range b[:whole] {
		set += bits.OnesCount8(x)
	}
	for _, v := range out[whole*8:] {
		if v {
			set++
		}
	}
	return set
}
