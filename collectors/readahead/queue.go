// Package readahead reads blobs before somebody wants them: many small ones
// side by side, in the order in which they will be wanted, and of a large one
// what follows. How far ahead depends on who waits for whom.
package readahead

import (
	"context"
	"math/bits"
	"sync"

	"flowctl/collectors/depth"
	"flowctl/plan"
)

// Queue opens blobs ahead of those who read them. How many depends on who
// waits for whom, within bounds of number and bytes, and on how many the
// service takes.
type Queue struct {
	ctx     context.Context
	service *depth.Depth // how many requests the service takes

	mu      sync.Mutex
	changed sync.Cond
	reach   reach
	opened  int   // streams that nobody reads yet
	ready   int   // of them: those that have something to read
	room    int64 // bytes that streams may hold; those that are read may go beyond by a piece each
	used    int64
	free    [20 + 1][][]byte // buffers by the number of bits of their size
}

// Most is how many blobs a queue has open at most that nobody reads yet.
const Most = 192

const (
	least    = 4
	room     = 48 << 20
	mostFree = 64 // buffers of a size
)

// NewQueue returns a queue that reads until ctx ends.
func NewQueue(ctx context.Context) *Queue {
	q := &Queue{service: depth.New(least, Most), reach: reach{least, least, Most}, room: room}
	q.ctx = plan.WithThrottled(ctx, q.service.Slow)
	q.changed.L = &q.mu
	context.AfterFunc(ctx, q.wake)
	return q
}

// Open begins to read a blob of less than Wide bytes, once one more may be
// opened. It returns nil if the queue's context ends before.
func (q *Queue) Open(from plan.Blobs, b plan.Blob) *Stream {
	if !q.admit() || q.service.Acquire(q.ctx) != nil {
		return nil
	}
	s := &Stream{version: newVersion(from, b), queue: q, pieces: make(chan []byte, Wide/piece+1)}
	go s.fetch()
	return s
}

func (q *Queue) wake() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.changed.Broadcast()
}

// admit waits until one more blob may be opened.
func (q *Queue) admit() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.ctx.Err() == nil && (q.opened >= q.reach.n || q.opened >= least && q.used >= q.room) {
		q.changed.Wait()
	}
	q.opened++
	return q.ctx.Err() == nil
}

// begin says that somebody reads s from now on, and looks who waits for whom.
func (q *Queue) begin(s *Stream) {
	q.mu.Lock()
	defer q.mu.Unlock()
	s.begun = true
	q.opened--
	if s.ready {
		q.ready--
		q.reach.plenty(q.ready)
	} else {
		q.reach.starved()
	}
	q.changed.Broadcast()
}

// arrived says that s has something to read, or has ended.
func (q *Queue) arrived(s *Stream) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !s.ready && !s.begun {
		q.ready++
	}
	s.ready = true
}

// take returns a buffer for the next piece of s, of which want bytes are left,
// once there is room. A stream that is read gets one in any case, so that it
// never waits for those behind it.
func (q *Queue) take(s *Stream, want int64) ([]byte, error) {
	want = min(max(want, 1), piece)
	class := bits.Len64(uint64(want - 1))
	size := int64(1) << class
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.used+size > q.room && !(s.begun && s.held < 2) && q.ctx.Err() == nil {
		q.changed.Wait()
	}
	if err := q.ctx.Err(); err != nil {
		return nil, err
	}
	q.used += size
	s.held++
	if free := q.free[class]; len(free) > 0 {
		b := free[len(free)-1]
		q.free[class] = free[:len(free)-1]
		return b[:want], nil
	}
	return make([]byte, want, size), nil
}

// give gives a buffer back.
func (q *Queue) give(s *Stream, b []byte) {
	class := bits.Len64(uint64(cap(b) - 1))
	q.mu.Lock()
	defer q.mu.Unlock()
	q.used -= int64(cap(b))
	s.held--
	if len(q.free[class]) < mostFree {
		q.free[class] = append(q.free[class], b)
	}
	q.changed.Broadcast()
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
