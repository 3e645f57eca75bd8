package pcap

import (
	"math"
	"math/bits"

	"flowctl/collectors/flow"
)

// The options of an interface that say what its time stamps mean.
const (
	optionResolution = 9  // if_tsresol
	optionOffset     = 14 // if_tsoffset
)

// clock is what the time stamps of an interface count.
type clock struct {
	perSecond uint64 // 0: not known
	offset    int64  // in seconds
}

var microseconds = clock{perSecond: 1e6}

// clock reads the options of an interface description.
func (e endian) clock(options []byte) clock {
	c := microseconds
	for kind, v := range e.options(options) {
		switch {
		case kind == optionResolution && len(v) >= 1:
			c.perSecond = resolution(v[0])
		case kind == optionOffset && len(v) >= 8:
			c.offset = int64(e.u64(v))
		}
	}
	return c
}

// resolution is how many units a second has by if_tsresol: a negative power of
// 2 if the highest bit is set, else of 10. It is 0 if that does not fit.
func resolution(b byte) uint64 {
	exp := int(b & 0x7f)
	if b&0x80 != 0 {
		if exp > 63 {
			return 0
		}
		return 1 << exp
	}
	if exp > 19 {
		return 0
	}
	n := uint64(1)
	for range exp {
		n *= 10
	}
	return n
}

// nanoseconds returns the Unix time of a stamp. It is false, and flow.NoTime,
// if that is not between the years 1678 and 2262.
func (c clock) nanoseconds(stamp uint64) (int64, bool) {
	if c.perSecond == 1e6 && c.offset == 0 && stamp <= math.MaxInt64/1000 {
		return int64(stamp) * 1000, true
	}
	if c.perSecond == 0 {
		return flow.NoTime, false
	}
	const most = math.MaxInt64 / 1_000_000_000
	sec, part := stamp/c.perSecond, stamp%c.perSecond
	if sec > 2*most || c.offset > 2*most || c.offset < -2*most {
		return flow.NoTime, false
	}
	s := int64(sec) + c.offset
	if s >= most || s <= -most {
		return flow.NoTime, false
	}
	hi, lo := bits.Mul64(part, 1_000_000_000)
	frac, _ := bits.Div64(hi, lo, c.perSecond)
	return s*1_000_000_000 + int64(frac), true
}
