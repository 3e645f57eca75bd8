package storage

import (
	"container/list"
	"context"
	"sync"
)

// Outcome is how a request ended.
type Outcome int

// The outcomes. Failed says nothing about how much the service takes.
const (
	Done   Outcome = iota
	Busy           // the service refused it because it is overloaded
	Failed         // for any other reason, or it was canceled
)

// Limiter bounds how many requests are in flight at a time, and finds out how
// many the service takes. The limit grows by one with each success until the
// service is busy for the first time, and by one per limit successes from then
// on; being busy halves it, once for all requests that were in flight. It
// grows only while somebody waits for a place: what is not used proves
// nothing. These are TCP's rules (RFC 5681: slow start, congestion avoidance;
// AIMD) counted in requests, so that no clock is needed.
//
// A Limiter may be used by several goroutines. Who waits longest is served first.
type Limiter struct {
	most int

	mu      sync.Mutex
	limit   int
	used    int
	careful bool      // the service was busy once
	credit  int       // successes since the limit grew last
	wanted  bool      // a place was asked for since then that was not free
	deaf    int       // releases to come of requests from before the last halving
	waiting list.List // of chan struct{}; one that is closed has its place
}

// NewLimiter returns a limiter that begins with first places and has at most
// most. Both are at least one.
func NewLimiter(first, most int) *Limiter {
	most = max(1, most)
	return &Limiter{limit: min(max(1, first), most), most: most}
}

// Limit is how many places there are now.
func (l *Limiter) Limit() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.limit
}

// Acquire takes a place and waits until there is one. It returns ctx's error
// if ctx ends first; then no place is taken.
func (l *Limiter) Acquire(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if l.TryAcquire() {
		return nil
	}
	l.mu.Lock()
	turn := make(chan struct{})
	at := l.waiting.PushBack(turn)
	l.serve() // one may have become free in between
	l.mu.Unlock()
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
		return l.leave(at, turn, ctx.Err())
	}
}

// leave stops waiting. A place that was given in that moment is given back.
func (l *Limiter) leave(at *list.Element, turn chan struct{}, err error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-turn:
		l.used--
		l.serve()
	default:
		l.waiting.Remove(at)
	}
	return err
}

// TryAcquire takes a place if one is free that nobody waits for.
func (l *Limiter) TryAcquire() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.used >= l.limit || l.waiting.Len() > 0 {
		l.wanted = true
		return false
	}
	l.used++
	return true
}

// Release gives a place back and says how it went.
func (l *Limiter) Release(o Outcome) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case o == Busy:
		l.halve()
	case o == Done && l.deaf == 0:
		l.grow()
	}
	l.deaf = max(0, l.deaf-1)
	l.used--
	l.serve()
}

// Slow says that the service asks for less while a request keeps its place,
// because it is sent again.
func (l *Limiter) Slow() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.halve()
}

// halve answers once for all that was under way at the same time.
func (l *Limiter) halve() {
	if l.deaf > 0 {
		return
	}
	l.careful, l.wanted, l.credit = true, false, 0
	l.limit = max(1, l.limit/2)
	l.deaf = l.used
}

func (l *Limiter) grow() {
	if l.limit == l.most || !l.wanted && l.waiting.Len() == 0 {
		return
	}
	if l.credit++; l.careful && l.credit < l.limit {
		return
	}
	l.limit++
	l.credit, l.wanted = 0, false
}

// serve gives free places to those who wait.
func (l *Limiter) serve() {
	for l.used < l.limit && l.waiting.Len() > 0 {
		l.used++
		close(l.waiting.Remove(l.waiting.Front()).(chan struct{}))
	}
}
