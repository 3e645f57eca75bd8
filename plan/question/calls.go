package question

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// call checks a function that takes a field.
func (c *checker) call(e *hclsyntax.FunctionCallExpr) *Expr {
	if strings.HasPrefix(e.Name, "regex") {
		return c.refuse("Unsupported function", e.NameRange, "Fields are not matched with regular expressions. Write startswith(rule, \"…\"), endswith(…), contains([…], port), or of addresses cidrcontains(\"10.0.0.0/8\", source.address).")
	}
	if !slices.Contains(functions, e.Name) {
		return c.refuse("Unsupported function", e.NameRange, "%s cannot be used on a field of a flow; %s can. Text is compared without regard to case.", e.Name, strings.Join(functions, ", "))
	}
	want := 2
	if e.Name == "has" {
		want = 1
	}
	if len(e.Args) == 2 && c.swapped(e) {
		return c.refuse("Invalid argument", e.Args[0].Range(), "The field comes last in %s: write %s.", e.Name, calls[e.Name])
	}
	if len(e.Args) != want || e.ExpandFinal {
		return c.refuse("Wrong number of arguments", e.Range(), "%s takes %d and has %d, as in %s.", e.Name, want, len(e.Args), calls[e.Name])
	}
	if e.Name == "has" {
		return c.hasValue(e)
	}
	a, b := c.expr(e.Args[0]), c.expr(e.Args[1])
	switch {
	case a == nil || b == nil:
		return nil
	case a.Type == Open || b.Type == Open:
		return &Expr{Type: Open}
	}
	switch e.Name {
	case "contains":
		return c.oneOf(e, a, b)
	case "cidrcontains":
		return c.within(e, a, b)
	}
	return c.affix(e, a, b)
}

// swapped reports whether a field stands where the list or the network belongs.
func (c *checker) swapped(e *hclsyntax.FunctionCallExpr) bool {
	_, list := e.Args[1].(*hclsyntax.TupleConsExpr)
	return (e.Name == "cidrcontains" || e.Name == "contains" && list) && c.usesFields(e.Args[0]) && !c.usesFields(e.Args[1])
}

// calls show how the functions are written.
var calls = map[string]string{
	"contains": "contains([22, 3389], port)", "startswith": `startswith(rule, "UserRule_")`, "endswith": `endswith(source.vm, "-db")`,
	"cidrcontains": `cidrcontains("10.0.0.0/8", source.address)`, "has": "has(destination.vm)",
}

// arguments are what the functions take.
var arguments = map[string]string{
	"contains": "a list and a field", "startswith": "two texts", "endswith": "two texts", "has": "a field",
	"cidrcontains": "a network or a list of networks and an address",
}

// invalid refuses an argument, and shows how it is done.
func (c *checker) invalid(e *hclsyntax.FunctionCallExpr, at hcl.Range, want string) *Expr {
	return c.refuse("Invalid argument", at, "%s takes %s, as in %s.", e.Name, want, calls[e.Name])
}

// hasValue checks has(field).
func (c *checker) hasValue(e *hclsyntax.FunctionCallExpr) *Expr {
	x := c.expr(e.Args[0])
	switch {
	case x == nil:
		return nil
	case x.Op != Value:
		return c.invalid(e, e.Args[0].Range(), "a field")
	case x.isTime() && x.Field.Name != "time":
		return c.onlyDimension(x, e.Args[0].Range())
	}
	return &Expr{Op: Has, Type: Truth, Field: x.Field}
}

// oneOf checks contains(list, x).
func (c *checker) oneOf(e *hclsyntax.FunctionCallExpr, list, x *Expr) *Expr {
	at := e.Args[0].Range()
	switch {
	case list.Type == Text || list.Op == Value && textual(list.Type):
		return c.refuse("Invalid argument", at, "contains takes a list and a field, as in %s. What text begins or ends with is asked with startswith and endswith.", calls["contains"])
	case list.Type != List:
		return c.invalid(e, at, "a list and a field")
	case x.Type == Number && len(list.Texts) > 0:
		return c.refuse("Invalid argument", at, "%s a number: write the numbers of the list without quotes.", is(x))
	case textual(x.Type) && len(list.Numbers) > 0:
		return c.refuse("Invalid argument", at, "%s text: write the values of the list in quotes.", is(x))
	case x.Type != Number && !textual(x.Type):
		return c.invalid(e, e.Args[1].Range(), "a list and a field")
	}
	out := &Expr{Op: OneOf, Type: Truth, Args: []*Expr{x}, Texts: list.Texts, Numbers: list.Numbers}
	if x.Op == Value {
		for i, text := range out.Texts {
			v, ok := c.value(x.Field, text, at)
			if !ok {
				return nil
			}
			out.Texts[i] = v
		}
		for _, n := range out.Numbers {
			if !c.fitsNumber(x.Field, n, at) {
				return nil
			}
		}
	}
	return out
}

func is(x *Expr) string {
	if x.Op == Value {
		return x.Field.Name + " is"
	}
	return "This is"
}

// affix checks startswith and endswith.
func (c *checker) affix(e *hclsyntax.FunctionCallExpr, a, b *Expr) *Expr {
	for i, x := range []*Expr{a, b} {
		if !textual(x.Type) {
			return c.invalid(e, e.Args[i].Range(), "two texts")
		}
	}
	op := StartsWith
	if e.Name == "endswith" {
		op = EndsWith
	}
	return &Expr{Op: op, Type: Truth, Args: []*Expr{a, b}}
}

// within checks cidrcontains(networks, address).
func (c *checker) within(e *hclsyntax.FunctionCallExpr, nets, x *Expr) *Expr {
	texts := nets.Texts
	if nets.Op == Constant && nets.Type == Text {
		texts = []string{nets.Text}
	}
	if x.Op == Value && x.Type != Address && nets.Op == Constant {
		side, _, _ := strings.Cut(x.Field.Name, ".")
		if _, ok := Lookup(side + ".address"); !ok {
			side = "source"
		}
		return c.refuse("Invalid argument", e.Args[1].Range(), "cidrcontains takes an address, and %s is %s. Write %s.address.", x.Field.Name, x.Type, side)
	}
	if nets.Op != Constant || len(texts) == 0 || len(nets.Numbers) > 0 || x.Op != Value || x.Type != Address {
		return c.invalid(e, e.Range(), "a network or a list of networks and an address")
	}
	out := &Expr{Op: Within, Type: Truth, Args: []*Expr{x}}
	for _, t := range texts {
		p, err := netip.ParsePrefix(t)
		if err != nil {
			return c.refuse("Invalid address", e.Args[0].Range(), "%q is not a network such as 10.0.0.0/8 or fd00::/8.%s", t, networkHint(t))
		}
		out.Prefixes = append(out.Prefixes, p.Masked())
	}
	return out
}
