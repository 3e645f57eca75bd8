package report

import (
	"fmt"

	"flowctl/cmd/internal/terminal"
	"flowctl/collectors/summary"
)

// expectations is the table of what the file expects of the answers.
func expectations(doc *summary.Document) Table {
	t := Table{Title: "Expectations", Columns: []terminal.Column{{Title: "outcome"}, {Title: "expectation"}, {Title: "condition", Drop: 2}, {Title: "message", Drop: 1}}}
	for _, e := range doc.Expectations {
		t.Rows = append(t.Rows, []string{e.Outcome, e.Name, e.Condition, e.Message})
	}
	return t
}

// Verdict says in a line how the expectations ended; empty if there are none.
func Verdict(doc *summary.Document) string {
	var met, failed, open []string
	for _, e := range doc.Expectations {
		text := e.Name
		if e.Message != "" {
			text += " (" + e.Message + ")"
		}
		switch e.Outcome {
		case summary.Met:
			met = append(met, e.Name)
		case summary.Failed:
			failed = append(failed, text)
		default:
			open = append(open, text)
		}
	}
	switch {
	case len(failed) > 0:
		return fmt.Sprintf("Not as expected: %s.", list(failed))
	case len(open) > 0:
		return fmt.Sprintf("Whether it is as expected cannot be answered: %s.", list(open))
	case len(met) > 0:
		return fmt.Sprintf("As expected: %s.", list(met))
	}
	return ""
}
