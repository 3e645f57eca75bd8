package config

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"flowctl/collectors/flow"
)

// node checks a comparison of a field with a value, or contains(values, field).
func (c condition) node(n hclsyntax.Node) {
	switch e := n.(type) {
	case *hclsyntax.BinaryOpExpr:
		if e.Op == hclsyntax.OpEqual || e.Op == hclsyntax.OpNotEqual {
			c.compared(e.LHS, e.RHS)
			c.compared(e.RHS, e.LHS)
			return
		}
		c.operand(e.LHS)
		c.operand(e.RHS)
	case *hclsyntax.UnaryOpExpr:
		c.operand(e.Val)
	case *hclsyntax.ConditionalExpr:
		c.operand(e.Condition)
	case *hclsyntax.FunctionCallExpr:
		c.call(e)
	}
}

// operand refuses a text where a truth or a number is needed, which HCL lets
// through as long as the text is not known.
func (c condition) operand(e hclsyntax.Expression) {
	if f, ok := fieldOf(e); ok && f.Type == flow.Text {
		c.scope.add("Wrong type", e.Range(), "%s is text. Compare it with == or !=, such as %s == \"…\".", f.Name, f.Name)
	}
}

// fieldOf returns the field that an expression is.
func fieldOf(e hclsyntax.Expression) (flow.Field, bool) {
	t, ok := plain(e).(*hclsyntax.ScopeTraversalExpr)
	if !ok {
		return flow.Field{}, false
	}
	fields := flow.Fields()
	i := slices.IndexFunc(fields, func(f flow.Field) bool { return f.Name == fieldName(t.Traversal) })
	if i < 0 {
		return flow.Field{}, false
	}
	return fields[i], true
}

// call checks the constant argument of a function that tests a field.
func (c condition) call(e *hclsyntax.FunctionCallExpr) {
	if len(e.Args) != 2 {
		return
	}
	switch e.Name {
	case "contains":
		if list, ok := plain(e.Args[0]).(*hclsyntax.TupleConsExpr); ok {
			for _, elem := range list.Exprs {
				c.compared(e.Args[1], elem)
			}
		}
	case "cidrcontains":
		v, diags := e.Args[0].Value(c.scope.ctx)
		if diags.HasErrors() || isSensitive(v) || !v.IsWhollyKnown() {
			return
		}
		if _, err := networks(v); err != nil {
			c.scope.add("Invalid address", e.Args[0].Range(), "cidrcontains is wrong: %s.", err)
		}
	}
}

// plain takes the parentheses off.
func plain(e hclsyntax.Expression) hclsyntax.Expression {
	for {
		p, ok := e.(*hclsyntax.ParenthesesExpr)
		if !ok {
			return e
		}
		e = p.Expression
	}
}

// compared checks the value that left, if it is a field, is compared with.
func (c condition) compared(left, right hclsyntax.Expression) {
	f, ok := fieldOf(left)
	if !ok {
		return
	}
	v, diags := right.Value(c.scope.ctx)
	if diags.HasErrors() || isSensitive(v) || !v.IsKnown() || v.IsNull() {
		return
	}
	c.value(f, v, right.Range())
}

// value checks that a field can have a value.
func (c condition) value(f flow.Field, v cty.Value, at hcl.Range) {
	switch {
	case f.Type == flow.Number && v.Type() != cty.Number:
		c.scope.add("Wrong type", at, "%s is a number: compare it with a number, without quotes.", f.Name)
	case f.Type == flow.Text && v.Type() != cty.String:
		c.scope.add("Wrong type", at, "%s is text: compare it with text in double quotes.", f.Name)
	case f.Type != flow.Text:
	case f.Values != nil && !slices.ContainsFunc(f.Values, func(k string) bool { return strings.EqualFold(k, v.AsString()) }):
		c.scope.add("Unknown value", at, "%s is never %q. %s", f.Name, v.AsString(), hint(v.AsString(), shown(f.Values)))
	case strings.HasSuffix(f.Name, ".address"), f.Name == "peer":
		c.address(f, v.AsString(), at)
	}
}

func shown(values []string) []string {
	return slices.DeleteFunc(slices.Clone(values), func(s string) bool { return s == "" })
}

func (c condition) address(f flow.Field, s string, at hcl.Range) {
	if s == "" {
		return
	}
	if _, err := netip.ParsePrefix(s); err == nil {
		c.scope.add("Invalid address", at, "%s is one address and never equal to a network. Write cidrcontains(%q, %s).", f.Name, s, f.Name)
		return
	}
	if _, err := netip.ParseAddr(s); err != nil {
		c.scope.add("Invalid address", at, "%s is an IP address, and never %q.", f.Name, s)
	}
}
