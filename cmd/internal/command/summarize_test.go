package command

import (
	"strings"
	"testing"
	"time"
)

func TestWindow(t *testing.T) {
	now := time.Date(2026, 11, 22, 8, 30, 0, 0, time.UTC)
	tests := map[string]struct{ start, end, from, to, err string }{
		"none":                {"", "", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z", ""},
		"times":               {"2026-11-12T08:00:00Z", "2026-11-12T10:00:00+01:00", "2026-11-12T08:00:00Z", "2026-11-12T09:00:00Z", ""},
		"durations":           {"-6h", "-90m", "2026-11-22T02:30:00Z", "2026-11-22T07:00:00Z", ""},
		"days, no sign":       {"2d", "", "2026-11-20T08:30:00Z", "2026-11-22T08:30:00Z", ""},
		"end alone":           {"", "-1h", "1970-01-01T00:00:00Z", "2026-11-22T07:30:00Z", ""},
		"no zone":             {"2026-11-12T08:00:00", "", "", "", `--start "2026-11-12T08:00:00": write a time as RFC 3339, with a zone, such as 2026-11-22T08:00:00Z, or a duration`},
		"no unit":             {"", "6", "", "", `--end "6"`},
		"the wrong way":       {"-1h", "-2h", "", "", "is not before the end"},
		"start in the future": {"2026-12-01T00:00:00Z", "", "", "", "is not before the end"},
	}
	for name, tt := range tests {
		from, to, err := window(tt.start, tt.end, now)
		if tt.err != "" {
			if err == nil || !strings.Contains(err.Error(), tt.err) {
				t.Errorf("%s: %v, want %q", name, err, tt.err)
			}
			continue
		}
		if got, want := from.Format(time.RFC3339)+" "+to.Format(time.RFC3339), tt.from+" "+tt.to; got != want || err != nil {
			t.Errorf("%s: %s, %v; want %s", name, got, err, want)
		}
	}
}
