package parquet

import (
	"encoding/binary"
	"iter"
)

// frame are the parts of a zstd frame that stores data as it is: of a single
// segment with its size in four bytes, in raw blocks (RFC 8878, 3.1.1). A part
// is valid until the next one.
func frame(data []byte) iter.Seq[[]byte] {
	const mostBlock = 128 << 10
	return func(yield func([]byte) bool) {
		data := data // to be read again
		var b [9]byte
		binary.LittleEndian.PutUint32(b[:], 0xfd2fb528)
		b[4] = 0xa0
		binary.LittleEndian.PutUint32(b[5:], uint32(len(data)))
		if !yield(b[:]) {
			return
		}
		for last := false; !last; {
			block := data[:min(len(data), mostBlock)]
			rest := data[len(block):]
			last = len(rest) == 0
			size := uint32(len(block))<<3 | uint32(bit(last))
			b[0], b[1], b[2] = byte(size), byte(size>>8), byte(size>>16)
			if !yield(b[:3]) || !yield(block) {
				return
			}
			data = rest
		}
	}
}
