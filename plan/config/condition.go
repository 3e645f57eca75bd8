package config

import (
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"flowctl/collectors/flow"
)

// condition checks the where of a summary: that what it refers to exists,
// that it comes out as true or false, and that what fields are compared with
// can be equal to them at all.
type condition struct{ scope *scope }

func (c condition) check(expr hclsyntax.Expression) {
	if !c.references(expr) || !c.scope.functions(expr) {
		return
	}
	before := len(c.scope.list)
	c.supported(expr)
	hclsyntax.VisitAll(expr, func(n hclsyntax.Node) hcl.Diagnostics {
		c.node(n)
		return nil
	})
	if len(c.scope.list) > before {
		return
	}
	v, diags := expr.Value(c.withFields())
	c.scope.extend(diags)
	if diags.HasErrors() {
		return
	}
	if isSensitive(v) {
		c.scope.add("Sensitive value", expr.Range(), "A summary shows which flows it selects, so a sensitive value cannot select them.")
		return
	}
	if t := v.Type(); t != cty.Bool && (t != cty.DynamicPseudoType || v.IsKnown()) {
		c.scope.add("Wrong type", expr.Range(), "where must be true or false for each flow, such as direction == \"outbound\"; this is %s.", kindOf(v))
	}
}

// references checks every traversal: fields of flows, var and local.
func (c condition) references(expr hclsyntax.Expression) bool {
	ok := true
	for _, t := range expr.Variables() {
		switch t.RootName() {
		case "var", "local":
			ok = c.scope.reference(t) && c.open(t) && ok
		default:
			ok = c.field(t) && ok
		}
	}
	return ok
}

// open refuses sensitive values: a summary shows what it selects.
func (c condition) open(t hcl.Traversal) bool {
	if v, diags := t.TraverseAbs(c.scope.ctx); diags.HasErrors() || !isSensitive(v) {
		return true
	}
	c.scope.add("Sensitive value", t.SourceRange(), "A summary shows which flows it selects, so a sensitive value cannot select them. If it may be shown, write nonsensitive(…) in a local.")
	return false
}

// field checks a traversal that should be a field, such as source.vm.
func (c condition) field(t hcl.Traversal) bool {
	name := fieldName(t)
	if name != "" && slices.Contains(fieldNames(), name) {
		return true
	}
	if name == "" {
		name = t.RootName()
	}
	c.scope.add("Unknown field", t.SourceRange(), "Flows have no field %q. %s", name, hint(name, c.near(t)))
	return false
}

// near are the names to suggest from: for source.x those of source.
func (c condition) near(t hcl.Traversal) []string {
	var of []string
	for _, n := range fieldNames() {
		if strings.HasPrefix(n, t.RootName()+".") {
			of = append(of, n)
		}
	}
	if len(of) > 0 {
		return of
	}
	return fieldNames()
}

// fieldName returns the name that a traversal spells, or "" if it indexes.
func fieldName(t hcl.Traversal) string {
	name := t.RootName()
	for _, step := range t[1:] {
		a, ok := step.(hcl.TraverseAttr)
		if !ok {
			return ""
		}
		name += "." + a.Name
	}
	return name
}

// withFields is the context in which every field is there and not known yet.
func (c condition) withFields() *hcl.EvalContext {
	vars, sides := map[string]cty.Value{}, map[string]map[string]cty.Value{}
	for _, f := range flow.Fields() {
		v := cty.UnknownVal(cty.String)
		if f.Type == flow.Number {
			v = cty.UnknownVal(cty.Number)
		}
		side, name, ok := strings.Cut(f.Name, ".")
		if !ok {
			vars[f.Name] = v
			continue
		}
		if sides[side] == nil {
			sides[side] = map[string]cty.Value{}
		}
		sides[side][name] = v
	}
	for side, fields := range sides {
		vars[side] = cty.ObjectVal(fields)
	}
	return c.scope.child(vars).ctx
}

// fieldFunctions are the functions that take a field.
var fieldFunctions = []string{"contains", "startswith", "endswith", "cidrcontains"}

// supported refuses what a condition over fields cannot be made of. Parts
// without fields are evaluated once and may be anything.
func (c condition) supported(expr hclsyntax.Expression) {
	if !usesFields(expr) {
		return
	}
	switch e := expr.(type) {
	case *hclsyntax.ScopeTraversalExpr:
	case *hclsyntax.ParenthesesExpr:
		c.supported(e.Expression)
	case *hclsyntax.UnaryOpExpr:
		c.operator(e.Op, e.Range())
		c.supported(e.Val)
	case *hclsyntax.BinaryOpExpr:
		c.operator(e.Op, e.Range())
		c.supported(e.LHS)
		c.supported(e.RHS)
	case *hclsyntax.ConditionalExpr:
		c.supported(e.Condition)
		c.supported(e.TrueResult)
		c.supported(e.FalseResult)
	case *hclsyntax.FunctionCallExpr:
		c.fieldCall(e)
	default:
		c.scope.add("Unsupported condition", expr.Range(), "Fields of flows can be compared, joined with &&, || and !, and given to %s. Compute everything else in locals.", strings.Join(fieldFunctions, ", "))
	}
}

func usesFields(expr hclsyntax.Expression) bool {
	return slices.ContainsFunc(expr.Variables(), func(t hcl.Traversal) bool {
		return t.RootName() != "var" && t.RootName() != "local"
	})
}

func (c condition) operator(op *hclsyntax.Operation, at hcl.Range) {
	switch op {
	case hclsyntax.OpAdd, hclsyntax.OpSubtract, hclsyntax.OpMultiply, hclsyntax.OpDivide, hclsyntax.OpModulo, hclsyntax.OpNegate:
		c.scope.add("Unsupported condition", at, "Fields of flows cannot be calculated with. Compare them with a value; compute the value in locals.")
	}
}

func (c condition) fieldCall(e *hclsyntax.FunctionCallExpr) {
	if !slices.Contains(fieldFunctions, e.Name) {
		c.scope.add("Unsupported function", e.NameRange, "%s cannot be used on a field of a flow; %s can. Text is compared without regard to case.", e.Name, strings.Join(fieldFunctions, ", "))
		return
	}
	for _, arg := range e.Args {
		c.supported(arg)
	}
}
