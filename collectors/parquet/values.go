package parquet

import (
	"encoding/binary"
	"errors"

	"github.com/parquet-go/parquet-go/encoding/delta"
	"github.com/parquet-go/parquet-go/encoding/rle"
	"github.com/parquet-go/parquet-go/format"
)

// alike are the slices that columns without values, or without nulls, share.
type alike struct {
	all, no []bool
	codes   []uint32
	ints    []int64
}

// none makes out a column without values.
func (a *alike) none(out *read, rows int) {
	if len(a.no) < rows {
		a.no, a.codes, a.ints = make([]bool, rows), make([]uint32, rows), make([]int64, rows)
	}
	out.there, out.codes, out.ints, out.values = a.no[:rows], a.codes[:rows], a.ints[:rows], 0
}

// every says that all rows of out have a value.
func (a *alike) every(out *read, rows int) {
	if len(a.all) < rows {
		a.all = make([]bool, rows)
		for k := range a.all {
			a.all[k] = true
		}
	}
	out.there, out.values = a.all[:rows], rows
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
	return c.codes(i, page, out)
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
	return page[n:], nil
}

// oneRun reports whether levels are one run that says that all rows have
// a value.
func oneRun(levels []byte, rows int) bool {
	u, n := binary.Uvarint(levels)
	return n > 0 && u&1 == 0 && u>>1 >= uint64(rows) && len(levels) > n && levels[n] == 1
}

// bounded reports whether runs of values of width bits, as RLE has them, state
// hardly more than most of them; the library would make room for all.
func bounded(b []byte, width, most int) bool {
	for total := 0; len(b) > 0; {
		u, n := binary.Uvarint(b)
		if n <= 0 || u>>1 > uint64(most) {
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

// integers unpacks differences and puts them to their rows.
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
	to := &c.ints
	if out.values == len(out.there) {
		to = &out.own.ints
	}
	list, err := (&delta.BinaryPackedEncoding{}).DecodeInt64(*to, page)
	if *to = list; err != nil || len(list) != out.values {
		return errors.Join(errPage, err)
	}
	if to == &c.ints {
		out.own.ints = grow(out.own.ints, len(out.there))
		spread(list, out.there, out.own.ints)
	}
	out.ints = out.own.ints
	return nil
}

// spread puts values to the rows that have one, and 0 to the others.
func spread[T any](list []T, there []bool, to []T) {
	clear(to)
	for k, t := range there {
		if t {
			to[k], list = list[0], list[1:]
		}
	}
}

// flags puts the values of yesNo, which are bits, to their rows.
func flags(page []byte, out *read) error {
	if 8*len(page) < out.values {
		return errPage
	}
	out.own.codes = grow(out.own.codes, len(out.there))
	out.codes = out.own.codes
	clear(out.codes)
	n := 0
	for k, t := range out.there {
		if t {
			out.codes[k] = uint32(page[n/8]>>(n%8)) & 1
			n++
		}
	}
	return nil
}

// codes unpacks places in the dictionary and puts the values to their rows.
func (c *columnReader) codes(i int, page []byte, out *read) (err error) {
	rows := len(out.there)
	if len(page) == 0 || page[0] > 32 || !bounded(page[1:], int(page[0]), rows) {
		return errPage
	}
	if c.indices, err = (&rle.DictionaryEncoding{}).DecodeInt32(c.indices, page); err != nil || len(c.indices) < out.values {
		return errors.Join(errPage, err)
	}
	out.own.codes = grow(out.own.codes, rows)
	out.codes = out.own.codes
	list := out.codes[:out.values]
	if i == colSource || i == colDestination {
		err = addressCodes(c.indices, len(out.addresses)-1, list)
	} else {
		err = otherCodes(c.indices, out.others, list)
	}
	if err == nil && out.values < rows {
		c.values = append(c.values[:0], list...)
		spread(c.values, out.there, out.codes)
	}
	return err
}

// addressCodes are the places of addresses, of which there are size, after
// none.
func addressCodes(indices []int32, size int, to []uint32) error {
	for k, v := range indices[:len(to)] {
		if uint(v) >= uint(size) {
			return errPage
		}
		to[k] = uint32(v) + 1
	}
	return nil
}

// otherCodes are the values with places in a dictionary.
func otherCodes(indices []int32, values, to []uint32) error {
	for k, v := range indices[:len(to)] {
		if uint(v) >= uint(len(values)) {
			return errPage
		}
		to[k] = values[v]
	}
	return nil
}
