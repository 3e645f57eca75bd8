package flowlog

import (
	"bytes"
	"math/bits"
	"math/rand/v2"

	"flowctl/collectors/flow"
)

// sights are the tuples of VNet flow logs that a flow.Sums adds up: sightings
// of flows that are known by their text, as long as the window does not move.
type sights struct {
	sums   *flow.Sums // nil: every tuple is to be a record
	all    []flow.Sighting
	texts  []flowText
	groups []sightGroup
}

// flowText is where the text of a flow stands: source to direction.
type flowText struct {
	at      uint32 // in the window
	group   uint32
	length  uint8
	variant uint8 // see sightGroup
}

// sightGroup is what is said around tuples.
type sightGroup struct {
	target, point, acl, rule flow.ID
	contexts                 [variants]uint32 // numbers + 1 of the contexts in which its tuples are
}

// variants of the contexts of a group: by direction, verdict and encryption.
const (
	variants    = 2 * 2 * encryptions
	encryptions = int(flow.EncryptionOther) + 1
)

// hashKeys differ from process to process, so that nobody can make up traffic
// whose flows are taken for one another. No result depends on them.
var hashKeys = [8]uint64{
	rand.Uint64(), rand.Uint64(), rand.Uint64(), rand.Uint64(), rand.Uint64(), rand.Uint64(), rand.Uint64() | 1, rand.Uint64() | 1,
}

// hash is a hash of n bytes from t[i] on, of which there are at least 8.
func (t *span) hash(i, n int) (o [2]uint64) {
	k := &hashKeys
	a, b := k[0]^uint64(n), k[1]
	end := i + n
	for ; i+16 <= end; i += 16 {
		x, y := t.word(i)^k[2], t.word(i+8)^k[3]
		a, b = mul(x^a, y^k[4]), mul(x^k[5], y^b)
	}
	var x, y uint64
	switch r := end - i; {
	case r > 8:
		x, y = t.word(i), t.word(end-8)
	case r > 0:
		x = t.word(end-8) >> (uint(64-8*r) & 63)
	}
	a, b = mul(x^k[2]^a, y^k[4]), mul(x^k[5], y^b)
	o[0] = mul(a^b, k[6])
	o[1] = mul(b^k[3], k[7]) ^ bits.RotateLeft64(a, 32)
	return o
}

func mul(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

// timeLength is how long a time in milliseconds is, from 2001 to 2286.
const (
	timeLength = 13
	lowestLong = 1_000_000_000_000 // of so many digits, the first not 0
)

// sight looks at the tuple that t begins with and returns its length, or 0 for
// what is left to quickTuple. It finds all commas first: then the fields can be
// converted side by side, and none waits for the end of the one before.
func sight(t *span, s *flow.Sighting, f *flowText) int {
	low, high5 := t.word(0)^zeros, t.word(5)^zeros
	high5 = high5 >> 24 << 24
	wrong := (low + six) | low | (high5 + six) | high5
	const from = timeLength + 1
	m := t.commas(from)
	var next uint64
	if bits.OnesCount64(m) < 11 {
		next = t.commas(from + 64)
	}
	var at [12]int // of the commas after source … packets received
	for k := range 11 {
		if m == 0 {
			if next == 0 || k < 4 {
				return 0
			}
			at[k] = from + 64 + bits.TrailingZeros64(next)
			next &= next - 1
			continue
		}
		at[k] = from + bits.TrailingZeros64(m)
		m &= m - 1
	}
	if t.byte(timeLength) != ',' || at[10] > longest-16 {
		return 0
	}
	dir, state := t.byte(at[4]+1), t.byte(at[5]+1)
	if at[5] != at[4]+2 || at[6] != at[5]+2 {
		return 0
	}
	s.State = stateOf[state]
	d := directionOf[dir]
	e, ok := encryptionAt(t, at[6]+1, at[7])
	if !ok || d == flow.DirectionUnknown || s.State == flow.StateUnknown {
		return 0
	}
	end := t.counters(&at, s, &wrong)
	if wrong&high != 0 {
		return 0
	}
	ms := eight(low)*100_000 + eight(high5)
	if ms < lowestLong || ms > highestMilli {
		return 0
	}
	s.Time = int64(ms) * 1_000_000
	f.length = uint8(at[5] - from)
	f.variant = uint8(int(e)<<2 | number(s.State == flow.Deny)<<1 | number(d == flow.Outbound))
	s.Hash = t.hash(from, at[5]-from)
	return end
}

func number(b bool) int {
	if b {
		return 1
	}
	return 0
}

// encryptionAt reads the encryption between two places.
func encryptionAt(t *span, from, to int) (flow.Encryption, bool) {
	switch {
	case to == from+2 && t.byte(from) == 'N' && t.byte(from+1) == 'X':
		return flow.NotEncrypted, true
	case to == from+1 && t.byte(from) == 'X':
		return flow.Encrypted, true
	case to <= from || to > longest:
		return 0, false
	}
	text := t[from:to]
	return flow.ParseEncryption(text), ascii(text) && bytes.IndexByte(text, '"') < 0
}

// counters reads the last four fields, of which the first three commas are in
// at, and returns the place of the quote that ends them.
func (t *span) counters(at *[12]int, s *flow.Sighting, wrong *uint64) int {
	first := at[7] + 1
	if t.word(first) == noCounters {
		s.Counters, s.Measured = [4]uint64{}, s.State == flow.Continue || s.State == flow.End
		return first + 7
	}
	if uint32(t.word(first)) == emptyCounters {
		s.Counters, s.Measured = [4]uint64{}, false
		return first + 3
	}
	z := same(t.word(at[10]+1), quotes)
	if z == 0 {
		*wrong |= high
		return 0
	}
	at[11] = at[10] + 1 + bits.TrailingZeros64(z)>>3
	for k := range 4 {
		n := at[8+k] - at[7+k] - 1
		if uint(n-1) > 7 {
			*wrong |= high
			return 0
		}
		shift := uint(64-8*n) & 63
		x := (t.word(at[8+k]-8) ^ zeros) >> shift << shift
		*wrong |= (x + six) | x
		s.Counters[k] = eight(x)
	}
	v := &s.Counters
	s.Measured = s.State == flow.Continue || s.State == flow.End || v[0]|v[1]|v[2]|v[3] != 0
	return at[11]
}

// commas has bit k set where t[i+k] is a comma, for 64 bytes.
func (t *span) commas(i int) (m uint64) {
	for k := range 8 {
		m |= commasIn(t.word(i+8*k)) << (8 * k)
	}
	return m
}

// commasIn has bit k set where byte k of x is a comma.
func commasIn(x uint64) uint64 {
	const low7, gather = 0x7f7f7f7f7f7f7f7f, 0x0002040810204081
	x ^= commas
	return ^((x&low7 + low7) | x | low7) * gather >> 56
}
