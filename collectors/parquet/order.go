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

// placed is a row and where it belongs in time.
type placed struct {
	at  uint64 // microseconds since the first of the group, + 1; 0 for no time
	row uint32
}

// order sorts the rows of a group.
type order struct{ list, spare []placed }

// digit is how many bits of a time are sorted by at once.
const digit = 11

// sort returns the rows of records by time, then as pairs says.
func (o *order) sort(records []flow.Record, pairs func(a, b uint32) int) []placed {
	o.place(records)
	o.byTime()
	for i := 0; i < len(o.list); {
		n := 1
		for i+n < len(o.list) && o.list[i+n].at == o.list[i].at {
			n++
		}
		if n > 1 {
			slices.SortFunc(o.list[i:i+n], func(a, b placed) int {
				return cmp.Or(pairs(a.row, b.row), cmp.Compare(a.row, b.row))
			})
		}
		i += n
	}
	return o.list
}

// place fills the list with the rows in the order in which they came.
func (o *order) place(records []flow.Record) {
	least := int64(1<<63 - 1)
	for i := range records {
		if f := records[i].First; f != flow.NoTime {
			least = min(least, f)
		}
	}
	from, _ := micros(least)
	o.list = o.list[:0]
	for i := range records {
		p := placed{row: uint32(i)}
		if f := records[i].First; f != flow.NoTime {
			us, _ := micros(f)
			p.at = uint64(us-from) + 1
		}
		o.list = append(o.list, p)
	}
}

// byTime sorts the list digit by digit, which keeps the order of equals.
func (o *order) byTime() {
	var all uint64
	for _, p := range o.list {
		all |= p.at
	}
	o.spare = append(o.spare[:0], o.list...)
	for shift := 0; shift < bits.Len64(all); shift += digit {
		var ends [1 << digit]uint32
		for _, p := range o.list {
			ends[p.at>>shift%(1<<digit)]++
		}
		var sum uint32
		for i, n := range ends {
			ends[i] = sum
			sum += n
		}
		for _, p := range o.list {
			k := p.at >> shift % (1 << digit)
			o.spare[ends[k]] = p
			ends[k]++
		}
		o.list, o.spare = o.spare, o.list
	}
}
