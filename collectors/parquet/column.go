package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net/netip"

	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/encoding/delta"
	"github.com/parquet-go/parquet-go/encoding/plain"
	"github.com/parquet-go/parquet-go/encoding/rle"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"

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

// columnReader reads columns of row groups. It is for one goroutine.
type columnReader struct {
	r     io.ReaderAt
	tail  *tail
	names *flow.Names
	zstd  *zstd.Decoder

	raw, page, levels []byte // scratch
	indices           []int32
	ints              []int64
}

// read fills out with column i of row group g. Its dictionary comes first.
func (c *columnReader) read(g, i int, out *read) error {
	m, err := c.tail.chunk(g, i)
	if err != nil {
		return err
	}
	rows := int(m.NumValues)
	out.others, out.addresses = out.others[:0], append(out.addresses[:0], flow.Addr{})
	rest, err := c.load(m)
	if err != nil {
		return err
	}
	h, page, rest, err := c.next(rest, rows)
	if err == nil && h.Type == format.DictionaryPage {
		if err := c.entries(i, page, out); err != nil {
			return err
		}
		h, page, _, err = c.next(rest, rows)
	}
	if err != nil {
		return err
	}
	if h.Type != format.DataPage || int(h.DataPageHeader.V.NumValues) != rows {
		return errPage
	}
	return c.data(i, h.DataPageHeader.V.Encoding, page, rows, out)
}

// load reads the bytes of a column chunk.
func (c *columnReader) load(m *format.ColumnMetaData) ([]byte, error) {
	from := m.DataPageOffset
	if m.DictionaryPageOffset > 0 && m.DictionaryPageOffset < from {
		from = m.DictionaryPageOffset
	}
	if from < int64(len(magic)) {
		return nil, errPage
	}
	c.raw = grow(c.raw, int(m.TotalCompressedSize))
	if _, err := c.r.ReadAt(c.raw, from); err != nil {
		return nil, fmt.Errorf("%w: %w", errPage, err)
	}
	return c.raw, nil
}

// next unpacks the page at the front of b and returns what follows it. The
// page is valid until the next one.
func (c *columnReader) next(b []byte, rows int) (h format.PageHeader, page, rest []byte, err error) {
	var p thrift.CompactProtocol
	r := p.NewReaderFromBytes(b)
	if err := thrift.NewDecoder(shortList{r, len(b)}).Decode(&h); err != nil {
		return h, nil, nil, fmt.Errorf("%w: %w", errPage, err)
	}
	b = b[r.BytesRead():]
	size, whole := int(h.CompressedPageSize), int(h.UncompressedPageSize)
	if size < 0 || size > len(b) || whole < 0 || whole > mostPage {
		return h, nil, nil, errPage
	}
	if crc32.ChecksumIEEE(b[:size]) != uint32(h.CRC) {
		return h, nil, nil, errors.New("the checksum of its page is wrong")
	}
	c.page, err = c.zstd.DecodeAll(b[:size], c.page[:0])
	if err != nil || len(c.page) != whole {
		return h, nil, nil, errors.Join(errPage, err)
	}
	return h, c.page, b[size:], nil
}

// data unpacks a data page: which rows have a value, with the length of that,
// and the values.
func (c *columnReader) data(i int, e format.Encoding, page []byte, rows int, out *read) (err error) {
	out.there, out.values = grow(out.there, rows), rows
	if columns[i].required {
		for k := range out.there {
			out.there[k] = true
		}
	} else if page, err = c.unpackLevels(page, out); err != nil {
		return err
	}
	if out.values > 0 && e != columns[i].encoding() {
		return errPage
	}
	if columns[i].wide() {
		return c.integers(page, rows, out)
	}
	out.codes = grow(out.codes, rows)
	clear(out.codes)
	switch {
	case out.values == 0:
		return nil
	case columns[i].sort == yesNo:
		return flags(page, out)
	}
	return c.codes(i, page, out)
}

// unpackLevels sets which rows have a value and returns what follows that.
func (c *columnReader) unpackLevels(page []byte, out *read) ([]byte, error) {
	if len(page) < 4 || uint64(binary.LittleEndian.Uint32(page)) > uint64(len(page)-4) {
		return nil, errPage
	}
	n := 4 + int(binary.LittleEndian.Uint32(page))
	levels, rows := page[4:n], len(out.there)
	if !bounded(levels, 1, rows) {
		return nil, errPage
	}
	var err error
	c.levels, err = (&rle.Encoding{BitWidth: 1}).DecodeLevels(c.levels, levels)
	if err != nil || len(c.levels) < rows {
		return nil, errors.Join(errPage, err)
	}
	out.values = 0
	for k, v := range c.levels[:rows] {
		out.there[k] = v == 1
		out.values += int(v & 1)
	}
	return page[n:], nil
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
func (c *columnReader) integers(page []byte, rows int, out *read) error {
	out.ints = grow(out.ints, rows)
	clear(out.ints)
	if out.values == 0 {
		return nil
	}
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
	if c.ints, err = (&delta.BinaryPackedEncoding{}).DecodeInt64(c.ints, page); err != nil || len(c.ints) != out.values {
		return errors.Join(errPage, err)
	}
	list := c.ints
	for k, t := range out.there {
		if t {
			out.ints[k], list = list[0], list[1:]
		}
	}
	return nil
}

// flags puts the values of yesNo, which are bits, to their rows.
func flags(page []byte, out *read) error {
	if 8*len(page) < out.values {
		return errPage
	}
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
	if len(page) == 0 || page[0] > 32 || !bounded(page[1:], int(page[0]), len(out.there)) {
		return errPage
	}
	if c.indices, err = (&rle.DictionaryEncoding{}).DecodeInt32(c.indices, page); err != nil || len(c.indices) < out.values {
		return errors.Join(errPage, err)
	}
	address := i == colSource || i == colDestination
	size := len(out.others)
	if address {
		size = len(out.addresses) - 1
	}
	list := c.indices
	for k, t := range out.there {
		if !t {
			continue
		}
		v := list[0]
		list = list[1:]
		switch {
		case v < 0 || int(v) >= size:
			return errPage
		case address:
			out.codes[k] = uint32(v) + 1
		default:
			out.codes[k] = out.others[v]
		}
	}
	return nil
}

// entries takes over the dictionary of a column.
func (c *columnReader) entries(i int, page []byte, out *read) error {
	if columns[i].sort != number {
		return plain.RangeByteArray(page, func(s []byte) error { return c.entry(i, s, out) })
	}
	if len(page)%4 != 0 {
		return errPage
	}
	for ; len(page) > 0; page = page[4:] {
		v := binary.LittleEndian.Uint32(page)
		if v > 0xffff {
			return fmt.Errorf("%d is no value of it", int32(v))
		}
		out.others = append(out.others, v)
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
