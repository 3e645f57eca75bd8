package config

import (
	"maps"
	"slices"
	"strconv"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"flowctl/plan/question"
	"flowctl/plan/syntax"
)

// mark is what a sensitive value carries with it, and with all that is made of it.
type mark struct{}

// scope is what expressions can refer to at one place of a file.
type scope struct {
	*problems
	ctx    *hcl.EvalContext
	vars   []string // declared variables
	locals []string // declared locals
	each   bool     // there is a for_each around
	files  map[string]*hcl.File
}

// value evaluates an expression. What is wrong with it is noted, and then the
// value is cty.DynamicVal, which the callers treat as said already.
func (s *scope) value(expr hcl.Expression) cty.Value {
	if s.ctx != nil && (!s.references(expr) || !s.functions(expr)) {
		return cty.DynamicVal
	}
	v, diags := expr.Value(s.ctx)
	s.extend(withhold(diags, expr, s.ctx))
	if diags.HasErrors() {
		return cty.DynamicVal
	}
	return v
}

// references checks that all that an expression refers to is declared.
func (s *scope) references(expr hcl.Expression) bool {
	ok := true
	for _, t := range expr.Variables() {
		ok = s.reference(t) && ok
	}
	return ok
}

// functions checks that the functions which an expression calls exist.
func (s *scope) functions(expr hcl.Expression) bool {
	tree, ok := expr.(hclsyntax.Expression)
	if !ok {
		return true
	}
	known := Functions()
	hclsyntax.VisitAll(tree, func(n hclsyntax.Node) hcl.Diagnostics {
		call, isCall := n.(*hclsyntax.FunctionCallExpr)
		if !isCall {
			return nil
		}
		if _, exists := known[call.Name]; exists {
			return nil
		}
		s.add("Unknown function", call.NameRange, "There is no function %q. %s", call.Name, syntax.Hint(call.Name, slices.Sorted(maps.Keys(known))))
		ok = false
		return nil
	})
	return ok
}

func (s *scope) reference(t hcl.Traversal) bool {
	switch root := t.RootName(); root {
	case "var":
		return s.declared(t, "Unknown variable", "variable", s.vars)
	case "local":
		return s.declared(t, "Unknown local", "local value", s.locals)
	case "each":
		if !s.each {
			s.add("No for_each", t.SourceRange(), "each.key and each.value are only there in a watch that has for_each.")
			return false
		}
		return s.declared(t, "Unknown reference", "part of each", []string{"key", "value"})
	default:
		s.add("Unknown reference", t.SourceRange(), "Nothing is called %q here. %s", root, s.referenceHint(t))
		return false
	}
}

// referenceHint says how what a name may stand for is written.
func (s *scope) referenceHint(t hcl.Traversal) string {
	root := t.RootName()
	switch name, _ := second(t); {
	case slices.Contains(s.vars, root):
		return "Did you mean var." + root + "?"
	case slices.Contains(s.locals, root):
		return "Did you mean local." + root + "?"
	case slices.Contains(s.vars, name) && syntax.Nearest(root, []string{"var"}) != "", slices.Contains(s.vars, name) && root == "variable":
		return "Did you mean var." + name + "?"
	case slices.Contains(s.locals, name) && syntax.Nearest(root, []string{"local"}) != "":
		return "Did you mean local." + name + "?"
	case question.IsField(t):
		return "Fields of flows stand in quotes here, as in \"source.address\"; text stands in double quotes."
	}
	return "Values come from var, local and each; text stands in double quotes."
}

// declared checks the second step of a traversal such as var.ticket.
func (s *scope) declared(t hcl.Traversal, summary, what string, known []string) bool {
	name, ok := second(t)
	if !ok || slices.Contains(known, name) {
		return true
	}
	hint := syntax.Hint(name, known)
	if root := t.RootName(); len(known) == 0 && root != "each" {
		hint = "Declare it: write " + map[string]string{"var": "variable " + strconv.Quote(name) + " {}", "local": "locals { " + name + " = … }"}[root] + "."
	}
	s.add(summary, t.SourceRange(), "There is no %s %q. %s", what, name, hint)
	return false
}

// second returns the second step of a traversal, if it is a name.
func second(t hcl.Traversal) (string, bool) {
	if len(t) < 2 {
		return "", false
	}
	switch step := t[1].(type) {
	case hcl.TraverseAttr:
		return step.Name, true
	case hcl.TraverseIndex:
		if step.Key.Type() == cty.String && step.Key.IsKnown() && !step.Key.IsNull() {
			return step.Key.AsString(), true
		}
	}
	return "", false
}

// child returns a scope that has more variables.
func (s *scope) child(vars map[string]cty.Value) *scope {
	c := *s
	c.ctx = s.ctx.NewChild()
	c.ctx.Variables = vars
	return &c
}

// withhold takes the details out of messages about expressions that use a
// sensitive value: functions put their arguments into their messages.
func withhold(diags hcl.Diagnostics, expr hcl.Expression, ctx *hcl.EvalContext) hcl.Diagnostics {
	if len(diags) == 0 || !usesSensitive(expr, ctx) {
		return diags
	}
	var out hcl.Diagnostics
	for _, d := range diags {
		c := *d
		c.Detail = "This uses a sensitive value, so the details are withheld. Try it with nonsensitive(…) and a harmless value."
		c.Expression, c.EvalContext = nil, nil
		out = append(out, &c)
	}
	return out
}

// usesSensitive reports whether anything that expr refers to is sensitive.
func usesSensitive(expr hcl.Expression, ctx *hcl.EvalContext) bool {
	if ctx == nil {
		return false
	}
	for _, t := range expr.Variables() {
		v, diags := t.TraverseAbs(ctx)
		if !diags.HasErrors() && isSensitive(v) {
			return true
		}
		if diags.HasErrors() && rootSensitive(t, ctx) {
			return true
		}
	}
	return false
}

// rootSensitive answers for a traversal that leads nowhere, from the variable it starts at.
func rootSensitive(t hcl.Traversal, ctx *hcl.EvalContext) bool {
	v, diags := t[:min(2, len(t))].TraverseAbs(ctx)
	return diags.HasErrors() || isSensitive(v)
}

func isSensitive(v cty.Value) bool { return v.ContainsMarked() }

// object is the value of var or local.
func object(vals map[string]cty.Value) cty.Value {
	if len(vals) == 0 {
		return cty.EmptyObjectVal
	}
	return cty.ObjectVal(maps.Clone(vals))
}
