package pcap

import "iter"

// Options of blocks; what the numbers from 2 on mean depends on the block.
const (
	optionEnd     = 0
	optionComment = 1

	optionFlags = 2 // epb_flags: which way a packet went, and more

	optionName        = 2 // of an interface
	optionDescription = 3

	optionApplication = 4 // shb_userappl, of a section
)

// options yields the options in a block, which come last, by their number.
func (e endian) options(b []byte) iter.Seq2[uint16, []byte] {
	return func(yield func(uint16, []byte) bool) {
		for len(b) >= 4 {
			kind, n := e.u16(b), int(e.u16(b[2:]))
			b = b[4:]
			if kind == optionEnd || n > len(b) || !yield(kind, b[:n]) {
				return
			}
			b = b[min((n+3)&^3, len(b)):]
		}
	}
}
