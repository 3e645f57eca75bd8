package parquet

import (
	"cmp"
	"math/bits"
	"slices"

	"flowctl/collectors/flow"
)

// micros is a time in microseconds, rounded down, and the nanoseconds that
// are left.
func micros(ns int64) (us, left int64) {
	us, left = ns/1000, ns%1000
	if left < 0 {
		us, left = us-1, left+1000
	}
	return us, left
}

// A place is a row and, above rowBits, when it was: in microseconds since the
// first of the group, + 1, or 0 for no time.
type place uint64

const (
	rowBits  = 17
	rowMask  = 1<<rowBits - 1
	spanBits = 64 - rowBits // in which all times of a group must lie
)

// order sorts the rows of a group.
type order struct{ list, spare []place }

// digit is how many bits of a time are sorted by at once.
const digit = 11

// sort returns the rows by their times, in microseconds or null, then as
// pairs says.
func (o *order) sort(times []int64, pairs func(a, b place) int) []place {
	least, most := int64(1<<63-1), int64(null)
	for _, t := range times {
		if t != null {
			least = min(least, t)
		}
		most = max(most, t)
	}
	if most != null && bits.Len64(uint64(most-least)+1) > spanBits {
		return o.slow(times, pairs)
	}
	o.list = o.list[:0]
	for i, t := range times {
		at := place(0)
		if t != null {
			at = place(t-least) + 1
		}
		o.list = append(o.list, at<<rowBits|place(i))
	}
	o.byTime()
	o.ties(pairs)
	return o.list
}

// slow sorts rows whose times lie further apart than a place can tell: more
// than four years.
func (o *order) slow(times []int64, pairs func(a, b place) int) []place {
	o.list = o.list[:0]
	for i := range times {
		o.list = append(o.list, place(i))
	}
	slices.SortStableFunc(o.list, func(a, b place) int { return cmp.Or(cmp.Compare(times[a], times[b]), pairs(a, b)) })
	return o.list
}

// byTime sorts the list digit by digit, which keeps the order of equals.
func (o *order) byTime() {
	var all place
	for _, p := range o.list {
		all |= p
	}
	o.spare = append(o.spare[:0], o.list...)
	for shift := rowBits; shift < bits.Len64(uint64(all)); shift += digit {
		var ends [1 << digit]uint32
		for _, p := range o.list {
			ends[p>>shift%(1<<digit)]++
		}
		var sum uint32
		for i, n := range ends {
			ends[i] = sum
			sum += n
		}
		for _, p := range o.list {
			k := p >> shift % (1 << digit)
			o.spare[ends[k]] = p
			ends[k]++
		}
		o.list, o.spare = o.spare, o.list
	}
}

// ties sorts the rows of one time.
func (o *order) ties(pairs func(a, b place) int) {
	for rest := o.list; len(rest) > 0; {
		n := 1
		for n < len(rest) && rest[n]>>rowBits == rest[0]>>rowBits {
			n++
		}
		if n > 1 {
			slices.SortStableFunc(rest[:n], pairs)
		}
		rest = rest[n:]
	}
}

// null stands for no value among integers; it is no time and no counter.
const null = flow.NoTime
