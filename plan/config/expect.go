package config

import (
	"github.com/hashicorp/hcl/v2"

	"flowctl/plan/question"
)

var expectSchema = schema{attrs: []string{"condition", "message"}}

// Expect is what must hold for the numbers of the answers.
type Expect struct {
	Name    string         `json:"name"`
	Text    string         `json:"condition"` // as it is written
	Message string         `json:"message,omitempty"`
	Expr    hcl.Expression `json:"-"`
	// Condition is nil while variables have no values.
	Condition *question.Expr   `json:"-"`
	Context   *hcl.EvalContext `json:"-"`
	Range     hcl.Range        `json:"-"`
}

// Literal is the condition with the values of variables and locals in it.
func (e Expect) Literal() (string, hcl.Diagnostics) { return literal(e.Expr, e.Text, e.Context) }

// expect adds an expect block to an investigation, after all of its questions.
func (inv *Investigation) expect(b block) {
	expectSchema.check(b.Body, title(b.Block), b.scope.problems)
	e := Expect{Name: b.Labels[0], Range: header(b.Block), Context: b.scope.ctx}
	b.scope.word(e.Name, "expectation", b.LabelRanges[0])
	for _, prior := range inv.Expects {
		if prior.Name == e.Name {
			b.scope.add("Duplicate name", b.LabelRanges[0], "There is a second expectation %q; the first is on line %d. Rename one of them.", e.Name, prior.Range.Start.Line)
			return
		}
	}
	e.Message, _ = b.line("message", maxReason)
	a := b.Body.Attributes["condition"]
	if a == nil || !b.has("condition") {
		if !expectSchema.misspelt(b.Body, "condition") {
			b.scope.add("Missing condition", header(b.Block), "expect %q needs condition, such as condition = summary.sql.flows == 0.", e.Name)
		}
		return
	}
	var asked []string
	for _, s := range inv.Summaries {
		asked = append(asked, s.Name)
	}
	var diags hcl.Diagnostics
	e.Condition, diags = question.CheckExpect(a.Expr, question.Scope{Context: b.scope.ctx, Reference: b.scope.refersToValue}, asked)
	b.scope.extend(diags)
	e.Expr, e.Text = a.Expr, b.source(a.Expr.Range())
	inv.Expects = append(inv.Expects, e)
}

// refersToValue says what is wrong with a reference to a variable or a local.
func (s *scope) refersToValue(t hcl.Traversal) hcl.Diagnostics {
	other := *s
	other.problems = &problems{}
	other.reference(t)
	return other.list
}
