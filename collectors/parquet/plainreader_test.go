package parquet

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"strconv"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// This file reads Parquet as its specification has it, value by value and with no code of
// this package, so that what other readers see can be compared with what was written.

// nothing is the text of a null.
const nothing = "-"

// table is a file as it is: the cells of each column of each row group.
type plainTable struct {
	meta   format.FileMetaData
	groups []map[string][]string
}

// plainly reads a file.
func plainly(file []byte) (*plainTable, error) {
	if len(file) < 12 || string(file[:4]) != "PAR1" || string(file[len(file)-4:]) != "PAR1" {
		return nil, errors.New("it has no magic bytes at both ends")
	}
	n := int(binary.LittleEndian.Uint32(file[len(file)-8:]))
	t := &plainTable{}
	if err := thrift.Unmarshal(new(thrift.CompactProtocol), file[len(file)-8-n:len(file)-8], &t.meta); err != nil {
		return nil, err
	}
	kinds := map[string]format.SchemaElement{}
	for _, e := range t.meta.Schema[1:] {
		kinds[e.Name] = e
	}
	for _, g := range t.meta.RowGroups {
		cells := map[string][]string{}
		for i := range g.Columns {
			m := &g.Columns[i].MetaData
			list, err := chunkPlainly(file, m, kinds[m.PathInSchema[0]])
			if err != nil {
				return nil, fmt.Errorf("%s: %w", m.PathInSchema[0], err)
			}
			if int64(len(list)) != g.NumRows {
				return nil, fmt.Errorf("%s has %d cells of %d rows", m.PathInSchema[0], len(list), g.NumRows)
			}
			cells[m.PathInSchema[0]] = list
		}
		t.groups = append(t.groups, cells)
	}
	return t, nil
}

// chunkPlainly reads a column chunk, which has a dictionary page or none, and a data page.
func chunkPlainly(file []byte, m *format.ColumnMetaData, e format.SchemaElement) (cells []string, err error) {
	from := m.DataPageOffset
	if m.DictionaryPageOffset > 0 {
		from = m.DictionaryPageOffset
	}
	b := file[from : from+m.TotalCompressedSize]
	var dictionary []string
	for len(b) > 0 {
		var h format.PageHeader
		p := thrift.CompactProtocol{}
		r := p.NewReaderFromBytes(b)
		if err := thrift.NewDecoder(r).Decode(&h); err != nil {
			return nil, err
		}
		packed := b[r.BytesRead():][:h.CompressedPageSize]
		b = b[r.BytesRead()+int(h.CompressedPageSize):]
		if h.CRC != 0 && uint32(h.CRC) != crc32.ChecksumIEEE(packed) {
			return nil, errors.New("a page has another checksum")
		}
		z, err := zstd.NewReader(nil)
		if err != nil {
			return nil, err
		}
		data, err := z.DecodeAll(packed, nil)
		z.Close()
		if err != nil || len(data) != int(h.UncompressedPageSize) {
			return nil, fmt.Errorf("a page has %d bytes and states %d: %w", len(data), h.UncompressedPageSize, err)
		}
		if h.Type == format.DictionaryPage {
			if dictionary, err = valuesPlainly(data, int(h.DictionaryPageHeader.V.NumValues), m.Type); err != nil {
				return nil, err
			}
			continue
		}
		if cells, err = pagePlainly(data, h.DataPageHeader.V, m.Type, e, dictionary); err != nil {
			return nil, err
		}
	}
	return cells, nil
}

// valuesPlainly are values one behind the other.
func valuesPlainly(b []byte, n int, of format.Type) (list []string, err error) {
	for range n {
		switch of {
		case format.ByteArray:
			size := int(binary.LittleEndian.Uint32(b))
			list, b = append(list, strconv.Quote(string(b[4:4+size]))), b[4+size:]
		case format.Int32:
			list, b = append(list, fmt.Sprint(int32(binary.LittleEndian.Uint32(b)))), b[4:]
		default:
			return nil, fmt.Errorf("a dictionary of type %v", of)
		}
	}
	if len(b) > 0 {
		return nil, fmt.Errorf("%d bytes are left of a dictionary", len(b))
	}
	return list, nil
}

// pagePlainly are the cells of a data page.
func pagePlainly(b []byte, h format.DataPageHeader, of format.Type, e format.SchemaElement, dictionary []string) ([]string, error) {
	rows := int(h.NumValues)
	there := make([]uint64, rows)
	count := rows
	if e.RepetitionType.V == format.Optional {
		size := int(binary.LittleEndian.Uint32(b))
		there, b = hybridPlainly(b[4:4+size], 1, rows), b[4+size:]
		count = 0
		for _, v := range there {
			count += int(v)
		}
	} else {
		for i := range there {
			there[i] = 1
		}
	}
	var values []string
	switch {
	case count == 0:
	case of == format.Boolean:
		for i := range count {
			values = append(values, fmt.Sprint(b[i/8]>>(i%8)&1 == 1))
		}
	case h.Encoding == format.RLEDictionary:
		for _, slot := range hybridPlainly(b[1:], uint(b[0]), count) {
			values = append(values, dictionary[slot])
		}
	case h.Encoding == format.DeltaBinaryPacked:
		for _, v := range deltaPlainly(b) {
			values = append(values, fmt.Sprint(v))
		}
	default:
		return nil, fmt.Errorf("encoding %v", h.Encoding)
	}
	if len(values) != count {
		return nil, fmt.Errorf("%d values of %d", len(values), count)
	}
	cells := make([]string, rows)
	for i := range cells {
		cells[i] = nothing
		if there[i] == 1 {
			cells[i], values = values[0], values[1:]
		}
	}
	return cells, nil
}

// bitsPlainly is a number of so many bits, which begins at bit at.
func bitsPlainly(b []byte, at int, width uint) (v uint64) {
	for i := range width {
		v |= uint64(b[(at+int(i))/8]>>((at+int(i))%8)&1) << i
	}
	return v
}

// hybridPlainly reads runs of one value and of packed ones (RLE/bit-packing hybrid).
func hybridPlainly(b []byte, width uint, n int) (list []uint64) {
	for len(list) < n {
		head, used := binary.Uvarint(b)
		b = b[used:]
		if head&1 == 0 {
			size := int(width+7) / 8
			v := bitsPlainly(b, 0, width)
			for range head >> 1 {
				list = append(list, v)
			}
			b = b[size:]
			continue
		}
		for i := range int(head>>1) * 8 {
			if len(list) == n {
				break
			}
			list = append(list, bitsPlainly(b, i*int(width), width))
		}
		b = b[min(len(b), int(head>>1)*int(width)):]
	}
	return list[:n]
}

// deltaPlainly reads differences (DELTA_BINARY_PACKED).
func deltaPlainly(b []byte) (list []int64) {
	number := func() uint64 { v, n := binary.Uvarint(b); b = b[n:]; return v }
	signed := func() int64 { v, n := binary.Varint(b); b = b[n:]; return v }
	block, parts, total, last := int(number()), int(number()), int(number()), signed()
	list = append(list, last)
	for len(list) < total {
		least := signed()
		widths := bytes.Clone(b[:parts])
		b = b[parts:]
		for _, width := range widths {
			if len(list) >= total {
				break
			}
			for i := range block / parts {
				if len(list) < total {
					last += least + int64(bitsPlainly(b, i*int(width), uint(width)))
					list = append(list, last)
				}
			}
			b = b[block/parts*int(width)/8:]
		}
	}
	return list[:total]
}

// TestPlainReader wants the reader of the tests to read what the specification has as
// examples: runs, packed values and differences.
func TestPlainReader(t *testing.T) {
	// The numbers 0 to 7 of three bits, packed; then three times 4.
	packed := []byte{0b00000011, 0b10001000, 0b11000110, 0b11111010, 0b00000110, 4}
	if got := fmt.Sprint(hybridPlainly(packed, 3, 11)); got != "[0 1 2 3 4 5 6 7 4 4 4]" {
		t.Errorf("packed: %s", got)
	}
	// 1 to 5 as a header (blocks of 128 in 4 parts, 5 values, the first of which is 1), the
	// least difference 1 and no bits.
	differences := []byte{128, 1, 4, 5, 2, 2, 0, 0, 0, 0}
	if got := fmt.Sprint(deltaPlainly(differences)); got != "[1 2 3 4 5]" {
		t.Errorf("differences: %s", got)
	}
	// 7, 5, 3, 1, 2, 3, 4, 5: differences of -2 and 1 are 0 and 3 above the least, in two bits.
	more := []byte{128, 1, 4, 8, 14, 3, 2, 0, 0, 0, 0b11000000, 0b00111111, 0, 0, 0, 0, 0, 0}
	if got := fmt.Sprint(deltaPlainly(more)); got != "[7 5 3 1 2 3 4 5]" {
		t.Errorf("more differences: %s", got)
	}
	if _, err := plainly([]byte("PAR1 and no end")); err == nil {
		t.Error("what is no file is read")
	}
}
