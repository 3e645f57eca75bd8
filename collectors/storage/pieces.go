package storage

import (
	"context"
	"io"
	"sync"

	"flowctl/plan"
)

// pieceSize is how much of a large blob one request reads. What is not larger
// than two pieces is read in one go.
const pieceSize = 8 << 20

// rest reads what the part does not have yet.
func (d *Download) rest(ctx context.Context, b plan.Blob) error {
	s := stretch{from: d.whole, to: b.Size, again: min(d.whole, overlap)}
	if s.to-s.from <= 2*pieceSize || b.ETag == "" {
		return d.stretch(ctx, b, s, true)
	}
	if s.again > 0 { // before others read what may not go on from it
		s.to = s.from + pieceSize
		if err := d.stretch(ctx, b, s, true); err != nil {
			return err
		}
	}
	return d.pieces(ctx, b)
}

// pieces reads a large blob in several requests at a time. The place that was
// taken for the blob reads one after the other; others help wherever there is
// a place that nobody waits for.
func (d *Download) pieces(ctx context.Context, b plan.Blob) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	p := &pieces{d: d, blob: b, ctx: ctx, cancel: cancel, begin: d.whole}
	p.done = make([]bool, (b.Size-d.whole+pieceSize-1)/pieceSize)
	for p.one() {
	}
	p.wg.Wait()
	return p.err
}

// pieces is one large blob that is read by several.
type pieces struct {
	d      *Download
	blob   plan.Blob
	ctx    context.Context
	cancel context.CancelFunc
	begin  int64
	wg     sync.WaitGroup

	mu      sync.Mutex
	taken   int
	done    []bool
	summed  int  // of done, how many are in the sum
	summing bool // by somebody
	err     error
}

// one reads a piece that nobody has taken; false means that it could not, or
// that none is left.
func (p *pieces) one() bool {
	p.mu.Lock()
	i := p.taken
	if p.err != nil || i == len(p.done) {
		p.mu.Unlock()
		return false
	}
	p.taken++
	p.mu.Unlock()
	p.recruit()
	from := p.begin + int64(i)*pieceSize
	err := p.d.stretch(p.ctx, p.blob, stretch{from: from, to: min(from+pieceSize, p.blob.Size)}, false)
	if err == nil {
		err = p.add(i)
	}
	if err != nil {
		p.fail(err)
	}
	return err == nil
}

// recruit finds others who read while there is something left.
func (p *pieces) recruit() {
	for p.left() && p.d.Limiter.TryAcquire() {
		p.wg.Go(p.help)
	}
}

func (p *pieces) left() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err == nil && p.taken < len(p.done)
}

// help reads pieces in a place of its own, which it offers to others after
// each.
func (p *pieces) help() {
	for {
		if !p.one() {
			p.d.Limiter.Release(Failed)
			return
		}
		p.d.Limiter.Release(Done)
		if !p.left() || !p.d.Limiter.TryAcquire() {
			return
		}
	}
}

func (p *pieces) fail(err error) {
	p.mu.Lock()
	if p.err == nil {
		p.err = err
	}
	p.mu.Unlock()
	p.cancel()
}

// add notes that a piece is in the part, and adds to the sum what follows it
// by now: the system has that still in memory.
func (p *pieces) add(i int) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done[i] = true
	if p.summing {
		return nil
	}
	p.summing = true
	defer func() { p.summing = false }()
	for p.summed < len(p.done) && p.done[p.summed] {
		p.mu.Unlock()
		err := p.sum()
		p.mu.Lock()
		if err != nil {
			return err
		}
		p.summed++
	}
	return nil
}

func (p *pieces) sum() error {
	buf := buffers.Get().(*[]byte)
	defer buffers.Put(buf)
	n := min(pieceSize, p.blob.Size-p.d.whole)
	got, err := io.CopyBuffer(p.d.sum, io.NewSectionReader(p.d.part, p.d.whole, n), *buf)
	p.d.whole += got
	if err == nil && got < n {
		err = io.ErrUnexpectedEOF
	}
	return err
}
