package parquet

import (
	"errors"
	"io"
	"maps"
	"runtime"
	"slices"
	"sync"

	pq "github.com/parquet-go/parquet-go"

	"flowctl/collectors/flow"
)

// groupRows is how many rows a row group has: enough for dictionaries to pay,
// few enough for memory (18 MB of records) and for engines that read row
// groups in parallel.
const groupRows = 1 << rowBits

// mostEncoders is how many processors encode at most; each takes about 40 MB.
const mostEncoders = 4

// Writer writes a file of flows. Records may be added by several goroutines;
// they are copied, and encoded and compressed by goroutines of the writer.
type Writer struct {
	full    chan []flow.Record // to be encoded
	spare   chan []flow.Record // empty buffers
	running sync.WaitGroup

	mu  sync.Mutex // of now
	now []flow.Record

	file  sync.Mutex // of what follows
	out   *pq.Writer
	err   error
	clips uint64
}

// NewWriter returns a writer of flows whose texts are in names. The caller
// ends it with Close or Abandon.
func NewWriter(w io.Writer, names *flow.Names) (*Writer, error) {
	return newWriter(w, names, groupRows)
}

func newWriter(w io.Writer, names *flow.Names, rows int) (*Writer, error) {
	c, err := config()
	if err != nil {
		return nil, err
	}
	n := max(1, min(mostEncoders, runtime.GOMAXPROCS(0)/2))
	p := &Writer{full: make(chan []flow.Record, n+1), spare: make(chan []flow.Record, n+1), out: pq.NewWriter(w, c)}
	for range n {
		e := newEncoder(names, p.out.BeginRowGroup())
		p.running.Go(func() { p.encode(e) })
		p.spare <- make([]flow.Record, 0, rows)
	}
	p.now = make([]flow.Record, 0, rows)
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

// encode writes row groups until there are no more records, or none can be
// written.
func (p *Writer) encode(e *encoder) {
	for records := range p.full {
		if !p.failed() {
			p.fail(e.encode(records, func() error { return p.commit(e) }))
		}
		p.spare <- records[:0]
	}
}

func (p *Writer) failed() bool {
	p.file.Lock()
	defer p.file.Unlock()
	return p.err != nil
}

func (p *Writer) fail(err error) {
	p.file.Lock()
	defer p.file.Unlock()
	p.err = errors.Join(p.err, err)
}

// commit puts the row group of e into the file.
func (p *Writer) commit(e *encoder) error {
	p.file.Lock()
	defer p.file.Unlock()
	if p.err != nil {
		return nil // said already
	}
	p.clips += e.clipped
	e.clipped = 0
	_, err := e.group.Commit()
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
	pairs, err := meta.pairs()
	if err != nil {
		return p.clips, err
	}
	for _, k := range slices.Sorted(maps.Keys(pairs)) {
		p.out.SetKeyValueMetadata(k, pairs[k])
	}
	return p.clips, p.out.Close()
}

// Abandon ends a writer without a footer: nothing can read what was written.
func (p *Writer) Abandon() { p.stop() }

func (p *Writer) stop() {
	close(p.full)
	p.running.Wait()
}
