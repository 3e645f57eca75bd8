package question

import (
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"flowctl/plan/syntax"
)

// CheckExpect reads a condition over the numbers of answers, such as
// summary.sql.flows == 0. Asked are the names of the questions.
func CheckExpect(e hcl.Expression, s Scope, asked []string) (*Expr, hcl.Diagnostics) {
	s.expects, s.asked = true, asked
	return Check(e, s)
}

// Numbers returns what an answer has of numbers: its measures over all rows, and
// how many rows there are.
func Numbers() []string { return append(numbers(), "rows") }

// IsNumber reports whether a name is that of a number of an answer.
func IsNumber(t hcl.Traversal) bool { return t.RootName() == "summary" }

// Number splits the name of a number of an answer into the question's name and the
// measure.
func (f Field) Number() (ask, measure string) {
	text := strings.TrimPrefix(f.Name, "summary.")
	at := strings.LastIndexByte(text, '.')
	if at < 0 {
		return text, ""
	}
	return text[:at], text[at+1:]
}

// number returns the field that a name of a number stands for.
func (c *checker) number(name string) (Field, bool) {
	f := Field{Name: name, Type: Number}
	ask, measure := f.Number()
	return f, strings.HasPrefix(name, "summary.") && slices.Contains(c.asked, ask) && slices.Contains(Numbers(), measure)
}

// noNumber says that no answer has such a number.
func (c *checker) noNumber(t hcl.Traversal) hcl.Diagnostics {
	name := nameOf(t)
	ask, measure := Field{Name: name}.Number()
	detail := "A number of an answer is summary.NAME.MEASURE, as in summary.sql.flows; NAME is a summarize block and MEASURE one of " + strings.Join(Numbers(), ", ") + "."
	switch {
	case t.RootName() != "summary":
		detail = "Nothing is called " + quote(t.RootName()) + " here. " + detail
	case len(c.asked) == 0:
		detail = "There is no summarize block to take " + quote(name) + " from. Add summarize " + quote(ask) + " { … }."
	case measure == "":
	case !slices.Contains(c.asked, ask):
		detail = "There is no summarize block " + quote(ask) + ". " + syntax.Hint(ask, c.asked)
	default:
		detail = "Answers have no number " + quote(measure) + ". " + syntax.Hint(measure, Numbers())
	}
	return hcl.Diagnostics{{Severity: hcl.DiagError, Summary: "Unknown number", Detail: detail, Subject: t.SourceRange().Ptr()}}
}
