package flowlog

import (
	"bytes"
	"math/bits"

	"flowctl/collectors/flow"
)

// addresses remembers addresses by their text. A file names the same few again
// and again, above all the interface's own, and to look at up to 16 bytes of
// text as two words is faster than to convert it. Those of IPv6 are longer and
// take longer.
type addresses struct {
	known [1 << addressBits]address
	long  [1 << longBits]longAddress
}

const (
	addressBits = 10
	longBits    = 8
	spread      = 0x9e3779b97f4a7c15 // 2^64 over the golden ratio
)

// longAddress is an address of n bytes of text.
type longAddress struct {
	text [longestAddress]byte
	n    int
	addr flow.Addr
}

const longestAddress = 45 // an IPv6 address with an IPv4 address at its end

// address is a text, filled up with zeros, and what it means; it is in use if
// bit 32 of v is set.
type address struct{ lo, hi, v uint64 }

const inUse = 1 << 32

// read reads the address at t[i] and its comma, and returns where what
// follows begins, or 0.
func (a *addresses) read(t *tupleText, i int, to *flow.Addr) int {
	lo, hi := t.word(i), t.word(i+8)
	z := same(hi, commas)
	if same(lo, commas) != 0 || z == 0 {
		return a.other(t, i, to)
	}
	n := bits.TrailingZeros64(z) // 7 more than the bits of the text
	hi &= 1<<uint(n-7&63) - 1
	e := &a.known[(lo^bits.RotateLeft64(hi, 31))*spread>>(64-addressBits)]
	if e.lo != lo || e.hi != hi || e.v == 0 {
		return a.learn(t, i, i+8+n>>3, to, e)
	}
	*to = flow.Addr4(uint32(e.v))
	return i + 9 + n>>3
}

// learn reads the address t[i:end] into e.
func (a *addresses) learn(t *tupleText, i, end int, to *flow.Addr, e *address) int {
	v, ok := parseIPv4(t, i, end)
	if !ok {
		return a.other(t, i, to)
	}
	rest := t.word(i+8) & (1<<uint(8*(end-i-8)&63) - 1)
	*e = address{t.word(i), rest, inUse | uint64(v)}
	*to = flow.Addr4(v)
	return end + 1
}

// parseIPv4 reads the address t[i:end] of 8 to 15 bytes.
func parseIPv4(t *tupleText, i, end int) (v uint32, ok bool) {
	m := dotsIn(t.word(i)) | dotsIn(t.word(i+8))<<8
	m = m&(1<<uint(end-i)-1) | 1<<uint(end-i)
	if bits.OnesCount64(m) != 4 {
		return 0, false
	}
	p := i + bits.TrailingZeros64(m)
	m &= m - 1
	q := i + bits.TrailingZeros64(m)
	m &= m - 1
	r := i + bits.TrailingZeros64(m)
	v0, w0 := octet(t, i, p-i)
	v1, w1 := octet(t, p+1, q-p-1)
	v2, w2 := octet(t, q+1, r-q-1)
	v3, w3 := octet(t, r+1, end-r-1)
	return v0<<24 | v1<<16 | v2<<8 | v3, (w0|w1|w2|w3)&0x80808080 == 0
}

// least is the least number of so many digits without a leading zero.
var least = [4]uint32{0, 0, 10, 100}

// octet reads the n digits at t[i]. wrong has a high bit set if they are none,
// not all digits, more than 255 or begin with a zero.
func octet(t *tupleText, i, n int) (v, wrong uint32) {
	x := (uint32(t.word(i)) ^ zeros&0xffffffff) << (uint(-8*n) & 31)
	v = x>>24 + x>>16&0xff*10 + x>>8&0xff*100
	off := uint32(n-1) | uint32(3-n) | (255 - v) | (v - least[n&3])
	return v, (x+six&0xffffffff|x)&0x80808080 | off&(1<<31)
}

// other reads an address that is shorter or longer than read knows.
func (a *addresses) other(t *tupleText, i int, to *flow.Addr) int {
	text := t[min(i, longest):][:longestAddress+1]
	n := bytes.IndexByte(text, ',')
	if n < 2 {
		return 0
	}
	text = text[:n]
	e := &a.long[(t.word(i)^bits.RotateLeft64(t.word(i+n-8), 31))*spread>>(64-longBits)]
	if string(e.text[:e.n]) == string(text) {
		*to = e.addr
		return i + n + 1
	}
	addr, ok := parseAddr(text)
	if !ok {
		return 0
	}
	e.addr, e.n = addr, copy(e.text[:], text)
	*to = addr
	return i + n + 1
}
