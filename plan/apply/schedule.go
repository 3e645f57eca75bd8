package apply

import (
	"cmp"
	"context"
	"sync"
	"time"

	"flowctl/plan"
	"flowctl/plan/ledger"
)

// How many steps of sessions are under way at the same time: of those on one
// watcher, which Azure writes one after the other, and of those that install
// agents. A step that takes long keeps its place, and none of another watcher.
const (
	concurrency = 8
	installs    = 32
)

// proceed does the steps of the sessions when they are due, until each is
// where it should be. It returns ctx's error if it is told to stop.
func (r *Run) proceed(ctx context.Context, there func(*tracked) bool) error {
	a := schedule{run: r, there: there, done: make(chan *tracked, len(r.tracked)), active: map[string]int{}}
	ctx, cancel := context.WithCancel(ctx)
	var q asking
	defer q.wg.Wait()
	defer cancel()
	for {
		r.join()
		lost := r.State.Lost()
		leave := ctx.Err() != nil || lost != nil || a.all()
		if !leave && !a.limited() {
			a.begin(ctx)
		}
		switch {
		case leave && a.count == 0:
			return cmp.Or(lost, ctx.Err())
		case a.count > 0 && (leave || stepped(r.clock)):
			a.finish(<-a.done)
			continue
		}
		r.showProgress()
		r.ask(ctx, &q)
		r.flush()
		a.pass(ctx)
	}
}

// stepped reports whether time passes only while somebody sleeps: then nobody
// may sleep while others work.
func stepped(c plan.Clock) bool {
	s, ok := c.(interface{ Stepped() bool })
	return ok && s.Stepped()
}

// schedule is what is under way.
type schedule struct {
	run    *Run
	there  func(*tracked) bool
	done   chan *tracked
	active map[string]int // steps, by queue
	count  int
	limit  string    // of the file that is reached, until the run is ended by it
	asked  time.Time // when limits were last looked at
}

// queue is what steps have to share: sessions of one watcher, or machines that
// get an agent.
func (t *tracked) queue() (name string, width int) {
	stand := t.stand()
	if stand == ledger.Planned && t.needsAgent() {
		return "agents of " + t.session.Target.Provider, installs
	}
	if stand == ledger.Recording || stand == ledger.Over { // seldom is anything written
		return "reads of " + t.watcher, concurrency
	}
	return t.watcher, concurrency
}

// all reports whether every session is where it should be; one in whose step
// that cannot be seen is if it was before.
func (a *schedule) all() bool {
	for _, t := range a.run.tracked {
		if t.busy && !t.passed || !t.busy && !a.there(t) {
			return false
		}
	}
	return true
}

// begin starts the steps that are due and have a place. What is to record comes
// first: its time box passes, and what is to be removed can wait.
func (a *schedule) begin(ctx context.Context) {
	for _, starts := range []bool{true, false} {
		a.beginThose(ctx, func(t *tracked) bool { return t.starts() == starts })
	}
}

// starts reports whether t is still to begin to record.
func (t *tracked) starts() bool {
	stand := t.stand()
	return stand == ledger.Planned || stand == ledger.Starting
}

func (a *schedule) beginThose(ctx context.Context, those func(*tracked) bool) {
	now := a.run.clock.Now()
	for _, t := range a.run.tracked {
		if t.busy || t.done || t.next.After(now) || !those(t) {
			continue
		}
		queue, width := t.queue()
		if a.active[queue] == width {
			continue
		}
		a.active[queue]++
		a.count++
		t.busy, t.at, t.passed = true, queue, a.there(t)
		go func() {
			a.run.step(ctx, t)
			a.run.show(t)
			a.done <- t
		}()
	}
}

func (a *schedule) finish(t *tracked) {
	t.busy = false
	a.active[t.at]--
	a.count--
}

// pass lets time pass until something is due or a step is done.
func (a *schedule) pass(ctx context.Context) {
	d := a.run.pause()
	if a.count == 0 {
		a.run.clock.Sleep(ctx, d)
		return
	}
	ctx, cancel := context.WithCancel(ctx)
	slept := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		a.run.clock.Sleep(ctx, d)
		close(slept)
	})
	select {
	case t := <-a.done:
		a.finish(t)
	case <-slept:
	}
	cancel()
	wg.Wait()
}

// pause is until the next step that is due, at most Poll.
func (r *Run) pause() time.Duration {
	now, p := r.clock.Now(), r.Limits.Poll
	for _, t := range r.tracked {
		if t.busy || t.done {
			continue
		}
		p = max(0, min(p, t.next.Sub(now)))
	}
	if p == 0 { // it waits for a place
		return r.Limits.Poll
	}
	return p
}

// sideBySide does a number of things, not too many at a time.
func sideBySide(n int, do func(i int)) {
	var wg sync.WaitGroup
	slots := make(chan struct{}, installs)
	for i := range n {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			do(i)
		})
	}
	wg.Wait()
}
