package engine

import (
	"fmt"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"flowctl/collectors/flow"
)

// column is one of the table flows that is a part of a record.
type column interface {
	name() string
	kind() string // its type in ClickHouse
	buffer() buffer
	cell() cell
}

// buffer has the values of a column of rows that are sent together.
type buffer interface {
	add(r *flow.Record, names *texts)
	send(to driver.BatchColumn) error
}

// cell takes the value of a column of one row.
type cell interface {
	pointer() any
	put(r *flow.Record, names *texts)
}

// field is a column whose values are those of a member of a record.
type field[T any] struct {
	called, typed string
	at            func(r *flow.Record) *T
}

func (f field[T]) name() string   { return f.called }
func (f field[T]) kind() string   { return f.typed }
func (f field[T]) buffer() buffer { return &fieldBuffer[T]{at: f.at} }
func (f field[T]) cell() cell     { return &fieldCell[T]{at: f.at} }

type fieldBuffer[T any] struct {
	at  func(r *flow.Record) *T
	all []T
}

func (b *fieldBuffer[T]) add(r *flow.Record, _ *texts) { b.all = append(b.all, *b.at(r)) }

func (b *fieldBuffer[T]) send(to driver.BatchColumn) error {
	defer func() { b.all = b.all[:0] }()
	return to.Append(b.all)
}

type fieldCell[T any] struct {
	at func(r *flow.Record) *T
	v  T
}

func (c *fieldCell[T]) pointer() any                 { return &c.v }
func (c *fieldCell[T]) put(r *flow.Record, _ *texts) { *c.at(r) = c.v }

// converted is a column whose values are made of a record, and a part of it is made of
// them.
type converted[T any] struct {
	called, typed string
	get           func(r *flow.Record, names *texts) T
	set           func(r *flow.Record, names *texts, v T)
}

func (c converted[T]) name() string   { return c.called }
func (c converted[T]) kind() string   { return c.typed }
func (c converted[T]) buffer() buffer { return &convertedBuffer[T]{of: c} }
func (c converted[T]) cell() cell     { return &convertedCell[T]{of: c} }

type convertedBuffer[T any] struct {
	of  converted[T]
	all []T
}

func (b *convertedBuffer[T]) add(r *flow.Record, names *texts) {
	b.all = append(b.all, b.of.get(r, names))
}

func (b *convertedBuffer[T]) send(to driver.BatchColumn) error {
	defer func() { b.all = b.all[:0] }()
	return to.Append(b.all)
}

type convertedCell[T any] struct {
	of converted[T]
	v  T
}

func (c *convertedCell[T]) pointer() any { return &c.v }

func (c *convertedCell[T]) put(r *flow.Record, names *texts) { c.of.set(r, names, c.v) }

// text is a column of one of the texts that many records share.
func text(called string, at func(r *flow.Record) *flow.ID) column {
	return converted[string]{called, "LowCardinality(String)",
		func(r *flow.Record, names *texts) string { return names.text(*at(r)) },
		func(r *flow.Record, names *texts, v string) { *at(r) = names.id(v) }}
}

// enum is a column of enumerated values, the numbers of which are those of package flow.
func enum[T interface {
	~uint8
	String() string
}](called string, last T, at func(r *flow.Record) *T) column {
	var values []string
	for v := T(0); v <= last; v++ {
		values = append(values, fmt.Sprintf("'%s' = %d", v, v))
	}
	return converted[int8]{called, "Enum8(" + strings.Join(values, ", ") + ")",
		func(r *flow.Record, _ *texts) int8 { return int8(*at(r)) },
		func(r *flow.Record, _ *texts, v int8) { *at(r) = T(v) }}
}

// address is a column of addresses, IPv4 ones in their IPv4-mapped form; none is ::.
func address(called string, at func(r *flow.Record) *flow.Addr) column {
	return converted[[16]byte]{called, "IPv6",
		func(r *flow.Record, _ *texts) [16]byte { return bytesOf(*at(r)) },
		func(r *flow.Record, _ *texts, v [16]byte) { *at(r) = addrOf(&v) }}
}
