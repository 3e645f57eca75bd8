// Package clock is the sandbox's time: a world that runs faster than the real
// one, or stands still until somebody sleeps. It is kept in a file, so that
// all processes on one sandbox live at the same moment.
package clock

import (
	"context"
	"fmt"
	"math"
	"time"

	"flowctl/providers/sandbox/internal/store"
)

// Options say how a world's time passes.
type Options struct {
	Dir    string    // where the time is kept; empty: nowhere
	Epoch  time.Time // the world's time when it is first used
	Factor float64   // world seconds per real second; 0: time passes only by Sleep
	Join   bool      // a clock that runs keeps its own factor
	Real   func() time.Time
}

// Clock is the time of one world. It implements plan.Clock.
type Clock struct {
	file   *store.File[anchor]
	factor float64
	real   func() time.Time
	first  anchor // of this process
}

// anchor ties a moment of the world to a real one. From there the world's
// time passes Factor times as fast.
type anchor struct {
	World  time.Time `json:"world"`
	Real   time.Time `json:"real"`
	Factor float64   `json:"factor"`
}

// New returns the clock of a world and starts it if this is its first use. A
// world whose factor has changed goes on from the moment it had reached.
func New(ctx context.Context, o Options) (*Clock, error) {
	if o.Factor < 0 || math.IsNaN(o.Factor) || math.IsInf(o.Factor, 0) {
		return nil, fmt.Errorf("clock = %v: the sandbox's time cannot run backwards or without end; use 0 or a positive factor", o.Factor)
	}
	f, err := store.Open[anchor](o.Dir, "clock.json")
	if err != nil {
		return nil, err
	}
	c := &Clock{file: f, factor: o.Factor, real: o.Real}
	if c.real == nil {
		c.real = time.Now
	}
	now, err := f.Read()
	if err != nil {
		return nil, err
	}
	c.first = *now
	if !now.World.IsZero() && (o.Join || now.Factor == o.Factor) {
		c.factor = now.Factor
		return c, nil
	}
	return c, f.Update(ctx, func(a *anchor) error {
		at := c.real()
		world := o.Epoch
		if !a.World.IsZero() {
			world = a.at(at)
		}
		*a = anchor{World: world.UTC(), Real: at.UTC(), Factor: o.Factor}
		c.first = *a
		return nil
	})
}

// at is the world's time at a real moment.
func (a *anchor) at(real time.Time) time.Time {
	passed := max(0, real.Sub(a.Real))
	return a.World.Add(time.Duration(float64(passed) * a.Factor)).UTC()
}

// Now returns the world's time. Should the file be lost, which the next write
// will report, it goes on from where this process began.
func (c *Clock) Now() time.Time {
	a, err := c.file.Read()
	if err != nil || a.World.IsZero() {
		a = &c.first
	}
	return a.at(c.real())
}

// Sleep returns when d of the world's time has passed, or with ctx's error.
// Where time stands still it moves the world to that moment, unless another
// sleeper has moved it further already.
func (c *Clock) Sleep(ctx context.Context, d time.Duration) error {
	if err := ctx.Err(); err != nil || d <= 0 {
		return err
	}
	if c.factor == 0 {
		return c.moveTo(ctx, c.Now().Add(d))
	}
	t := time.NewTimer(time.Duration(math.Ceil(float64(d) / c.factor)))
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// Stepped reports whether time passes only by Sleep: who waits then moves the
// time of all others as well.
func (c *Clock) Stepped() bool { return c.factor == 0 }

// Skip moves the world's time by d at once, also where it runs.
func (c *Clock) Skip(ctx context.Context, d time.Duration) error {
	return c.file.Update(ctx, func(a *anchor) error {
		if a.World.IsZero() {
			*a = c.first
		}
		a.World = a.World.Add(d).UTC()
		return nil
	})
}

// moveTo makes the world's time at least then.
func (c *Clock) moveTo(ctx context.Context, then time.Time) error {
	return c.file.Update(ctx, func(a *anchor) error {
		if a.World.IsZero() {
			*a = c.first
		}
		if then.After(a.World) {
			a.World = then.UTC()
		}
		return nil
	})
}
