package flowlog

import (
	"encoding/binary"
	"math/bits"
)

// Eight bytes of text are looked at in one word, the first in the lowest byte.
const (
	ones   = 0x0101010101010101
	high   = 0x8080808080808080
	commas = 0x2c2c2c2c2c2c2c2c
	quotes = 0x2222222222222222
	zeros  = 0x3030303030303030
	// six added to the value of a digit leaves the high bit of its byte clear.
	six = 0x7676767676767676
)

// tupleText is a tuple and what follows it. Because its size is a constant, and the
// place in it is cut to less than half, no word needs a check of bounds. A
// place that was cut has passed longest, which is looked at once in the end.
type tupleText [2 * (longest + 8)]byte

// longest is how many bytes a tuple can have in fastTuple.
const longest = 248

func (t *tupleText) word(i int) uint64 {
	i &= longest + 7
	return binary.LittleEndian.Uint64(t[i : i+8])
}

func (t *tupleText) byte(i int) byte { return t[i&(longest+7)] }

// same has the high bit of the first byte of x set that is the byte of which
// c is made, perhaps those of later bytes, and no bit of earlier ones.
func same(x, c uint64) uint64 {
	x ^= c
	return (x - ones) &^ x & high
}

// eight returns the number that eight digits make, given their values with
// the last digit in the highest byte.
func eight(x uint64) uint64 {
	x = x*10 + x>>8
	return ((x&0x000000ff000000ff)*0x000f424000000064 + (x>>16&0x000000ff000000ff)*0x0000271000000001) >> 32
}

var pow10 = [...]uint64{1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000}

// number reads digits and the byte of which end is made, and returns where
// what follows begins. wrong has a high bit set if there is something else.
func (t *tupleText) number(i int, end uint64) (v uint64, next int, wrong uint64) {
	x := t.word(i)
	z := same(x, end)
	if z == 0 {
		return t.longNumber(i, end)
	}
	n := bits.TrailingZeros64(z) // 7 more than the bits of the digits
	x = (x ^ zeros) << (uint(71-n) & 63)
	return eight(x), i + n>>3 + 1, (x + six) | x
}

// dotsIn has bit k set where byte k of x is a dot.
func dotsIn(x uint64) uint64 {
	const low7, gather = 0x7f7f7f7f7f7f7f7f, 0x0002040810204081
	x ^= 0x2e2e2e2e2e2e2e2e
	return ^((x&low7 + low7) | x | low7) * gather >> 56
}
