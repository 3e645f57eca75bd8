package operation

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestOverTime wants the steps of each question of the examples to add up to its total, to
// lie in the window, and each to be there once.
func TestOverTime(t *testing.T) {
	examples := []string{"denied.hcl", "bill.hcl"}
	if testing.Short() {
		examples = examples[:1]
	}
	for _, example := range examples {
		text, err := os.ReadFile("../../../examples/" + example)
		if err != nil {
			t.Fatal(err)
		}
		o := newOthers(t, "")
		if err := os.WriteFile(o.source.Path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if failed, _, err := o.apply(t.Context(), ApplyOptions{}); err != nil || len(failed) > 0 {
			t.Fatal(failed, err)
		}
		folders, _ := filepath.Glob(filepath.Join(o.dir, "results", "*", "*"))
		if len(folders) != 1 {
			t.Fatalf("%s: results %q", example, folders)
		}
		a, err := Summarize(t.Context(), Settings{}, SummarizeOptions{Paths: folders})
		if err != nil {
			t.Fatal(err)
		}
		defer a.Close()
		for _, ask := range a.Doc.Asks {
			if ask.Timeline == nil || len(ask.Timeline.Steps) == 0 {
				t.Errorf("%s: %s: no timeline", example, ask.Name)
				continue
			}
			var bytes, denied uint64
			var last time.Time
			for _, s := range ask.Timeline.Steps {
				at := s.Start.Time()
				if !at.After(last) || at.Unix()%ask.Timeline.Seconds != 0 || at.Before(a.Meta.Start.Add(-time.Hour)) || at.After(a.Meta.End) {
					t.Errorf("%s: %s: step at %s after %s", example, ask.Name, at, last)
				}
				last, bytes, denied = at, bytes+s.IPBytes.N, denied+s.Denied.N
			}
			if bytes != ask.Total.IPBytes.N {
				t.Errorf("%s: %s: %d IP bytes in steps of %d", example, ask.Name, bytes, ask.Total.IPBytes.N)
			}
			if denied < ask.Total.Denied.N { // a flow that was denied in two steps is in both
				t.Errorf("%s: %s: %d denied in steps of %d", example, ask.Name, denied, ask.Total.Denied.N)
			}
		}
	}
}

// TestStepOf wants steps of which a picture has room for all.
func TestStepOf(t *testing.T) {
	for window, want := range map[time.Duration]string{time.Second: "1m", time.Hour: "1m", time.Hour + 1: "5m", 5 * time.Hour: "5m", 24 * time.Hour: "1h", 7 * 24 * time.Hour: "6h", 30 * 24 * time.Hour: "24h", 9000 * time.Hour: "24h"} {
		if _, got := stepOf(window); got != want {
			t.Errorf("%s: steps of %s, want %s", window, got, want)
		}
	}
}
