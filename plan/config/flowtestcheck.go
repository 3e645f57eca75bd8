package config

import (
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"
)

// Failure is something of a test that does not hold.
type Failure struct {
	Summary, Detail string
	Expected, Got   string // empty where there is neither
	Range           hcl.Range
}

// Diagnostic is the failure as it is shown.
func (f Failure) Diagnostic() *hcl.Diagnostic {
	detail := f.Detail
	if f.Expected != "" {
		detail = strings.TrimSpace(detail + "\nexpected: " + f.Expected + "\ngot:      " + f.Got)
	}
	return &hcl.Diagnostic{Severity: hcl.DiagError, Summary: f.Summary, Detail: detail, Subject: f.Range.Ptr()}
}

// Check says what of an assertion does not hold; nil if it does. What is neither true nor
// false does not hold.
func (t *Test) Check(a Assert, vars map[string]cty.Value) *Failure {
	ctx := &hcl.EvalContext{Functions: Functions(), Variables: vars}
	f := &Failure{Summary: "Assertion failed", Range: a.Condition.Range(), Expected: t.text(a.Condition)}
	v, diags := a.Condition.Value(ctx)
	switch {
	case diags.HasErrors():
		f.Summary, f.Expected = "Assertion cannot be evaluated", ""
		f.Detail = strings.TrimSpace(diags[0].Summary + ": " + diags[0].Detail)
		if diags[0].Subject != nil {
			f.Range = *diags[0].Subject
		}
		return f
	case v.IsKnown() && !v.IsNull() && v.Type() == cty.Bool && v.True():
		return nil
	case !v.IsKnown() || v.IsNull() || v.Type() != cty.Bool:
		f.Summary, f.Got = "Assertion is neither true nor false", rendered(v)
	default:
		f.Got = strings.Join(t.got(a.Condition, ctx), ", ")
	}
	if a.Message != nil {
		if m, diags := a.Message.Value(ctx); !diags.HasErrors() && m.IsKnown() && !m.IsNull() && m.Type() == cty.String {
			f.Detail = m.AsString()
		}
	}
	return f
}

// text is an expression as it is written, on one line.
func (t *Test) text(e hcl.Expression) string {
	at := e.Range()
	if f := t.Files[at.Filename]; f != nil && at.CanSliceBytes(f.Bytes) {
		return strings.Join(strings.Fields(string(at.SliceBytes(f.Bytes))), " ")
	}
	return ""
}

// got are the values that decide why a condition is false.
func (t *Test) got(e hcl.Expression, ctx *hcl.EvalContext) []string {
	switch x := e.(type) {
	case *hclsyntax.ParenthesesExpr:
		return t.got(x.Expression, ctx)
	case *hclsyntax.BinaryOpExpr:
		if x.Op == hclsyntax.OpLogicalAnd || x.Op == hclsyntax.OpLogicalOr {
			return t.undone(x, ctx)
		}
		return append(t.side(x.LHS, ctx), t.side(x.RHS, ctx)...)
	}
	var out []string
	seen := map[string]bool{}
	for _, tr := range e.Variables() {
		at := tr.SourceRange()
		name := string(at.SliceBytes(t.Files[at.Filename].Bytes))
		if v, diags := tr.TraverseAbs(ctx); !diags.HasErrors() && !seen[name] {
			out, seen[name] = append(out, name+" = "+rendered(v)), true
		}
	}
	if len(out) == 0 {
		out = append(out, "false")
	}
	return out
}

// undone are the values of the operands that are false.
func (t *Test) undone(x *hclsyntax.BinaryOpExpr, ctx *hcl.EvalContext) []string {
	var out []string
	for _, side := range []hcl.Expression{x.LHS, x.RHS} {
		v, diags := side.Value(ctx)
		if !diags.HasErrors() && v.IsKnown() && !v.IsNull() && v.Type() == cty.Bool && v.False() {
			out = append(out, t.got(side, ctx)...)
		}
	}
	return out
}

// side is one side of a comparison with its value, unless it is written as its value.
func (t *Test) side(e hcl.Expression, ctx *hcl.EvalContext) []string {
	if len(e.Variables()) == 0 {
		return nil
	}
	v, diags := e.Value(ctx)
	if diags.HasErrors() {
		return nil
	}
	return []string{t.text(e) + " = " + rendered(v)}
}

// longestShown is how much of a value is shown.
const longestShown = 300

// rendered is a value for people.
func rendered(v cty.Value) string {
	switch {
	case !v.IsKnown():
		return "not known"
	case v.IsNull():
		return "null"
	}
	b, err := ctyjson.Marshal(v, v.Type())
	if err != nil {
		return fmt.Sprintf("a value of type %s", v.Type().FriendlyName())
	}
	if r := []rune(string(b)); len(r) > longestShown {
		return string(r[:longestShown]) + "…"
	}
	return string(b)
}
