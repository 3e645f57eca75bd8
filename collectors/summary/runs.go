package summary

import (
	"bufio"
	"cmp"
	"container/heap"
	"fmt"
	"io"
	"math"
)

// pairs holds conversations as rows, of which a is the source. Those that are
// too many for memory lie in a temporary file, in runs in the order of their
// addresses, which are merged when the conversations are asked for.
type pairs struct {
	rows slab
	most int // rows in memory; 0 for any number
	file *spill
	runs []run
	out  int // pairs in runs
	err  error
}

// run is a part of a file with pairs in order.
type run struct {
	file *spill
	at   extent
}

// bytesPerPair is what a pair takes in memory.
const bytesPerPair = 104

func (p *pairs) len() int      { return p.out + p.rows.n }
func (p *pairs) at(i int) pair { return pair{p.rows.at(i), p.rows.frames(i)} }

// add adds a pair.
func (p *pairs) add(r *row, f frameBytes, free *pool) {
	i := p.rows.add(r, free)
	if f != (frameBytes{}) {
		p.rows.addFrames(i, f)
	}
	if p.most > 0 && p.rows.n >= p.most {
		p.spill(free)
	}
}

// spill moves the pairs in memory to the file. Where nothing can be written,
// memory has to do.
func (p *pairs) spill(free *pool) {
	if p.file == nil {
		f, err := newSpill()
		if err != nil {
			p.most = 0
			return
		}
		p.file = f
	}
	w := bufio.NewWriterSize(io.NewOffsetWriter(p.file.file, p.file.size), 256<<10)
	var length int64
	var b []byte
	for _, i := range p.sorted() {
		b = appendRow(append(b[:0], 0), p.rows.at(int(i)), p.rows.frames(int(i)), nil)
		b[0] = byte(len(b) - 1) // a row has at most 140 bytes
		w.Write(b)              // the error comes with Flush
		length += int64(len(b))
	}
	if w.Flush() != nil {
		p.most = 0
		return
	}
	p.runs = append(p.runs, run{p.file, extent{p.file.size, length}})
	p.file.size += length
	p.out += p.rows.n
	free.put(&p.rows)
}

// close removes the files.
func (p *pairs) close() error {
	var err error
	for i, r := range p.runs {
		if i == 0 || r.file != p.runs[i-1].file {
			err = cmp.Or(err, r.file.close())
		}
	}
	p.runs = nil
	return err
}

// all yields the pairs in order. What cannot be read back ends it, with err.
func (p *pairs) all(yield func(pair) bool) {
	m := merger{p.inMemory()}
	for _, r := range p.runs {
		m = append(m, r.open())
	}
	for i := 0; i < len(m); {
		if m[i].next() {
			i++
			continue
		}
		p.err = cmp.Or(p.err, m[i].err)
		m = append(m[:i], m[i+1:]...)
	}
	heap.Init(&m)
	for len(m) > 0 {
		if !yield(m[0].pair) {
			return
		}
		if m[0].next() {
			heap.Fix(&m, 0)
			continue
		}
		p.err = cmp.Or(p.err, m[0].err)
		heap.Pop(&m)
	}
}

// cursor goes over pairs in order.
type cursor struct {
	pair pair
	err  error
	more func(*cursor) bool
}

func (c *cursor) next() bool { return c.more(c) }

func (p *pairs) inMemory() *cursor {
	order := p.sorted()
	return &cursor{more: func(c *cursor) bool {
		if len(order) == 0 {
			return false
		}
		c.pair, order = p.at(int(order[0])), order[1:]
		return true
	}}
}

// open begins to read a run back.
func (r run) open() *cursor {
	in := bufio.NewReaderSize(io.NewSectionReader(r.file.file, r.at.offset, r.at.length), 64<<10)
	var buf [math.MaxUint8]byte
	var at row
	return &cursor{more: func(c *cursor) bool {
		n, err := in.ReadByte()
		if err == io.EOF {
			return false
		}
		if err == nil {
			_, err = io.ReadFull(in, buf[:n])
		}
		if err != nil {
			c.err = fmt.Errorf("read conversations back from %s: %w", r.file.file.Name(), err)
			return false
		}
		d := decoder{buf[:n]}
		var f frameBytes
		at, f = d.row()
		at.flows = at.records
		c.pair = pair{&at, f}
		return true
	}}
}

// merger is a heap of cursors by the addresses of their pairs.
type merger []*cursor

func (m merger) Len() int      { return len(m) }
func (m merger) Swap(i, j int) { m[i], m[j] = m[j], m[i] }
func (m merger) Less(i, j int) bool {
	x, y := m[i].pair.row, m[j].pair.row
	return cmp.Or(x.src.Compare(y.src), x.dst.Compare(y.dst)) < 0
}
func (m *merger) Push(x any) { *m = append(*m, x.(*cursor)) }
func (m *merger) Pop() any {
	last := (*m)[len(*m)-1]
	*m = (*m)[:len(*m)-1]
	return last
}
