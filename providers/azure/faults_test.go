package azure

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"flowctl/plan"
)

// trouble fails one request in seven or so, reads and writes alike, in all
// the ways that arm knows.
func trouble(seed uint64) func(string, int) *fault {
	rnd := rand.New(rand.NewPCG(seed, 0))
	return func(what string, _ int) *fault {
		write := !strings.HasPrefix(what, "GET")
		switch n := rnd.IntN(100); {
		case n < 5:
			return &fault{status: 500, code: "InternalServerError", effect: write && n%2 == 0}
		case n < 10:
			return &fault{status: 429, code: "TooManyRequests", after: "5"}
		case n < 12:
			return &fault{reset: true, effect: write && n%2 == 0}
		case n < 14 && write:
			return &fault{opCode: "InternalServerError"}
		case n < 15 && write:
			return &fault{status: 429, code: "AnotherOperationInProgress"}
		}
		return nil
	}
}

func TestManySessionsUnderFaults(t *testing.T) {
	a := newARM()
	a.fail = trouble(7)
	p, clock := newTestProvider(t, a)
	var wg sync.WaitGroup
	for i := range 200 {
		m := []plan.Mechanism{plan.FlowLog, plan.PacketCapture}[i%2]
		s := testSession(m)
		s.Name, s.Watcher = fmt.Sprint("s", i), plan.ID(fmt.Sprint(watcher, i%5))
		wg.Go(func() {
			r, err := p.Start(context.Background(), s)
			if err != nil {
				t.Error(err)
				return
			}
			if d := plan.Differs(s, r); d != "" {
				t.Errorf("%s differs in its %s", s.Name, d)
			}
		})
	}
	wg.Wait()
	if len(a.resources) != 200 {
		t.Errorf("%d recordings, want 200", len(a.resources))
	}
	for path, r := range a.resources {
		if state := r["properties"].(map[string]any)["provisioningState"]; state != "Succeeded" {
			t.Errorf("%s is in state %v", path, state)
		}
	}
	for path := range keysOf(a) {
		m := plan.FlowLog
		if strings.Contains(path, "packetcaptures") {
			m = plan.PacketCapture
		}
		wg.Go(func() {
			if err := p.Remove(context.Background(), plan.Recording{ID: plan.ID(path), Mechanism: m}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if len(a.resources) != 0 {
		t.Errorf("%d recordings left", len(a.resources))
	}
	t.Logf("%d requests, %s", len(a.requests), clock.Now().Sub(newStepClock().now))
}

func keysOf(a *fakeARM) map[string]bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	out := map[string]bool{}
	for path := range a.resources {
		out[path] = true
	}
	return out
}
