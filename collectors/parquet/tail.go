package parquet

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
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
	rows   int64
	schema []string // names of the columns
	groups []groupAt
	pairs  map[string]string
}

// groupAt says where the columns of a row group are.
type groupAt struct {
	rows   int64
	chunks []chunkAt
}

// chunkAt says where a column chunk is.
type chunkAt struct {
	name       string
	kind       int64
	codec      int64
	values     int64
	compressed int64
	data       int64 // offset of the data page
	dictionary int64 // offset of the dictionary page; 0 for none
}

// readTail reads the footer of a file of size bytes.
func readTail(r io.ReaderAt, size int64) (*tail, error) {
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
	if _, err := r.ReadAt(b, size-int64(len(end))-n); err != nil {
		return nil, err
	}
	t, err := parseTail(b)
	if err != nil {
		return nil, fmt.Errorf("the footer is damaged: %w", err)
	}
	return t, nil
}

func parseTail(b []byte) (*tail, error) {
	p := parser{b: b}
	t := &tail{pairs: map[string]string{}}
	p.structure(func(n int, kind byte) {
		switch {
		case n == 2 && p.expect(kind, thriftList):
			p.each(thriftStruct, func(i int) {
				if name := p.schemaElement(); i > 0 {
					t.schema = append(t.schema, name)
				}
			})
		case n == 3:
			t.rows = p.integer(kind)
		case n == 4 && p.expect(kind, thriftList):
			p.each(thriftStruct, func(int) { t.groups = append(t.groups, p.rowGroup()) })
		case n == 5 && p.expect(kind, thriftList):
			p.each(thriftStruct, func(int) {
				k, v := p.pair()
				t.pairs[k] = v
			})
		case n != 2 && n != 4 && n != 5:
			p.skip(kind)
		}
	})
	return t, p.err
}

func (p *parser) schemaElement() (name string) {
	p.structure(func(n int, kind byte) {
		if n == 4 && kind == thriftBinary {
			name = string(p.bytes())
		} else {
			p.skip(kind)
		}
	})
	return name
}

func (p *parser) pair() (k, v string) {
	p.structure(func(n int, kind byte) {
		switch {
		case n == 1 && kind == thriftBinary:
			k = string(p.bytes())
		case n == 2 && kind == thriftBinary:
			v = string(p.bytes())
		default:
			p.skip(kind)
		}
	})
	return k, v
}

func (p *parser) rowGroup() (g groupAt) {
	p.structure(func(n int, kind byte) {
		switch {
		case n == 1 && kind == thriftList:
			p.each(thriftStruct, func(int) { g.chunks = append(g.chunks, p.columnChunk()) })
		case n == 3:
			g.rows = p.integer(kind)
		default:
			p.skip(kind)
		}
	})
	return g
}

func (p *parser) columnChunk() (c chunkAt) {
	p.structure(func(n int, kind byte) {
		if n == 3 && kind == thriftStruct {
			c = p.columnMeta()
		} else {
			p.skip(kind)
		}
	})
	return c
}

func (p *parser) columnMeta() (c chunkAt) {
	p.structure(func(n int, kind byte) {
		switch {
		case n == 3 && kind == thriftList:
			p.each(thriftBinary, func(int) { c.name = string(p.bytes()) })
		case n == 1:
			c.kind = p.integer(kind)
		case n == 4:
			c.codec = p.integer(kind)
		case n == 5:
			c.values = p.integer(kind)
		case n == 7:
			c.compressed = p.integer(kind)
		case n == 9:
			c.data = p.integer(kind)
		case n == 11:
			c.dictionary = p.integer(kind)
		default:
			p.skip(kind)
		}
	})
	return c
}

// ours checks that the file is one of flowctl's, of a form that is known.
func (t *tail) ours() error {
	format, ok := t.pairs[FormatKey]
	if !ok {
		return fmt.Errorf("%w: its metadata has no %s%s; read the logs or captures it was made from", ErrForeign, FormatKey, t.missing())
	}
	if format != Format {
		return fmt.Errorf("has the format %q of flows, this flowctl reads %q; use the flowctl that wrote it (%s) or a later one", format, Format, t.pairs[VersionKey])
	}
	if m := t.missing(); m != "" {
		return fmt.Errorf("%w%s", ErrForeign, m)
	}
	return nil
}

// missing names the columns that the schema does not have.
func (t *tail) missing() string {
	var names []string
	for _, c := range columns {
		if !slices.Contains(t.schema, c.name) {
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

// places returns where the columns of g are, in the order of columns.
func (g *groupAt) places() (out [columnCount]chunkAt, err error) {
	if g.rows < 1 || g.rows > mostRows {
		return out, fmt.Errorf("it states %d rows", g.rows)
	}
	for i, c := range columns {
		k := slices.IndexFunc(g.chunks, func(k chunkAt) bool { return k.name == c.name })
		if k < 0 {
			return out, fmt.Errorf("it has no column %s", c.name)
		}
		out[i] = g.chunks[k]
		if o := &out[i]; o.codec != zstdCodec || o.kind != c.physical() || o.values != g.rows || o.compressed < 0 || o.compressed > 2*mostPage {
			return out, fmt.Errorf("column %s has a type, compression or size that flowctl does not write", c.name)
		}
	}
	return out, nil
}
