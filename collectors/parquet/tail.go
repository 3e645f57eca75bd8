package parquet

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// What a file may have at most, so that no file can fill the memory.
const (
	mostTail = 256 << 20 // bytes of the footer
	mostRows = groupRows // of a row group
	mostPage = 64 << 20  // bytes of a page
)

// ErrForeign says that a file is a Parquet file, but not one of flowctl's.
var ErrForeign = errors.New("is a Parquet file, but not one of flowctl's flows")

// tail is what the footer of a file says.
type tail struct {
	size   int64 // of the file
	meta   format.FileMetaData
	leaves [writtenCount]int // where the columns are among those of the file
	pairs  map[string]string
}

// readTail reads the footer of a file of size bytes and checks that it is one
// of flowctl's.
func readTail(r io.ReaderAt, size int64) (t *tail, err error) {
	b, err := tailBytes(r, size)
	if err != nil {
		return nil, err
	}
	t = &tail{size: size, pairs: map[string]string{}}
	if err := guard(func() error { return decode(b, &t.meta) }); err != nil {
		return nil, fmt.Errorf("the footer is damaged: %w", err)
	}
	for _, kv := range t.meta.KeyValueMetadata {
		t.pairs[kv.Key] = kv.Value
	}
	if err := t.ours(); err != nil {
		return nil, err
	}
	return t, nil
}

// tailBytes returns the metadata of a file.
func tailBytes(r io.ReaderAt, size int64) ([]byte, error) {
	var end [8]byte
	if size < int64(len(magic)+len(end)) {
		return nil, fmt.Errorf("the file has %d bytes and no footer: it was cut, or its writer was stopped", size)
	}
	if _, err := r.ReadAt(end[:], size-int64(len(end))); err != nil {
		return nil, err
	}
	if !bytes.Equal(end[4:], magic) {
		return nil, errors.New("the file does not end with a footer: it was cut, or its writer was stopped before the end; write it again")
	}
	n := int64(binary.LittleEndian.Uint32(end[:]))
	if n > mostTail || n > size-int64(len(magic)+len(end)) {
		return nil, fmt.Errorf("the footer is damaged: it states %d bytes of itself in a file of %d", n, size)
	}
	b := make([]byte, n)
	_, err := r.ReadAt(b, size-int64(len(end))-n)
	return b, err
}

// guard calls f. The library panics on some damaged files; that is an error.
func guard(f func() error) (err error) {
	defer func() {
		if why := recover(); why != nil {
			err = fmt.Errorf("its bytes make no sense: %v", why)
		}
	}()
	return f()
}

// shortList reads Thrift and refuses lists that state more elements than the
// bytes that are left can hold; the library would make room for them at once.
type shortList struct {
	thriftReader
	size int
}

// thriftReader has a name of its own, as thrift.Reader has a method Reader.
type thriftReader = thrift.Reader

// ReadList implements thrift.Reader.
func (s shortList) ReadList() (thrift.List, error) {
	l, err := s.thriftReader.ReadList()
	left := s.size - s.BytesRead()
	if l.Type == thrift.STRUCT {
		left /= 3 // none that is read is shorter
	}
	if err == nil && (l.Size < 0 || int(l.Size) > left) {
		err = fmt.Errorf("it states a list of %d", l.Size)
	}
	return l, err
}

// decode decodes a structure of the metadata.
func decode(b []byte, into any) error {
	var p thrift.CompactProtocol
	return thrift.NewDecoder(shortList{p.NewReaderFromBytes(b), len(b)}).Decode(into)
}

// ours checks that the file is one of flowctl's, of a form that is known.
func (t *tail) ours() error {
	format, ok := t.pairs[FormatKey]
	missing := t.find()
	if !ok {
		return fmt.Errorf("%w: its metadata has no %s%s; read the logs or captures it was made from", ErrForeign, FormatKey, missing)
	}
	if older(format) {
		return fmt.Errorf("has the format %q of flows, which lacks what this flowctl needs to count them once%s; summarize the logs or captures it was made from again, with --flows", format, missing)
	}
	if format != Format {
		return fmt.Errorf("has the format %q of flows, this flowctl reads %q; use the flowctl that wrote it (%s) or a later one", format, Format, t.pairs[VersionKey])
	}
	if missing != "" {
		return fmt.Errorf("%w%s", ErrForeign, missing)
	}
	return nil
}

// older reports whether a format is one of those before.
func older(format string) bool {
	was, err := strconv.Atoi(format)
	now, _ := strconv.Atoi(Format)
	return err == nil && was < now
}

// find finds the columns and names those that the schema does not have.
func (t *tail) find() (missing string) {
	var names []string
	for i, c := range readColumns {
		t.leaves[i] = slices.IndexFunc(t.meta.Schema, func(e format.SchemaElement) bool { return e.Name == c.name }) - 1
		if t.leaves[i] < 0 {
			names = append(names, c.name)
		}
	}
	const few = 5
	switch {
	case len(names) == 0:
		return ""
	case len(names) > few:
		return fmt.Sprintf(", and it has no column %s and %d more", strings.Join(names[:few], ", "), len(names)-few)
	}
	return ", and it has no column " + strings.Join(names, ", ")
}

// chunk returns where column i of row group g is, if it is as flowctl writes
// them.
func (t *tail) chunk(g, i int) (*format.ColumnMetaData, error) {
	rows, leaf := t.meta.RowGroups[g].NumRows, t.leaves[i]
	if rows < 1 || rows > mostRows {
		return nil, fmt.Errorf("it states %d rows", rows)
	}
	if leaf >= len(t.meta.RowGroups[g].Columns) {
		return nil, errors.New("it is not there")
	}
	m := &t.meta.RowGroups[g].Columns[leaf].MetaData
	if m.Codec != format.Zstd || m.Type != columns[i].physical() || m.NumValues != rows ||
		m.TotalCompressedSize < 0 || m.TotalCompressedSize > min(2*mostPage, t.size) ||
		len(m.PathInSchema) != 1 || m.PathInSchema[0] != columns[i].name {
		return nil, errors.New("it has a type, compression or size that flowctl does not write")
	}
	return m, nil
}
