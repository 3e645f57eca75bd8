package collectors

import (
	"context"
	"iter"
	"math/bits"
	"sync"

	"flowctl/collectors/depth"
	"flowctl/plan"
)

// queue opens blobs ahead of those who read them, in the order in which they
// are listed. How many depends on who waits for whom, within bounds of number
// and bytes,
// and on how many the service takes.
type queue struct {
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

// entry is an item in a queue.
type entry struct {
	Item
	err    error
	stream *stream // of a blob that is not wide
}

const (
	leastAhead = 4
	mostAhead  = 192
	aheadBytes = 48 << 20
	mostFree   = 64 // buffers of a size
)

func newQueue() *queue {
	q := &queue{service: depth.New(leastAhead, mostAhead), reach: reach{leastAhead, leastAhead, mostAhead}, room: aheadBytes}
	q.changed.L = &q.mu
	return q
}

// ahead yields items, of which blobs are opened ahead of the caller. What was
// opened and not yielded ends with ctx.
func (q *queue) ahead(ctx context.Context, items iter.Seq2[Item, error]) <-chan entry {
	out := make(chan entry, mostAhead)
	ctx = plan.WithThrottled(ctx, q.service.Slow)
	stop := context.AfterFunc(ctx, q.wake)
	go func() {
		defer close(out)
		defer stop()
		for item, err := range items {
			e := entry{Item: item, err: err}
			if err == nil && item.Blob != nil && item.Blob.Size < wideBlob {
				if !q.admit(ctx) || q.service.Acquire(ctx) != nil {
					return
				}
				e.stream = &stream{version: newVersion(item.From, *item.Blob), queue: q, pieces: make(chan []byte, wideBlob/piece+1)}
				go e.stream.fetch(ctx)
			}
			select {
			case out <- e:
			case <-ctx.Done():
				return
			}
		}
	}()
	return out
}

func (q *queue) wake() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.changed.Broadcast()
}

// admit waits until one more blob may be opened.
func (q *queue) admit(ctx context.Context) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	for ctx.Err() == nil && (q.opened >= q.reach.n || q.opened >= leastAhead && q.used >= q.room) {
		q.changed.Wait()
	}
	q.opened++
	return ctx.Err() == nil
}

// begin says that somebody reads s from now on, and looks who waits for whom.
func (q *queue) begin(s *stream) {
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
func (q *queue) arrived(s *stream) {
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
func (q *queue) take(ctx context.Context, s *stream, want int64) ([]byte, error) {
	want = min(max(want, 1), piece)
	class := bits.Len64(uint64(want - 1))
	size := int64(1) << class
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.used+size > q.room && !(s.begun && s.held < 2) && ctx.Err() == nil {
		q.changed.Wait()
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
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
func (q *queue) give(s *stream, b []byte) {
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
