package operation

import (
	"encoding/json"
	"os"
	"path/filepath"
	"time"

	"flowctl/cmd/internal/report"
	"flowctl/collectors/summary"
	"flowctl/plan/ledger"
)

// SoFar is the answer to the first question of a run that goes on, from what was collected
// last. It is preliminary.
type SoFar struct {
	Sentence string    `json:"sentence"`
	Until    time.Time `json:"until"`   // of what was recorded
	Covered  float64   `json:"covered"` // how much of the window that is, 0 to 1
}

// mostSoFar is how long a summary may be that is read for it.
const mostSoFar = 64 << 20

// soFar reads what the last collect of a run left; nil if there is nothing to say yet.
func soFar(run *ledger.Run, start, end time.Time) *SoFar {
	path := filepath.Join(run.Results, "summary.json")
	f, err := os.Stat(path)
	if err != nil || f.Size() > mostSoFar || !end.After(start) {
		return nil
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	var doc struct {
		Total  summary.Total     `json:"total"`
		Answer *summary.Transfer `json:"answer"`
		Asks   []summary.Answer  `json:"asks"`
		Names  []summary.Name    `json:"names"`
		Prices *summary.Prices   `json:"prices"`
	}
	if json.Unmarshal(b, &doc) != nil || doc.Total.Records == 0 || !doc.Total.Last.Known() {
		return nil
	}
	until := doc.Total.Last.Time()
	return &SoFar{
		Sentence: report.Sentence(&summary.Document{Total: doc.Total, Answer: doc.Answer, Asks: doc.Asks, Names: doc.Names, Prices: doc.Prices}),
		Until:    until, Covered: min(1, max(0, until.Sub(start).Seconds()/end.Sub(start).Seconds())),
	}
}
