package parquet

import (
	"errors"
	"io"
	"runtime"
	"sync"

	"github.com/parquet-go/parquet-go/format"

	"flowctl/collectors/flow"
)

// groupRows is how many rows a row group has: enough for dictionaries to pay,
// few enough for memory (18 MB of records) and for engines that read row
// groups in parallel.
const groupRows = 1 << rowBits

// mostEncoders is how many processors encode at most; each takes about 70 MB.
const mostEncoders = 4

// Writer writes a file of flows. Records may be added by several goroutines;
// they are copied, and encoded and compressed by goroutines of the writer.
type Writer struct {
	names   *flow.Names
	full    chan []flow.Record // to be encoded
	spare   chan []flow.Record // empty buffers
	running sync.WaitGroup

	mu  sync.Mutex // of now
	now []flow.Record

	file   sync.Mutex // of what follows
	w      io.Writer
	at     int64
	rows   int64
	groups []format.RowGroup
	err    error
	clips  uint64
}

// NewWriter returns a writer of flows whose texts are in names. The caller
// ends it with Close or Abandon.
func NewWriter(w io.Writer, names *flow.Names) (*Writer, error) {
	return newWriter(w, names, groupRows)
}

func newWriter(w io.Writer, names *flow.Names, rows int) (*Writer, error) {
	n := max(1, min(mostEncoders, runtime.GOMAXPROCS(0)/2))
	p := &Writer{names: names, full: make(chan []flow.Record, n+1), spare: make(chan []flow.Record, n+1), w: w}
	for range n {
		e := newEncoder(names)
		p.running.Go(func() { p.encode(e) })
	}
	for range n {
		p.spare <- make([]flow.Record, 0, rows)
	}
	p.now = make([]flow.Record, 0, rows)
	p.err = p.write(magic)
	return p, nil
}

// Add appends copies of the records of b. It waits while all buffers are full.
// What cannot be written, Close says.
func (p *Writer) Add(b flow.Batch) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(b) > 0 {
		n := min(len(b), cap(p.now)-len(p.now))
		p.now = append(p.now, b[:n]...)
		b = b[n:]
		if len(p.now) == cap(p.now) {
			p.full <- p.now
			p.now = <-p.spare
		}
	}
}

// encode writes row groups until there are no more records.
func (p *Writer) encode(e *encoder) {
	for records := range p.full {
		err := e.encode(records, p.append)
		p.spare <- records[:0]
		p.fail(err)
	}
}

func (p *Writer) fail(err error) {
	p.file.Lock()
	defer p.file.Unlock()
	p.err = errors.Join(p.err, err)
}

// append puts a row group into the file.
func (p *Writer) append(g group, b []byte) error {
	p.file.Lock()
	defer p.file.Unlock()
	if p.err != nil {
		return nil // said already
	}
	p.groups = append(p.groups, g.describe(p.at))
	p.rows += int64(g.rows)
	p.clips += g.clipped
	return p.write(b)
}

func (p *Writer) write(b []byte) error {
	n, err := p.w.Write(b)
	p.at += int64(n)
	return err
}

// Close writes what is left and the footer with meta. It does not close the
// file. Clipped is how many counters did not fit into 63 bits and stand in the
// file as the greatest number that does.
func (p *Writer) Close(meta Meta) (clipped uint64, err error) {
	if len(p.now) > 0 {
		p.full <- p.now
	}
	p.stop()
	if p.err != nil {
		return p.clips, p.err
	}
	b, err := p.footer(meta)
	if err != nil {
		return p.clips, err
	}
	return p.clips, p.write(b)
}

// Abandon ends a writer without a footer: nothing can read what was written.
func (p *Writer) Abandon() { p.stop() }

func (p *Writer) stop() {
	close(p.full)
	p.running.Wait()
}
