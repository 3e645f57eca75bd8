package report

import (
	"fmt"
	"strconv"
	"strings"

	"flowctl/cmd/internal/terminal"
	"flowctl/collectors/summary"
)

// expectations is the table of what the file expects of the answers.
func expectations(doc *summary.Document) Table {
	t := Table{Title: "Expectations", Columns: []terminal.Column{{Title: "outcome"}, {Title: "expectation"}, {Title: "condition", Drop: 2}, {Title: "measured", Drop: 3}, {Title: "message", Drop: 1}}}
	for _, e := range doc.Expectations {
		t.Rows = append(t.Rows, []string{e.Outcome, e.Name, e.Condition, measuredOf(&e), e.Message})
	}
	return t
}

// Verdict says in a line how the expectations ended; empty if there are none.
func Verdict(doc *summary.Document) string {
	var met, failed, open []string
	for _, e := range doc.Expectations {
		text := e.Name
		if why := join(e.Message, measuredOf(&e)); why != "" {
			text += " (" + why + ")"
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

// measuredOf says what the numbers were that a condition names; empty if it names none.
func measuredOf(e *summary.Expectation) string {
	var parts []string
	for _, m := range e.Measured {
		least := strconv.FormatFloat(m.Least, 'f', -1, 64)
		text := m.Number + " is "
		switch {
		case m.Most == nil && m.Least == 0:
			text += "not known"
		case m.Most == nil:
			text += least + " or more"
		case *m.Most == m.Least:
			text += least
		default:
			text += least + " to " + strconv.FormatFloat(*m.Most, 'f', -1, 64)
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, ", ")
}

// join puts two parts of a sentence together, either of which may be empty.
func join(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "; " + b
}
