package operation

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"flowctl/collectors/summary"
	"flowctl/plan/ledger"
)

// TestSoFar wants of a run that goes on what was collected last, with how much of the window
// that is, and nothing where there is nothing.
func TestSoFar(t *testing.T) {
	start := time.Date(2026, 5, 9, 12, 0, 0, 0, time.UTC)
	run := &ledger.Run{Results: t.TempDir()}
	put := func(doc *summary.Document) {
		var b bytes.Buffer
		if err := doc.Write(&b); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(run.Results, "summary.json"), b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	of := func() *SoFar { return soFar(run, start, start.Add(time.Hour)) }
	if got := of(); got != nil {
		t.Errorf("of nothing: %v", got)
	}
	last := summary.Instant(start.Add(15 * time.Minute).UnixNano())
	doc := &summary.Document{Total: summary.Total{Records: 3, Last: last}, Asks: []summary.Answer{{Name: "sql", By: []string{"port"}, Outcome: summary.NothingFound}}}
	put(doc)
	if got := of(); got == nil || got.Covered != 0.25 || !got.Until.Equal(last.Time()) || got.Sentence != "sql: No flow matches." {
		t.Errorf("%+v", got)
	}
	doc.Total.Records = 0
	put(doc)
	if got := of(); got != nil {
		t.Errorf("of no records: %v", got)
	}
	if err := os.WriteFile(filepath.Join(run.Results, "summary.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := of(); got != nil {
		t.Errorf("of half a file: %v", got)
	}
}
