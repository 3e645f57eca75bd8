package parquet

import (
	"errors"
	"io"
	"runtime"
	"slices"
	"sync"

	"github.com/parquet-go/parquet-go/format"

	"flowctl/collectors/flow"
)

// groupRows is how many rows a row group has: enough for dictionaries to pay,
// few enough for memory (13 MB of rows) and for engines that read row groups in
// parallel.
const groupRows = 1 << rowBits

// errClosed says that a file has its footer already.
var errClosed = errors.New("the file of flows is closed")

// mostParts is how many row groups are gathered at a time at most; each takes
// about 70 MB, with what captures measure 100 MB.
const mostParts = 8

// Writer writes a file of flows. Records may be added by several goroutines,
// each of which gathers a row group of its own, and encodes and compresses it
// once it is full.
type Writer struct {
	names *flow.Names
	namer Namer
	size  int           // rows of a group
	most  int           // bytes of the footer
	busy  chan struct{} // one for each goroutine that adds

	mu   sync.Mutex // of idle
	idle []*part    // the last one was used last

	file   sync.Mutex // of what follows
	w      io.Writer
	at     int64
	rows   int64
	groups []format.RowGroup
	err    error
	clips  uint64
}

// NewWriter returns a writer of flows whose texts are in names, and whose
// addresses have the names that namer says; nil if nobody knows any. The caller
// ends it with Close, unless nobody is to read the file.
func NewWriter(w io.Writer, names *flow.Names, namer Namer) (*Writer, error) {
	return newWriter(w, names, namer, groupRows)
}

func newWriter(w io.Writer, names *flow.Names, namer Namer, rows int) (*Writer, error) {
	p := &Writer{names: names, namer: namer, size: rows, most: mostTail, busy: make(chan struct{}, min(mostParts, runtime.GOMAXPROCS(0))), w: w}
	err := p.write(magic)
	return p, err
}

// Add appends copies of the records of b. It waits while enough others do.
// What cannot be written, Close says.
func (p *Writer) Add(b flow.Batch) {
	if len(b) == 0 {
		return
	}
	to := p.take(nil)
	defer p.give(to)
	for len(b) > 0 {
		b = b[to.add(b):]
		if len(b) > 0 || to.full() {
			p.flush(to)
		}
	}
}

// take returns a part that nobody adds to: the one that is liked, which may be
// nil, or else the one that was used last, so that there are no more of them
// than goroutines that add at a time.
func (p *Writer) take(liked *part) *part {
	p.busy <- struct{}{}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.idle) == 0 {
		return newPart(p.names, p.namer, p.size)
	}
	at := len(p.idle) - 1
	if i := slices.Index(p.idle, liked); i >= 0 {
		at = i
	}
	to := p.idle[at]
	p.idle = slices.Delete(p.idle, at, at+1)
	return to
}

func (p *Writer) give(to *part) {
	p.mu.Lock()
	p.idle = append(p.idle, to)
	p.mu.Unlock()
	<-p.busy
}

// flush writes a row group and empties it.
func (p *Writer) flush(from *part) {
	g := from.group()
	p.append(g, from.pages.out, from.err())
	from.reset()
}

// append puts a row group into the file.
func (p *Writer) append(g group, b []byte, err error) {
	p.file.Lock()
	defer p.file.Unlock()
	if p.err == nil {
		p.err = err
	}
	if p.err != nil {
		return
	}
	p.groups = append(p.groups, g.describe(p.at))
	p.rows += int64(g.rows)
	p.clips += g.clipped
	p.err = p.write(b)
}

func (p *Writer) write(b []byte) error {
	n, err := p.w.Write(b)
	p.at += int64(n)
	return err
}

// Close writes what is left and the footer with meta. It does not close the
// file. What is added later is lost, and a second Close fails. Clipped is how
// many counters did not fit into 63 bits and stand in the file as the greatest
// number that does.
func (p *Writer) Close(meta Meta) (clipped uint64, err error) {
	var left sync.WaitGroup
	for _, from := range p.idle {
		if len(from.rows) > 0 {
			left.Go(func() { p.flush(from) })
		}
	}
	left.Wait()
	if p.err != nil {
		return p.clips, p.err
	}
	b, err := p.footer(meta)
	if err == nil {
		err = p.write(b)
	}
	if p.err = err; err == nil {
		p.err = errClosed
	}
	return p.clips, err
}
