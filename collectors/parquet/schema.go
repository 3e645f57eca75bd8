package parquet

import (
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// wide reports whether values are kept as 64 bits.
func (c column) wide() bool { return c.sort == counter || c.sort == instant }

// physical is the type of a column's values in the file.
func (c column) physical() format.Type {
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
	list := thrift.Slice[format.SchemaElement]{{Name: "flows", NumChildren: thrift.New[int32](writtenCount)}}
	for _, c := range columns {
		e := format.SchemaElement{Name: c.name, Type: thrift.New(c.physical()), RepetitionType: thrift.New(format.Optional)}
		if c.required {
			e.RepetitionType.V = format.Required
		}
		c.meaning(&e)
		list = append(list, e)
	}
	return list
}

// meaning sets what the values of a column stand for, in the old form and the
// new.
func (c column) meaning(e *format.SchemaElement) {
	switch c.sort {
	case text:
		e.ConvertedType = thrift.New(deprecated.UTF8)
		e.LogicalType.Value = &format.StringType{}
	case instant:
		e.ConvertedType = thrift.New(deprecated.TimestampMicros)
		e.LogicalType.Value = &format.TimestampType{IsAdjustedToUTC: true, Unit: format.TimeUnit{Value: &format.MicroSeconds{}}}
	}
}
