package question

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"flowctl/plan/syntax"
)

// Scope is what a condition can refer to besides the fields of flows.
type Scope struct {
	Context *hcl.EvalContext // variables, locals and functions
	// Reference says what is wrong with a reference to a name that is not a
	// field's, nil if nothing is; if there is no such function, only what
	// Context has can be referred to.
	Reference func(hcl.Traversal) hcl.Diagnostics

	rows    bool     // the condition is over the measures of an answer's rows
	expects bool     // it is over the numbers of answers,
	asked   []string // to the questions of these names
}

// functions are those that take a field.
var functions = []string{"contains", "startswith", "endswith", "cidrcontains", "has"}

const onlyThese = "Fields of flows can be compared, joined with &&, || and !, and given to contains, startswith, endswith, cidrcontains and has. Compute everything else in locals."

const asCondition = "A condition is not a map. Compare fields with values, as in verdict == \"denied\" && port == 443."

// Check reads a condition over the fields of flows. It refuses, at the
// narrowest range, what is not true or false for each flow, and what could
// never be true. Values that are not known yet pass; then there is no
// condition.
func Check(e hcl.Expression, s Scope) (*Expr, hcl.Diagnostics) {
	c := checker{Scope: s}
	if !c.references(e) || !c.functions(e) {
		return nil, c.diags
	}
	x := c.expr(e)
	want := "where must be true or false for each flow, such as direction == \"outbound\""
	if s.rows {
		want = "having must be true or false for each row, such as bytes > 1000000"
	}
	if s.expects {
		want = "condition must be true or false, such as summary.sql.flows == 0"
	}
	if x != nil && c.condition(x, e.Range(), want) && !c.open {
		return x, c.diags
	}
	return nil, c.diags
}

// CheckRows reads a condition over the measures of an answer's rows, such as
// bytes > 1000000 && denied == 0.
func CheckRows(e hcl.Expression, s Scope) (*Expr, hcl.Diagnostics) {
	s.rows = true
	return Check(e, s)
}

// lookup returns what a name stands for in the condition.
func (c *checker) lookup(name string) (Field, bool) {
	switch {
	case c.expects:
		return c.number(name)
	case !c.rows:
		f, ok := Lookup(name)
		return f, ok && name != PriceClass
	}
	return Field{Name: name, Type: Number}, slices.Contains(numbers(), name)
}

// own reports whether a name is that of something that flows or rows have.
func (c *checker) own(t hcl.Traversal) bool {
	switch {
	case c.expects:
		return IsNumber(t)
	case !c.rows:
		return IsField(t)
	}
	return slices.Contains(numbers(), t.RootName()) || IsField(t) && t.RootName() != "local"
}

// unknown says that there is nothing of this name.
func (c *checker) unknown(t hcl.Traversal) hcl.Diagnostics {
	switch {
	case c.expects:
		return c.noNumber(t)
	case !c.rows:
		return NoField(t)
	}
	return NoMeasure(t)
}

// NoMeasure says that rows have no such measure.
func NoMeasure(t hcl.Traversal) hcl.Diagnostics {
	name := nameOf(t)
	detail := "Rows have no measure " + quote(name) + ". "
	if _, ok := Lookup(name); name == "cost" {
		detail = "Rows cannot be selected by cost, which may be a range. Order them by it: order = \"-cost\"."
	} else if ok {
		detail += name + " is a field of flows: write it in where. Rows are selected by " + strings.Join(numbers(), ", ") + "."
	} else if m := measureNames[strings.ToLower(name)]; m != "" {
		detail += "Write " + m + "."
	} else {
		detail += syntax.Hint(name, numbers())
	}
	return hcl.Diagnostics{{Severity: hcl.DiagError, Summary: "Unknown measure", Detail: detail, Subject: t.SourceRange().Ptr()}}
}

// ambiguous refuses a field's name that a local of the file has as well.
func (c *checker) ambiguous(t hcl.Traversal) bool {
	if t.RootName() != "local" || c.rows || c.expects || !IsField(t) || !c.has("local") {
		return false
	}
	if _, diags := t.TraverseAbs(c.Context); diags.HasErrors() {
		return false
	}
	c.refuse("Ambiguous name", t.SourceRange(), "%s is a field of flows, and the file has a local of this name. Rename the local.", nameOf(t))
	return true
}

// checker checks one condition. Its methods return nil after an error.
type checker struct {
	Scope
	diags hcl.Diagnostics
	open  bool // a value is not known yet
}

func (c *checker) refuse(summary string, at hcl.Range, detail string, args ...any) *Expr {
	c.diags = append(c.diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: summary, Detail: fmt.Sprintf(detail, args...), Subject: at.Ptr()})
	return nil
}

// references checks all names: fields, and what the scope has.
func (c *checker) references(e hcl.Expression) bool {
	before := len(c.diags)
	for _, t := range e.Variables() {
		switch {
		case c.ambiguous(t):
		case c.own(t) || c.Reference == nil && !c.has(t.RootName()):
			if _, ok := c.lookup(nameOf(t)); !ok {
				c.diags = append(c.diags, c.unknown(t)...)
			}
		default:
			if c.Reference != nil {
				if diags := c.Reference(t); diags.HasErrors() {
					c.diags = append(c.diags, diags...)
					continue
				}
			}
			if v, diags := t.TraverseAbs(c.Context); !diags.HasErrors() && v.ContainsMarked() {
				c.refuse("Sensitive value", t.SourceRange(), "A summary shows which flows it selects, so a sensitive value cannot select them. If it may be shown, write nonsensitive(…) in a local.")
			}
		}
	}
	return len(c.diags) == before
}

// NoField says that flows have no such field.
func NoField(t hcl.Traversal) hcl.Diagnostics {
	return hcl.Diagnostics{{Severity: hcl.DiagError, Summary: "Unknown field", Detail: noField(nameOf(t)), Subject: t.SourceRange().Ptr()}}
}

// has reports whether the scope has a name.
func (c *checker) has(root string) bool {
	for ctx := c.Context; ctx != nil; ctx = ctx.Parent() {
		if _, ok := ctx.Variables[root]; ok {
			return true
		}
	}
	return false
}

// functions checks that the functions exist.
func (c *checker) functions(e hcl.Expression) bool {
	known := slices.Clone(functions)
	for ctx := c.Context; ctx != nil; ctx = ctx.Parent() {
		known = slices.AppendSeq(known, maps.Keys(ctx.Functions))
	}
	slices.Sort(known)
	known = slices.Compact(known)
	before := len(c.diags)
	if syn, ok := e.(hclsyntax.Expression); ok {
		hclsyntax.VisitAll(syn, func(n hclsyntax.Node) hcl.Diagnostics {
			if call, ok := n.(*hclsyntax.FunctionCallExpr); ok && !slices.Contains(known, call.Name) {
				c.refuse("Unknown function", call.NameRange, "There is no function %q. %s", call.Name, functionHint(call.Name, known))
			}
			return nil
		})
	}
	return len(c.diags) == before
}

// functionNames are names that other languages have for functions.
var functionNames = map[string]string{
	"in": "contains", "oneof": "contains", "any": "contains", "exists": "has", "isset": "has", "isnotnull": "has", "isnotempty": "has", "defined": "has", "isnull": "!has", "isempty": "!has",
	"cidr": "cidrcontains", "subnet": "cidrcontains", "insubnet": "cidrcontains", "incidr": "cidrcontains", "ipaddr": "cidrcontains", "iprange": "cidrcontains", "cidrmatch": "cidrcontains", "ipv4isinrange": "cidrcontains", "network": "cidrcontains",
	"like": "startswith", "match": "startswith", "matches": "startswith", "prefix": "startswith", "hasprefix": "startswith", "beginswith": "startswith", "suffix": "endswith", "hassuffix": "endswith",
}

// functionHint says which function was meant; of those that files have for
// values alone, nothing is listed.
func functionHint(name string, known []string) string {
	low := strings.NewReplacer("_", "", ".", "").Replace(strings.ToLower(name))
	if f := functionNames[low]; f != "" {
		return "Write " + strings.Replace(f, "has", calls["has"], 1) + map[bool]string{false: ", as in " + calls[f]}[strings.HasSuffix(f, "has")] + "."
	}
	if near := syntax.Nearest(name, known); near != "" {
		return fmt.Sprintf("Did you mean %q?", near)
	}
	return "Fields are given to " + strings.Join(functions, ", ") + "."
}

// nameOf is the name that a traversal spells.
func nameOf(t hcl.Traversal) string {
	var b strings.Builder
	for _, step := range t {
		switch step := step.(type) {
		case hcl.TraverseRoot:
			b.WriteString(step.Name)
		case hcl.TraverseAttr:
			b.WriteString("." + step.Name)
		case hcl.TraverseIndex:
			if step.Key.Type() != cty.String {
				b.WriteString("[…]")
			} else {
				b.WriteString("." + step.Key.AsString())
			}
		default:
			b.WriteString("[…]")
		}
	}
	return b.String()
}

// expr checks a part of a condition. Parts without fields are evaluated once
// and may be anything.
func (c *checker) expr(e hcl.Expression) *Expr {
	if !c.usesFields(e) {
		return c.constant(e)
	}
	switch e := e.(type) {
	case *hclsyntax.ParenthesesExpr:
		return c.expr(e.Expression)
	case *hclsyntax.TemplateWrapExpr: // "${…}" around all of it
		return c.expr(e.Wrapped)
	case *hclsyntax.ObjectConsExpr:
		return c.refuse("Wrong type", e.Range(), asCondition)
	case *hclsyntax.ScopeTraversalExpr:
		f, _ := c.lookup(nameOf(e.Traversal))
		return &Expr{Op: Value, Type: f.Type, Field: f}
	case *hclsyntax.UnaryOpExpr:
		return c.not(e)
	case *hclsyntax.BinaryOpExpr:
		return c.binary(e)
	case *hclsyntax.ConditionalExpr:
		return c.choose(e)
	case *hclsyntax.FunctionCallExpr:
		return c.call(e)
	}
	return c.refuse("Unsupported condition", e.Range(), onlyThese)
}

// usesFields reports whether e, or a call in it, is about a flow.
func (c *checker) usesFields(e hcl.Expression) bool {
	if call, ok := e.(*hclsyntax.FunctionCallExpr); ok && call.Name == "has" {
		return true
	}
	return slices.ContainsFunc(e.Variables(), c.own)
}

// constant evaluates e, which has no fields.
func (c *checker) constant(e hcl.Expression) *Expr {
	v, diags := e.Value(c.Context)
	if call, ok := e.(*hclsyntax.FunctionCallExpr); ok && diags.HasErrors() && slices.Contains(functions, call.Name) {
		return c.invalid(call, e.Range(), arguments[call.Name])
	}
	c.diags = append(c.diags, diags...)
	if diags.HasErrors() {
		return nil
	}
	if v.ContainsMarked() {
		return c.refuse("Sensitive value", e.Range(), "A summary shows which flows it selects, so a sensitive value cannot select them.")
	}
	return c.literal(v, e.Range())
}

func (c *checker) literal(v cty.Value, at hcl.Range) *Expr {
	switch t := v.Type(); {
	case !v.IsWhollyKnown():
		c.open = true
		return &Expr{Type: Open}
	case v.IsNull():
		return c.refuse("Invalid value", at, "A condition needs a value that is not null. Whether a field has a value is asked with has(…).")
	case t == cty.Bool:
		return &Expr{Type: Truth, Truth: v.True()}
	case t == cty.String:
		return &Expr{Type: Text, Text: v.AsString()}
	case t == cty.Number:
		n, _ := v.AsBigFloat().Float64()
		return &Expr{Type: Number, Number: n}
	case t.IsTupleType() || t.IsListType() || t.IsSetType():
		return c.list(v, at)
	}
	return c.refuse("Wrong type", at, asCondition)
}

func (c *checker) list(v cty.Value, at hcl.Range) *Expr {
	list := &Expr{Type: List}
	for it := v.ElementIterator(); it.Next(); {
		_, elem := it.Element()
		switch e := c.literal(elem, at); {
		case e == nil:
			return nil
		case e.Type == Text:
			list.Texts = append(list.Texts, e.Text)
		case e.Type == Number:
			list.Numbers = append(list.Numbers, e.Number)
		case e.Type != Open:
			return c.refuse("Invalid value", at, "The elements of a list must be text or numbers.")
		}
	}
	return list
}
