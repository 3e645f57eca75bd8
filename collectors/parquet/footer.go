package parquet

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// footer returns the end of the file: its metadata, their length and the
// magic.
func (p *Writer) footer(m Meta) ([]byte, error) {
	pairs, err := m.Pairs()
	if err != nil {
		return nil, err
	}
	meta := format.FileMetaData{
		Version:   2, // DELTA_BINARY_PACKED and RLE_DICTIONARY came with it
		Schema:    schema(),
		NumRows:   p.rows,
		RowGroups: append(thrift.Slice[format.RowGroup]{}, p.groups...),
		CreatedBy: "flowctl " + m.Version,
	}
	for _, k := range slices.Sorted(maps.Keys(pairs)) {
		meta.KeyValueMetadata = append(meta.KeyValueMetadata, format.KeyValue{Key: k, Value: pairs[k]})
	}
	for range columns { // least and most are in the order of the column's type
		meta.ColumnOrders = append(meta.ColumnOrders, format.ColumnOrder{Value: &format.TypeDefinedOrder{}})
	}
	b, err := thrift.Marshal(new(thrift.CompactProtocol), &meta)
	if err != nil {
		return nil, err
	}
	if len(b) > p.most {
		return nil, fmt.Errorf("the footer of the file of flows has %d bytes, and of more than %d nobody would read it: write fewer flows, or names of fewer hosts and networks, into one file", len(b), p.most)
	}
	b = binary.LittleEndian.AppendUint32(b, uint32(len(b)))
	return append(b, magic...), nil
}

// describe says of a row group that begins at offset where it is.
func (g *group) describe(offset int64) format.RowGroup {
	out := format.RowGroup{NumRows: int64(g.rows), FileOffset: offset}
	for i := range g.chunks {
		c := g.chunks[i].describe(columns[i], offset)
		out.TotalByteSize += c.MetaData.TotalUncompressedSize
		out.TotalCompressedSize += c.MetaData.TotalCompressedSize
		out.Columns = append(out.Columns, c)
	}
	for _, i := range sorted {
		out.SortingColumns = append(out.SortingColumns, format.SortingColumn{ColumnIdx: int32(i), NullsFirst: true})
	}
	return out
}

// describe says where a column of a row group that begins at offset is.
func (k *chunk) describe(c column, offset int64) format.ColumnChunk {
	m := format.ColumnMetaData{
		Type:                  c.physical(),
		Encoding:              thrift.Slice[format.Encoding]{format.RLE, k.encoding}, // RLE: of the levels
		PathInSchema:          thrift.Slice[string]{c.name},
		Codec:                 format.Zstd,
		NumValues:             k.rows,
		TotalUncompressedSize: k.uncompressed,
		TotalCompressedSize:   k.compressed,
		DataPageOffset:        offset + k.dataOffset,
		Statistics:            format.Statistics{NullCount: k.nulls},
	}
	if k.dictionary {
		m.DictionaryPageOffset = offset + k.offset
	}
	if k.bounded {
		m.Statistics.MaxValue = binary.LittleEndian.AppendUint64(nil, uint64(k.most))
		m.Statistics.MinValue = binary.LittleEndian.AppendUint64(nil, uint64(k.least))
	}
	return format.ColumnChunk{MetaData: m}
}
