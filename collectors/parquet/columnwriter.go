package parquet

import (
	"encoding/binary"
	"errors"
	"strings"

	"github.com/parquet-go/parquet-go/encoding/rle"

	"flowctl/collectors/flow"
)

// chunkValues are the values of a column of a row group, in the order of the
// file.
type chunkValues struct {
	rows       int
	levels     []byte  // which rows have a value, as the data page has it
	indices    []int32 // of text, number and yesNo: of those rows that have a value, its slot in the dictionary
	ints       []int64 // of counter and instant
	dictionary entries
}

// count is how many values there are.
func (v *chunkValues) count() int { return len(v.indices) + len(v.ints) }

// columnWriter makes columns of rows that were gathered. What it returns is
// valid until the next column.
type columnWriter struct {
	indices []int32
	ints    []int64
	there   []uint8
	plain   []byte
	slots   []uint32 // by number of traits or names
	small   smallNumbers
	numbers []uint16

	levels []byte // of a column
	shares []byte // levels that several columns have
	of     levelsOf
	err    error
}

// levelsOf is a bit of gathered.has that levels are of; noBit if they are of
// none.
type levelsOf int

const noBit levelsOf = -1

// column returns a column of the rows that were gathered.
func (p *part) column(i int) chunkValues {
	w, g := &p.columns, &p.gather
	if i >= colSourceNames {
		return w.called(i, &p.naming, p)
	}
	switch i {
	case colFirst:
		return w.wide(g, hasFirst, g.first)
	case colLast:
		return w.lasts(g)
	case colSource:
		return w.addresses(g, hasSrc, g.addresses[0], p.addresses[0])
	case colDestination:
		return w.addresses(g, hasDst, g.addresses[1], p.addresses[1])
	case colSourcePort:
		return w.ports(g, hasSrcPort, g.ports[0])
	case colDestinationPort:
		return w.ports(g, hasDstPort, g.ports[1])
	case colSentPackets:
		return w.side(g, hasPackets, 0, g.counters[0])
	case colSentIPBytes:
		return w.side(g, hasBytes, 0, g.counters[1])
	case colReceivedPackets:
		return w.side(g, hasPackets, 1, g.counters[2])
	case colReceivedIPBytes:
		return w.side(g, hasBytes, 1, g.counters[3])
	case colProtocol, colEtherType, colDirection, colState, colEncryption, colTunnel, colGuessed, colPoint, colTarget, colRule, colACL, colLog, colClass:
		values, slots := p.traits.column(i, w.slots)
		return w.shared(i, g.traits, values, slots, p.names)
	}
	return w.beside(i, g)
}

// wide is a column of 64 bits, of the rows that have a bit.
func (w *columnWriter) wide(g *gathered, at levelsOf, ints []int64) chunkValues {
	return chunkValues{rows: len(g.has), levels: w.levelsOf(g, at), ints: ints}
}

// side is a counter of one side, of the rows that have a bit and of which the side
// was measured.
func (w *columnWriter) side(g *gathered, at levelsOf, side int, ints []int64) chunkValues {
	lacks := g.lacks[side]
	if lacks == nil {
		return w.wide(g, at, ints)
	}
	w.there, w.ints = grow(w.there, len(g.has)), grow(w.ints, len(ints))
	n, k := 0, 0
	for i, b := range g.has {
		w.there[i] = 0
		if b>>at&1 == 0 {
			continue
		}
		if !lacks[g.traits[i]] {
			w.ints[n], w.there[i] = ints[k], 1
			n++
		}
		k++
	}
	return chunkValues{rows: len(g.has), levels: w.some(n), ints: w.ints[:n]}
}

// lasts are the last times.
func (w *columnWriter) lasts(g *gathered) chunkValues {
	w.there, w.ints = grow(w.there, len(g.last)), grow(w.ints, len(g.last))
	n := 0
	for i, t := range g.last {
		w.ints[n], w.there[i] = t, 0
		if t != null {
			w.there[i] = 1
			n++
		}
	}
	return chunkValues{rows: len(g.has), levels: w.some(n), ints: w.ints[:n]}
}

func (w *columnWriter) addresses(g *gathered, at levelsOf, slots []int32, a *addresses) chunkValues {
	return chunkValues{rows: len(g.has), levels: w.levelsOf(g, at), indices: slots, dictionary: a.entries()}
}

func (w *columnWriter) ports(g *gathered, at levelsOf, ports []uint16) chunkValues {
	v := w.smallColumn(ports)
	v.rows, v.levels = len(g.has), w.levelsOf(g, at)
	return v
}

// smallColumn are small numbers and their dictionary.
func (w *columnWriter) smallColumn(list []uint16) chunkValues {
	w.indices = grow(w.indices, len(list))
	w.small.slots(list, w.indices)
	var size int
	w.plain, size = w.small.append(w.plain[:0])
	return chunkValues{indices: w.indices, dictionary: entries{plain: w.plain, size: size, sorted: true}}
}

// levelsOf says which rows have a bit.
func (w *columnWriter) levelsOf(g *gathered, at levelsOf) []byte {
	if s := g.some[at]; s.all || !s.any {
		return w.run(len(g.has), s.any)
	}
	if at == hasBytes && g.alike {
		at = hasPackets
	}
	if w.of != at {
		w.there = grow(w.there, len(g.has))
		for i, b := range g.has {
			w.there[i] = b >> at & 1
		}
		w.shares, w.of = w.encode(w.shares), at
	}
	return w.shares
}

// run says that all rows have a value, or none.
func (w *columnWriter) run(rows int, there bool) []byte {
	w.levels = binary.AppendUvarint(w.levels[:0], uint64(rows)<<1)
	w.levels = append(w.levels, byte(bit(there)))
	return w.levels
}

// some says which rows have a value by w.there, which has n ones.
func (w *columnWriter) some(n int) []byte {
	if n == 0 || n == len(w.there) {
		return w.run(len(w.there), n > 0)
	}
	w.levels = w.encode(w.levels)
	return w.levels
}

// encode returns w.there as levels, in the memory of b.
func (w *columnWriter) encode(b []byte) []byte {
	b, err := (&rle.Encoding{BitWidth: 1}).EncodeLevels(b, w.there)
	w.err = errors.Join(w.err, err)
	return b
}

// called is a column of names.
func (w *columnWriter) called(i int, n *naming, p *part) chunkValues {
	if n.none {
		return chunkValues{rows: len(p.gather.has), levels: w.run(len(p.gather.has), false)}
	}
	values, slots := n.column(i, w.slots)
	return w.shared(i, n.numbers[(i-colSourceNames)/nameCount], values, slots, p.names)
}

// shared is a column of what many rows share: traits or names, whose numbers the
// rows have. Values are its dictionary, slots those in it by number.
func (w *columnWriter) shared(col int, numbers, values, slots []uint32, names *flow.Names) chunkValues {
	w.slots = slots
	v := chunkValues{rows: len(numbers), dictionary: w.entries(col, values, names)}
	none := false
	for _, n := range w.slots {
		none = none || n == 0
	}
	w.indices = grow(w.indices, len(numbers))
	switch {
	case len(values) == 0:
		w.indices, v.levels = w.indices[:0], w.run(v.rows, false)
	case none:
		v.levels = w.someShared(numbers)
	case len(values) == 1 && (col != colGuessed || values[0] == 0):
		clear(w.indices)
		v.levels = w.run(v.rows, true)
	default:
		w.everyShared(numbers, col, values)
		v.levels = w.run(v.rows, true)
	}
	v.indices = w.indices
	return v
}

// everyShared sets the slots in the dictionary, of yesNo the values.
func (w *columnWriter) everyShared(numbers []uint32, col int, values []uint32) {
	if col == colGuessed {
		for i, n := range w.slots {
			w.slots[i] = values[n-1] + 1
		}
	}
	indices := w.indices[:len(numbers)]
	for i, n := range numbers {
		indices[i] = int32(w.slots[n]) - 1
	}
}

// someShared sets the slots in the dictionary of those that have a value, and
// returns which those are.
func (w *columnWriter) someShared(numbers []uint32) []byte {
	w.there = grow(w.there, len(numbers))
	n := 0
	for i, t := range numbers {
		at := w.slots[t]
		w.indices[n] = int32(at) - 1
		w.there[i] = uint8(min(at, 1))
		n += int(min(at, 1))
	}
	w.indices = w.indices[:n]
	return w.some(n)
}

// entries is the dictionary of a column of traits.
func (w *columnWriter) entries(col int, values []uint32, names *flow.Names) entries {
	e := entries{plain: w.plain[:0]}
	for _, v := range values {
		switch {
		case columns[col].sort == number:
			e.appendNumber(v)
		case col == colEncryption:
			e.appendText([]byte(strings.ToValidUTF8(names.EncryptionText(flow.Encryption(v)), "\ufffd")))
		case col == colDirection || col == colState || col == colTunnel || col == colClass:
			e.appendText([]byte(enumText(col, uint16(v))))
		case columns[col].sort == text:
			e.appendText([]byte(strings.ToValidUTF8(names.Text(flow.ID(v)), "\ufffd")))
		}
	}
	w.plain = e.plain
	return e
}

// enumText is the text of an enumerated value.
func enumText(col int, v uint16) string {
	switch col {
	case colDirection:
		return flow.Direction(v).String()
	case colState:
		return flow.State(v).String()
	case colClass:
		return flow.Class(v).String()
	}
	return flow.Tunnel(v).String()
}
