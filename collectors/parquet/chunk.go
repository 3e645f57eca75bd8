package parquet

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"iter"
	"math"
	"math/bits"
	"slices"

	"github.com/parquet-go/parquet-go/compress/zstd"
	"github.com/parquet-go/parquet-go/encoding/delta"
	"github.com/parquet-go/parquet-go/encoding/rle"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

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
	out    []byte
	data   []byte // scratch: a data page
	part   []byte
	small  []byte
	zstd   zstd.Codec
	stored [writtenCount][2]uint8 // how many pages more are stored: of dictionaries, of data
	err    error
}

// Of pages that zstd makes smaller by less than one part of worth, so many
// follow that are stored.
const (
	worth       = 3
	pagesStored = 15
)

// add appends a column.
func (p *pages) add(col int, v chunkValues) chunk {
	c := columns[col]
	k := chunk{
		offset: int64(len(p.out)), rows: int64(v.rows), nulls: int64(v.rows - v.count()),
		encoding: c.encoding(),
	}
	if v.count() == 0 {
		k.encoding = format.Plain
	}
	if k.encoding == format.RLEDictionary {
		k.dictionary = true
		p.write(&k, &p.stored[col][0], v.dictionary.plain, format.PageHeader{
			Type: format.DictionaryPage,
			DictionaryPageHeader: thrift.New(format.DictionaryPageHeader{
				NumValues: int32(v.dictionary.size), Encoding: format.Plain, IsSorted: v.dictionary.sorted,
			}),
		})
	}
	p.values(c, &v, k.encoding)
	if c.wide() {
		k.bounds(v.ints)
	}
	k.dataOffset = int64(len(p.out))
	p.write(&k, &p.stored[col][1], p.data, format.PageHeader{
		Type: format.DataPage,
		DataPageHeader: thrift.New(format.DataPageHeader{
			NumValues: int32(v.rows), Encoding: k.encoding,
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
	p.data = p.data[:0]
	if !c.required {
		p.data = binary.LittleEndian.AppendUint32(p.data, uint32(len(v.levels)))
		p.data = append(p.data, v.levels...)
	}
	switch {
	case c.sort == yesNo:
		p.data = appendBits(p.data, v.indices)
		return
	case e == format.RLEDictionary:
		width := bits.Len(uint(v.dictionary.size - 1))
		p.data = append(p.data, byte(width))
		p.part, err = (&rle.Encoding{BitWidth: width}).EncodeInt32(p.part, v.indices)
	case e == format.DeltaBinaryPacked:
		p.part, err = (&delta.BinaryPackedEncoding{}).EncodeInt64(p.part, v.ints)
	default:
		return
	}
	p.data = append(p.data, p.part...)
	p.err = errors.Join(p.err, err)
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

// write appends a page of a chunk, compressed unless the last one like it
// hardly became smaller.
func (p *pages) write(k *chunk, stored *uint8, data []byte, h format.PageHeader) {
	if *stored > 0 {
		*stored--
		p.page(k, len(data), frame(data), h)
		return
	}
	var err error
	if p.small, err = p.zstd.Encode(p.small, data); len(p.small) > len(data)/worth*(worth-1) {
		*stored = pagesStored
	}
	p.err = errors.Join(p.err, err)
	p.page(k, len(data), slices.Values([][]byte{p.small}), h)
}

// page appends a page whose compressed bytes are those of parts.
func (p *pages) page(k *chunk, size int, parts iter.Seq[[]byte], h format.PageHeader) {
	sum, packed := uint32(0), 0
	for part := range parts {
		sum = crc32.Update(sum, crc32.IEEETable, part)
		packed += len(part)
	}
	h.UncompressedPageSize, h.CompressedPageSize, h.CRC = int32(size), int32(packed), int32(sum)
	head, err := thrift.Marshal(new(thrift.CompactProtocol), &h)
	p.err = errors.Join(p.err, err)
	p.out = append(slices.Grow(p.out, len(head)+packed), head...)
	for part := range parts {
		p.out = append(p.out, part...)
	}
	k.uncompressed += int64(len(head) + size)
}
