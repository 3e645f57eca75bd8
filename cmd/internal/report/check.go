package report

import (
	"fmt"
	"strings"

	"flowctl/collectors/summary"
	"flowctl/plan/session"
)

// Checked is an answer whose expectations and questions are a check.
type Checked struct {
	Doc  *summary.Document
	Meta Meta
	// Strict says that a question that cannot be answered fails the check.
	Strict bool
	// Compared is what differs between two sides, in place of a document.
	Compared *summary.Comparison
}

// Check is what came of one expectation or question.
type Check struct {
	Kind, Name string // expect or summarize, and the name of its block
	Outcome    string
	Level      Level
	Text       string // what is wrong, as a sentence; empty if nothing is
	Condition  string // of an expectation
	Place      session.Place
}

// Level says how much is wrong.
type Level int

// The levels.
const (
	Passed  Level = iota
	Open          // cannot be answered, and nobody asked that it can
	Unclear       // cannot be answered, which fails the check
	NotMet
)

// Name is how the check is called where there are several investigations.
func (c Check) name(meta Meta) string {
	if meta.Name == "" {
		return c.Kind + "/" + c.Name
	}
	return meta.Name + "/" + c.Kind + "/" + c.Name
}

// Checks are all of them, expectations first.
func (c Checked) Checks() []Check {
	if c.Compared != nil {
		return differences(c.Compared)
	}
	var out []Check
	for _, e := range c.Doc.Expectations {
		one := Check{Kind: "expect", Name: e.Name, Outcome: e.Outcome, Condition: e.Condition, Place: c.Meta.Expects[e.Name]}
		what := e.Condition
		if e.Message != "" {
			what = e.Message + ": " + e.Condition
		}
		numbers := measuredOf(&e)
		if numbers != "" {
			numbers = "; " + numbers
		}
		switch e.Outcome {
		case summary.Failed:
			one.Level, one.Text = NotMet, fmt.Sprintf("Not as expected: %s does not hold%s.", what, numbers)
		case summary.CannotAnswer:
			one.Level, one.Text = Unclear, fmt.Sprintf("Whether it is as expected cannot be answered from these sources: %s%s.", what, numbers)
		}
		out = append(out, one)
	}
	for i := range c.Doc.Asks {
		a := &c.Doc.Asks[i]
		one := Check{Kind: "summarize", Name: a.Name, Outcome: a.Outcome, Place: c.Meta.Questions[a.Name]}
		if a.Outcome == summary.CannotAnswer {
			one.Level, one.Text = Open, outcome(a)
			if c.Strict {
				one.Level = Unclear
			}
		}
		out = append(out, one)
	}
	return out
}

// mostDifferences is how many rows that differ are checks of their own: readers of SARIF
// take 5,000 results.
const mostDifferences = 1000

// differences are the rows that differ between two sides, or one check that passed.
func differences(c *summary.Comparison) []Check {
	var out []Check
	for i, r := range c.Changes {
		if i == mostDifferences {
			left := Check{Kind: "compare", Name: "not shown", Outcome: "more", Level: NotMet}
			left.Text = fmt.Sprintf("%s more differ.", Many(uint64(len(c.Changes)-i), "row"))
			return append(out, left)
		}
		var key []string
		for j, name := range c.By {
			key = append(key, name+" "+r.Key[j])
		}
		one := Check{Kind: "compare", Name: strings.Join(key, ", "), Outcome: r.Change, Level: NotMet}
		one.Text = fmt.Sprintf("%s: %s in A, %s in B.", r.Change, measured(r.A), measured(r.B))
		if r.Change == summary.Unclear {
			one.Level, one.Text = Unclear, fmt.Sprintf("Cannot be said: %s in A, %s in B; %s.", measured(r.A), measured(r.B), r.Why)
		}
		out = append(out, one)
	}
	same := Check{Kind: "compare", Name: "rows that are the same", Outcome: summary.Met}
	if lacks := append(append([]string{}, c.A.Lacks...), c.B.Lacks...); len(lacks) > 0 && len(out) == 0 {
		same.Outcome, same.Level, same.Text = summary.CannotAnswer, Unclear, "Nothing differs in what was measured; more may: "+list(lacks)+"."
	}
	return append(out, same)
}

// measured is how much a row of one side has.
func measured(r *summary.Row) string {
	if r == nil {
		return "none"
	}
	return fmt.Sprintf("%s in %s", Bytes(r.Volume), Many(r.Flows, "flow"))
}
