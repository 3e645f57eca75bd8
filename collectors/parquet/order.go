package parquet

import (
	"cmp"
	"math/bits"
	"slices"
)

// A sortKey is a row and, above rowBits, when it was: in microseconds since the
// first of the group, + 1, or 0 for no time.
type sortKey uint64

const (
	rowBits  = 18
	rowMask  = 1<<rowBits - 1
	spanBits = 64 - rowBits // in which all times of a group must lie
)

// order sorts the rows of a group.
type order struct {
	list, spare []sortKey
	rows        []row
	ranks       [2][]uint32 // of the addresses of rows
}

// digit is how many bits of a time are sorted by at once.
const digit = 11

// sort returns the rows by their times, in microseconds or null, then by the
// ranks of their addresses. Times are the first times of rows.
func (o *order) sort(times []int64, rows []row, ranks [2][]uint32) []sortKey {
	o.rows, o.ranks, o.list = rows, ranks, o.list[:0]
	least, most := int64(1<<63-1), int64(null)
	for _, t := range times {
		if t != null {
			least = min(least, t)
		}
		most = max(most, t)
	}
	if most != null && bits.Len64(uint64(most-least)+1) > spanBits {
		return o.slow(times)
	}
	for i, t := range times {
		at := sortKey(0)
		if t != null {
			at = sortKey(t-least) + 1
		}
		o.list = append(o.list, at<<rowBits|sortKey(i))
	}
	o.byTime()
	o.ties()
	return o.list
}

// pairs compares the addresses of two rows.
func (o *order) pairs(a, b sortKey) int {
	x, y := &o.rows[a&rowMask], &o.rows[b&rowMask]
	return cmp.Or(cmp.Compare(o.ranks[0][x.src], o.ranks[0][y.src]), cmp.Compare(o.ranks[1][x.dst], o.ranks[1][y.dst]))
}

// slow sorts rows whose times lie further apart than a slot can tell: more
// than two years.
func (o *order) slow(times []int64) []sortKey {
	for i := range times {
		o.list = append(o.list, sortKey(i))
	}
	slices.SortStableFunc(o.list, func(a, b sortKey) int { return cmp.Or(cmp.Compare(times[a], times[b]), o.pairs(a, b)) })
	return o.list
}

// byTime sorts the list but for its rows, which keep their order where times
// are the same.
func (o *order) byTime() { o.list, o.spare = radix(o.list, o.spare) }

// radix sorts a list, but for the rows, digit by digit. Spare is memory for it.
func radix(list, spare []sortKey) (sorted, other []sortKey) {
	var all sortKey
	for _, p := range list {
		all |= p
	}
	spare = append(spare[:0], list...)
	for shift := rowBits; shift < bits.Len64(uint64(all)); shift += digit {
		var ends [1 << digit]uint32
		for _, p := range list {
			ends[p>>shift%(1<<digit)]++
		}
		var sum uint32
		for i, n := range ends {
			ends[i] = sum
			sum += n
		}
		for _, p := range list {
			k := p >> shift % (1 << digit)
			spare[ends[k]] = p
			ends[k]++
		}
		list, spare = spare, list
	}
	return list, spare
}

// ties sorts the rows of one time.
func (o *order) ties() {
	for rest := o.list; len(rest) > 0; {
		n := 1
		for n < len(rest) && rest[n]>>rowBits == rest[0]>>rowBits {
			n++
		}
		if n > 1 {
			slices.SortStableFunc(rest[:n], o.pairs)
		}
		rest = rest[n:]
	}
}
