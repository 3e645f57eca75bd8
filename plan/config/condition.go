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

// condition checks the where of a summary: that what it refers to exists,
// that it comes out as true or false, and that what fields are compared with
// can be equal to them at all.
type condition struct{ scope *scope }

func (c condition) check(expr hclsyntax.Expression) {
	if !c.references(expr) || !c.scope.functions(expr) {
		return
	}
	before := len(c.scope.list)
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
		if diags.HasErrors() || isSensitive(v) || !v.IsKnown() || v.IsNull() || v.Type() != cty.String {
			return
		}
		if _, err := netip.ParsePrefix(v.AsString()); err != nil {
			c.scope.add("Invalid address", e.Args[0].Range(), "%q is not a network such as 10.0.0.0/8.", v.AsString())
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
	case f.Values != nil && !slices.Contains(f.Values, v.AsString()):
		c.scope.add("Unknown value", at, "%s is never %q. %s", f.Name, v.AsString(), hint(v.AsString(), shown(f.Values)))
	case strings.HasSuffix(f.Name, "address"), f.Name == "peer":
		c.address(f, v.AsString(), at)
	case f.Name == "protocol":
		c.protocol(v.AsString(), at)
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
	a, err := netip.ParseAddr(s)
	if err != nil {
		c.scope.add("Invalid address", at, "%s is an IP address, and never %q.", f.Name, s)
	} else if a.String() != s {
		c.scope.add("Invalid address", at, "%s is written in its shortest form: %q.", f.Name, a)
	}
}

// protocols are names that people write in small letters.
var protocols = []string{"TCP", "UDP", "ICMP", "SCTP", "GRE", "ESP", "AH"}

func (c condition) protocol(s string, at hcl.Range) {
	for _, p := range protocols {
		if strings.EqualFold(s, p) && s != p {
			c.scope.add("Unknown value", at, "protocol is never %q. Did you mean %q?", s, p)
		}
	}
}
