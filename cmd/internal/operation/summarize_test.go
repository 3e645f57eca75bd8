package operation

import (
	"testing"
	"time"

	"flowctl/collectors"
)

// A window in a run's window is what both have in common.
func TestNarrow(t *testing.T) {
	at := func(hour int) time.Time { return time.Date(2026, 11, 12, hour, 0, 0, 0, time.UTC) }
	tests := map[string]struct {
		start, end int // hours; no end is no window
		from, to   int // 0 if it cannot be
	}{
		"none":    {0, 0, 8, 10},
		"within":  {9, 20, 9, 10},
		"around":  {7, 11, 8, 10},
		"the end": {0, 9, 8, 9},
		"outside": {11, 12, 0, 0},
	}
	for name, tt := range tests {
		sum := collectors.Sum{Start: at(8), End: at(10)}
		var end time.Time
		if tt.end > 0 {
			end = at(tt.end)
		}
		err := narrow(&sum, at(tt.start), end)
		if tt.from == 0 {
			if err == nil {
				t.Errorf("%s: %s to %s, want an error", name, sum.Start, sum.End)
			}
		} else if err != nil || !sum.Start.Equal(at(tt.from)) || !sum.End.Equal(at(tt.to)) {
			t.Errorf("%s: %s to %s, %v", name, sum.Start, sum.End, err)
		}
	}
}
