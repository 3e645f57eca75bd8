package flowlog

import (
	"bytes"
	"math/bits"

	"flowctl/collectors/flow"
)

// quickTuple fills r from the tuple that begins at b[i], and returns the place
// of the quote after it. It returns 0, with r in any state, for what it does
// not know; parseTuple is then asked. b must go on for padding bytes after the
// last tuple.
//
// A field is found and converted eight bytes at a time, without a branch on
// its length, which cannot be predicted.
func (a *addresses) quickTuple(b []byte, i int, l layout, r *flow.Record) int {
	i, wrong := quickTime(b, i, r)
	if i == 0 {
		return 0
	}
	if i = a.read(b, i, &r.Src); i == 0 {
		return 0
	}
	if i = a.read(b, i, &r.Dst); i == 0 {
		return 0
	}
	sport, i, w1 := number(b, i, commas)
	dport, i, w2 := number(b, i, commas)
	proto, i, w3 := quickProto(b, i)
	r.SrcPort, r.DstPort, r.Proto = uint16(sport), uint16(dport), uint8(proto)
	r.Direction = directionOf[b[i]]
	if (wrong|w1|w2|w3)&high != 0 || sport|dport > 0xffff || proto > 0xff ||
		r.Direction == flow.DirectionUnknown || b[i+1] != ',' {
		return 0
	}
	if l == vnet4 {
		i = quickState(b, i+2, r)
	} else {
		i = quickDecision(b, i+2, l, r)
	}
	if i == 0 || l == nsg1 {
		return i
	}
	return quickCounters(b, i, r)
}

// quickTime reads a time of 9 to 15 digits and its comma.
func quickTime(b []byte, i int, r *flow.Record) (next int, wrong uint64) {
	x := word(b, i) ^ zeros
	low, next, wrong := number(b, i+8, commas)
	n := next - i - 9 // digits in low
	if uint(n) >= uint(len(pow10)) {
		return 0, high
	}
	ts := eight(x)*pow10[n] + low
	if ts > highestMilli {
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

// quickProto reads a protocol and its comma: most often 6, 17 or a letter.
func quickProto(b []byte, i int) (v uint64, next int, wrong uint64) {
	if b[i+1] == ',' && protocolOf[b[i]] != 0 {
		return uint64(protocolOf[b[i]]), i + 2, 0
	}
	return number(b, i, commas)
}

// quickState reads state and encryption, and returns where the counters
// begin.
func quickState(b []byte, i int, r *flow.Record) int {
	if r.State = stateOf[b[i]]; r.State == flow.StateUnknown || b[i+1] != ',' {
		return 0
	}
	i += 2
	switch {
	case b[i] == 'N' && b[i+1] == 'X' && b[i+2] == ',':
		r.Encryption = flow.NotEncrypted
		return i + 3
	case b[i] == 'X' && b[i+1] == ',':
		r.Encryption = flow.Encrypted
		return i + 2
	}
	n := bytes.IndexByte(b[i:i+32], ',')
	if n <= 0 || !ascii(b[i:i+n]) || bytes.IndexByte(b[i:i+n], '"') >= 0 {
		return 0
	}
	r.Encryption = flow.ParseEncryption(b[i : i+n])
	return i + n + 1
}

// quickDecision reads decision and state of an NSG tuple, and returns where
// the counters begin; in version 1, the place of the quote.
func quickDecision(b []byte, i int, l layout, r *flow.Record) int {
	deny := b[i] == 'D'
	if !deny && b[i] != 'A' {
		return 0
	}
	r.State = flow.Begin
	if l == nsg2 {
		r.State = stateOf[b[i+2]]
		if r.State == flow.StateUnknown || r.State == flow.Deny || b[i+1] != ',' || b[i+3] != ',' {
			return 0
		}
	} else if b[i+1] != '"' {
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

// quickCounters reads the counters and returns the place of the quote.
func quickCounters(b []byte, i int, r *flow.Record) int {
	x := word(b, i)
	if x == noCounters {
		count(r, [4]uint64{}, true)
		return i + 7
	}
	if uint32(x) == emptyCounters {
		return i + 3
	}
	var v [4]uint64
	var w1, w2, w3, w4 uint64
	v[0], i, w1 = number(b, i, commas)
	v[1], i, w2 = number(b, i, commas)
	v[2], i, w3 = number(b, i, commas)
	v[3], i, w4 = number(b, i, quotes)
	if (w1|w2|w3|w4)&high != 0 {
		return 0
	}
	count(r, v, true)
	return i - 1
}

// longNumber reads 8 to 15 digits and the byte of which end is made.
//
//go:noinline
func longNumber(b []byte, i int, end uint64) (v uint64, next int, wrong uint64) {
	x, y := word(b, i)^zeros, word(b, i+8)
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
