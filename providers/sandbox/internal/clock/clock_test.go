package clock

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"flowctl/plan"
)

var _ plan.Clock = (*Clock)(nil)

var epoch = time.Date(2026, 11, 12, 8, 0, 0, 0, time.UTC)

func open(t *testing.T, o Options) *Clock {
	t.Helper()
	o.Epoch = epoch
	c, err := New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// since is how much of the world's time has passed.
func since(c *Clock) time.Duration { return c.Now().Sub(epoch) }

func TestTimePassesByFactor(t *testing.T) {
	real := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	o := Options{Dir: t.TempDir(), Factor: 600, Real: func() time.Time { return real }}
	c := open(t, o)
	if got := since(c); got != 0 {
		t.Errorf("a new world is %v old", got)
	}
	real = real.Add(2 * time.Second)
	if got := since(c); got != 20*time.Minute {
		t.Errorf("after 2 s the world is %v old, want 20m", got)
	}
	if got := since(open(t, o)); got != 20*time.Minute {
		t.Errorf("a second process lives %v after the epoch, want 20m", got)
	}
	o.Factor = 60
	slower := open(t, o)
	real = real.Add(time.Second)
	if got := since(slower); got != 21*time.Minute {
		t.Errorf("with another factor the world is %v old, want 21m", got)
	}
}

func TestVirtualTimeMovesOnlyBySleep(t *testing.T) {
	o := Options{Dir: t.TempDir()}
	a, b := open(t, o), open(t, o)
	if err := a.Sleep(t.Context(), time.Hour); err != nil {
		t.Fatal(err)
	}
	if got := since(b); got != time.Hour {
		t.Errorf("the other process is at %v, want 1h", got)
	}
	if err := b.Sleep(t.Context(), -time.Second); err != nil || since(a) != time.Hour {
		t.Errorf("a negative sleep moved time to %v (%v)", since(a), err)
	}
}

func TestSleepersMoveTimeToTheFurthest(t *testing.T) {
	c := open(t, Options{})
	for _, to := range []time.Duration{10, 60, 30} {
		if err := c.moveTo(t.Context(), epoch.Add(to*time.Second)); err != nil {
			t.Fatal(err)
		}
	}
	if got := since(c); got != time.Minute {
		t.Errorf("world is at %v, want 1m", got)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if err := c.Sleep(t.Context(), time.Second); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got := since(c); got < 61*time.Second || got > 68*time.Second {
		t.Errorf("world is at %v after eight sleepers of 1s", got)
	}
}

func TestSleepTakesRealTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := open(t, Options{Factor: 600})
		began := time.Now()
		if err := c.Sleep(t.Context(), time.Hour); err != nil {
			t.Fatal(err)
		}
		if got := time.Since(began); got != 6*time.Second {
			t.Errorf("an hour took %v of real time, want 6s", got)
		}
		if got := since(c); got != time.Hour {
			t.Errorf("world is at %v, want 1h", got)
		}
	})
}

func TestSleepEndsWithContext(t *testing.T) {
	for _, factor := range []float64{0, 1} {
		c := open(t, Options{Factor: factor})
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := c.Sleep(ctx, time.Hour); !errors.Is(err, context.Canceled) {
			t.Errorf("factor %v: error %v", factor, err)
		}
		if factor == 0 && since(c) != 0 {
			t.Errorf("a cancelled sleep moved time")
		}
	}
}

func TestLostFile(t *testing.T) {
	dir := t.TempDir()
	c := open(t, Options{Dir: dir})
	if err := os.Remove(filepath.Join(dir, "clock.json")); err != nil {
		t.Fatal(err)
	}
	if got := since(c); got != 0 {
		t.Errorf("without its file the world is %v old", got)
	}
	if err := c.Sleep(t.Context(), time.Hour); err != nil || since(c) != time.Hour {
		t.Errorf("after an hour it is %v old (%v)", since(c), err)
	}
}

func TestImpossibleFactor(t *testing.T) {
	if _, err := New(t.Context(), Options{Factor: -1}); err == nil {
		t.Error("a negative factor was accepted")
	}
}
