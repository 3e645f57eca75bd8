package parquet

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net/netip"

	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/encoding/plain"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"

	"flowctl/collectors/flow"
)

// errPage says that a page is not what a flowctl writes.
var errPage = errors.New("its page is damaged")

// read is a column of a row group. None of its slices may be written to:
// columns that are alike share them.
type read struct {
	there  []bool  // by row, whether it has a value
	values int     // rows that have one
	slots  []int32 // of those: of text and number its slot in the dictionary, of yesNo the value
	zero   bool    // all values of a yesNo are
	ints   []int64 // of those: of counter and instant

	addresses []flow.Addr // dictionary, after none
	others    []uint32    // dictionary of other texts and numbers

	// By row, once they are spread; of rows without a value 0.
	codes []uint32 // of an address its slot in addresses, of other texts and numbers the value
	wide  []int64

	own struct { // memory of the slices that are not shared
		there []bool
		slots []int32
		ints  []int64
		codes []uint32
		wide  []int64
	}
}

// mostSlots is how many entries a dictionary may have: as many as a row group
// has rows. A flowKey has room for them, and for the slot after the last.
const mostSlots = groupRows

// columnReader reads columns of row groups. It is for one goroutine.
type columnReader struct {
	r     io.ReaderAt
	tail  *tail
	names *flow.Names
	zstd  *zstd.Decoder

	raw, page, levels []byte // scratch
	spare             []byte
	alike             sharedSlices

	first struct { // of the first times
		bytes  []byte
		column *read
	}
}

// begin forgets the row group before.
func (c *columnReader) begin() { c.alike.last, c.first.bytes = nil, nil }

// read fills out with column i of row group g. Its dictionary comes first.
func (c *columnReader) read(g, i int, out *read) error {
	m, err := c.tail.chunk(g, i)
	if err != nil {
		return err
	}
	rows := int(m.NumValues)
	out.others, out.addresses = out.others[:0], append(out.addresses[:0], flow.Addr{})
	if m.Statistics.NullCount == m.NumValues && !columns[i].required {
		c.alike.none(out, rows)
		return nil // there is nothing to read
	}
	rest, err := c.load(m)
	if err != nil || i == colLast && c.again(rest, out) {
		return err
	}
	if i == colFirst {
		c.first.bytes, c.first.column = rest, out
		c.raw, c.spare = c.spare, c.raw // what is read next does not touch them
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

// again makes out the column of the first times if its bytes are the same, as
// they are where all rows are of one time each.
func (c *columnReader) again(b []byte, out *read) bool {
	if len(b) == 0 || !bytes.Equal(b, c.first.bytes) {
		return false
	}
	from := c.first.column
	out.there, out.values, out.ints = from.there, from.values, from.ints
	return true
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

// entries takes over the dictionary of a column.
func (c *columnReader) entries(i int, page []byte, out *read) error {
	if len(page) > 4*mostSlots && columns[i].sort == number {
		return errPage
	}
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
	if len(out.addresses)+len(out.others) > mostSlots {
		return errPage
	}
	switch i {
	case colSource, colDestination:
		a, ok := parse4(s)
		if !ok {
			long, err := netip.ParseAddr(string(s))
			if err != nil {
				return fmt.Errorf("%.50q is no address", s)
			}
			a = flow.AddrOf(long)
		}
		out.addresses = append(out.addresses, a)
	case colEncryption:
		out.others = append(out.others, uint32(c.names.Encryption(s)))
	case colDirection, colState, colTunnel, colClass:
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

// parse4 parses an IPv4 address as it is written; it leaves all else to others.
func parse4(s []byte) (flow.Addr, bool) {
	var all, octet uint32
	dots, digits := 0, 0
	for _, c := range s {
		switch {
		case c >= '0' && c <= '9' && digits < 3 && (digits == 0 || octet > 0):
			octet, digits = 10*octet+uint32(c-'0'), digits+1
		case c == '.' && digits > 0 && octet < 256:
			all, octet, digits, dots = all<<8|octet, 0, 0, dots+1
		default:
			return flow.Addr{}, false
		}
	}
	return flow.Addr4(all<<8 | octet), dots == 3 && digits > 0 && octet < 256
}

// grow returns s with length n; what it holds is of no use.
func grow[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n, n+n/8)
	}
	return s[:n]
}
