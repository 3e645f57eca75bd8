package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net/netip"

	"github.com/klauspost/compress/zstd"

	"flowctl/collectors/flow"
)

// errPage says that a page is not what a flowctl writes.
var errPage = errors.New("its page is damaged")

// read is a column of a row group. What a row without a value has is 0.
type read struct {
	there  []bool   // by row, whether it has a value
	codes  []uint32 // by row: of an address its place in addresses, of other texts and numbers the value
	ints   []int64  // by row, of counter and instant
	values int      // rows that have one

	addresses []flow.Addr // dictionary, after none
	others    []uint32    // dictionary of other texts and numbers
}

// spread puts values, which stand at the front of list, to their rows.
func spread[T any](list []T, there []bool, values int) {
	var none T
	for i := len(list) - 1; values <= i; i-- {
		if there[i] {
			values--
			list[i] = list[values]
		} else {
			list[i] = none
		}
	}
}

// pageHead is what the header of a page says.
type pageHead struct {
	kind, plain, size, values, encoding int64
	crc                                 uint32
	checked                             bool
}

func (p *parser) pageHeader() (h pageHead) {
	counts := func(n int, kind byte) {
		switch n {
		case 1:
			h.values = p.integer(kind)
		case 2:
			h.encoding = p.integer(kind)
		default:
			p.skip(kind)
		}
	}
	h.kind = -1
	p.structure(func(n int, kind byte) {
		switch {
		case n == 1:
			h.kind = p.integer(kind)
		case n == 2:
			h.plain = p.integer(kind)
		case n == 3:
			h.size = p.integer(kind)
		case n == 4:
			h.crc, h.checked = uint32(p.integer(kind)), true
		case (n == 5 || n == 7) && kind == thriftStruct:
			p.structure(counts)
		default:
			p.skip(kind)
		}
	})
	return h
}

// columnReader reads columns of row groups. It is for one goroutine.
type columnReader struct {
	r     io.ReaderAt
	names *flow.Names
	zstd  *zstd.Decoder
	raw   []byte // scratch
	page  []byte
}

// chunk reads the bytes of a column chunk. Pages follow each other, the
// dictionary's first.
func (c *columnReader) chunk(at chunkAt) ([]byte, error) {
	from := at.data
	if at.dictionary > 0 && at.dictionary < from {
		from = at.dictionary
	}
	if from < int64(len(magic)) {
		return nil, errPage
	}
	if int64(cap(c.raw)) < at.compressed {
		c.raw = make([]byte, at.compressed)
	}
	c.raw = c.raw[:at.compressed]
	if _, err := c.r.ReadAt(c.raw, from); err != nil {
		return nil, fmt.Errorf("%w: %w", errPage, err)
	}
	return c.raw, nil
}

// next unpacks the page at the front of b and returns what follows it. The
// page is valid until the next one.
func (c *columnReader) next(b []byte) (h pageHead, page, rest []byte, err error) {
	p := parser{b: b}
	h = p.pageHeader()
	if p.err != nil || h.size < 0 || h.size > int64(len(p.b)) || h.plain < 0 || h.plain > mostPage {
		return h, nil, nil, errPage
	}
	packed := p.b[:h.size]
	if h.checked && crc32.ChecksumIEEE(packed) != h.crc {
		return h, nil, nil, errors.New("the checksum of its page is wrong")
	}
	c.page, err = c.zstd.DecodeAll(packed, c.page[:0])
	if err != nil || int64(len(c.page)) != h.plain {
		return h, nil, nil, errors.Join(errPage, err)
	}
	return h, c.page, p.b[h.size:], nil
}

// read fills out with column i, which lies at a place.
func (c *columnReader) read(i int, at chunkAt, out *read) error {
	b, err := c.chunk(at)
	if err != nil {
		return err
	}
	size := 0
	out.others, out.addresses = out.others[:0], append(out.addresses[:0], flow.Addr{})
	if at.dictionary > 0 {
		h, page, rest, err := c.next(b)
		if err != nil {
			return err
		}
		if h.kind != 2 || h.encoding != plain || h.values < 0 || h.values > at.values {
			return errPage
		}
		if err := c.entries(i, page, int(h.values), out); err != nil {
			return err
		}
		b, size = rest, int(h.values)
	}
	h, page, _, err := c.next(b)
	if err != nil {
		return err
	}
	if h.kind != 0 || h.values != at.values {
		return errPage
	}
	return c.data(i, h, page, size, out)
}

// data unpacks a data page; the dictionary has size entries.
func (c *columnReader) data(i int, h pageHead, page []byte, size int, out *read) (err error) {
	rows := int(h.values)
	out.there, out.values = grow(out.there, rows), rows
	if columns[i].required {
		for k := range out.there {
			out.there[k] = true
		}
	} else if out.values, page, err = unpackLevels(out.there, page); err != nil {
		return err
	}
	if h.encoding != columns[i].encoding() && out.values > 0 {
		return errPage
	}
	if columns[i].encoding() == deltaBinaryPacked {
		out.ints = grow(out.ints, rows)
		if out.values > 0 {
			err = unpackDeltas(out.ints[:out.values], page)
		}
		spread(out.ints, out.there, out.values)
		return err
	}
	out.codes = grow(out.codes, rows)
	if err := c.codes(i, page, size, out); err != nil {
		return err
	}
	spread(out.codes, out.there, out.values)
	return nil
}

// codes unpacks the values of text, number and yesNo.
func (c *columnReader) codes(i int, page []byte, size int, out *read) error {
	list := out.codes[:out.values]
	if columns[i].sort == yesNo {
		if len(page) < (len(list)+7)/8 {
			return errPage
		}
		unpack32(list, page, 1)
		return nil
	}
	if len(list) == 0 {
		return nil
	}
	if err := unpackIndices(list, page, size); err != nil {
		return err
	}
	for k, v := range list {
		if i == colSource || i == colDestination {
			list[k] = v + 1
		} else {
			list[k] = out.others[v]
		}
	}
	return nil
}

// entries unpacks a dictionary of size entries.
func (c *columnReader) entries(i int, page []byte, size int, out *read) error {
	if columns[i].sort == number {
		if len(page) != 4*size {
			return errPage
		}
		out.others = grow(out.others, size)
		for k := range out.others {
			out.others[k] = binary.LittleEndian.Uint32(page[4*k:])
			if out.others[k] > 0xffff {
				return fmt.Errorf("%d is no value of it", int32(out.others[k]))
			}
		}
		return nil
	}
	for range size {
		if len(page) < 4 || uint64(binary.LittleEndian.Uint32(page)) > uint64(len(page)-4) {
			return errPage
		}
		n := 4 + int(binary.LittleEndian.Uint32(page))
		if err := c.entry(i, page[4:n], out); err != nil {
			return err
		}
		page = page[n:]
	}
	return nil
}

// entry adds a text to the dictionary of column i.
func (c *columnReader) entry(i int, s []byte, out *read) error {
	switch i {
	case colSource, colDestination:
		a, err := netip.ParseAddr(string(s))
		if err != nil {
			return fmt.Errorf("%.50q is no address", s)
		}
		out.addresses = append(out.addresses, flow.AddrOf(a))
	case colDirection, colState, colEncryption, colTunnel:
		v, ok := enumValue(i, string(s))
		if !ok {
			return fmt.Errorf("%.50q is no value of it", s)
		}
		out.others = append(out.others, uint32(v))
	default:
		out.others = append(out.others, uint32(c.names.ID(s)))
	}
	return nil
}

// enumValue is the value with a text, as enumText gives it.
func enumValue(col int, s string) (uint8, bool) {
	for v := uint16(1); v < 32; v++ {
		if t := enumText(col, v); t == s && t != "unknown" {
			return uint8(v), true
		}
	}
	return 0, false
}

// grow returns s with length n; what it holds is of no use.
func grow[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}
