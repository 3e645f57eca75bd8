package summary

import (
	"bufio"
	"cmp"
	"container/heap"
	"fmt"
	"io"
	"math"

	"flowctl/collectors/aggregate"
)

// pairs holds conversations as rows, of which a is the source. Those that are
// too many for memory lie in a temporary file, in runs in the order of their
// addresses, which are merged when the conversations are asked for.
type pairs struct {
	rows aggregate.Slab
	most int // rows in memory; 0 for any number
	file *aggregate.Spill
	runs []run
	out  int // pairs in runs
	err  error
}

// run is a part of a file with pairs in order.
type run struct {
	file *aggregate.Spill
	at   aggregate.Extent
}

// bytesPerPair is what a pair takes in memory.
const bytesPerPair = 104

func (p *pairs) len() int      { return p.out + p.rows.N }
func (p *pairs) at(i int) pair { return pair{p.rows.At(i), p.rows.Frames(i)} }

// add adds a pair.
func (p *pairs) add(r *aggregate.Row, f aggregate.FrameBytes, free *aggregate.Pool) {
	i := p.rows.Add(r, free)
	if f != (aggregate.FrameBytes{}) {
		p.rows.AddFrames(i, f)
	}
	if p.most > 0 && p.rows.N >= p.most {
		p.spill(free)
	}
}

// spill moves the pairs in memory to the file. Where nothing can be written,
// memory has to do.
func (p *pairs) spill(free *aggregate.Pool) {
	if p.file == nil {
		f, err := aggregate.NewSpill()
		if err != nil {
			p.most = 0
			return
		}
		p.file = f
	}
	w := bufio.NewWriterSize(io.NewOffsetWriter(p.file.File, p.file.Size), 256<<10)
	var length int64
	var b []byte
	for _, i := range p.sorted() {
		b = aggregate.AppendRow(append(b[:0], 0), p.rows.At(int(i)), p.rows.Frames(int(i)))
		b[0] = byte(len(b) - 1) // a row has at most 140 bytes
		w.Write(b)              // the error comes with Flush
		length += int64(len(b))
	}
	if w.Flush() != nil {
		p.most = 0
		return
	}
	p.runs = append(p.runs, run{p.file, aggregate.Extent{Offset: p.file.Size, Length: length}})
	p.file.Size += length
	p.out += p.rows.N
	free.Put(&p.rows)
}

// close removes the files.
func (p *pairs) close() error {
	var err error
	for i, r := range p.runs {
		if i == 0 || r.file != p.runs[i-1].file {
			err = cmp.Or(err, r.file.Close())
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
	in := bufio.NewReaderSize(io.NewSectionReader(r.file.File, r.at.Offset, r.at.Length), 64<<10)
	var buf [math.MaxUint8]byte
	var at aggregate.Row
	return &cursor{more: func(c *cursor) bool {
		n, err := in.ReadByte()
		if err == io.EOF {
			return false
		}
		if err == nil {
			_, err = io.ReadFull(in, buf[:n])
		}
		if err != nil {
			c.err = fmt.Errorf("read conversations back from %s: %w", r.file.File.Name(), err)
			return false
		}
		d := aggregate.Decoder{B: buf[:n]}
		var f aggregate.FrameBytes
		at, f = d.Row()
		at.Flows = at.Records
		c.pair = pair{&at, f}
		return true
	}}
}

// merger is a heap of cursors by the addresses of their pairs.
type merger []*cursor

func (m merger) Len() int      { return len(m) }
func (m merger) Swap(i, j int) { m[i], m[j] = m[j], m[i] }
func (m merger) Less(i, j int) bool {
	return byAddresses(m[i].pair.row, m[j].pair.row) < 0
}
func (m *merger) Push(x any) { *m = append(*m, x.(*cursor)) }
func (m *merger) Pop() any {
	last := (*m)[len(*m)-1]
	*m = (*m)[:len(*m)-1]
	return last
}
