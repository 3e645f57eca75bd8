package flowlog

import (
	"math/bits"
	"math/rand/v2"

	"flowctl/collectors/flow"
)

// observed are the tuples of VNet flow logs that a flow cache adds up: observations
// of flows that are known by their text, as long as the window does not move.
type observed struct {
	sums   flow.Cache // nil: every tuple is to be a record
	vector bool       // may use vector instructions
	all    []flow.Observation
	texts  []flowText // as many as all has room for
	groups []observedGroup
}

// room makes room for more.
func (s *observed) room() {
	n := max(1024, 2*cap(s.all))
	s.all = append(make([]flow.Observation, 0, n), s.all[:cap(s.all)]...)[:len(s.all)]
	s.texts = append(make([]flowText, 0, n), s.texts...)[:n]
}

// flowText is where the text of a flow stands: source to direction.
type flowText struct {
	at      uint32 // in the window
	group   uint32
	length  uint8
	variant uint8 // see observedGroup
}

// observedGroup is what is said around tuples.
type observedGroup struct {
	target, log, point, acl, rule flow.ID
	contexts                      [variants]uint32 // numbers + 1 of the contexts in which its tuples are
}

// variants of the contexts of a group: by direction, verdict and encryption.
const (
	variants    = 2 * 2 * encryptions
	encryptions = int(flow.EncryptionOther)
)

// hashKeys differ from process to process, so that nobody can make up traffic
// whose flows are taken for one another. No result depends on them.
var hashKeys = [8]uint64{
	rand.Uint64(), rand.Uint64(), rand.Uint64(), rand.Uint64(), rand.Uint64(), rand.Uint64(), rand.Uint64() | 1, rand.Uint64() | 1,
}

// hash is a hash of n bytes from t[i] on, of which there are at least 8.
func (t *tupleText) hash(i, n int) (o [2]uint64) {
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

// observeTupleScalar is observeTuple without vector instructions but for commas. It finds all
// commas first: then the fields can be converted side by side, and none waits for
// the end of the one before.
func observeTupleScalar(t *tupleText, s *flow.Observation, f *flowText) int {
	low, high5 := t.word(0)^zeros, t.word(5)^zeros
	high5 = high5 >> 24 << 24
	wrong := (low + six) | low | (high5 + six) | high5
	const from = timeLength + 1
	m0, next := commas128((*[128]byte)(t[from:]))
	m := m0
	fifth, sixth := from, from // the places of the key's last commas
	if bits.OnesCount64(m) >= 6 {
		m &= m - 1
		m &= m - 1
		m &= m - 1
		m &= m - 1
		fifth += bits.TrailingZeros64(m)
		m &= m - 1
		sixth += bits.TrailingZeros64(m)
	} else {
		fifth += nth(m, next, 5)
		sixth += nth(m, next, 6)
	}
	if t.byte(timeLength) != ',' || sixth != fifth+2 || sixth > longest-72 {
		return 0
	}
	if m = shifted(m0, next, sixth+1-from); bits.OnesCount64(m) < 5 {
		m, _ = commas128((*[128]byte)(t[sixth+1:]))
	}
	var at [5]int // the places of the commas after state, encryption and three counters
	for k := range at {
		at[k] = sixth + 1 + bits.TrailingZeros64(m)
		m &= m - 1
	}
	dir, state := t.byte(fifth+1), t.byte(sixth+1)
	if at[0] != sixth+2 || at[4] > sixth+64 || at[4] > longest-16 {
		return 0
	}
	s.State = stateOf[state]
	d := directionOf[dir]
	e, ok := encryptionAt(t, at[0]+1, at[1])
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
	f.length = uint8(sixth - from)
	f.variant = variant(e, s.State, d)
	s.Hash = t.hash(from, sixth-from)
	return end
}

func number(b bool) int {
	if b {
		return 1
	}
	return 0
}

// encryptionAt reads the encryption between two places.
func encryptionAt(t *tupleText, from, to int) (flow.Encryption, bool) {
	switch {
	case to == from+2 && t.byte(from) == 'N' && t.byte(from+1) == 'X':
		return flow.NotEncrypted, true
	case to == from+1 && t.byte(from) == 'X':
		return flow.Encrypted, true
	case to <= from || to > longest:
		return 0, false
	}
	e := flow.ParseEncryption(t[from:to])
	return e, e != flow.EncryptionOther
}

// counters reads the last four fields, of which the commas before and between
// are in at, and returns the place of the quote that ends them.
func (t *tupleText) counters(at *[5]int, s *flow.Observation, wrong *uint64) int {
	first := at[1] + 1
	x := t.word(first)
	if x == noCounters {
		s.Counters = [4]uint64{}
		s.Measured = measured(s.State, &s.Counters)
		return first + 7
	}
	if uint32(x) == emptyCounters {
		s.Counters, s.Measured = [4]uint64{}, false
		return first + 3
	}
	z := same(t.word(at[4]+1), quotes)
	end := at[4] + 1 + bits.TrailingZeros64(z)>>3
	off := t.counter(at[1], at[2], &s.Counters[0], wrong) | t.counter(at[2], at[3], &s.Counters[1], wrong) |
		t.counter(at[3], at[4], &s.Counters[2], wrong) | t.counter(at[4], end, &s.Counters[3], wrong)
	if z == 0 || off > 7 {
		*wrong |= high
	}
	s.Measured = measured(s.State, &s.Counters)
	return end
}

// counter reads the digits between two places. off is more than 7 if there is
// none or if there are more than 8.
func (t *tupleText) counter(from, to int, v *uint64, wrong *uint64) (off uint) {
	off = uint(to - from - 2)
	shift := (56 - 8*off) & 63
	x := (t.word(to-8) ^ zeros) >> shift << shift
	*wrong |= (x + six) | x
	*v = eight(x)
	return off
}

// nth is the place of the nth comma, or past all.
func nth(low, high uint64, n int) int {
	base := 0
	if c := bits.OnesCount64(low); n > c {
		low, n, base = high, n-c, 64
	}
	for ; n > 1; n-- {
		low &= low - 1
	}
	return base + bits.TrailingZeros64(low)
}

// shifted is low and high from bit n on.
func shifted(low, high uint64, n int) uint64 {
	if n >= 64 {
		return high >> uint(n-64)
	}
	return low>>uint(n) | high<<uint(64-n)
}
