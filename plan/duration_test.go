package plan

import (
	"testing"
	"time"
)

// A duration is shown as what ParseDuration reads back, without zero parts.
func TestDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", 20 * time.Second: "20s", 100 * time.Second: "1m40s", 10 * time.Second: "10s", 600 * time.Second: "10m",
		time.Hour: "1h", 20 * time.Hour: "20h", time.Hour + 20*time.Second: "1h0m20s", 90 * time.Minute: "1h30m", 70 * time.Minute: "1h10m",
		48 * time.Hour: "48h", 1500 * time.Millisecond: "2s", 250 * time.Millisecond: "250ms", -20 * time.Second: "-20s", -time.Hour: "-1h",
	} {
		if got := Duration(d); got != want {
			t.Errorf("%v: %s, want %s", d, got, want)
		}
	}
	for s := range 100_000 {
		d := time.Duration(s) * time.Second
		if back, err := time.ParseDuration(Duration(d)); err != nil || back != d {
			t.Fatalf("%v is shown as %s: %v, %v", d, Duration(d), back, err)
		}
	}
}
