package operation

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"flowctl/collectors/flowlog/flowlogtest"
	"flowctl/collectors/summary"
)

// TestFollow lets a flow log grow by blocks, and by halves of them, between looks: what
// was shown at any of them is what the whole file has, and a look at a file that did
// not change shows nothing.
func TestFollow(t *testing.T) {
	var whole bytes.Buffer
	made, err := flowlogtest.Generate(&whole, flowlogtest.Spec{Seed: 3, Flows: 200})
	if err != nil {
		t.Fatal(err)
	}
	var cuts []int64
	at := int64(0)
	for _, n := range made.Blocks {
		cuts = append(cuts, at+n/2, at+n)
		at += n
	}
	path := filepath.Join(t.TempDir(), "PT1H.json")
	write := func(n int64) {
		if err := os.WriteFile(path, whole.Bytes()[:n], 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(cuts[1])
	flows := func(doc *summary.Document) map[string]string {
		all := map[string]string{}
		for _, r := range doc.Asks[0].Rows {
			all[strings.Join(r.Key, " ")] = r.Flow.State
		}
		return all
	}
	o := SummarizeOptions{Paths: []string{path}, Question: &Question{Single: true, Top: 100_000}}
	met, shown, looks := map[string]string{}, 0, 0
	done := errors.New("all is written")
	wait := func(context.Context, time.Duration) error {
		if looks++; looks%4 == 0 { // nothing was written
			return nil
		}
		if next := 2 + looks - looks/4; next < len(cuts) {
			write(cuts[next])
			return nil
		}
		write(int64(whole.Len()))
		if looks > len(cuts)*4/3+4 {
			return done
		}
		return nil
	}
	err = Follow(t.Context(), Settings{}, o, wait, func(a *Answer) error {
		shown++
		for key, state := range flows(a.Doc) {
			met[key] = state
		}
		return nil
	})
	if !errors.Is(err, done) {
		t.Fatal(err)
	}
	if shown < len(cuts)/2 || shown > looks {
		t.Errorf("%d of %d looks showed something; the file had %d lengths", shown, looks, len(cuts))
	}
	a, err := Summarize(t.Context(), Settings{}, o)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	want := flows(a.Doc)
	if len(want) == 0 || len(met) != len(want) {
		t.Fatalf("%d flows were met, want %d", len(met), len(want))
	}
	for key, state := range want {
		if met[key] != state {
			t.Errorf("%s was %q in the end, want %q", key, met[key], state)
		}
	}
}
