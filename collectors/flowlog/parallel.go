package flowlog

import (
	"bytes"
	"io"
	"sync"

	"flowctl/collectors/flow"
)

// ReadAt reads the first size bytes of r as Read does, with the same result
// but for the order of the records.
//
// A part begins where a record seems to begin. What was read of it counts only
// if the part before it ended just there, between two records: so a wrong
// guess costs time and changes nothing. From the first thing on that is not a
// sound record, one goroutine reads the rest in order.
func ReadAt(r io.ReaderAt, size int64, in flow.Input, to flow.Workers) error {
	return readAt(r, size, in, to, options{maxRecord: MaxRecord, part: 4 << 20})
}

func readAt(r io.ReaderAt, size int64, in flow.Input, to flow.Workers, o options) error {
	d := newDocument(io.NewSectionReader(r, 0, size), in, o)
	d.yield = to.Main
	for !d.stopped && d.report.tuples == 0 && d.some() {
		d.step()
	}
	d.give()
	d.flush(1)
	if !d.stopped {
		w := &parallelReader{r: r, size: size, o: o, d: d, cut: d.at(d.i), at: d.at(d.i)}
		w.turn.L = &w.mu
		d.release()
		d.out, d.keys, d.observed = nil, nil, observed{sums: in.Cache, vector: d.observed.vector} // as large as a record; the parts have their own
		w.run(to)
		d.window = newWindow(io.NewSectionReader(r, w.at, size-w.at), o.maxRecord)
		d.base = w.at
	}
	return d.run()
}

// parallelReader reads a file in parts.
type parallelReader struct {
	r    io.ReaderAt
	size int64
	o    options

	mu     sync.Mutex
	turn   sync.Cond // next part to be taken over
	next   int
	parts  int
	cut    int64 // up to where there are parts
	at     int64 // up to where the file was read
	broken bool  // the rest is not for parts
	d      *document
}

// run reads parts until nothing is left for them.
func (w *parallelReader) run(to flow.Workers) {
	var wg sync.WaitGroup
	me := w.reader(w.d.in.Cache, w.d.in.Evidence)
	for more := true; more; more = me.part(to.Main) {
		if s, ok := to.More(); ok {
			wg.Go(func() {
				defer s.Done()
				you := w.reader(s.Cache, s.Evidence)
				for you.part(s.Add) {
				}
				you.doc.end()
				you.doc.release()
			})
		}
	}
	me.doc.release()
	wg.Wait()
}

// partReader reads one part at a time.
type partReader struct {
	*parallelReader
	doc *document
	src flow.Source
}

func (w *parallelReader) reader(cache flow.Cache, known flow.Evidence) *partReader {
	p := &partReader{parallelReader: w}
	in := w.d.in
	in.Source, in.Cache, in.Evidence = &p.src, cache, known
	p.doc = newDocument(nil, in, w.o)
	return p
}

// part reads the next part, and gives its records to add once it is certain
// that they are the file's. It reports whether there may be another part.
func (p *partReader) part(add func(flow.Batch) bool) bool {
	number, from, to, ok := p.claim()
	if !ok {
		return false
	}
	err := p.doc.load(p.r, from, to)
	if err == nil {
		p.doc.clean()
	}
	if !p.takeOver(number, from, to, err) {
		return false
	}
	p.doc.yield, p.doc.stopped = add, false
	p.doc.give()
	p.doc.flush(1)
	p.doc.tellLost()
	p.doc.out, p.doc.keys = p.doc.out[:0], p.doc.keys[:0]
	if p.doc.stopped {
		p.mu.Lock()
		p.broken, p.d.stopped = true, true
		p.mu.Unlock()
	}
	return !p.doc.stopped
}

// claim cuts off a part.
func (p *partReader) claim() (number int, from, to int64, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.broken || p.cut >= p.size {
		return 0, 0, 0, false
	}
	number, from = p.parts, p.cut
	p.parts++
	p.cut = p.boundary(from + p.o.part)
	return number, from, p.cut, true
}

// boundary is where a record seems to begin, at or after from.
func (w *parallelReader) boundary(from int64) int64 {
	const far, piece = 256, 32 << 10
	b := make([]byte, piece+padding)
	for from < w.size {
		n, err := w.r.ReadAt(b[:min(piece, w.size-from)], from)
		clear(b[n:])
		last := err != nil || from+int64(n) >= w.size
		i := 0
		for {
			k := bytes.IndexByte(b[i:n], '{')
			if k < 0 {
				i = n
				break
			}
			i += k
			if n-i < far && !last {
				break
			}
			if beginsAt(b, i, min(n, i+far)) {
				return from + int64(i)
			}
			i++
		}
		if last {
			break
		}
		from += int64(i)
	}
	return w.size
}

// takeOver waits for the parts before this one, and takes over what was read
// if they ended where it began.
func (p *partReader) takeOver(number int, from, to int64, err error) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.next != number {
		p.turn.Wait()
	}
	p.next++
	p.turn.Broadcast()
	if p.broken || p.at != from || err != nil {
		p.broken = true
		return false
	}
	p.at = p.doc.at(p.doc.i)
	p.broken = p.at != to
	p.d.absorb(p.doc)
	return true
}

// load puts a part of a file into the window.
func (d *document) load(r io.ReaderAt, from, to int64) error {
	size := int(to - from)
	if len(d.b) < size+padding {
		d.release()
		d.b = buffer(size + size/8 + padding)
	}
	n, err := r.ReadAt(d.b[:size], from)
	if n == size {
		err = nil
	}
	d.i, d.n, d.base, d.eof = 0, n, from, true
	clear(d.b[n : n+padding])
	d.out, d.keys, d.pending, d.report, d.lost = d.out[:0], d.keys[:0], d.pending[:0], readReport{}, false
	d.observed.clear(mark{})
	*d.in.Source = flow.Source{}
	return err
}

// clean reads records up to the first thing that is not a sound one.
func (d *document) clean() {
	for d.i < d.n && len(d.report.skips.all) < mostReasons {
		switch d.b[d.i] {
		case ' ', '\t', '\r', '\n', ',':
			d.i++
			continue
		case '{':
		default:
			return
		}
		if d.attempt() != done || d.rec.length > d.limit {
			d.fast.drop()
			return
		}
		d.commit()
		d.i += d.rec.length
	}
}

// absorb takes over what o learned of the file's next part.
func (d *document) absorb(o *document) {
	s, t := &d.report, &o.report
	for _, v := range t.versions {
		note(&s.versions, v)
	}
	for _, v := range t.refused {
		note(&s.refused, v)
	}
	for _, p := range t.points {
		s.seenAt(p)
	}
	s.refusals += t.refusals
	s.tuples += t.tuples
	if s.others == 0 {
		s.other, s.otherAt = t.other, t.otherAt
	}
	s.others += t.others
	s.skips.addAll(&t.skips)
	d.slow += o.slow
	o.slow = 0
	if d.in.Source.Kind == "" {
		d.in.Source.Kind = o.in.Source.Kind
	}
	d.in.Source.Note(o.in.Source.Status)
}
