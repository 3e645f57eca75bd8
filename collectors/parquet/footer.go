package parquet

import (
	"encoding/binary"
	"maps"
	"slices"
)

// footer returns the end of the file: FileMetaData, its length and the magic.
func (p *Writer) footer(m Meta) ([]byte, error) {
	pairs, err := m.pairs()
	if err != nil {
		return nil, err
	}
	var t thrift
	t.open()
	t.i32(1, 2) // DELTA_BINARY_PACKED and RLE_DICTIONARY came with version 2
	schema(&t)
	t.i64(3, p.rows)
	t.list(4, thriftStruct, len(p.group))
	for i := range p.group {
		p.group[i].write(&t)
	}
	t.list(5, thriftStruct, len(pairs))
	for _, k := range slices.Sorted(maps.Keys(pairs)) {
		t.open()
		t.text(1, k)
		t.text(2, pairs[k])
		t.close()
	}
	t.text(6, "flowctl "+m.Version)
	t.list(7, thriftStruct, columnCount)
	for range columns {
		t.open()
		t.structure(1) // least and most are in the order of the column's type
		t.close()
		t.close()
	}
	t.close()
	b := binary.LittleEndian.AppendUint32(t.b, uint32(len(t.b)))
	return append(b, magic...), nil
}

// schema writes the columns, below a root.
func schema(t *thrift) {
	t.list(2, thriftStruct, columnCount+1)
	t.open()
	t.text(4, "flows")
	t.i32(5, columnCount)
	t.close()
	for _, c := range columns {
		t.open()
		t.i32(1, c.physical())
		if c.required {
			t.i32(3, 0)
		} else {
			t.i32(3, 1)
		}
		t.text(4, c.name)
		c.meaning(t)
		t.close()
	}
}

// meaning writes what the values of a column stand for, in the old form
// (ConvertedType) and the new (LogicalType).
func (c column) meaning(t *thrift) {
	switch c.sort {
	case text:
		t.i32(6, 0) // UTF8
		t.structure(10)
		t.structure(1)
		t.close()
		t.close()
	case instant:
		t.i32(6, 10) // TIMESTAMP_MICROS
		t.structure(10)
		t.structure(8)
		t.boolean(1, true) // UTC
		t.structure(2)
		t.structure(2) // microseconds
		t.close()
		t.close()
		t.close()
		t.close()
	}
}

// write writes a RowGroup.
func (g *placedGroup) write(t *thrift) {
	var size, compressed int64
	for i := range g.chunks {
		size += g.chunks[i].uncompressed
		compressed += g.chunks[i].compressed
	}
	t.open()
	t.list(1, thriftStruct, columnCount)
	for i := range g.chunks {
		g.chunks[i].write(t, columns[i], g.offset)
	}
	t.i64(2, size)
	t.i64(3, int64(g.rows))
	t.list(4, thriftStruct, len(sorted))
	for _, i := range sorted {
		t.open()
		t.i32(1, int64(i))
		t.boolean(2, false)
		t.boolean(3, true)
		t.close()
	}
	t.i64(5, g.offset)
	t.i64(6, compressed)
	t.close()
}

// write writes a ColumnChunk of a row group that begins at offset.
func (k *chunk) write(t *thrift, c column, offset int64) {
	t.open()
	t.i64(2, 0)
	t.structure(3)
	t.i32(1, c.physical())
	t.list(2, thriftI32, 2)
	t.b = binary.AppendVarint(t.b, rle) // of the levels
	t.b = binary.AppendVarint(t.b, k.encoding)
	t.list(3, thriftBinary, 1)
	t.element(c.name)
	t.i32(4, zstdCodec)
	t.i64(5, k.rows)
	t.i64(6, k.uncompressed)
	t.i64(7, k.compressed)
	t.i64(9, offset+k.dataOffset)
	if k.dictionary {
		t.i64(11, offset+k.offset)
	}
	t.structure(12)
	t.i64(3, k.nulls)
	if k.bounded {
		t.text(5, string(binary.LittleEndian.AppendUint64(nil, uint64(k.most))))
		t.text(6, string(binary.LittleEndian.AppendUint64(nil, uint64(k.least))))
	}
	t.close()
	t.close()
	t.close()
}
