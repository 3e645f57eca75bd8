package parquet

import (
	"bytes"
	"encoding/binary"
	"errors"

	"github.com/parquet-go/parquet-go/encoding/delta"
	"github.com/parquet-go/parquet-go/encoding/rle"
	"github.com/parquet-go/parquet-go/format"
)

// sharedSlices are the slices that columns without values, or without nulls, share.
type sharedSlices struct {
	all, no []bool
	codes   []uint32
	wide    []int64

	levels []byte // that were unpacked last
	last   *read  // of which column
}

// none makes out a column without values.
func (a *sharedSlices) none(out *read, rows int) {
	if len(a.no) < rows {
		a.no, a.codes, a.wide = make([]bool, rows), make([]uint32, rows), make([]int64, rows)
	}
	out.there, out.values, out.slots, out.ints, out.zero = a.no[:rows], 0, nil, nil, true
}

// every says that all rows of out have a value.
func (a *sharedSlices) every(out *read, rows int) {
	if len(a.all) < rows {
		a.all = make([]bool, rows)
		for k := range a.all {
			a.all[k] = true
		}
	}
	out.there, out.values = a.all[:rows], rows
}

// spread puts the values of a column to their rows.
func (a *sharedSlices) spread(c column, out *read) {
	rows := len(out.there)
	switch {
	case out.values == 0:
		out.codes, out.wide = a.codes[:rows], a.wide[:rows]
	case c.wide():
		out.own.wide = grow(out.own.wide, rows)
		out.wide = out.own.wide
		spread(out.there, out.wide, func(n int) int64 { return out.ints[n] })
	default:
		out.own.codes = grow(out.own.codes, rows)
		out.codes = out.own.codes
		spread(out.there, out.codes, out.code)
	}
}

// spread puts values to the rows that have one, and 0 to the others.
func spread[T any](there []bool, to []T, value func(n int) T) {
	clear(to)
	n := 0
	for k, t := range there {
		if t {
			to[k] = value(n)
			n++
		}
	}
}

// code is the n-th value of a column of codes.
func (r *read) code(n int) uint32 {
	slot := r.slots[n]
	switch {
	case len(r.addresses) > 1:
		return uint32(slot) + 1
	case len(r.others) > 0:
		return r.others[slot]
	}
	return uint32(slot)
}

// data unpacks a data page: which rows have a value, with the length of that,
// and the values.
func (c *columnReader) data(i int, e format.Encoding, page []byte, rows int, out *read) (err error) {
	if columns[i].required {
		c.alike.every(out, rows)
	} else if page, err = c.unpackLevels(page, rows, out); err != nil {
		return err
	}
	switch {
	case out.values == 0:
		c.alike.none(out, rows)
		return nil
	case e != columns[i].encoding():
		return errPage
	case columns[i].wide():
		return c.integers(page, out)
	case columns[i].sort == yesNo:
		return flags(page, out)
	}
	return c.indices(page, out)
}

// unpackLevels sets which rows have a value and returns what follows that.
func (c *columnReader) unpackLevels(page []byte, rows int, out *read) ([]byte, error) {
	if len(page) < 4 || uint64(binary.LittleEndian.Uint32(page)) > uint64(len(page)-4) {
		return nil, errPage
	}
	n := 4 + int(binary.LittleEndian.Uint32(page))
	levels := page[4:n]
	if !bounded(levels, 1, rows) {
		return nil, errPage
	}
	if oneRun(levels, rows) {
		c.alike.every(out, rows)
		return page[n:], nil
	}
	if a := &c.alike; a.last != nil && len(a.last.there) == rows && bytes.Equal(a.levels, levels) {
		out.there, out.values = a.last.there, a.last.values
		return page[n:], nil
	}
	var err error
	c.levels, err = (&rle.Encoding{BitWidth: 1}).DecodeLevels(c.levels, levels)
	if err != nil || len(c.levels) < rows {
		return nil, errors.Join(errPage, err)
	}
	out.own.there = grow(out.own.there, rows)
	out.there, out.values = out.own.there, 0
	for k, v := range c.levels[:rows] {
		out.there[k] = v&1 != 0
		out.values += int(v & 1)
	}
	c.alike.levels, c.alike.last = append(c.alike.levels[:0], levels...), out
	return page[n:], nil
}

// oneRun reports whether levels are one run that says that all rows have
// a value.
func oneRun(levels []byte, rows int) bool {
	u, n := binary.Uvarint(levels)
	return n > 0 && u&1 == 0 && u>>1 >= uint64(rows) && len(levels) > n && levels[n] == 1
}

// bounded reports whether runs of values of width bits, as RLE has them, state
// hardly more than most of them; the library would make room for all. Runs of
// none are refused: the library takes what follows them for the next run.
func bounded(b []byte, width, most int) bool {
	for total := 0; len(b) > 0; {
		u, n := binary.Uvarint(b)
		if n <= 0 || u>>1 == 0 || u>>1 > uint64(most) {
			return false
		}
		count, size := int(u>>1), (width+7)/8
		if u&1 != 0 {
			count, size = 8*count, count*width
		}
		total += count
		if total > most+7 || size > len(b)-n {
			return false
		}
		b = b[n+size:]
	}
	return true
}

// integers unpacks differences.
func (c *columnReader) integers(page []byte, out *read) error {
	head := page
	var stated [3]uint64 // size of a block, its parts, how many values
	for k := range stated {
		u, n := binary.Uvarint(head)
		if n <= 0 {
			return errPage
		}
		stated[k], head = u, head[n:]
	}
	if stated[2] != uint64(out.values) {
		return errPage
	}
	var err error
	out.own.ints, err = (&delta.BinaryPackedEncoding{}).DecodeInt64(out.own.ints, page)
	if out.ints = out.own.ints; err != nil || len(out.ints) != out.values {
		return errors.Join(errPage, err)
	}
	return nil
}

// flags unpacks the values of yesNo, which are bits.
func flags(page []byte, out *read) error {
	if 8*len(page) < out.values {
		return errPage
	}
	out.own.slots = grow(out.own.slots, out.values)
	out.slots = out.own.slots
	most := int32(0)
	for n := range out.slots {
		out.slots[n] = int32(page[n/8]>>(n%8)) & 1
		most |= out.slots[n]
	}
	out.zero = most == 0
	return nil
}

// indices unpacks slots in the dictionary.
func (c *columnReader) indices(page []byte, out *read) (err error) {
	if len(page) == 0 || page[0] > 32 || !bounded(page[1:], int(page[0]), len(out.there)) {
		return errPage
	}
	out.own.slots = grow(out.own.slots, len(out.there)+8)
	out.own.slots, err = (&rle.DictionaryEncoding{}).DecodeInt32(out.own.slots, page)
	if err != nil || len(out.own.slots) < out.values {
		return errors.Join(errPage, err)
	}
	out.slots = out.own.slots[:out.values]
	if greatest(out.slots) >= max(len(out.addresses)-1, len(out.others)) {
		return errPage
	}
	return nil
}

// greatest is the greatest slot, and a great one if one is negative.
func greatest(slots []int32) int {
	var a, b, c, d uint32 // each waits for itself alone
	for ; len(slots) >= 4; slots = slots[4:] {
		a, b, c, d = max(a, uint32(slots[0])), max(b, uint32(slots[1])), max(c, uint32(slots[2])), max(d, uint32(slots[3]))
	}
	for _, p := range slots {
		a = max(a, uint32(p))
	}
	return int(max(a, b, c, d))
}
