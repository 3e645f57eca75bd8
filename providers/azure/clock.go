package azure

import (
	"context"
	"time"
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
