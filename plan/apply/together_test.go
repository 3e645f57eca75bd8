package apply

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// Captures that are to begin together wait for one another: none is started before the
// slowest machine has its agent, nor for ever for one that never gets it.
func TestAlignedStart(t *testing.T) {
	slow := capture(10 * time.Minute)
	slow.Target.ID, slow.Watches = vm+"2", []string{"vm.slow"}
	slow.InstallAgent = "Linux"
	for name, tt := range map[string]struct {
		aligned bool
		fails   bool          // the slow one
		first   time.Duration // when the first begins, after noon
		said    string
	}{
		"as they come":             {false, false, 0, ""},
		"together":                 {true, false, 4*time.Minute + DefaultLimits.Poll, "all captures are ready; they begin at 2026-11-12T12:04:10Z"},
		"one never gets its agent": {true, true, 4 * time.Minute, "they begin at"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			var installed bool
			b.azure.on["install db2"] = func() {
				if !installed {
					installed = true
					b.azure.clock.now = b.azure.clock.now.Add(4 * time.Minute)
				}
			}
			if tt.fails {
				b.azure.fail["install db2"] = errors.New("403 Forbidden")
			}
			var began []time.Time
			for _, target := range []string{"db", "db2"} {
				b.azure.on["start "+target] = func() { began = append(began, b.azure.clock.now) }
			}
			p := b.plan(capture(10*time.Minute), slow)
			p.Investigation.AlignedStart = tt.aligned
			r := b.apply(p)
			if err := errors.Join(r.Start(t.Context()), r.Wait(t.Context())); err != nil {
				t.Fatal(err)
			}
			var said string
			for _, e := range b.events {
				if e.Kind == Waiting {
					said += e.Text + "\n"
				}
			}
			switch {
			case len(began) == 0 || tt.fails && len(began) != 1 || !tt.fails && len(began) != 2:
				t.Fatalf("%d began", len(began))
			case !strings.Contains(said, tt.said):
				t.Errorf("said %q, want %q", said, tt.said)
			case !tt.aligned && began[0].Sub(noon) > 4*time.Minute:
				t.Errorf("began %s after noon", began[0].Sub(noon))
			case tt.aligned && began[0].Sub(noon) < tt.first:
				t.Errorf("the first began %s after noon, want %s at least", began[0].Sub(noon), tt.first)
			case tt.aligned && !tt.fails && !began[0].Equal(began[1]):
				t.Errorf("began %v, want one instant", began)
			case tt.fails && began[0].Sub(noon) > time.Hour:
				t.Errorf("waited until %s", began[0])
			}
		})
	}
}
