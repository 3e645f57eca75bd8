package ledger

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestConvert: a state of format 1 is read, stands where it stood, and the next write
// replaces it by one of today's.
func TestConvert(t *testing.T) {
	for _, stand := range Stands() {
		path := filepath.Join(t.TempDir(), "state.json")
		text := fmt.Sprintf(`{"format":1,"lineage":"x","serial":7,"runs":{"inv":{"started":"2026-11-12T08:00:00Z","ends":"2026-11-12T08:20:00Z","results":".flowctl/results/inv/r",
			"sessions":{"p":{"session":{"name":"n"},"digest":"d","phase":%q,"bytes":12,"reason":"why","recording":{"id":"/subscriptions/s"}}},
			"lifecycles":{"a":{"account":"/subscriptions/s"}}}}}`, stand)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		file := NewLocal(path)
		l, err := file.Read(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		run := l.Runs["inv"]
		e := run.Sessions["p"]
		if e.Stand() != stand || e.Digest != "d" || e.Recording() == nil || len(run.Lifecycles) != 1 || l.Lineage != "x" || l.Serial != 7 {
			t.Errorf("%s: it stands at %s, %+v", stand, e.Stand(), run)
		}
		if _, err := file.Write(context.Background(), l); err != nil {
			t.Fatal(err)
		}
		var now struct{ Format, Serial int }
		b, err := os.ReadFile(path)
		if err != nil || json.Unmarshal(b, &now) != nil || now.Format != Format || now.Serial != 8 {
			t.Errorf("%s: written as format %d, serial %d (%v)", stand, now.Format, now.Serial, err)
		}
	}
}

// TestConvertRefuses: what is no whole state says what to do.
func TestConvertRefuses(t *testing.T) {
	for text, want := range map[string]string{
		`{"format":1,"runs":{"inv":null}}`:                    "move",
		`{"format":1,"runs":{"inv":{"sessions":{"p":null}}}}`: "move",
		`{"format":1,"runs":7}`:                               "move it away",
		`{"format":3,"runs":{}}`:                              "move the state away",
		`{"format":1`:                                         "move it away",
	} {
		if _, err := Decode("state.json", []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}
