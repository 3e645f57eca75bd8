package azure

import (
	"context"
	"net/http"
	"sync/atomic"
	"time"

	"flowctl/plan"
)

// Real is the clock on the wall.
type Real struct{}

// Now returns the time.
func (Real) Now() time.Time { return time.Now() }

// Sleep returns after d, or earlier with ctx's error.
func (Real) Sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Differences between this machine's clock and the service's: below steady they
// come from the way and from Date having whole seconds, and a sample that took
// longer than fresh says too little.
const (
	steady = 5 * time.Second
	fresh  = 20 * time.Second
)

// serviceClock is the time of the service, as its answers tell it: deadlines are
// judged by the clock of those who keep them.
type serviceClock struct {
	inner plan.Clock
	ahead atomic.Int64 // of the service, as a time.Duration
}

// follow makes the service's time that of o, unless both are in one process and
// have one clock; then it returns nil.
func (o *Options) follow() *serviceClock {
	if o.InProcess {
		return nil
	}
	c := &serviceClock{inner: o.Clock}
	o.Clock = c
	return c
}

// heard is what listens to answers.
func (c *serviceClock) heard() func(*http.Response, time.Time) {
	if c == nil {
		return nil
	}
	return c.hear
}

// Now returns the time of the service.
func (c *serviceClock) Now() time.Time { return c.inner.Now().Add(c.skew()) }

// Sleep returns after d, or earlier with ctx's error.
func (c *serviceClock) Sleep(ctx context.Context, d time.Duration) error {
	return c.inner.Sleep(ctx, d)
}

// skew is how far the service is ahead of this machine.
func (c *serviceClock) skew() time.Duration {
	if c == nil {
		return 0
	}
	return time.Duration(c.ahead.Load())
}

// hear takes the time from an answer to a request that left at sent.
func (c *serviceClock) hear(resp *http.Response, sent time.Time) {
	date, err := http.ParseTime(resp.Header.Get("Date"))
	took := time.Since(sent)
	if err != nil || took > fresh || resp.Header.Get("Age") != "" {
		return
	}
	ahead := date.Add(time.Second / 2).Sub(c.inner.Now().Add(-took / 2))
	if ahead.Abs() < steady+took/2 {
		ahead = 0
	}
	c.ahead.Store(int64(ahead))
}
