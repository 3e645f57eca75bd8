package preflight

import (
	"math"
	"testing"
	"time"

	"flowctl/plan"
)

// TestSpent prices what was recorded, in the place of what may be: bytes and
// hours by hand, and nothing unknown.
func TestSpent(t *testing.T) {
	w := newWorld()
	recorded := map[string]int64{w.log().Fingerprint(): 2e9, w.capture().Fingerprint(): 1e9}
	got := Spent(w.Input, recorded, 3*time.Hour)
	p := newChecker(w.Input).prices()
	price := func(m plan.Meter) float64 {
		x, ok := p.In("westeurope", m)
		if !ok {
			t.Fatalf("no price of %s", m)
		}
		return x
	}
	want := 2*price(plan.NetworkLogs) + 3*price(plan.StoredGBMonth) + 3*price(plan.Egress) + price(plan.CaptureCheck)
	calls := 0.0 // few, and priced by the ten thousand
	for _, item := range got.Items {
		switch item.Meter {
		case plan.WriteOperation, plan.ReadOperation:
			calls += *item.Amount
		}
		if item.Amount == nil {
			t.Errorf("%s has no amount: %s", item.Meter, item.Basis)
		}
	}
	if math.Abs(got.Total-calls-want) > 1e-9 || calls <= 0 || calls > 0.1 {
		t.Errorf("it cost %v, of which calls %v; want %v without them", got.Total, calls, want)
	}
	if none := Spent(w.Input, map[string]int64{}, 0); none.Total >= got.Total || none.Total < price(plan.CaptureCheck) {
		t.Errorf("nothing recorded cost %v; want that of a capture's check and its first call, %v", none.Total, price(plan.CaptureCheck))
	}
}
