package report

import (
	"fmt"

	"flowctl/collectors/summary"
	"flowctl/plan/session"
)

// Checked is an answer whose expectations and questions are a check.
type Checked struct {
	Doc  *summary.Document
	Meta Meta
	// Strict says that a question that cannot be answered fails the check.
	Strict bool
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
	var out []Check
	for _, e := range c.Doc.Expectations {
		one := Check{Kind: "expect", Name: e.Name, Outcome: e.Outcome, Condition: e.Condition, Place: c.Meta.Expects[e.Name]}
		what := e.Condition
		if e.Message != "" {
			what = e.Message + ": " + e.Condition
		}
		switch e.Outcome {
		case summary.Failed:
			one.Level, one.Text = NotMet, fmt.Sprintf("Not as expected: %s does not hold.", what)
		case summary.CannotAnswer:
			one.Level, one.Text = Unclear, fmt.Sprintf("Whether it is as expected cannot be answered from these sources: %s.", what)
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
