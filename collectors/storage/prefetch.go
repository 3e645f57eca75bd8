package storage

import (
	"context"
	"math/bits"
	"sync"

	"flowctl/plan"
)

// Prefetch reads blobs before somebody wants them, in the order in which they
// will be wanted. How many depends on who waits for whom, within bounds of
// number and bytes, and on how many the service takes.
type Prefetch struct {
	ctx     context.Context
	service *Limiter // how many requests the service takes

	mu      sync.Mutex
	changed sync.Cond
	reach   reach
	opened  int   // streams that nobody reads yet
	ready   int   // of them: those that have something to read
	room    int64 // bytes that streams may hold; those that are read may go beyond by a piece each
	used    int64
	free    [20 + 1][][]byte // buffers by the number of bits of their size
}

// MostAhead is how many blobs are open at most that nobody reads yet.
const MostAhead = 192

const (
	least    = 4
	room     = 48 << 20
	mostFree = 64 // buffers of a size
)

// NewPrefetch returns a prefetch that goes on until ctx ends.
func NewPrefetch(ctx context.Context) *Prefetch {
	p := &Prefetch{service: NewLimiter(least, MostAhead), reach: reach{least, least, MostAhead}, room: room}
	p.ctx = plan.WithThrottled(ctx, p.service.Slow)
	p.changed.L = &p.mu
	context.AfterFunc(ctx, p.wake)
	return p
}

// Open begins to read a blob of less than Large bytes, once one more may be
// opened. It returns nil if the context of the prefetch ends before.
func (p *Prefetch) Open(from plan.Blobs, b plan.Blob) *Stream {
	if !p.admit() || p.service.Acquire(p.ctx) != nil {
		return nil
	}
	s := &Stream{version: newVersion(from, b), prefetch: p, pieces: make(chan []byte, Large/piece+1)}
	go s.fetch()
	return s
}

func (p *Prefetch) wake() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.changed.Broadcast()
}

// admit waits until one more blob may be opened.
func (p *Prefetch) admit() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.ctx.Err() == nil && (p.opened >= p.reach.n || p.opened >= least && p.used >= p.room) {
		p.changed.Wait()
	}
	p.opened++
	return p.ctx.Err() == nil
}

// begin says that somebody reads s from now on, and looks who waits for whom.
func (p *Prefetch) begin(s *Stream) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s.begun = true
	p.opened--
	if s.ready {
		p.ready--
		p.reach.plenty(p.ready)
	} else {
		p.reach.starved()
	}
	p.changed.Broadcast()
}

// arrived says that s has something to read, or has ended.
func (p *Prefetch) arrived(s *Stream) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !s.ready && !s.begun {
		p.ready++
	}
	s.ready = true
}

// take returns a buffer for the next piece of s, of which want bytes are left,
// once there is room. A stream that is read gets one in any case, so that it
// never waits for those behind it.
func (p *Prefetch) take(s *Stream, want int64) ([]byte, error) {
	want = min(max(want, 1), piece)
	class := bits.Len64(uint64(want - 1))
	size := int64(1) << class
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.used+size > p.room && !(s.begun && s.held < 2) && p.ctx.Err() == nil {
		p.changed.Wait()
	}
	if err := p.ctx.Err(); err != nil {
		return nil, err
	}
	p.used += size
	s.held++
	if free := p.free[class]; len(free) > 0 {
		b := free[len(free)-1]
		p.free[class] = free[:len(free)-1]
		return b[:want], nil
	}
	return make([]byte, want, size), nil
}

// give gives a buffer back.
func (p *Prefetch) give(s *Stream, b []byte) {
	class := bits.Len64(uint64(cap(b) - 1))
	p.mu.Lock()
	defer p.mu.Unlock()
	p.used -= int64(cap(b))
	s.held--
	if len(p.free[class]) < mostFree {
		p.free[class] = append(p.free[class], b)
	}
	p.changed.Broadcast()
}

// reach is how far somebody looks ahead: n, between bounds.
type reach struct{ n, least, most int }

// starved looks further ahead, since what is wanted is not there yet.
func (r *reach) starved() { r.n = min(r.most, r.n+r.n/2+1) }

// plenty looks less far ahead if more than half of it is there already.
func (r *reach) plenty(ready int) {
	if ready > r.n/2 {
		r.n = max(r.least, r.n-1)
	}
}
