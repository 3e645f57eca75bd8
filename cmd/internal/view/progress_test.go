package view

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"flowctl/plan"
	"flowctl/plan/apply"
)

// TestTimeLeft wants what is left of a time box in the words of all durations, and of a
// monitor, which ends never, that there is no end.
func TestTimeLeft(t *testing.T) {
	now := time.Date(2026, 11, 12, 8, 0, 0, 0, time.UTC)
	for want, ends := range map[string]time.Time{"20m left": now.Add(20 * time.Minute), "no end": plan.Forever} {
		var b bytes.Buffer
		NewProgress(&b, false).Event(apply.Event{Of: "x", Kind: apply.Progress, Time: now, Left: ends.Sub(now)})
		if !strings.Contains(b.String(), "waiting    "+want) {
			t.Errorf("%q, want %s", b.String(), want)
		}
	}
}
