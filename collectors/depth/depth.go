// Package depth bounds how many requests to a service are under way at the
// same time, and finds out how many the service takes: more while they
// succeed, half as many when it asks for less.
package depth

import (
	"container/list"
	"context"
	"sync"
)

// Outcome is how what was done in a place ended.
type Outcome int

// The outcomes. Failed says nothing about how much the service takes.
const (
	Done   Outcome = iota
	Busy           // the service turned it away because there is too much to do
	Failed         // for any other reason, or it was given up
)

// Depth is a number of places for requests. It grows by one with each success
// until the service is busy for the first time, and by one with as many
// successes as there are places from then on; being busy halves it, once for
// all requests that were under way then. It grows only while somebody waits
// for a place: what is not used proves nothing. These are the rules by which
// TCP shares a line (RFC 5681: slow start, congestion avoidance), counted in
// requests, so that no clock is needed.
//
// A Depth may be used by several goroutines. Who waits longest is served first.
type Depth struct {
	most int

	mu      sync.Mutex
	limit   int
	used    int
	careful bool      // the service was busy once
	credit  int       // successes since the limit grew last
	wanted  bool      // a place was asked for since then that was not free
	deaf    int       // releases that come of before the last halving
	waiting list.List // of chan struct{}; one that is closed has its place
}

// New returns a depth of first places that has at most most. Both are at
// least one.
func New(first, most int) *Depth {
	most = max(1, most)
	return &Depth{limit: min(max(1, first), most), most: most}
}

// Limit is how many places there are now.
func (d *Depth) Limit() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.limit
}

// Acquire takes a place and waits until there is one. It returns ctx's error
// if ctx ends first; then no place is taken.
func (d *Depth) Acquire(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if d.TryAcquire() {
		return nil
	}
	d.mu.Lock()
	turn := make(chan struct{})
	at := d.waiting.PushBack(turn)
	d.serve() // one may have become free in between
	d.mu.Unlock()
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
		return d.leave(at, turn, ctx.Err())
	}
}

// leave stops waiting. A place that was given in that moment is given back.
func (d *Depth) leave(at *list.Element, turn chan struct{}, err error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	select {
	case <-turn:
		d.used--
		d.serve()
	default:
		d.waiting.Remove(at)
	}
	return err
}

// TryAcquire takes a place if one is free that nobody waits for.
func (d *Depth) TryAcquire() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.used >= d.limit || d.waiting.Len() > 0 {
		d.wanted = true
		return false
	}
	d.used++
	return true
}

// Release gives a place back and says how it went.
func (d *Depth) Release(o Outcome) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case o == Busy:
		d.halve()
	case o == Done && d.deaf == 0:
		d.grow()
	}
	d.deaf = max(0, d.deaf-1)
	d.used--
	d.serve()
}

// Slow says that the service asks for less while a request keeps its place,
// because it is sent again.
func (d *Depth) Slow() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.halve()
}

// halve answers once for all that was under way at the same time.
func (d *Depth) halve() {
	if d.deaf > 0 {
		return
	}
	d.careful, d.wanted, d.credit = true, false, 0
	d.limit = max(1, d.limit/2)
	d.deaf = d.used
}

func (d *Depth) grow() {
	if d.limit == d.most || !d.wanted && d.waiting.Len() == 0 {
		return
	}
	if d.credit++; d.careful && d.credit < d.limit {
		return
	}
	d.limit++
	d.credit, d.wanted = 0, false
}

// serve gives free places to those who wait.
func (d *Depth) serve() {
	for d.used < d.limit && d.waiting.Len() > 0 {
		d.used++
		close(d.waiting.Remove(d.waiting.Front()).(chan struct{}))
	}
}
