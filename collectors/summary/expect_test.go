package summary

import (
	"testing"

	"github.com/hashicorp/hcl/v2"

	"flowctl/plan/question"
	"flowctl/plan/syntax"
)

// What is expected of numbers is met or has failed only where nothing that is not
// known could change it.
func TestExpectations(t *testing.T) {
	answers := []Answer{
		{Name: "some", Outcome: Answered, Groups: 2, Total: Row{Flows: 3, Denied: Known(1), Volume: Volume{IPBytes: Known(1000)}}},
		{Name: "none", Outcome: NothingFound},
		{Name: "open", Outcome: CannotAnswer, Undecided: 5},
		{Name: "more", Outcome: Answered, Undecided: 2, Groups: 1, Total: Row{Flows: 3, Volume: Volume{IPBytes: Known(1000)}}},
		{Name: "blind", Outcome: CannotAnswer, Unseen: []string{"nothing"}},
	}
	var asked []string
	for _, a := range answers {
		asked = append(asked, a.Name)
	}
	tests := map[string]string{
		`summary.some.flows == 3`:                            Met,
		`summary.some.flows == 0`:                            Failed,
		`summary.some.bytes < 1000`:                          Failed,
		`summary.some.denied > 0 && summary.none.flows == 0`: Met,
		`summary.some.packets > 5`:                           CannotAnswer, // not measured
		`summary.some.rows <= 2`:                             Met,
		`summary.none.flows == 0`:                            Met,
		`summary.none.bytes == 0`:                            Met,
		`summary.open.flows == 0`:                            CannotAnswer,
		`summary.open.flows <= 5`:                            Met,
		`summary.open.flows > 5`:                             Failed,
		`summary.open.bytes == 0`:                            CannotAnswer,
		`summary.more.flows == 0`:                            Failed,
		`summary.more.flows < 4`:                             CannotAnswer,
		`summary.more.flows < 6`:                             Met,
		`summary.more.bytes > 999`:                           Met,
		`summary.more.bytes < 2000`:                          CannotAnswer,
		`summary.more.denied == 0`:                           CannotAnswer,
		`summary.more.denied > 5`:                            Failed,
		`summary.blind.flows == 0`:                           CannotAnswer,
		`!(summary.blind.flows == 0)`:                        CannotAnswer,
		`summary.blind.flows == 0 || summary.some.flows > 0`: Met,
		`contains([3, 4], summary.some.flows)`:               Met,
		`contains([1, 2], summary.more.flows)`:               Failed,
		`contains([4], summary.more.flows)`:                  CannotAnswer,
		`summary.some.flows == summary.more.flows`:           CannotAnswer,
		`(summary.blind.flows > 0 ? 1 : 2) < 3`:              Met,
	}
	for src, want := range tests {
		expr, diags := syntax.Expression(src, "condition")
		if diags.HasErrors() {
			t.Fatal(diags)
		}
		e, diags := question.CheckExpect(expr, question.Scope{Context: &hcl.EvalContext{}}, asked)
		if diags.HasErrors() {
			t.Fatalf("%s: %v", src, diags)
		}
		got := expectations([]Expect{{Name: "x", Text: src, Condition: e}}, &Document{Asks: answers})
		if got[0].Outcome != want {
			t.Errorf("%s: %s, want %s", src, got[0].Outcome, want)
		}
	}
}
