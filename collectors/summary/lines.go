package summary

import (
	"encoding/binary"

	"flowctl/collectors/aggregate"
	"flowctl/collectors/table"
)

// lines finds the lines of an answer by their keys, which all have one width.
// Neither a line nor its key takes an allocation of its own.
type lines struct {
	width int // of keys
	wide  int // sums that a line has
	index table.Index
	keys  []byte
	sums  [][]group // of linesPart lines each, which never move
	n     int
}

const linesPart = 64

// len is how many lines there are.
func (l *lines) len() int { return l.n }

// at returns the sums of line n.
func (l *lines) at(n int) []group { return l.sums[n/linesPart][n%linesPart*l.wide:][:l.wide] }

// key returns the key of line n.
func (l *lines) key(n int) []byte { return l.keys[n*l.width : (n+1)*l.width] }

// of returns the number of the line with a key, which it adds if there is none.
func (l *lines) of(key []byte) int { return l.find(key, hashBytes(key)) }

// find is of with the key's hash, of which the lower half counts.
func (l *lines) find(key []byte, hash uint64) int {
	h := uint32(hash)
	l.index.Reserve(1)
	for n, at := l.index.First(h); n >= 0; n, at = l.index.Next(h, at) {
		if string(l.key(n)) == string(key) {
			return n
		}
	}
	l.index.Put(h, l.n)
	return l.add(key)
}

func (l *lines) add(key []byte) int {
	if l.n/linesPart == len(l.sums) {
		l.sums = append(l.sums, make([]group, linesPart*l.wide))
	}
	l.keys = append(l.keys, key...)
	l.n++
	begin(l.at(l.n - 1))
	return l.n - 1
}

// begin makes sums empty.
func begin(sums []group) {
	for i := range sums {
		sums[i] = newGroup()
	}
}

// mergeAll adds the sums of o.
func mergeAll(sums, o []group) {
	for i := range sums {
		sums[i].merge(&o[i])
	}
}

// warm loads what find will need for keys with these hashes, so that a batch
// waits for memory twice and not twice per line.
func (l *lines) warm(hashes []uint64) (sink uint64) {
	for _, h := range hashes {
		sink += uint64(l.index.Peek(uint32(h)))
	}
	for _, h := range hashes {
		if n := l.index.Peek(uint32(h)); n >= 0 {
			sum := l.at(n)
			sink += uint64(l.keys[n*l.width]) + sum[0].sent.Packets + uint64(sum[l.wide-1].last)
		}
	}
	return sink
}

// reset forgets all lines but keeps their memory.
func (l *lines) reset() {
	l.index.ResetFew(func(n int) uint32 { return uint32(hashBytes(l.key(n))) })
	l.keys, l.n = l.keys[:0], 0
}

// each calls f for every line.
func (l *lines) each(f func(key []byte, sums []group)) {
	for n := range l.n {
		f(l.key(n), l.at(n))
	}
}

// encode appends all lines to b.
func (l *lines) encode(b []byte) []byte {
	for n := range l.n {
		b = append(b, l.key(n)...)
		for i := range l.at(n) {
			b = l.at(n)[i].encode(b)
		}
	}
	return b
}

// decode adds the lines in b.
func (l *lines) decode(b []byte) {
	d := aggregate.Decoder{B: b}
	for len(d.B) > 0 {
		n := l.of(d.B[:l.width])
		d.B = d.B[l.width:]
		for i := range l.at(n) {
			v := decodeGroup(&d)
			l.at(n)[i].merge(&v)
		}
	}
}

func (v *group) encode(b []byte) []byte {
	b = binary.LittleEndian.AppendUint16(b, uint16(v.sent.Marks))
	b = binary.LittleEndian.AppendUint16(b, uint16(v.received.Marks))
	for _, n := range [...]uint64{
		v.sent.Packets, v.sent.IPBytes, v.sent.FrameBytes, v.received.Packets, v.received.IPBytes, v.received.FrameBytes,
		v.flows, v.denied, v.records,
	} {
		b = binary.AppendUvarint(b, n)
	}
	return binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(b, uint64(v.first)), uint64(v.last))
}

func decodeGroup(d *aggregate.Decoder) (v group) {
	v.sent.Marks, v.received.Marks = aggregate.Marks(d.Uint16()), aggregate.Marks(d.Uint16())
	for _, n := range [...]*uint64{
		&v.sent.Packets, &v.sent.IPBytes, &v.sent.FrameBytes, &v.received.Packets, &v.received.IPBytes, &v.received.FrameBytes,
		&v.flows, &v.denied, &v.records,
	} {
		*n = d.Uvarint()
	}
	v.first, v.last = int64(d.Uint64()), int64(d.Uint64())
	return v
}

// hashBytes is a hash of b, eight bytes at a time, of which the last ones may
// be among those before.
func hashBytes(b []byte) uint64 {
	h := aggregate.Seeds[0] ^ uint64(len(b))
	var last uint64
	if n := len(b); n >= 8 {
		last = binary.LittleEndian.Uint64(b[n-8:])
		for ; len(b) > 8; b = b[8:] {
			h = aggregate.Mix(h^binary.LittleEndian.Uint64(b), aggregate.Seeds[1])
		}
	} else {
		for i, c := range b {
			last |= uint64(c) << (8 * i)
		}
	}
	h = aggregate.Mix(h^last, aggregate.Seeds[2])
	return h ^ h>>32
}
