package flowlog

import "encoding/binary"

// commasScalar has bit k of low set where p[k] is a comma, and bit k of high
// where p[64+k] is one.
func commasScalar(p *[128]byte) (low, high uint64) {
	for k := range 8 {
		low |= commasIn(binary.LittleEndian.Uint64(p[8*k:])) << (8 * k)
		high |= commasIn(binary.LittleEndian.Uint64(p[64+8*k:])) << (8 * k)
	}
	return low, high
}

// commasIn has bit k set where byte k of x is a comma.
func commasIn(x uint64) uint64 {
	const low7, gather = 0x7f7f7f7f7f7f7f7f, 0x0002040810204081
	x ^= commas
	return ^((x&low7 + low7) | x | low7) * gather >> 56
}
