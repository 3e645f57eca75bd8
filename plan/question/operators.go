package question

import (
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"flowctl/plan/syntax"
)

const noArithmetic = "Fields of flows cannot be calculated with. Compare them with a value; compute the value in locals."

// condition refuses what is not true or false.
func (c *checker) condition(x *Expr, at hcl.Range, want string) bool {
	if x.Type == Truth || x.Type == Open {
		return true
	}
	c.operand(x, at, want)
	return false
}

// operand refuses x where want says what is needed.
func (c *checker) operand(x *Expr, at hcl.Range, want string) {
	switch {
	case x.Op == Constant && x.Type == Text && strings.ContainsAny(x.Text, "=<>("):
		c.refuse("Wrong type", at, "%s; this is text, because it stands in quotes. Write the condition without quotes around it.", want)
	case x.Op == Constant && x.Type == Text && fieldOf(x.Text) != "":
		c.refuse("Wrong type", at, "%s; this is text. Write %s == %s.", want, fieldOf(x.Text), quote(x.Text))
	case x.Op != Value:
		c.refuse("Wrong type", at, "%s; this is %s.", want, x.Type)
	case x.Type == Number:
		c.refuse("Wrong type", at, "%s; %s is a number. Compare it with one, such as %s == 443.", want, x.Field.Name, x.Field.Name)
	default:
		c.refuse("Wrong type", at, "%s is %s. Compare it with == or !=, such as %s == \"…\".", x.Field.Name, x.Type, x.Field.Name)
	}
}

func (c *checker) not(e *hclsyntax.UnaryOpExpr) *Expr {
	if e.Op != hclsyntax.OpLogicalNot {
		return c.refuse("Unsupported condition", e.Range(), noArithmetic)
	}
	x := c.expr(e.Val)
	if x == nil || !c.condition(x, e.Val.Range(), "! negates a condition") {
		return nil
	}
	return &Expr{Op: Not, Type: Truth, Args: []*Expr{x}}
}

var operations = map[*hclsyntax.Operation]Op{
	hclsyntax.OpLogicalAnd: And, hclsyntax.OpLogicalOr: Or, hclsyntax.OpEqual: Equal, hclsyntax.OpNotEqual: NotEqual,
	hclsyntax.OpLessThan: Less, hclsyntax.OpLessThanOrEqual: LessOrEqual,
	hclsyntax.OpGreaterThan: Greater, hclsyntax.OpGreaterThanOrEqual: GreaterOrEqual,
}

func (c *checker) binary(e *hclsyntax.BinaryOpExpr) *Expr {
	op, ok := operations[e.Op]
	if !ok {
		return c.refuse("Unsupported condition", e.Range(), noArithmetic)
	}
	a, b := c.expr(e.LHS), c.expr(e.RHS)
	if a == nil || b == nil {
		return nil
	}
	if a.isTime() || b.isTime() {
		return c.moment(op, a, b, e.LHS.Range(), e.RHS.Range())
	}
	switch op {
	case And, Or:
		ok = c.condition(a, e.LHS.Range(), "&& and || join conditions")
		ok = c.condition(b, e.RHS.Range(), "&& and || join conditions") && ok
	case Equal, NotEqual:
		ok = c.comparable(a, b, e.LHS.Range(), e.RHS.Range())
	default:
		ok = c.ordered(a, e.LHS.Range()) && c.ordered(b, e.RHS.Range())
	}
	if !ok {
		return nil
	}
	return &Expr{Op: op, Type: Truth, Args: []*Expr{a, b}}
}

// ordered refuses what has no order.
func (c *checker) ordered(x *Expr, at hcl.Range) bool {
	if x.Type == Number || x.Type == Open {
		return true
	}
	if _, err := strconv.ParseFloat(x.Text, 64); x.Op == Constant && x.Type == Text && err == nil {
		return c.refuse("Wrong type", at, "<, <=, > and >= compare numbers; this is text. Write it without quotes.") != nil
	}
	if x.Op != Value && x.Type == Truth {
		return c.refuse("Wrong type", at, "<, <=, > and >= compare numbers; this is a condition. Write each comparison by itself, as in port >= 80 && port <= 90.") != nil
	}
	c.operand(x, at, "<, <=, > and >= compare numbers")
	return false
}

// comparable checks that a and b can be equal, and puts constant text into the
// form that the field has.
func (c *checker) comparable(a, b *Expr, atA, atB hcl.Range) bool {
	switch {
	case a.Type == Open || b.Type == Open:
		return true
	case a.Op == Value && b.Op == Constant:
		return c.fits(a.Field, b, atB)
	case b.Op == Value && a.Op == Constant:
		return c.fits(b.Field, a, atA)
	case a.Type == List || b.Type == List:
		c.refuse("Unsupported condition", hcl.RangeBetween(atA, atB), "Lists cannot be compared. Write contains([…], field).")
		return false
	case textual(a.Type) != textual(b.Type) || !textual(a.Type) && a.Type != b.Type:
		c.refuse("Wrong type", hcl.RangeBetween(atA, atB), "%s cannot be compared with %s.", describe(a), describe(b))
		return false
	}
	return true
}

func textual(t Type) bool { return t == Text || t == Address }

func describe(x *Expr) string {
	if x.Op == Value {
		return x.Field.Name + ", which is " + x.Type.String() + ","
	}
	return x.Type.String()
}

// fits checks that f can have the constant value v.
func (c *checker) fits(f Field, v *Expr, at hcl.Range) bool {
	switch {
	case v.Type == List:
		c.refuse("Wrong type", at, "%s has one value and is never equal to a list. Write contains([…], %s).", f.Name, f.Name)
	case f.Type == Number && v.Type != Number:
		c.refuse("Wrong type", at, "%s is a number: compare it with a number, without quotes.%s", f.Name, numberHint(f, v.Text))
	case f.Type != Number && v.Type != Text:
		c.refuse("Wrong type", at, "%s is %s: compare it with text in double quotes%s.", f.Name, f.Type, textHint(f))
	case f.Type == Number:
		return c.fitsNumber(f, v.Number, at)
	default:
		var ok bool
		v.Text, ok = c.value(f, v.Text, at)
		return ok
	}
	return false
}

// fitsNumber checks that f can be n.
func (c *checker) fitsNumber(f Field, n float64, at hcl.Range) bool {
	if f.most() == 0 || n >= 0 && n <= f.most() && n == math.Trunc(n) {
		return true
	}
	c.refuse("Unknown value", at, "%s is never %s: it is a whole number from 0 to %.0f.", f.Name, strconv.FormatFloat(n, 'f', -1, 64), f.most())
	return false
}

// value returns text in the form that f has, if f can have it. The empty text
// stands for no value.
func (c *checker) value(f Field, text string, at hcl.Range) (string, bool) {
	if text == "" {
		return text, true
	}
	if f.Type == Address {
		return c.address(f, text, at)
	}
	switch {
	case f.Name == "protocol":
		return c.protocol(text, at)
	case f.Name == "service" || f.Name == "destination.service":
		return c.service(f, text, at)
	case f.Values == nil:
		return text, true
	}
	for _, v := range f.Values {
		if strings.EqualFold(v, text) {
			return v, true
		}
	}
	known := slices.DeleteFunc(slices.Clone(f.Values), func(s string) bool { return s == "" })
	if m := meant[strings.ToLower(text)]; m != "" && slices.Contains(known, m) {
		c.refuse("Unknown value", at, "%s is never %q. Did you mean %q?", f.Name, text, m)
		return "", false
	}
	if f.Name == "encryption" && isState(text) {
		return text, true
	}
	c.refuse("Unknown value", at, "%s is never %q. %s", f.Name, text, syntax.Hint(text, known))
	return "", false
}

// isState reports whether text may be a state of encryption that Azure has not
// documented yet: records hold what they hold.
func isState(text string) bool {
	const longest = 64
	return len(text) <= longest && text[0] >= 'A' && text[0] <= 'Z' &&
		strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == ""
}

func (c *checker) address(f Field, text string, at hcl.Range) (string, bool) {
	if _, err := netip.ParsePrefix(text); err == nil {
		c.refuse("Invalid address", at, "%s is one address and never equal to a network. Write cidrcontains(%q, %s).", f.Name, text, f.Name)
		return "", false
	}
	a, err := netip.ParseAddr(text)
	if err != nil || a.Zone() != "" {
		c.refuse("Invalid address", at, "%s is an IP address, and never %q. %s", f.Name, text, addressHint(f, text))
		return "", false
	}
	return a.Unmap().String(), true
}

func (c *checker) choose(e *hclsyntax.ConditionalExpr) *Expr {
	cond, yes, no := c.expr(e.Condition), c.expr(e.TrueResult), c.expr(e.FalseResult)
	if cond == nil || yes == nil || no == nil || !c.condition(cond, e.Condition.Range(), "what stands before ? must be a condition") {
		return nil
	}
	t := yes.Type
	switch {
	case yes.Type == Open || no.Type == Open:
		t = Open
	case textual(yes.Type) && textual(no.Type):
		t = Text
	case yes.Type != no.Type || yes.Type == List:
		return c.refuse("Wrong type", e.Range(), "c ? a : b needs two values of the same type; these are %s and %s.", yes.Type, no.Type)
	}
	return &Expr{Op: Choose, Type: t, Args: []*Expr{cond, yes, no}}
}
