package storage

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
)

// take takes n places that have to be free.
func take(t *testing.T, d *Limiter, n int) {
	t.Helper()
	for range n {
		if !d.TryAcquire() {
			t.Fatalf("no place of %d is free", d.Limit())
		}
	}
}

// round fills all places and ends everything so; with want somebody asks for
// more all the time.
func round(t *testing.T, d *Limiter, want bool, o Outcome) {
	t.Helper()
	n := d.Limit()
	take(t, d, n)
	for range n {
		d.wanted = want
		d.Release(o)
	}
}

func TestLimiterFollowsTheService(t *testing.T) {
	tests := map[string]struct {
		first, most int
		rounds      []Outcome
		idle        bool // nobody asks for more than there is
		want        []int
	}{
		"doubles until it is full":   {2, 12, []Outcome{Done, Done, Done, Done}, false, []int{4, 8, 12, 12}},
		"halves, then adds one":      {16, 64, []Outcome{Busy, Done, Done, Busy, Done}, false, []int{8, 9, 10, 5, 6}},
		"never below one":            {2, 8, []Outcome{Busy, Busy, Busy, Done, Done}, false, []int{1, 1, 1, 2, 3}},
		"failures say nothing":       {4, 8, []Outcome{Failed, Failed}, false, []int{4, 4}},
		"what is not used is not so": {4, 8, []Outcome{Done, Done}, true, []int{4, 4}},
		"at least one":               {0, 0, []Outcome{Done}, false, []int{1}},
		"first is at most most":      {9, 3, []Outcome{Done}, false, []int{3}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			d := NewLimiter(tt.first, tt.most)
			for i, o := range tt.rounds {
				round(t, d, !tt.idle, o)
				if d.Limit() != tt.want[i] || d.used != 0 {
					t.Fatalf("after round %d there are %d places and %d taken, want %d and none", i, d.Limit(), d.used, tt.want[i])
				}
			}
		})
	}
}

// A hundred that are turned away at the same time are one sign, not a hundred;
// the next that are turned away are another.
func TestBusyCountsOnceForAllUnderWay(t *testing.T) {
	d := NewLimiter(16, 64)
	take(t, d, 16)
	d.Slow()
	d.Slow()
	for range 16 {
		d.Release(Busy)
	}
	if d.Limit() != 8 {
		t.Fatalf("%d places, want 8", d.Limit())
	}
	take(t, d, 1)
	d.Release(Busy)
	if d.Limit() != 4 {
		t.Errorf("%d places, want 4", d.Limit())
	}
}

// Fewer places than are taken let nobody in until enough are given back.
func TestNobodyComesInAfterAHalving(t *testing.T) {
	d := NewLimiter(8, 8)
	take(t, d, 8)
	d.Slow()
	for i := range 5 {
		if d.TryAcquire() {
			t.Fatalf("let in with %d of 4 places taken", 8-i)
		}
		d.Release(Failed)
	}
	take(t, d, 1)
}

func TestWhoWaitsLongestIsFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := NewLimiter(1, 1)
		take(t, d, 1)
		var order []int
		for i := range 5 {
			go func() {
				if err := d.Acquire(t.Context()); err != nil {
					t.Error(err)
				}
				order = append(order, i)
				d.Release(Done)
			}()
			synctest.Wait()
		}
		d.Release(Done)
		synctest.Wait()
		for i, n := range order {
			if i != n {
				t.Fatalf("served in the order %v", order)
			}
		}
		if len(order) != 5 {
			t.Fatalf("served %v, want all 5", order)
		}
	})
}

// One who gives up takes no place, also if it was given in that moment.
func TestGivingUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := NewLimiter(1, 1)
		take(t, d, 1)
		ctx, cancel := context.WithCancel(t.Context())
		errs := make(chan error, 1)
		go func() { errs <- d.Acquire(ctx) }()
		synctest.Wait()
		cancel()
		if err := <-errs; !errors.Is(err, context.Canceled) {
			t.Errorf("error %v, want that of the context", err)
		}
		if err := d.Acquire(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v, want that of the context", err)
		}
		d.Release(Done)
		take(t, d, 1)
	})
	d := NewLimiter(1, 1)
	take(t, d, 1)
	turn := make(chan struct{})
	at := d.waiting.PushBack(turn)
	d.Release(Done) // gives the place
	if err := d.leave(at, turn, context.Canceled); err == nil || d.used != 0 {
		t.Errorf("%d places taken, %v; want none and an error", d.used, err)
	}
}

// Many at once never have more than the most, and none is lost.
func TestManyAtOnce(t *testing.T) {
	const most, n = 7, 2000
	d := NewLimiter(1, most)
	var now, peak, count atomic.Int64
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			if d.Acquire(context.Background()) != nil {
				return
			}
			for at := now.Add(1); ; {
				if p := peak.Load(); at <= p || peak.CompareAndSwap(p, at) {
					break
				}
			}
			count.Add(1)
			now.Add(-1)
			d.Release(Outcome(i % 3))
		})
	}
	wg.Wait()
	if count.Load() != n || peak.Load() > most || d.used != 0 {
		t.Errorf("%d of %d served, %d at once, %d places still taken", count.Load(), n, peak.Load(), d.used)
	}
}
