package parquet

import (
	"slices"

	pq "github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"
	"github.com/parquet-go/parquet-go/format"
)

// table is the root of the schema. Unlike those of pq.Group, its fields are in
// the order of columns.
type table struct{ pq.Group }

func newTable() table {
	t := table{pq.Group{}}
	for _, c := range columns {
		t.Group[c.name] = c.node()
	}
	return t
}

// Fields returns the columns in the order of the table.
func (t table) Fields() []pq.Field {
	places := make(map[string]int, columnCount)
	for i, c := range columns {
		places[c.name] = i
	}
	fields := t.Group.Fields()
	slices.SortFunc(fields, func(a, b pq.Field) int { return places[a.Name()] - places[b.Name()] })
	return fields
}

// node is the column in the schema. Texts and small numbers have a dictionary,
// times and counters are kept as differences.
func (c column) node() pq.Node {
	var n pq.Node
	switch c.sort {
	case text:
		n = pq.Encoded(pq.String(), &pq.RLEDictionary)
	case number:
		n = pq.Encoded(pq.Leaf(pq.Int32Type), &pq.RLEDictionary)
	case counter:
		n = pq.Encoded(pq.Leaf(pq.Int64Type), &pq.DeltaBinaryPacked)
	case instant:
		n = pq.Encoded(pq.Timestamp(pq.Microsecond), &pq.DeltaBinaryPacked)
	default:
		n = pq.Leaf(pq.BooleanType)
	}
	if c.required {
		return n
	}
	return pq.Optional(n)
}

// wide reports whether values are kept as 64 bits.
func (c column) wide() bool { return c.sort == counter || c.sort == instant }

// kind is the type of a column's values in the file.
func (c column) kind() format.Type {
	switch c.sort {
	case text:
		return format.ByteArray
	case number:
		return format.Int32
	case yesNo:
		return format.Boolean
	}
	return format.Int64
}

// pageBuffer is more than a column of a row group takes, so that each has one
// page. What is far longer, texts, is in dictionaries.
const pageBuffer = 16 << 20

// config is how files are written. Data pages are of version 1, which every
// engine reads. Least and greatest are kept where they cost little, of times
// and counters.
func config() (*pq.WriterConfig, error) {
	options := []pq.WriterOption{
		pq.NewSchema("flows", newTable()),
		pq.Compression(&zstd.Codec{Level: zstd.SpeedFastest}),
		pq.DataPageVersion(1),
		pq.PageBufferSize(pageBuffer),
		pq.SortingWriterConfig(pq.SortingColumns(
			pq.NullsFirst(pq.Ascending(columns[colFirst].name)),
			pq.NullsFirst(pq.Ascending(columns[colSource].name)),
			pq.NullsFirst(pq.Ascending(columns[colDestination].name)),
		)),
	}
	for _, c := range columns {
		if !c.wide() {
			options = append(options, pq.SkipPageBounds(c.name))
		}
	}
	return pq.NewWriterConfig(options...)
}
