package flowlog

import (
	"bytes"
	"encoding/binary"
	"math/bits"

	"flowctl/collectors/flow"
)

// Eight bytes are looked at in one word, first byte lowest.
const (
	commas = 0x2c2c2c2c2c2c2c2c
	dots   = 0x2e2e2e2e2e2e2e2e
	zeros  = 0x3030303030303030
	low7   = 0x7f7f7f7f7f7f7f7f
	high   = 0x8080808080808080
	gather = 0x0002040810204081
	// six added to a digit 0 to 9 leaves the high bit of its byte clear.
	six        = 0x7676767676767676
	noCounters = 0x22302c302c302c30 // 0,0,0,0"
)

func word(b []byte, i int) uint64 { return binary.LittleEndian.Uint64(b[i:]) }

// equal has bit k set where byte k of x is the byte of which c is made.
func equal(x, c uint64) uint64 {
	x ^= c
	return ^((x&low7 + low7) | x | low7) * gather >> 56
}

// eight returns the number that eight digits make, given their values with
// the last digit in the highest byte.
func eight(x uint64) uint64 {
	x = x*10 + x>>8
	return ((x&0x000000ff000000ff)*0x000f424000000064 + (x>>16&0x000000ff000000ff)*0x0000271000000001) >> 32
}

// last returns the values of the n digits before b[end], 1 to 8, with the
// last in the highest byte and nothing before the first. wrong has a high bit
// set if one is no digit.
func last(b []byte, end, n int) (x, wrong uint64) {
	k := uint(64-8*n) & 63
	x = (word(b, end-8) ^ zeros) >> k << k
	return x, (x + six) | x
}

var pow10 = [...]uint64{1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000}

// quickTuple fills r from the tuple b[i:e], which is followed by a quote. It
// reports false, with r in any state, for what it does not know; parseTuple is
// then asked. b must go on for padding bytes after e.
func quickTuple(b []byte, i, e int, l layout, r *flow.Record) bool {
	var c [8]int // the first commas
	if e-i < 24 || !findCommas(b, i, e, &c) {
		return false
	}
	if l == nsg1 {
		return c[7] == e && quickHead(b, i, &c, r) && quickDecision(b, &c, l, r)
	}
	if c[7] >= e || !quickHead(b, i, &c, r) {
		return false
	}
	p := c[7] + 1
	if l == nsg2 {
		if b[p+1] != ',' || !quickDecision(b, &c, l, r) {
			return false
		}
		p += 2
	} else if p = quickState(b, &c, e, r); p == 0 {
		return false
	}
	return quickCounters(b, p, e, r)
}

// findCommas finds the first eight commas of b[i:e]; e stands for the eighth
// where there are seven. The first is not among the first eight bytes, because
// a time has at least nine digits.
func findCommas(b []byte, i, e int, c *[8]int) bool {
	t := b[i : i+72 : i+72]
	m := equal(word(t, 8), commas) | equal(word(t, 16), commas)<<8 |
		equal(word(t, 24), commas)<<16 | equal(word(t, 32), commas)<<24 |
		equal(word(t, 40), commas)<<32 | equal(word(t, 48), commas)<<40 |
		equal(word(t, 56), commas)<<48 | equal(word(t, 64), commas)<<56
	if n := e - i - 8; n < 64 {
		m = m&(1<<uint(n)-1) | 1<<uint(n)
	}
	for k := range c {
		if m == 0 {
			return false
		}
		c[k] = i + 8 + bits.TrailingZeros64(m)
		m &= m - 1
	}
	return true
}

// quickHead reads time, addresses, ports, protocol and direction.
func quickHead(b []byte, i int, c *[8]int, r *flow.Record) bool {
	n := c[0] - i
	l1, l2, l3 := c[3]-c[2]-1, c[4]-c[3]-1, c[5]-c[4]-1
	if n < 9 || n > 13 || l1 < 1 || l1 > 8 || l2 < 1 || l2 > 8 || l3 < 1 || l3 > 8 || c[6]-c[5] != 2 {
		return false
	}
	t := word(b, i) ^ zeros
	u, wrong := last(b, c[0], n-8)
	wrong |= (t + six) | t
	ts := eight(t)*pow10[n-8] + eight(u)
	src, w1 := quickIPv4(b, c[0]+1, c[1])
	dst, w2 := quickIPv4(b, c[1]+1, c[2])
	x, w3 := last(b, c[3], l1)
	y, w4 := last(b, c[4], l2)
	sport, dport := eight(x), eight(y)
	proto, w5 := quickProto(b, c[5], l3)
	dir := b[c[5]+1]
	if (wrong|w1|w2|w3|w4|w5)&high != 0 || sport > 0xffff || dport > 0xffff || proto > 0xff || ts > highestMilli {
		return false
	}
	switch dir {
	case 'I':
		r.Direction = flow.Inbound
	case 'O':
		r.Direction = flow.Outbound
	default:
		return false
	}
	r.Key = flow.Key{
		Src: flow.Addr4(src), Dst: flow.Addr4(dst),
		SrcPort: uint16(sport), DstPort: uint16(dport), Proto: uint8(proto),
	}
	ns := nanoseconds(ts)
	r.First, r.Last = ns, ns
	return true
}

func quickProto(b []byte, end, n int) (v, wrong uint64) {
	if n == 1 {
		switch b[end-1] {
		case '6', 'T':
			return 6, 0
		case 'U':
			return 17, 0
		}
	}
	x, wrong := last(b, end, n)
	return eight(x), wrong
}

// quickIPv4 reads the address b[i:e]. wrong has a high bit set if it is none,
// or not in its usual form.
func quickIPv4(b []byte, i, e int) (v uint32, wrong uint64) {
	n := e - i
	if n < 7 || n > 15 {
		return 0, high
	}
	m := equal(word(b, i), dots) | equal(word(b, i+8), dots)<<8
	m = m&(1<<uint(n)-1) | 1<<uint(n)
	if bits.OnesCount64(m) != 4 {
		return 0, high
	}
	at := i
	for range 4 {
		end := i + bits.TrailingZeros64(m)
		m &= m - 1
		o, w := octet(b, end, end-at)
		v = v<<8 | o&0xff
		wrong |= w
		at = end + 1
	}
	return v, wrong
}

// octet reads the n digits before b[end].
func octet(b []byte, end, n int) (v uint32, wrong uint64) {
	k := uint(32-8*n) & 31
	x := (binary.LittleEndian.Uint32(b[end-4:]) ^ zeros&0xffffffff) >> k << k
	v = x>>24 + x>>16&0xff*10 + x>>8&0xff*100
	odd := (x + six&0xffffffff | x) & 0x80808080
	if n < 1 || n > 3 || v > 255 || n == 2 && v < 10 || n == 3 && v < 100 {
		return v, high
	}
	return v, uint64(odd)
}

// quickState reads state and encryption, and returns where the counters
// begin, or 0.
func quickState(b []byte, c *[8]int, e int, r *flow.Record) int {
	if c[7]-c[6] != 2 {
		return 0
	}
	switch b[c[6]+1] {
	case 'B':
		r.State = flow.Begin
	case 'C':
		r.State = flow.Continue
	case 'E':
		r.State = flow.End
	case 'D':
		r.State = flow.Deny
	default:
		return 0
	}
	p := c[7] + 1
	switch {
	case b[p] == 'N' && b[p+1] == 'X' && b[p+2] == ',':
		r.Encryption = flow.NotEncrypted
		return p + 3
	case b[p] == 'X' && b[p+1] == ',':
		r.Encryption = flow.Encrypted
		return p + 2
	}
	k := bytes.IndexByte(b[p:e], ',')
	if k <= 0 {
		return 0
	}
	r.Encryption = flow.ParseEncryption(b[p : p+k])
	return p + k + 1
}

// quickDecision reads decision and state of an NSG tuple.
func quickDecision(b []byte, c *[8]int, l layout, r *flow.Record) bool {
	if c[7]-c[6] != 2 {
		return false
	}
	r.Encryption = flow.EncryptionUnknown
	r.State = flow.Begin
	if l == nsg2 {
		if r.State = state(b[c[7]+1 : c[7]+2]); r.State == flow.StateUnknown {
			return false
		}
	}
	switch b[c[6]+1] {
	case 'D':
		r.State = flow.Deny
		return true
	case 'A':
		return true
	}
	return false
}

// quickCounters reads the counters b[p:e].
func quickCounters(b []byte, p, e int, r *flow.Record) bool {
	if p+7 == e && word(b, p) == noCounters {
		count(r, [4]uint64{}, true)
		return true
	}
	if p+3 == e {
		return b[p] == ',' && b[p+1] == ',' && b[p+2] == ','
	}
	n := e - p
	if n > 35 || n < 7 {
		return false
	}
	t := b[p : p+40 : p+40]
	m := equal(word(t, 0), commas) | equal(word(t, 8), commas)<<8 | equal(word(t, 16), commas)<<16 |
		equal(word(t, 24), commas)<<24 | equal(word(t, 32), commas)<<32
	m = m&(1<<uint(n)-1) | 1<<uint(n)
	if bits.OnesCount64(m) != 4 {
		return false
	}
	var v [4]uint64
	var wrong uint64
	at := p
	for k := range v {
		end := p + bits.TrailingZeros64(m)
		m &= m - 1
		d := end - at
		if d < 1 || d > 8 {
			return false
		}
		x, w := last(b, end, d)
		v[k] = eight(x)
		wrong |= w
		at = end + 1
	}
	if wrong&high != 0 {
		return false
	}
	count(r, v, true)
	return true
}
