package parquet

import (
	"encoding/binary"
	"errors"
)

// errThrift says that a structure is not what it should be.
var errThrift = errors.New("is no Thrift structure")

// parser reads structures in Thrift's compact protocol. After the first error
// all further reads give zeros.
type parser struct {
	b   []byte
	err error
}

func (p *parser) fail() {
	p.b = nil
	if p.err == nil {
		p.err = errThrift
	}
}

func (p *parser) byte() byte {
	if len(p.b) == 0 {
		p.fail()
		return 0
	}
	x := p.b[0]
	p.b = p.b[1:]
	return x
}

func (p *parser) unsigned() uint64 {
	v, n := binary.Uvarint(p.b)
	if n <= 0 {
		p.fail()
		return 0
	}
	p.b = p.b[n:]
	return v
}

func (p *parser) signed() int64 {
	v, n := binary.Varint(p.b)
	if n <= 0 {
		p.fail()
		return 0
	}
	p.b = p.b[n:]
	return v
}

// bytes returns a text, which is valid as long as what is parsed.
func (p *parser) bytes() []byte { return p.take(p.unsigned()) }

func (p *parser) take(n uint64) []byte {
	if n > uint64(len(p.b)) {
		p.fail()
		return nil
	}
	s := p.b[:n]
	p.b = p.b[n:]
	return s
}

// structure calls field for each field of a structure. What field does not
// read it hands to skip.
func (p *parser) structure(field func(n int, kind byte)) {
	n := 0
	for p.err == nil {
		head := p.byte()
		if head == 0 {
			return
		}
		if d := int(head >> 4); d > 0 {
			n += d
		} else {
			n = int(p.signed())
		}
		field(n, head&15)
	}
}

// list returns how many elements of which type come. A list cannot have more
// elements than there are bytes.
func (p *parser) list() (size int, kind byte) {
	head := p.byte()
	n := uint64(head >> 4)
	if n == 15 {
		n = p.unsigned()
	}
	if n > uint64(len(p.b)) {
		p.fail()
		return 0, 0
	}
	return int(n), head & 15
}

// each calls element for each element of a list of a type. Lists of another
// type are an error.
func (p *parser) each(kind byte, element func(i int)) {
	n, is := p.list()
	if n > 0 && is != kind {
		p.fail()
	}
	for i := 0; i < n && p.err == nil; i++ {
		element(i)
	}
}

// deepest is how deep structures may lie in others that are not read.
const deepest = 16

// skip passes over a value.
func (p *parser) skip(kind byte) { p.pass(kind, deepest) }

func (p *parser) pass(kind byte, depth int) {
	if depth == 0 {
		p.fail()
	}
	if p.err != nil {
		return
	}
	switch kind {
	case thriftTrue, thriftFalse:
	case thriftByte:
		p.byte()
	case thriftI16, thriftI32, thriftI64:
		p.signed()
	case thriftDouble:
		p.take(8)
	case thriftBinary:
		p.bytes()
	case thriftList, thriftSet:
		n, of := p.list()
		for ; n > 0 && p.err == nil; n-- {
			if of <= thriftFalse { // as an element, a truth value takes a byte
				of = thriftByte
			}
			p.pass(of, depth-1)
		}
	case thriftStruct:
		p.structure(func(_ int, k byte) { p.pass(k, depth-1) })
	default:
		p.fail()
	}
}

// expect passes over a value and fails if it is not of the wanted type.
func (p *parser) expect(kind, want byte) bool {
	if kind == want {
		return true
	}
	p.skip(kind)
	return false
}

// integer reads an integer field of any size.
func (p *parser) integer(kind byte) int64 {
	switch kind {
	case thriftI16, thriftI32, thriftI64:
		return p.signed()
	}
	p.fail()
	return 0
}
