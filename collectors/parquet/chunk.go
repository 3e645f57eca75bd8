package parquet

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"math"

	"github.com/parquet-go/parquet-go/compress/zstd"
	"github.com/parquet-go/parquet-go/encoding/delta"
	"github.com/parquet-go/parquet-go/encoding/rle"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// chunkValues are the values of a column of a row group. They are first set in
// the order in which records came, then gathered in that of the file.
type chunkValues struct {
	codes []uint32 // of text, number and yesNo: number of the value, from 1 on; 0 for none
	raw   []int64  // of counter and instant: the value, or null

	rows    int
	there   []uint8 // by row: 1 if it has a value; empty if all have one or none has
	indices []int32 // of those rows that have one
	ints    []int64
}

// gather puts the values in the order of rows.
func (v *chunkValues) gather(c column, rows []place) {
	v.rows, v.there = len(rows), v.there[:0]
	if c.wide() {
		v.ints = grow(v.ints, len(rows))
		if !v.wholeInts(rows) {
			v.someInts(rows)
		}
		return
	}
	v.indices = grow(v.indices, len(rows))
	if !v.wholeIndices(rows) {
		v.someIndices(rows)
	}
}

// wholeInts gathers integers and reports whether every row has one.
func (v *chunkValues) wholeInts(rows []place) bool {
	missing := false
	for i, p := range rows {
		x := v.raw[p&rowMask]
		v.ints[i] = x
		missing = missing || x == null
	}
	return !missing
}

func (v *chunkValues) someInts(rows []place) {
	v.there = grow(v.there, len(rows))
	n := 0
	for i, p := range rows {
		x := v.raw[p&rowMask]
		v.ints[n] = x
		v.there[i] = 0
		if x != null {
			v.there[i] = 1
			n++
		}
	}
	v.ints = v.ints[:n]
}

// wholeIndices gathers numbers of values and reports whether every row has one.
func (v *chunkValues) wholeIndices(rows []place) bool {
	least := uint32(1)
	for i, p := range rows {
		x := v.codes[p&rowMask]
		v.indices[i] = int32(x) - 1
		least = min(least, x)
	}
	return least > 0
}

func (v *chunkValues) someIndices(rows []place) {
	v.there = grow(v.there, len(rows))
	n := 0
	for i, p := range rows {
		x := v.codes[p&rowMask]
		v.indices[n] = int32(x) - 1
		v.there[i] = 0
		if x != 0 {
			v.there[i] = 1
			n++
		}
	}
	v.indices = v.indices[:n]
}

// none leaves all rows without a value.
func (v *chunkValues) none(rows int) {
	v.rows, v.ints, v.indices, v.there = rows, v.ints[:0], v.indices[:0], v.there[:0]
}

// count is how many values there are.
func (v *chunkValues) count() int { return len(v.indices) + len(v.ints) }

// entries is a dictionary as it stands in its page.
type entries struct {
	plain  []byte
	size   int
	sorted bool
}

// appendText appends one text to a dictionary.
func (e *entries) appendText(s []byte) {
	e.plain = binary.LittleEndian.AppendUint32(e.plain, uint32(len(s)))
	e.plain = append(e.plain, s...)
	e.size++
}

func (e *entries) appendNumber(n uint32) {
	e.plain = binary.LittleEndian.AppendUint32(e.plain, n)
	e.size++
}

// chunk is a column of a row group as it stands in the file, and what the
// footer says of it.
type chunk struct {
	offset       int64 // of its first page, from the row group's begin
	dataOffset   int64 // of its data page
	dictionary   bool
	compressed   int64 // bytes with page headers
	uncompressed int64
	rows, nulls  int64
	least, most  int64 // of ints, if there is one
	bounded      bool
	encoding     format.Encoding
}

// pages writes the column chunks of a row group.
type pages struct {
	out   []byte
	page  []byte // scratch
	part  []byte
	small []byte
	zstd  zstd.Codec
	err   error
}

// add appends a column of so many rows.
func (p *pages) add(c column, rows int, v *chunkValues, e *entries) chunk {
	k := chunk{offset: int64(len(p.out)), rows: int64(rows), nulls: int64(rows - v.count()), encoding: c.encoding()}
	if v.count() == 0 {
		k.encoding = format.Plain
	}
	if k.encoding == format.RLEDictionary {
		k.dictionary = true
		k.uncompressed += p.write(e.plain, format.PageHeader{
			Type: format.DictionaryPage,
			DictionaryPageHeader: thrift.New(format.DictionaryPageHeader{
				NumValues: int32(e.size), Encoding: format.Plain, IsSorted: e.sorted,
			}),
		})
	}
	p.values(c, v, k.encoding)
	if c.wide() {
		k.bounds(v.ints)
	}
	k.dataOffset = int64(len(p.out))
	k.uncompressed += p.write(p.page, format.PageHeader{
		Type: format.DataPage,
		DataPageHeader: thrift.New(format.DataPageHeader{
			NumValues: int32(rows), Encoding: k.encoding,
			DefinitionLevelEncoding: format.RLE, RepetitionLevelEncoding: format.RLE,
			Statistics: format.Statistics{NullCount: k.nulls},
		}),
	})
	k.compressed = int64(len(p.out)) - k.offset
	return k
}

// values makes a data page (version 1): which rows have a value, with the
// length of that, and the values.
func (p *pages) values(c column, v *chunkValues, e format.Encoding) {
	var err error
	p.page = p.page[:0]
	if !c.required {
		err = p.levels(v)
		p.page = binary.LittleEndian.AppendUint32(p.page, uint32(len(p.part)))
		p.page = append(p.page, p.part...)
		p.err = errors.Join(p.err, err)
	}
	switch {
	case c.sort == yesNo:
		p.page = appendBits(p.page, v.indices)
		return
	case e == format.RLEDictionary:
		p.part, err = (&rle.DictionaryEncoding{}).EncodeInt32(p.part, v.indices)
	case e == format.DeltaBinaryPacked:
		p.part, err = (&delta.BinaryPackedEncoding{}).EncodeInt64(p.part, v.ints)
	default:
		return
	}
	p.page = append(p.page, p.part...)
	p.err = errors.Join(p.err, err)
}

// levels puts which rows have a value into p.part.
func (p *pages) levels(v *chunkValues) (err error) {
	if len(v.there) > 0 {
		p.part, err = (&rle.Encoding{BitWidth: 1}).EncodeLevels(p.part, v.there)
		return err
	}
	p.part = binary.AppendUvarint(p.part[:0], uint64(v.rows)<<1) // one run
	p.part = append(p.part, byte(min(v.count(), 1)))
	return nil
}

// appendBits appends values of 0 and 1 as bits.
func appendBits(b []byte, list []int32) []byte {
	for i, v := range list {
		if i%8 == 0 {
			b = append(b, 0)
		}
		b[len(b)-1] |= byte(v) << (i % 8)
	}
	return b
}

func (k *chunk) bounds(v []int64) {
	k.bounded, k.least, k.most = len(v) > 0, math.MaxInt64, math.MinInt64
	for _, x := range v {
		k.least, k.most = min(k.least, x), max(k.most, x)
	}
}

// again appends what is there of another column with the same values.
func (p *pages) again(k chunk) chunk {
	at := int64(len(p.out))
	p.out = append(p.out, p.out[k.offset:k.offset+k.compressed]...)
	k.dataOffset += at - k.offset
	k.offset = at
	return k
}

// write appends a page and returns how much it is uncompressed, with its
// header.
func (p *pages) write(data []byte, h format.PageHeader) int64 {
	var err error
	p.small, err = p.zstd.Encode(p.small, data)
	h.UncompressedPageSize, h.CompressedPageSize = int32(len(data)), int32(len(p.small))
	h.CRC = int32(crc32.ChecksumIEEE(p.small))
	head, err2 := thrift.Marshal(new(thrift.CompactProtocol), &h)
	p.err = errors.Join(p.err, err, err2)
	p.out = append(append(p.out, head...), p.small...)
	return int64(len(head) + len(data))
}
