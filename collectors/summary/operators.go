package summary

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"flowctl/collectors/flow"
)

func (c *compiler) unary(e *hclsyntax.UnaryOpExpr) value {
	v := c.expr(e.Val)
	if v.kind == 0 {
		return v
	}
	if e.Op != hclsyntax.OpLogicalNot || v.kind != booleanKind {
		return c.refuse(e.Range(), "Unsupported condition", "Of operators with one side, only ! before a condition is known here.")
	}
	return boolean(func(n *naming, s *enriched) bool { return !v.boolean(n, s) })
}

func boolean(f test) value { return value{kind: booleanKind, boolean: f} }

func (c *compiler) binary(e *hclsyntax.BinaryOpExpr) value {
	a, b := c.expr(e.LHS), c.expr(e.RHS)
	if a.kind == 0 || b.kind == 0 {
		return value{}
	}
	switch e.Op {
	case hclsyntax.OpLogicalAnd, hclsyntax.OpLogicalOr:
		return c.logical(e, a, b)
	case hclsyntax.OpEqual, hclsyntax.OpNotEqual:
		v := c.equal(e, a, b)
		if e.Op == hclsyntax.OpNotEqual && v.kind != 0 {
			return boolean(func(n *naming, s *enriched) bool { return !v.boolean(n, s) })
		}
		return v
	}
	return c.order(e, a, b)
}

func (c *compiler) logical(e *hclsyntax.BinaryOpExpr, a, b value) value {
	for _, side := range []struct {
		v  value
		at hcl.Range
	}{{a, e.LHS.Range()}, {b, e.RHS.Range()}} {
		if side.v.kind != booleanKind {
			return c.refuse(side.at, "Invalid condition", fmt.Sprintf("&& and || join conditions, but this is a %s. Compare it with a value.", side.v.kind))
		}
	}
	if e.Op == hclsyntax.OpLogicalAnd {
		return boolean(func(n *naming, s *enriched) bool { return a.boolean(n, s) && b.boolean(n, s) })
	}
	return boolean(func(n *naming, s *enriched) bool { return a.boolean(n, s) || b.boolean(n, s) })
}

func (c *compiler) equal(e *hclsyntax.BinaryOpExpr, a, b value) value {
	if a.kind != b.kind {
		return c.mismatch(e.Range(), a, b)
	}
	switch a.kind {
	case numberKind:
		return boolean(func(n *naming, s *enriched) bool { return a.number(n, s) == b.number(n, s) })
	case booleanKind:
		return boolean(func(n *naming, s *enriched) bool { return a.boolean(n, s) == b.boolean(n, s) })
	case textKind:
		if !c.checkText(a, &b, e.RHS.Range()) || !c.checkText(b, &a, e.LHS.Range()) {
			return value{}
		}
		return boolean(func(n *naming, s *enriched) bool { return strings.EqualFold(a.text(n, s), b.text(n, s)) })
	}
	return c.refuse(e.Range(), "Unsupported condition", "Lists cannot be compared. Use contains(list, field).")
}

func (c *compiler) mismatch(at hcl.Range, a, b value) value {
	if a.field == "" {
		a, b = b, a
	}
	what := fmt.Sprintf("A %s", a.kind)
	if a.field != "" {
		what = fmt.Sprintf("%s is a %s and", a.field, a.kind)
	}
	hint := ""
	switch {
	case a.kind == numberKind && b.kind == textKind:
		hint = " Write the number without quotes."
	case a.kind == textKind && b.kind == numberKind:
		hint = " Write the value in quotes."
	case b.kind == listKind:
		hint = " Use contains(list, field)."
	}
	return c.refuse(at, "Invalid comparison", fmt.Sprintf("%s cannot be compared with a %s.%s", what, b.kind, hint))
}

// checkText checks constant text that is compared with a field: it must be a
// value that the field can have. Addresses are put into their usual form.
func (c *compiler) checkText(f value, text *value, at hcl.Range) bool {
	if f.field == "" || !text.constant {
		return true
	}
	lit, ok := c.fieldValue(f.field, text.literal, at)
	text.literal = lit
	text.text = func(*naming, *enriched) string { return lit }
	return ok
}

// fieldValue returns text in the form that the field has, if it can have it.
func (c *compiler) fieldValue(name, text string, at hcl.Range) (string, bool) {
	if isAddress(name) && text != "" {
		a, err := netip.ParseAddr(text)
		if err != nil {
			c.refuse(at, "Invalid address", fmt.Sprintf("%s is an IP address, which %q is not. For a range use cidrcontains(\"10.0.0.0/8\", %s).", name, text, name))
			return text, false
		}
		return addrText(flow.AddrOf(a)), true
	}
	values := valuesOf(name)
	if values == nil || slices.ContainsFunc(values, func(v string) bool { return strings.EqualFold(v, text) }) {
		return text, true
	}
	detail := fmt.Sprintf("%s is never %q. It is one of %s.", name, text, quoted(values))
	if n := nearest(text, values); n != "" {
		detail = fmt.Sprintf("%s is never %q. Did you mean %q?", name, text, n)
	}
	c.refuse(at, "Unknown value", detail)
	return text, false
}

func isAddress(field string) bool {
	return field == "peer" || strings.HasSuffix(field, ".address")
}

func valuesOf(field string) []string {
	for _, f := range flow.Fields() {
		if f.Name == field {
			return f.Values
		}
	}
	return nil
}

func quoted(values []string) string {
	var q []string
	for _, v := range values {
		q = append(q, fmt.Sprintf("%q", v))
	}
	return strings.Join(q, ", ")
}

func (c *compiler) order(e *hclsyntax.BinaryOpExpr, a, b value) value {
	var less func(x, y float64) bool
	switch e.Op {
	case hclsyntax.OpLessThan:
		less = func(x, y float64) bool { return x < y }
	case hclsyntax.OpLessThanOrEqual:
		less = func(x, y float64) bool { return x <= y }
	case hclsyntax.OpGreaterThan:
		less = func(x, y float64) bool { return x > y }
	case hclsyntax.OpGreaterThanOrEqual:
		less = func(x, y float64) bool { return x >= y }
	default:
		return c.refuse(e.Range(), "Unsupported condition", "Fields of flows cannot be calculated with. Compare them with a value; compute the value in locals.")
	}
	if a.kind != numberKind || b.kind != numberKind {
		return c.refuse(e.Range(), "Invalid comparison", "<, <=, > and >= compare numbers, such as a port.")
	}
	return boolean(func(n *naming, s *enriched) bool { return less(a.number(n, s), b.number(n, s)) })
}

func (c *compiler) conditional(e *hclsyntax.ConditionalExpr) value {
	cond, yes, no := c.expr(e.Condition), c.expr(e.TrueResult), c.expr(e.FalseResult)
	if cond.kind == 0 || yes.kind == 0 || no.kind == 0 {
		return value{}
	}
	if cond.kind != booleanKind || yes.kind != no.kind || yes.kind == listKind {
		return c.refuse(e.Range(), "Invalid condition", "c ? a : b needs a condition and two values of the same kind.")
	}
	return value{
		kind:    yes.kind,
		boolean: pick(cond.boolean, yes.boolean, no.boolean),
		text:    pick(cond.boolean, yes.text, no.text),
		number:  pick(cond.boolean, yes.number, no.number),
	}
}

// pick evaluates yes or no, as cond says.
func pick[T any, F ~func(*naming, *enriched) T](cond test, yes, no F) F {
	return func(n *naming, s *enriched) T {
		if cond(n, s) {
			return yes(n, s)
		}
		return no(n, s)
	}
}
