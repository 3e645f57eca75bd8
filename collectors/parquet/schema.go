package parquet

import (
	pq "github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// wide reports whether values are kept as 64 bits.
func (c column) wide() bool { return c.sort == counter || c.sort == instant }

// kind is what the values of a column are in the file and mean.
func (c column) kind() pq.Type {
	switch c.sort {
	case text:
		return pq.String().Type()
	case number:
		return pq.Int32Type
	case instant:
		return pq.Timestamp(pq.Microsecond).Type()
	case yesNo:
		return pq.BooleanType
	}
	return pq.Int64Type
}

// physical is the type of a column's values in the file.
func (c column) physical() format.Type { return *c.kind().PhysicalType() }

// encoding is that of the data page; of a column without any value it is
// plain. Texts and small numbers have a dictionary, times and counters are
// kept as differences.
func (c column) encoding() format.Encoding {
	switch c.sort {
	case text, number:
		return format.RLEDictionary
	case yesNo:
		return format.Plain
	}
	return format.DeltaBinaryPacked
}

// schema are the columns, below a root.
func schema() thrift.Slice[format.SchemaElement] {
	list := thrift.Slice[format.SchemaElement]{{Name: "flows", NumChildren: thrift.New[int32](columnCount)}}
	for _, c := range columns {
		kind := c.kind()
		e := format.SchemaElement{Name: c.name, Type: thrift.New(*kind.PhysicalType()), RepetitionType: thrift.New(format.Optional)}
		if c.required {
			e.RepetitionType.V = format.Required
		}
		if l := kind.LogicalType(); l != nil {
			e.LogicalType = *l
		}
		if old := kind.ConvertedType(); old != nil {
			e.ConvertedType = thrift.New(*old)
		}
		list = append(list, e)
	}
	return list
}
