package summary

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"slices"

	"flowctl/collectors/flow"
)

// hotRows is how many rows the tables of a run hold in memory together unless
// the user says otherwise. What is more goes to a temporary file, partition by
// partition, and comes back one partition at a time when the document is made:
// memory does not grow with the number of conversations.
const hotRows = 80 << 20 / bytesPerRow

// bytesPerRow is what a row takes, with its part of the index.
const bytesPerRow = 130

// minHotRows is what a table holds however small the budget.
const minHotRows = 50_000

// spill is a temporary file with rows that left a table, or lines that left an
// answer.
type spill struct {
	file    *os.File
	size    int64
	extents [partitions][]extent
	ids     []uint32 // numbers of contexts in the file → in the table; nil: the same
}

// extent is a part of a file.
type extent struct{ offset, length int64 }

func newSpill() (*spill, error) {
	f, err := os.CreateTemp("", "flowctl-rows-*")
	if err != nil {
		return nil, err
	}
	os.Remove(f.Name()) // where a system does not let go of open files, close does
	return &spill{file: f}, nil
}

func (s *spill) close() error {
	err := s.file.Close()
	if rm := os.Remove(s.file.Name()); rm != nil && !errors.Is(rm, os.ErrNotExist) {
		err = errors.Join(err, rm)
	}
	return err
}

// relieve moves the rows of partition i to a file. Without a file, memory has
// to do.
func (t *Table) relieve(i int) {
	p := &t.parts[i]
	t.buf = p.encode(t.buf[:0])
	if t.store.keep(i, t.buf) {
		t.store.used.Add(-int64(p.used()))
		p.reset(&t.free)
	}
}

// keep writes b to the table's own file, as a part of partition i.
func (s *store) keep(i int, b []byte) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.full {
		return false
	}
	f, err := s.ownSpill()
	s.full = err != nil || f.append(i, b) != nil
	return !s.full
}

// append writes b as a part of partition i.
func (s *spill) append(i int, b []byte) error {
	if _, err := s.file.WriteAt(b, s.size); err != nil {
		return err
	}
	s.extents[i] = append(s.extents[i], extent{s.size, int64(len(b))})
	s.size += int64(len(b))
	return nil
}

// each calls f for all that was written of partition i, in memory that buf
// keeps.
func (s *spill) each(i int, buf *[]byte, f func([]byte)) error {
	for _, e := range s.extents[i] {
		*buf = slices.Grow((*buf)[:0], int(e.length))[:e.length]
		if _, err := s.file.ReadAt(*buf, e.offset); err != nil {
			return fmt.Errorf("read rows back from %s: %w", s.file.Name(), err)
		}
		f(*buf)
	}
	return nil
}

// ownSpill returns a file with the table's own numbers of contexts.
func (s *store) ownSpill() (*spill, error) {
	for _, f := range s.spills {
		if f.ids == nil {
			return f, nil
		}
	}
	f, err := newSpill()
	if err != nil {
		return nil, err
	}
	s.spills = append(s.spills, f)
	return f, nil
}

// restore brings the rows of partition i back.
func (s *spill) restore(i int, p *partition, free *pool, buf *[]byte) error {
	return s.each(i, buf, func(b []byte) { p.decode(b, s.ids, free) })
}

// renumber says that the contexts of s have new numbers.
func (s *spill) renumber(ids []uint32) {
	if s.ids == nil {
		s.ids = ids
		return
	}
	for i, id := range s.ids {
		s.ids[i] = ids[id]
	}
}

// reset empties p but keeps its memory.
func (p *partition) reset(free *pool) {
	free.put(&p.rows)
	clear(p.index)
	clear(p.ports.slots)
	p.ports.n = 0
}

// What follows the first byte of a stored row.
const (
	storedIPv4 = 1 << iota
	storedCounts
	storedFrames
)

// encode appends all rows, each with its source ports.
func (p *partition) encode(b []byte) []byte {
	ports := make([]uint64, 0, p.ports.n)
	for _, v := range p.ports.slots {
		if v != 0 {
			ports = append(ports, v-1)
		}
	}
	slices.Sort(ports)
	for i := range p.rows.n {
		n := 0
		for n < len(ports) && ports[n]>>16 == uint64(i) {
			n++
		}
		b = appendRow(b, p.rows.at(i), p.rows.frames(i), ports[:n])
		ports = ports[n:]
	}
	return b
}

func appendRow(b []byte, r *row, f frameBytes, ports []uint64) []byte {
	flags := byte(0)
	if r.src.Is4() && r.dst.Is4() {
		flags |= storedIPv4
	}
	if r.sent != (wire{}) || r.received != (wire{}) {
		flags |= storedCounts
	}
	if f != (frameBytes{}) {
		flags |= storedFrames
	}
	le := binary.LittleEndian
	b = append(b, flags, r.proto, byte(r.marks))
	b = le.AppendUint16(b, r.port)
	b = le.AppendUint16(b, r.srcPort)
	b = binary.AppendUvarint(b, uint64(r.context))
	if flags&storedIPv4 != 0 {
		b = le.AppendUint32(le.AppendUint32(b, uint32(r.src.Lo)), uint32(r.dst.Lo))
	} else {
		b = le.AppendUint64(le.AppendUint64(b, r.src.Hi), r.src.Lo)
		b = le.AppendUint64(le.AppendUint64(b, r.dst.Hi), r.dst.Lo)
	}
	b = le.AppendUint64(le.AppendUint64(b, uint64(r.first)), uint64(r.last))
	b = binary.AppendUvarint(binary.AppendUvarint(b, uint64(r.records)), uint64(r.begins))
	if flags&storedCounts != 0 {
		for _, n := range [...]uint64{r.sent.packets, r.sent.ipBytes, r.received.packets, r.received.ipBytes} {
			b = binary.AppendUvarint(b, n)
		}
	}
	if flags&storedFrames != 0 {
		b = binary.AppendUvarint(binary.AppendUvarint(b, f.sent), f.received)
	}
	b = binary.AppendUvarint(b, uint64(len(ports)))
	for _, p := range ports {
		b = le.AppendUint16(b, uint16(p))
	}
	return b
}

// decode adds the rows in b, whose contexts have the numbers ids here.
func (p *partition) decode(b []byte, ids []uint32, free *pool) {
	d := decoder{b}
	for len(d.b) > 0 {
		r, f := d.row()
		if ids != nil {
			r.context = ids[r.context]
		}
		n := p.take(&r, f, free)
		for range d.uvarint() {
			p.addFlow(n, d.uint16())
		}
	}
}

// decoder reads what appendRow wrote.
type decoder struct{ b []byte }

// row reads a row up to its ports.
func (d *decoder) row() (r row, f frameBytes) {
	flags := d.byte()
	r.proto, r.marks = d.byte(), marks(d.byte())
	r.port, r.srcPort = d.uint16(), d.uint16()
	r.context = uint32(d.uvarint())
	if flags&storedIPv4 != 0 {
		r.src, r.dst = flow.Addr4(d.uint32()), flow.Addr4(d.uint32())
	} else {
		r.src = flow.Addr{Hi: d.uint64(), Lo: d.uint64()}
		r.dst = flow.Addr{Hi: d.uint64(), Lo: d.uint64()}
	}
	r.first, r.last = int64(d.uint64()), int64(d.uint64())
	r.records, r.begins = uint32(d.uvarint()), uint32(d.uvarint())
	if flags&storedCounts != 0 {
		r.sent = wire{d.uvarint(), d.uvarint()}
		r.received = wire{d.uvarint(), d.uvarint()}
	}
	if flags&storedFrames != 0 {
		f = frameBytes{d.uvarint(), d.uvarint()}
	}
	return r, f
}

func (d *decoder) byte() byte {
	v := d.b[0]
	d.b = d.b[1:]
	return v
}

func (d *decoder) uint16() uint16 {
	v := binary.LittleEndian.Uint16(d.b)
	d.b = d.b[2:]
	return v
}

func (d *decoder) uint32() uint32 {
	v := binary.LittleEndian.Uint32(d.b)
	d.b = d.b[4:]
	return v
}

func (d *decoder) uint64() uint64 {
	v := binary.LittleEndian.Uint64(d.b)
	d.b = d.b[8:]
	return v
}

func (d *decoder) uvarint() uint64 {
	v, n := binary.Uvarint(d.b)
	d.b = d.b[n:]
	return v
}
