package summary

import (
	"fmt"
	"slices"
	"strings"

	"github.com/agext/levenshtein"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"flowctl/collectors/flow"
)

// test is a compiled condition.
type test func(n *naming, s *enriched) bool

// valueKind is the type of a part of a condition.
type valueKind uint8

const (
	booleanKind valueKind = iota + 1
	textKind
	numberKind
	listKind
)

func (k valueKind) String() string {
	return []string{"value that is not known", "condition", "text", "number", "list"}[k]
}

// value is a compiled part of a condition. Parts without fields are constant.
type value struct {
	kind    valueKind
	boolean test
	text    func(n *naming, s *enriched) string
	number  func(n *naming, s *enriched) float64

	constant bool
	field    string   // its name, if it is one
	literal  string   // of constant text
	list     []string // of constant lists of text
	numbers  []float64
}

type compiler struct {
	ctx   *hcl.EvalContext
	diags hcl.Diagnostics
}

// refuse adds a diagnostic and returns no value.
func (c *compiler) refuse(at hcl.Range, summary, detail string) value {
	c.diags = append(c.diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: summary, Detail: detail, Subject: at.Ptr()})
	return value{}
}

// expr compiles e. After an error the value has no kind.
func (c *compiler) expr(e hcl.Expression) value {
	if !usesFields(e) {
		return c.constant(e)
	}
	switch e := e.(type) {
	case *hclsyntax.ParenthesesExpr:
		return c.expr(e.Expression)
	case *hclsyntax.ScopeTraversalExpr:
		return c.traversal(e)
	case *hclsyntax.UnaryOpExpr:
		return c.unary(e)
	case *hclsyntax.BinaryOpExpr:
		return c.binary(e)
	case *hclsyntax.ConditionalExpr:
		return c.conditional(e)
	case *hclsyntax.FunctionCallExpr:
		return c.call(e)
	}
	return c.refuse(e.Range(), "Unsupported condition",
		"Fields of flows can be compared, joined with &&, || and !, and passed to contains, startswith, endswith and cidrcontains; nothing else. Compute other values in locals.")
}

// usesFields reports whether e names anything that belongs to a flow.
func usesFields(e hcl.Expression) bool {
	return slices.ContainsFunc(e.Variables(), func(t hcl.Traversal) bool { return fieldRoot(t.RootName()) })
}

func fieldRoot(name string) bool {
	return slices.ContainsFunc(flow.Fields(), func(f flow.Field) bool {
		root, _, _ := strings.Cut(f.Name, ".")
		return root == name
	})
}

// constant evaluates e, which has no fields, once.
func (c *compiler) constant(e hcl.Expression) value {
	for _, t := range e.Variables() {
		if !c.defined(t.RootName()) {
			return c.refuse(t.SourceRange(), "Unknown field", unknownField(traversalName(t)))
		}
	}
	v, diags := e.Value(c.ctx)
	c.diags = append(c.diags, diags...)
	if diags.HasErrors() {
		return value{}
	}
	v, _ = v.UnmarkDeep()
	return c.literal(v, e.Range())
}

func (c *compiler) defined(root string) bool {
	for ctx := c.ctx; ctx != nil; ctx = ctx.Parent() {
		if _, ok := ctx.Variables[root]; ok {
			return true
		}
	}
	return false
}

func (c *compiler) literal(v cty.Value, at hcl.Range) value {
	switch t := v.Type(); {
	case !v.IsWhollyKnown() || v.IsNull():
		return c.refuse(at, "Invalid value", "A condition needs a value that is known and not null. A field without a value is the empty text \"\".")
	case t == cty.Bool:
		b := v.True()
		return value{kind: booleanKind, constant: true, boolean: func(*naming, *enriched) bool { return b }}
	case t == cty.String:
		s := v.AsString()
		return value{kind: textKind, constant: true, literal: s, text: func(*naming, *enriched) string { return s }}
	case t == cty.Number:
		n, _ := v.AsBigFloat().Float64()
		return value{kind: numberKind, constant: true, number: func(*naming, *enriched) float64 { return n }}
	case t.IsTupleType() || t.IsListType() || t.IsSetType():
		return c.listOf(v, at)
	}
	return c.refuse(at, "Invalid value", "A condition knows text, numbers, true and false, and lists of text or numbers.")
}

func (c *compiler) listOf(v cty.Value, at hcl.Range) value {
	list := value{kind: listKind, constant: true}
	for it := v.ElementIterator(); it.Next(); {
		_, e := it.Element()
		switch i := c.literal(e, at); i.kind {
		case textKind:
			list.list = append(list.list, i.literal)
		case numberKind:
			list.numbers = append(list.numbers, i.number(nil, nil))
		case 0:
			return value{}
		default:
			return c.refuse(at, "Invalid value", "Elements of a list must be text or numbers.")
		}
	}
	return list
}

func (c *compiler) traversal(e *hclsyntax.ScopeTraversalExpr) value {
	name := traversalName(e.Traversal)
	f, ok := lookupField(name)
	if !ok {
		return c.refuse(e.Range(), "Unknown field", unknownField(name))
	}
	if f.number != nil {
		return value{kind: numberKind, field: name, number: func(_ *naming, s *enriched) float64 { return f.number(s) }}
	}
	return value{kind: textKind, field: name, text: f.value}
}

func traversalName(t hcl.Traversal) string {
	var b strings.Builder
	for _, step := range t {
		switch step := step.(type) {
		case hcl.TraverseRoot:
			b.WriteString(step.Name)
		case hcl.TraverseAttr:
			b.WriteString("." + step.Name)
		default:
			b.WriteString("[…]")
		}
	}
	return b.String()
}

// unknownField says that there is no such field and which one may be meant.
func unknownField(name string) string {
	var names []string
	for _, f := range flow.Fields() {
		names = append(names, f.Name)
	}
	if n := nearest(name, names); n != "" {
		return fmt.Sprintf("A flow has no field %q. Did you mean %q?", name, n)
	}
	return fmt.Sprintf("A flow has no field %q. It has %s.", name, strings.Join(names, ", "))
}

// nearest returns the name that differs least from name, if by little.
func nearest(name string, names []string) string {
	best, least := "", 1+len(name)/3
	for _, n := range names {
		if d := levenshtein.Distance(strings.ToLower(name), strings.ToLower(n), nil); d <= least {
			best, least = n, d-1
		}
	}
	return best
}
