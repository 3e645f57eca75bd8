package parquet

import (
	"encoding/binary"
	"hash/crc32"
	"math"

	"github.com/klauspost/compress/zstd"
)

// chunkValues are the values of a column of a row group. They are first set in
// the order in which records came, then gathered in that of the file.
type chunkValues struct {
	codes []uint32 // of text, number and yesNo: number of the value, from 1 on; 0 for none
	raw   []int64  // of counter and instant: the value, or null

	there   []bool   // by row
	indices []uint32 // of those rows that have a value
	ints    []int64
}

// gather puts the values in the order of rows.
func (v *chunkValues) gather(c column, rows []place) {
	v.there = grow(v.there, len(rows))
	n := 0
	if c.wide() {
		v.ints = grow(v.ints, len(rows))
		for i, p := range rows {
			x := v.raw[p&rowMask]
			v.ints[n] = x
			v.there[i] = x != null
			if x != null {
				n++
			}
		}
		v.ints = v.ints[:n]
		return
	}
	v.indices = grow(v.indices, len(rows))
	for i, p := range rows {
		x := v.codes[p&rowMask]
		v.indices[n] = x - 1
		v.there[i] = x != 0
		if x != 0 {
			n++
		}
	}
	v.indices = v.indices[:n]
}

// none leaves all rows without a value.
func (v *chunkValues) none() { v.ints, v.indices = v.ints[:0], v.indices[:0] }

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
	encoding     int64
}

// pages writes the column chunks of a row group.
type pages struct {
	out   []byte
	page  []byte // scratch
	small []byte
	zstd  *zstd.Encoder
}

// add appends a column of so many rows.
func (p *pages) add(c column, rows int, v *chunkValues, e *entries) chunk {
	k := chunk{offset: int64(len(p.out)), rows: int64(rows), nulls: int64(rows - v.count()), encoding: c.encoding()}
	if v.count() == 0 {
		k.encoding = plain
	}
	if k.encoding == rleDictionary {
		k.dictionary = true
		k.uncompressed += p.write(e.plain, func(t *thrift) {
			t.structure(7)
			t.i32(1, int64(e.size))
			t.i32(2, plain)
			t.boolean(3, e.sorted)
			t.close()
		}, 2)
	}
	p.page = p.page[:0]
	if !c.required {
		p.page = packLevels(p.page, v.there, v.count(), rows)
	}
	switch {
	case c.sort == yesNo:
		p.page = packBits(p.page, v.indices, 1)
	case k.encoding == rleDictionary:
		p.page = packIndices(p.page, v.indices, e.size)
	case k.encoding == deltaBinaryPacked:
		p.page = packDeltas(p.page, v.ints)
		k.bounds(v.ints)
	}
	k.dataOffset = int64(len(p.out))
	k.uncompressed += p.write(p.page, func(t *thrift) {
		t.structure(5)
		t.i32(1, k.rows)
		t.i32(2, k.encoding)
		t.i32(3, rle)
		t.i32(4, rle)
		t.close()
	}, 0)
	k.compressed = int64(len(p.out)) - k.offset
	return k
}

func (k *chunk) bounds(v []int64) {
	k.bounded, k.least, k.most = true, math.MaxInt64, math.MinInt64
	for _, x := range v {
		k.least, k.most = min(k.least, x), max(k.most, x)
	}
}

// write appends a page of a kind (parquet.thrift, PageType) and returns how
// much it is uncompressed, with its header.
func (p *pages) write(data []byte, header func(*thrift), kind int64) int64 {
	p.small = p.zstd.EncodeAll(data, p.small[:0])
	t := thrift{b: p.out}
	from := len(p.out)
	t.open()
	t.i32(1, kind)
	t.i32(2, int64(len(data)))
	t.i32(3, int64(len(p.small)))
	t.i32(4, int64(int32(crc32.ChecksumIEEE(p.small))))
	header(&t)
	t.close()
	size := len(t.b) - from + len(data)
	p.out = append(t.b, p.small...)
	return int64(size)
}
