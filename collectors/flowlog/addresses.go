package flowlog

import (
	"bytes"
	"encoding/binary"
	"math/bits"

	"flowctl/collectors/flow"
)

// addresses remembers IPv4 addresses by their text. A file names the same few
// again and again, above all the interface's own, and to look at up to 16
// bytes of text as two words is faster than to convert it.
type addresses struct {
	known [1 << addressBits]address
}

const addressBits = 10

// address is a text, filled up with zeros, and what it means; it is in use if
// bit 32 of v is set.
type address struct{ lo, hi, v uint64 }

const inUse = 1 << 32

// read reads the address at b[i] and its comma, and returns where what
// follows begins, or 0.
func (a *addresses) read(b []byte, i int, to *flow.Addr) int {
	lo, hi := word(b, i), word(b, i+8)
	z := same(hi, commas)
	if same(lo, commas) != 0 || z == 0 {
		return a.other(b, i, to)
	}
	n := bits.TrailingZeros64(z) // 7 more than the bits of the text
	hi &= 1<<uint(n-7&63) - 1
	e := &a.known[(lo^bits.RotateLeft64(hi, 31))*0x9e3779b97f4a7c15>>(64-addressBits)]
	if e.lo != lo || e.hi != hi || e.v == 0 {
		return a.learn(b, i, i+8+n>>3, to, e)
	}
	*to = flow.Addr4(uint32(e.v))
	return i + 9 + n>>3
}

// learn reads the address b[i:end] into e.
func (a *addresses) learn(b []byte, i, end int, to *flow.Addr, e *address) int {
	v, ok := parseIPv4(b, i, end)
	if !ok {
		return a.other(b, i, to)
	}
	rest := word(b, i+8) & (1<<uint(8*(end-i-8)&63) - 1)
	*e = address{word(b, i), rest, inUse | uint64(v)}
	*to = flow.Addr4(v)
	return end + 1
}

// parseIPv4 reads the address b[i:end] of 8 to 15 bytes.
func parseIPv4(b []byte, i, end int) (v uint32, ok bool) {
	m := dotsIn(word(b, i)) | dotsIn(word(b, i+8))<<8
	m = m&(1<<uint(end-i)-1) | 1<<uint(end-i)
	if bits.OnesCount64(m) != 4 {
		return 0, false
	}
	p := i + bits.TrailingZeros64(m)
	m &= m - 1
	q := i + bits.TrailingZeros64(m)
	m &= m - 1
	r := i + bits.TrailingZeros64(m)
	v0, w0 := octet(b, i, p-i)
	v1, w1 := octet(b, p+1, q-p-1)
	v2, w2 := octet(b, q+1, r-q-1)
	v3, w3 := octet(b, r+1, end-r-1)
	return v0<<24 | v1<<16 | v2<<8 | v3, (w0|w1|w2|w3)&0x80808080 == 0
}

// least is the least number of so many digits without a leading zero.
var least = [4]uint32{0, 0, 10, 100}

// octet reads the n digits at b[i]. wrong has a high bit set if they are none,
// not all digits, more than 255 or begin with a zero.
func octet(b []byte, i, n int) (v, wrong uint32) {
	x := (binary.LittleEndian.Uint32(b[i:]) ^ zeros&0xffffffff) << (uint(-8*n) & 31)
	v = x>>24 + x>>16&0xff*10 + x>>8&0xff*100
	off := uint32(n-1) | uint32(3-n) | (255 - v) | (v - least[n&3])
	return v, (x+six&0xffffffff|x)&0x80808080 | off&(1<<31)
}

// other reads an address that is shorter or longer than read knows.
func (a *addresses) other(b []byte, i int, to *flow.Addr) int {
	n := bytes.IndexByte(b[i:i+48], ',')
	if n < 0 {
		return 0
	}
	addr, ok := parseAddr(b[i : i+n])
	*to = addr
	if !ok {
		return 0
	}
	return i + n + 1
}
