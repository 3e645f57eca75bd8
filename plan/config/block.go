package config

import (
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"flowctl/plan/syntax"
)

// block reads the attributes of one block. The methods named after types
// return false if the attribute is not there, is null, or is wrong; what is
// wrong has been noted then.
type block struct {
	*hclsyntax.Block
	scope  *scope
	secret []string // attributes that may have sensitive values: they are never shown
}

// has reports whether an attribute is there, right or wrong; null is the same
// as not written.
func (b block) has(name string) bool {
	a := b.Body.Attributes[name]
	if a == nil {
		return false
	}
	v, _ := a.Expr.Value(b.scope.ctx)
	v, _ = v.Unmark()
	return !v.IsKnown() || !v.IsNull()
}

// empty reports whether none of some attributes is there.
func (b block) empty(names []string) bool { return !slices.ContainsFunc(names, b.has) }

// at is the range of an attribute's value, or the block's header.
func (b block) at(name string) hcl.Range {
	if a := b.Body.Attributes[name]; a != nil {
		return a.Expr.Range()
	}
	return header(b.Block)
}

// part is the header of the first inner block of a type, or the block's own.
func (b block) part(typ string) hcl.Range {
	for _, c := range b.Body.Blocks {
		if c.Type == typ {
			return header(c)
		}
	}
	return header(b.Block)
}

// value returns a known value that may be shown, in any type but null.
func (b block) value(name string) (cty.Value, bool) {
	a := b.Body.Attributes[name]
	if a == nil {
		return cty.NilVal, false
	}
	v := b.scope.value(a.Expr)
	if isSensitive(v) {
		if !slices.Contains(b.secret, name) {
			b.scope.add("Sensitive value", a.Expr.Range(),
				"%s is shown in plans, states and reports, so it cannot be made from a sensitive value. If it may be shown, write nonsensitive(…).", name)
			return cty.NilVal, false
		}
		v, _ = v.UnmarkDeep()
	}
	if !v.IsWhollyKnown() || v.IsNull() {
		return cty.NilVal, false
	}
	return v, true
}

// typed returns a value converted to t.
func (b block) typed(name string, t cty.Type, example string) (cty.Value, bool) {
	v, ok := b.value(name)
	if !ok {
		return v, false
	}
	c, err := convert.Convert(v, t)
	if err != nil || v.Type() == cty.Bool && t != cty.Bool {
		b.scope.add("Wrong type", b.at(name), "%s must be %s, not %s.", name, example, kindOf(v))
		return v, false
	}
	return c, true
}

// kindOf names the type of a value for people.
func kindOf(v cty.Value) string {
	switch t := v.Type(); {
	case v.IsKnown() && v.IsNull():
		return "null"
	case t == cty.Bool:
		return "true or false"
	case t == cty.String:
		return "text"
	case t == cty.Number:
		return "a number"
	case t.IsListType(), t.IsSetType(), t.IsTupleType():
		return "a list"
	default:
		return "a map"
	}
}

func (b block) text(name string) (string, bool) {
	v, ok := b.typed(name, cty.String, "text")
	if !ok {
		return "", false
	}
	return v.AsString(), true
}

func (b block) truth(name string) bool {
	v, ok := b.typed(name, cty.Bool, "true or false")
	return ok && v.True()
}

func (b block) float(name string) (float64, bool) {
	v, ok := b.typed(name, cty.Number, "a number")
	if !ok {
		return 0, false
	}
	f, _ := v.AsBigFloat().Float64()
	return f, true
}

// whole returns a whole number between low and high.
func (b block) whole(name string, low, high int64) (int64, bool) {
	v, ok := b.typed(name, cty.Number, "a whole number")
	if !ok {
		return 0, false
	}
	n, acc := v.AsBigFloat().Int64()
	if acc != big.Exact || n < low || n > high {
		b.scope.add("Invalid number", b.at(name), "%s cannot be %s; write a whole number from %d to %d.", name, v.AsBigFloat().Text('f', -1), low, high)
		return 0, false
	}
	return n, true
}

// size returns a number of bytes between low and high.
func (b block) size(name string, low, high int64) (int64, bool) {
	s, ok := b.text(name)
	if !ok {
		return 0, false
	}
	n, err := parseSize(s)
	if err != nil {
		b.scope.add("Invalid size", b.at(name), "%s is wrong: %s.", name, err)
		return 0, false
	}
	if n < low || n > high {
		b.scope.add("Invalid size", b.at(name), "%s is %d bytes; Azure takes %d to %d.", name, n, low, high)
		return 0, false
	}
	return n, true
}

func (b block) duration(name string) (time.Duration, bool) {
	s, ok := b.text(name)
	if !ok {
		return 0, false
	}
	d, err := parseDuration(s)
	if err == nil && d > 0 {
		return d, true
	}
	if err == nil {
		b.scope.add("Invalid duration", b.at(name), "%s is %q; it must be longer than nothing.", name, s)
	} else {
		b.scope.add("Invalid duration", b.at(name), "%s is wrong: %s.", name, err)
	}
	return 0, false
}

func (b block) time(name string) (time.Time, bool) {
	s, ok := b.text(name)
	if !ok {
		return time.Time{}, false
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		if strings.HasPrefix(s, "-") {
			b.scope.add("Invalid time", b.at(name), "%s is %q. A time before now goes with window: window = \"6h\" and end = \"-1d\" is the six hours until this time yesterday.", name, s)
			return time.Time{}, false
		}
		if meant := timeMeant(s); meant != "" {
			b.scope.add("Invalid time", b.at(name), "%s is %q; write it as RFC 3339, with a zone: %s, if that is UTC.", name, s, meant)
			return time.Time{}, false
		}
		b.scope.add("Invalid time", b.at(name), "%s is %q; write it as RFC 3339, with a zone: 2026-11-21T14:00:00Z.", name, s)
		return time.Time{}, false
	}
	return t.UTC(), true
}

// item is one text of a list, with its own range if the list is written out.
type item struct {
	text string
	at   hcl.Range
}

// list returns the texts of an attribute that is one text or a list of them.
func (b block) list(name string) ([]item, bool) {
	v, ok := b.value(name)
	if !ok {
		return nil, false
	}
	if !v.Type().IsListType() && !v.Type().IsSetType() && !v.Type().IsTupleType() {
		s, ok := b.text(name)
		return []item{{s, b.at(name)}}, ok
	}
	if v.LengthInt() == 0 {
		b.scope.add("Empty list", b.at(name), "%s has no values. Give it at least one, or leave it out.", name)
		return nil, false
	}
	return b.items(name, v)
}

func (b block) items(name string, v cty.Value) ([]item, bool) {
	var items []item
	ranges := b.elements(name, v.LengthInt())
	for it := v.ElementIterator(); it.Next(); {
		_, e := it.Element()
		at := ranges[len(items)]
		s, ok := textOf(e)
		if !ok || e.Type() == cty.Bool {
			b.scope.add("Wrong type", at, "%s must be a list of texts; one of them is not.", name)
			return nil, false
		}
		items = append(items, item{s, at})
	}
	return items, true
}

// elements returns the ranges of a list's n elements: their own where the
// list is written out, else that of the whole.
func (b block) elements(name string, n int) []hcl.Range {
	ranges := make([]hcl.Range, n)
	tuple, ok := b.Body.Attributes[name].Expr.(*hclsyntax.TupleConsExpr)
	ok = ok && len(tuple.Exprs) == n
	for i := range ranges {
		ranges[i] = b.at(name)
		if ok {
			ranges[i] = tuple.Exprs[i].Range()
		}
	}
	return ranges
}

// inner reads a block inside b.
func (b block) inner(child *hclsyntax.Block) block {
	return block{Block: child, scope: b.scope}
}

// one returns a text that must be among the known ones, whatever its case.
func (b block) one(name, summary string, known []string) (string, bool) {
	s, ok := b.text(name)
	if !ok {
		return "", false
	}
	return b.scope.among(item{s, b.at(name)}, summary, name, known)
}

// among returns the known text that i is, whatever its case.
func (s *scope) among(i item, summary, what string, known []string) (string, bool) {
	for _, k := range known {
		if strings.EqualFold(i.text, k) {
			return k, true
		}
	}
	s.add(summary, i.at, "%s cannot be %q. %s", what, i.text, syntax.Hint(i.text, known))
	return "", false
}
