package parquet

import (
	"errors"
	"fmt"
	"io"
	"net/netip"

	"github.com/klauspost/compress/zstd"
	pq "github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding"
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
	rows   int
	values int // rows that have one

	addresses []flow.Addr // dictionary, after none
	others    []uint32    // dictionary of other texts and numbers
}

// columnReader reads columns of row groups. It is for one goroutine.
type columnReader struct {
	r     io.ReaderAt
	tail  *tail
	names *flow.Names
	raw   []byte // scratch
}

// read fills out with column i of row group g.
func (c *columnReader) read(g, i int, out *read) error {
	chunk, meta, err := c.tail.chunk(g, i)
	if err != nil {
		return err
	}
	rows := int(meta.NumValues)
	at, err := c.load(meta, rows)
	if err != nil {
		return err
	}
	pages := chunk.PagesFrom(at)
	defer pages.Close()
	out.reset(rows)
	for {
		page, err := pages.ReadPage()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		err = c.page(i, page, out)
		pq.Release(page)
		if err != nil {
			return err
		}
	}
	if out.rows != rows {
		return errPage
	}
	return nil
}

// chunkBytes are the bytes of a column chunk at their place in the file.
type chunkBytes struct {
	b    []byte
	from int64
}

// ReadAt implements io.ReaderAt.
func (c chunkBytes) ReadAt(p []byte, off int64) (int, error) {
	if off < c.from || off-c.from > int64(len(c.b)) {
		return 0, errPage
	}
	n := copy(p, c.b[off-c.from:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// load reads the bytes of a column chunk and checks the sizes that its pages
// state, for which the library would make room.
func (c *columnReader) load(m *format.ColumnMetaData, rows int) (at chunkBytes, err error) {
	from := m.DataPageOffset
	if m.DictionaryPageOffset > 0 && m.DictionaryPageOffset < from {
		from = m.DictionaryPageOffset
	}
	if from < int64(len(magic)) {
		return at, errPage
	}
	c.raw = grow(c.raw, int(m.TotalCompressedSize))
	if _, err := c.r.ReadAt(c.raw, from); err != nil {
		return at, fmt.Errorf("%w: %w", errPage, err)
	}
	for b := c.raw; len(b) > 0; {
		n, err := checkPage(b, rows)
		if err != nil {
			return at, err
		}
		b = b[n:]
	}
	return chunkBytes{c.raw, from}, nil
}

// mostUnsized is how long a page may be, packed or not, that does not state its
// size to zstd, too; encoders leave it out of those below 256 bytes.
const mostUnsized = 1 << 10

// checkPage checks the page at the front of b and returns its size.
func checkPage(b []byte, rows int) (size int, err error) {
	var h format.PageHeader
	var p thrift.CompactProtocol
	r := p.NewReaderFromBytes(b)
	if err := thrift.NewDecoder(shortList{r, len(b)}).Decode(&h); err != nil {
		return 0, fmt.Errorf("%w: %w", errPage, err)
	}
	head := r.BytesRead()
	packed, plain := int(h.CompressedPageSize), int(h.UncompressedPageSize)
	values := h.DataPageHeader.V.NumValues
	if h.Type == format.DictionaryPage {
		values = h.DictionaryPageHeader.V.NumValues
	}
	var frame zstd.Header
	switch {
	case h.Type != format.DataPage && h.Type != format.DictionaryPage,
		packed < 0 || packed > len(b)-head || plain < 0 || plain > mostPage,
		values < 0 || int(values) > rows,
		frame.Decode(b[head:head+packed]) != nil,
		frame.HasFCS && frame.FrameContentSize != uint64(plain),
		!frame.HasFCS && max(packed, plain) > mostUnsized:
		return 0, errPage
	}
	return head + packed, nil
}

func (r *read) reset(rows int) {
	r.there, r.rows, r.values = grow(r.there, rows), 0, 0
	r.others, r.addresses = r.others[:0], append(r.addresses[:0], flow.Addr{})
}

// page adds the rows of a page to a column.
func (c *columnReader) page(i int, page pq.Page, out *read) error {
	from, n := out.rows, int(page.NumValues())
	if n > len(out.there)-from {
		return errPage
	}
	out.rows += n
	there, values := out.there[from:out.rows], n
	if columns[i].required {
		for k := range there {
			there[k] = true
		}
	} else if values = levels(there, page.DefinitionLevels()); values < 0 {
		return errPage
	}
	out.values += values
	if columns[i].wide() {
		out.ints = grow(out.ints, len(out.there))
		return integers(out.ints[from:out.rows], there, values, page.Data())
	}
	out.codes = grow(out.codes, len(out.there))
	return c.codes(i, page, there, values, out.codes[from:out.rows], out)
}

// levels sets which rows are there and returns how many, or -1.
func levels(there []bool, levels []byte) (values int) {
	if len(levels) != len(there) {
		return -1
	}
	for k, v := range levels {
		there[k] = v == 1
		values += int(v)
	}
	return values
}

// integers puts the values of a page to their rows.
func integers(out []int64, there []bool, values int, data encoding.Values) error {
	var list []int64
	if values > 0 {
		if data.Kind() != encoding.Int64 || len(data.Int64()) < values {
			return errPage
		}
		list = data.Int64()
	}
	for k, t := range there {
		out[k] = 0
		if t {
			out[k], list = list[0], list[1:]
		}
	}
	return nil
}

// codes puts the values of text, number and yesNo to their rows.
func (c *columnReader) codes(i int, page pq.Page, there []bool, values int, codes []uint32, out *read) error {
	clear(codes)
	if values == 0 {
		return nil
	}
	data := page.Data()
	if columns[i].sort == yesNo {
		return flags(codes, there, values, data)
	}
	d := page.Dictionary()
	if d == nil || data.Kind() != encoding.Int32 || len(data.Int32()) < values {
		return errPage
	}
	if len(out.others) == 0 && len(out.addresses) == 1 {
		if err := c.entries(i, d, out); err != nil {
			return err
		}
	}
	if i == colSource || i == colDestination {
		return addressCodes(codes, there, data.Int32(), len(out.addresses))
	}
	return otherCodes(codes, there, data.Int32(), out.others)
}

func flags(codes []uint32, there []bool, values int, data encoding.Values) error {
	if data.Kind() != encoding.Boolean || 8*len(data.Boolean()) < values {
		return errPage
	}
	b, n := data.Boolean(), 0
	for k, t := range there {
		if t {
			codes[k] = uint32(b[n/8]>>(n%8)) & 1
			n++
		}
	}
	return nil
}

func addressCodes(codes []uint32, there []bool, list []int32, size int) error {
	for k, t := range there {
		if !t {
			continue
		}
		if uint(list[0]) >= uint(size-1) {
			return errPage
		}
		codes[k], list = uint32(list[0])+1, list[1:]
	}
	return nil
}

func otherCodes(codes []uint32, there []bool, list []int32, others []uint32) error {
	for k, t := range there {
		if !t {
			continue
		}
		if uint(list[0]) >= uint(len(others)) {
			return errPage
		}
		codes[k], list = others[list[0]], list[1:]
	}
	return nil
}

// entries takes over the dictionary of a column.
func (c *columnReader) entries(i int, d pq.Dictionary, out *read) error {
	data := d.Page().Data()
	if columns[i].sort == number {
		for _, v := range data.Int32() {
			if v < 0 || v > 0xffff {
				return fmt.Errorf("%d is no value of it", v)
			}
			out.others = append(out.others, uint32(v))
		}
		return nil
	}
	b, offsets := data.ByteArray()
	for k := range d.Len() {
		if err := c.entry(i, b[offsets[k]:offsets[k+1]], out); err != nil {
			return err
		}
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
