package parquet

import "encoding/binary"

// The types of Thrift's compact protocol
// (https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md).
const (
	thriftTrue   = 1
	thriftFalse  = 2
	thriftByte   = 3
	thriftI16    = 4
	thriftI32    = 5
	thriftI64    = 6
	thriftDouble = 7
	thriftBinary = 8
	thriftList   = 9
	thriftSet    = 10
	thriftMap    = 11
	thriftStruct = 12
)

// thrift writes structures in Thrift's compact protocol.
type thrift struct {
	b    []byte
	last []int // number of the last field written, of each open structure
}

// open begins a structure as a list's element or at the top.
func (t *thrift) open() { t.last = append(t.last, 0) }

// close ends a structure.
func (t *thrift) close() {
	t.b = append(t.b, 0)
	t.last = t.last[:len(t.last)-1]
}

// field begins field n; numbers ascend within a structure by less than 16.
func (t *thrift) field(n int, kind byte) {
	last := &t.last[len(t.last)-1]
	t.b = append(t.b, byte(n-*last)<<4|kind)
	*last = n
}

func (t *thrift) i32(n int, v int64) { t.integer(n, thriftI32, v) }
func (t *thrift) i64(n int, v int64) { t.integer(n, thriftI64, v) }

func (t *thrift) integer(n int, kind byte, v int64) {
	t.field(n, kind)
	t.b = binary.AppendVarint(t.b, v)
}

func (t *thrift) boolean(n int, v bool) {
	if v {
		t.field(n, thriftTrue)
	} else {
		t.field(n, thriftFalse)
	}
}

func (t *thrift) text(n int, s string) {
	t.field(n, thriftBinary)
	t.element(s)
}

// element is a text within a list.
func (t *thrift) element(s string) {
	t.b = binary.AppendUvarint(t.b, uint64(len(s)))
	t.b = append(t.b, s...)
}

// structure begins a field that is a structure.
func (t *thrift) structure(n int) {
	t.field(n, thriftStruct)
	t.open()
}

// list begins a field that is a list of so many elements.
func (t *thrift) list(n int, kind byte, size int) {
	t.field(n, thriftList)
	if size < 15 {
		t.b = append(t.b, byte(size)<<4|kind)
		return
	}
	t.b = binary.AppendUvarint(append(t.b, 0xf0|kind), uint64(size))
}
