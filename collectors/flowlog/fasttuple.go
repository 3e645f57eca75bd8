package flowlog

import (
	"math/bits"

	"flowctl/collectors/flow"
)

// fastTuple fills r from the tuple of an NSG flow log that t begins with, and returns its length
// and a hash of its flow. It returns 0, with r in any state, for what it does not know; parseTuple is
// then asked.
//
// A field is found and converted eight bytes at a time, without a branch on
// its length, which cannot be predicted.
func (a *addresses) fastTuple(t *tupleText, l layout, r *flow.Record) (length int, key uint64) {
	from, wrong := fastTime(t, r)
	if from == 0 {
		return 0, 0
	}
	i := a.fastKey(t, from, &r.Key)
	if i == 0 {
		return 0, 0
	}
	r.Direction = directionOf[t.byte(i)]
	if wrong&high != 0 || r.Direction == flow.DirectionUnknown || t.byte(i+1) != ',' {
		return 0, 0
	}
	key = t.hash(from, i+1-from)[1]
	i = fastDecision(t, i+2, l, r)
	if i != 0 && l != nsg1 {
		i = fastCounters(t, i, r)
	}
	if i > longest {
		return 0, 0
	}
	return i, key
}

// fastKey reads addresses, ports and protocol with their commas, and returns
// where what follows begins, or 0.
func (a *addresses) fastKey(t *tupleText, i int, k *flow.Key) int {
	if i = a.read(t, i, &k.Src); i == 0 {
		return 0
	}
	if i = a.read(t, i, &k.Dst); i == 0 {
		return 0
	}
	sport, i, w1 := t.number(i, commas)
	dport, i, w2 := t.number(i, commas)
	proto, i, w3 := fastProto(t, i)
	k.SrcPort, k.DstPort, k.Proto = uint16(sport), uint16(dport), uint8(proto)
	if (w1|w2|w3)&high != 0 || sport|dport > 0xffff || proto > 0xff {
		return 0
	}
	return i
}

// fastTime reads a time of 9 to 15 digits and its comma.
func fastTime(t *tupleText, r *flow.Record) (next int, wrong uint64) {
	x := t.word(0) ^ zeros
	low, next, wrong := t.number(8, commas)
	n := next - 9 // digits in low
	if uint(n) >= uint(len(pow10)) {
		return 0, high
	}
	ts := eight(x)*pow10[n] + low
	if !timely(ts) {
		return 0, high
	}
	r.First = nanoseconds(ts)
	r.Last = r.First
	return next, wrong | (x + six) | x
}

var (
	directionOf = [256]flow.Direction{'I': flow.Inbound, 'O': flow.Outbound}
	protocolOf  = [256]uint8{'6': 6, 'T': 6, 'U': 17}
	stateOf     = [256]flow.State{'B': flow.Begin, 'C': flow.Continue, 'E': flow.End, 'D': flow.Deny}
)

// fastProto reads a protocol and its comma: most often 6, 17 or a letter.
func fastProto(t *tupleText, i int) (v uint64, next int, wrong uint64) {
	if t.byte(i+1) == ',' && protocolOf[t.byte(i)] != 0 {
		return uint64(protocolOf[t.byte(i)]), i + 2, 0
	}
	return t.number(i, commas)
}

// fastDecision reads decision and state of an NSG tuple, and returns where
// the counters begin; in version 1, the place of the quote.
func fastDecision(t *tupleText, i int, l layout, r *flow.Record) int {
	deny := t.byte(i) == 'D'
	if !deny && t.byte(i) != 'A' {
		return 0
	}
	r.State = flow.Begin
	if l == nsg2 {
		r.State = stateOf[t.byte(i+2)]
		if r.State == flow.StateUnknown || r.State == flow.Deny || t.byte(i+1) != ',' || t.byte(i+3) != ',' {
			return 0
		}
	} else if t.byte(i+1) != '"' {
		return 0
	}
	if deny {
		r.State = flow.Deny
	}
	if l == nsg1 {
		return i + 1
	}
	return i + 4
}

const (
	noCounters    = 0x22302c302c302c30 // 0,0,0,0"
	emptyCounters = 0x222c2c2c         // ,,,"
)

// fastCounters reads the counters and returns the place of the quote.
func fastCounters(t *tupleText, i int, r *flow.Record) int {
	x := t.word(i)
	if x == noCounters {
		count(r, [4]uint64{}, true)
		return i + 7
	}
	if uint32(x) == emptyCounters {
		return i + 3
	}
	var v [4]uint64
	var w1, w2, w3, w4 uint64
	v[0], i, w1 = t.number(i, commas)
	v[1], i, w2 = t.number(i, commas)
	v[2], i, w3 = t.number(i, commas)
	v[3], i, w4 = t.number(i, quotes)
	if (w1|w2|w3|w4)&high != 0 || v[0]|v[1]|v[2]|v[3] >= flow.Huge {
		return 0
	}
	count(r, v, true)
	return i - 1
}

// longNumber reads 8 to 15 digits and the byte of which end is made.
//
//go:noinline
func (t *tupleText) longNumber(i int, end uint64) (v uint64, next int, wrong uint64) {
	x, y := t.word(i)^zeros, t.word(i+8)
	z := same(y, end)
	if z == 0 {
		return 0, i, high
	}
	wrong = (x + six) | x
	v = eight(x)
	n := bits.TrailingZeros64(z) >> 3
	if n > 0 {
		y = (y ^ zeros) << uint(64-8*n)
		wrong |= (y + six) | y
		v = v*pow10[n] + eight(y)
	}
	return v, i + 9 + n, wrong
}
