package aggregate

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
const defaultRows = 80 << 20 / BytesPerRow

// bytesPerRow is what a row takes, with its part of the index.
const BytesPerRow = 136

// minHotRows is what a table holds however small the budget.
const MinRows = 50_000

// Spill is a temporary file with rows that left a table, or lines that left an
// answer.
type Spill struct {
	File    *os.File
	Size    int64
	extents [][]Extent // by partition
	ids     []uint32   // numbers of contexts in the file → in the table; nil: the same
}

// Extent is a part of a file.
type Extent struct{ Offset, Length int64 }

// NewSpill makes a temporary file.
func NewSpill() (*Spill, error) {
	f, err := os.CreateTemp("", "flowctl-rows-*")
	if err != nil {
		return nil, err
	}
	os.Remove(f.Name()) // where a system does not let go of open files, close does
	return &Spill{File: f}, nil
}

// Close removes the file.
func (s *Spill) Close() error {
	err := s.File.Close()
	if rm := os.Remove(s.File.Name()); rm != nil && !errors.Is(rm, os.ErrNotExist) {
		err = errors.Join(err, rm)
	}
	return err
}

// relieve moves the rows of partition i to a file. Without a file, memory has
// to do.
func (t *Table) relieve(i int) {
	p := &t.Parts[i]
	if t.store.keep(i, p, &t.buf) {
		t.store.Used.Add(-int64(p.Rows.N))
		p.Reset(&t.Free)
	}
}

// extentBytes is how much is written and read at once, about.
const extentBytes = 1 << 20

// keep writes the rows of partition i to the table's own file: all of them, or
// none.
func (s *store) keep(i int, p *Partition, buf *[]byte) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.full || p.Rows.N == 0 {
		return !s.full
	}
	f, err := s.ownSpill()
	if err != nil {
		s.full = true
		return false
	}
	before := f.extentsOf(i)
	b := (*buf)[:0]
	for n := range p.Rows.N {
		b = AppendRow(b, p.Rows.At(n), p.Rows.Frames(n))
		if len(b) < extentBytes && n < p.Rows.N-1 {
			continue
		}
		if f.Append(i, b) != nil {
			f.extents[i], s.full = before, true
			return false
		}
		b = b[:0]
	}
	*buf = b
	return true
}

// extentsOf makes room for extents of partition i and returns those there are.
func (s *Spill) extentsOf(i int) []Extent {
	for len(s.extents) <= i {
		s.extents = append(s.extents, nil)
	}
	return s.extents[i]
}

// Append writes b as a part of partition i.
func (s *Spill) Append(i int, b []byte) error {
	if _, err := s.File.WriteAt(b, s.Size); err != nil {
		return err
	}
	list := s.extentsOf(i)
	s.extents[i] = append(list, Extent{s.Size, int64(len(b))})
	s.Size += int64(len(b))
	return nil
}

// Each calls f for all that was written of partition i, in memory that buf
// keeps.
func (s *Spill) Each(i int, buf *[]byte, f func([]byte)) error {
	if i >= len(s.extents) {
		return nil
	}
	for _, e := range s.extents[i] {
		*buf = slices.Grow((*buf)[:0], int(e.Length))[:e.Length]
		if _, err := s.File.ReadAt(*buf, e.Offset); err != nil {
			return fmt.Errorf("read rows back from %s: %w", s.File.Name(), err)
		}
		f(*buf)
	}
	return nil
}

// ownSpill returns a file with the table's own numbers of contexts.
func (s *store) ownSpill() (*Spill, error) {
	for _, f := range s.Spills {
		if f.ids == nil {
			return f, nil
		}
	}
	f, err := NewSpill()
	if err != nil {
		return nil, err
	}
	s.Spills = append(s.Spills, f)
	return f, nil
}

// length is how many bytes were written of partition i.
func (s *Spill) length(i int) (n int64) {
	if i < len(s.extents) {
		for _, e := range s.extents[i] {
			n += e.Length
		}
	}
	return n
}

// renumber says that the contexts of s have new numbers.
func (s *Spill) renumber(ids []uint32) {
	if s.ids == nil {
		s.ids = ids
		return
	}
	for i, id := range s.ids {
		s.ids[i] = ids[id]
	}
}

// Reset empties p but keeps its memory.
func (p *Partition) Reset(free *Pool) {
	free.Put(&p.Rows)
	p.index.Reset()
}

// What follows the first byte of a stored row.
const (
	storedIPv4 = 1 << iota
	storedCounts
	storedFrames
)

// AppendRow appends a row.
func AppendRow(b []byte, r *Row, f FrameBytes) []byte {
	flags := byte(0)
	if r.Src.Is4() && r.Dst.Is4() {
		flags |= storedIPv4
	}
	if r.Sent != (Wire{}) || r.Received != (Wire{}) {
		flags |= storedCounts
	}
	if f != (FrameBytes{}) {
		flags |= storedFrames
	}
	le := binary.LittleEndian
	b = append(b, flags, r.Proto)
	b = le.AppendUint16(b, uint16(r.Marks))
	b = le.AppendUint16(b, r.Port)
	b = le.AppendUint16(b, r.SrcPort)
	b = binary.AppendUvarint(b, uint64(r.Context))
	if flags&storedIPv4 != 0 {
		b = le.AppendUint32(le.AppendUint32(b, uint32(r.Src.Lo)), uint32(r.Dst.Lo))
	} else {
		b = le.AppendUint64(le.AppendUint64(b, r.Src.Hi), r.Src.Lo)
		b = le.AppendUint64(le.AppendUint64(b, r.Dst.Hi), r.Dst.Lo)
	}
	b = le.AppendUint64(le.AppendUint64(b, uint64(r.First)), uint64(r.Last))
	b = binary.AppendUvarint(binary.AppendUvarint(b, uint64(r.Records)), uint64(r.Begins))
	if flags&storedCounts != 0 {
		for _, n := range [...]uint64{r.Sent.Packets, r.Sent.IPBytes, r.Received.Packets, r.Received.IPBytes} {
			b = binary.AppendUvarint(b, n)
		}
	}
	if flags&storedFrames != 0 {
		b = binary.AppendUvarint(binary.AppendUvarint(b, f.Sent), f.Received)
	}
	return b
}

// decode adds the rows in b, whose contexts have the numbers ids here.
func (p *Partition) decode(b []byte, ids []uint32, free *Pool) {
	d := Decoder{b}
	for len(d.B) > 0 {
		r, f := d.Row()
		if ids != nil {
			r.Context = ids[r.Context]
		}
		p.take(&r, f, free)
	}
}

// Decoder reads what appendRow wrote.
type Decoder struct{ B []byte }

// Row reads a row, which stands for one flow.
func (d *Decoder) Row() (r Row, f FrameBytes) {
	flags := d.Byte()
	r.Proto, r.Marks = d.Byte(), Marks(d.Uint16())
	r.Port, r.SrcPort, r.Flows = d.Uint16(), d.Uint16(), 1
	r.Context = uint32(d.Uvarint())
	if flags&storedIPv4 != 0 {
		r.Src, r.Dst = flow.Addr4(d.uint32()), flow.Addr4(d.uint32())
	} else {
		r.Src = flow.Addr{Hi: d.Uint64(), Lo: d.Uint64()}
		r.Dst = flow.Addr{Hi: d.Uint64(), Lo: d.Uint64()}
	}
	r.First, r.Last = int64(d.Uint64()), int64(d.Uint64())
	r.Records, r.Begins = uint32(d.Uvarint()), uint32(d.Uvarint())
	if flags&storedCounts != 0 {
		r.Sent = Wire{d.Uvarint(), d.Uvarint()}
		r.Received = Wire{d.Uvarint(), d.Uvarint()}
	}
	if flags&storedFrames != 0 {
		f = FrameBytes{d.Uvarint(), d.Uvarint()}
	}
	return r, f
}

// Byte reads a byte.
func (d *Decoder) Byte() byte {
	v := d.B[0]
	d.B = d.B[1:]
	return v
}

// Uint16 reads two bytes.
func (d *Decoder) Uint16() uint16 {
	v := binary.LittleEndian.Uint16(d.B)
	d.B = d.B[2:]
	return v
}

func (d *Decoder) uint32() uint32 {
	v := binary.LittleEndian.Uint32(d.B)
	d.B = d.B[4:]
	return v
}

// Uint64 reads eight bytes.
func (d *Decoder) Uint64() uint64 {
	v := binary.LittleEndian.Uint64(d.B)
	d.B = d.B[8:]
	return v
}

// Uvarint reads a number as binary.AppendUvarint writes it.
func (d *Decoder) Uvarint() uint64 {
	v, n := binary.Uvarint(d.B)
	d.B = d.B[n:]
	return v
}
