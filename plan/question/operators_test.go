package question

import (
	"slices"
	"testing"
)

// operand is a part of a condition with the type that it has.
type operand struct {
	src   string
	typ   Type
	field bool
}

// operands are one of each kind; text constants are those that any text field and
// any address can be.
var operands = []operand{
	{"port", Number, true}, {"rule", Text, true}, {"verdict", Text, true}, {"peer", Address, true}, {"time", Moment, true}, {"(port == 1)", Truth, true},
	{"443", Number, false}, {`""`, Text, false}, {`"2026-11-12"`, Text, false}, {"[1, 2]", List, false}, {`["a"]`, List, false}, {"true", Truth, false},
}

// fits is what the manual says of comparisons: like with like, addresses are written
// as text, times are compared with a constant text, and lists with nothing.
func fits(op string, a, b operand) bool {
	is := func(x operand, types ...Type) bool { return slices.Contains(types, x.typ) }
	day := func(x operand) bool { return !x.field && x.src == `"2026-11-12"` }
	if a.typ == Moment || b.typ == Moment {
		return op != "&&" && op != "||" && (a.typ == Moment && day(b) || b.typ == Moment && day(a))
	}
	switch op {
	case "&&", "||":
		return is(a, Truth) && is(b, Truth)
	case "<", "<=", ">", ">=":
		return is(a, Number) && is(b, Number)
	}
	if day(a) && (b.src == "verdict" || b.src == "peer") || day(b) && (a.src == "verdict" || a.src == "peer") {
		return false // which they can never be
	}
	text := is(a, Text, Address) && is(b, Text, Address)
	return text || a.typ == b.typ && a.typ != List
}

// TestOperators wants each operator to take what it is for and to refuse all else, of
// all pairs of operands.
func TestOperators(t *testing.T) {
	ops := map[string]Op{"==": Equal, "!=": NotEqual, "<": Less, "<=": LessOrEqual, ">": Greater, ">=": GreaterOrEqual, "&&": And, "||": Or}
	for name, op := range ops {
		for _, a := range operands {
			for _, b := range operands {
				src := a.src + " " + name + " " + b.src
				if !a.field && !b.field {
					continue // HCL's own business
				}
				x, diags := check(t, src)
				want := fits(name, a, b)
				switch {
				case want && (x == nil || diags.HasErrors()):
					t.Errorf("%s: refused: %v", src, diags)
				case want && x.Type != Truth:
					t.Errorf("%s: type %v", src, x.Type)
				case want && x.Op != op && !(b.typ == Moment && x.Op == turned(op)):
					t.Errorf("%s: operation %v, want %v", src, x.Op, op)
				case !want && (x != nil || !diags.HasErrors()):
					t.Errorf("%s: passed", src)
				case !want && diags[0].Detail == "":
					t.Errorf("%s: no detail", src)
				}
			}
		}
	}
}

// TestNegation wants ! before conditions alone, and - before no field.
func TestNegation(t *testing.T) {
	for _, a := range operands {
		if !a.field {
			continue
		}
		x, diags := check(t, "!"+a.src)
		if passes := x != nil && !diags.HasErrors(); passes != (a.typ == Truth) {
			t.Errorf("!%s: %v", a.src, diags)
		}
		if x, _ := check(t, "-"+a.src+" == 1"); x != nil {
			t.Errorf("-%s passed", a.src)
		}
	}
}

// TestChoose wants one type of both values, which is that of the whole.
func TestChoose(t *testing.T) {
	compare := map[Type]string{Number: " == 7", Text: ` == rule`, Address: ` == rule`, Truth: ""}
	for _, a := range operands {
		for _, b := range operands {
			text := (a.typ == Text || a.typ == Address) && (b.typ == Text || b.typ == Address)
			end, ok := compare[a.typ]
			want := ok && (text || a.typ == b.typ)
			src := "(port == 1 ? " + a.src + " : " + b.src + ")" + end
			if x, diags := check(t, src); (x != nil && !diags.HasErrors()) != want {
				t.Errorf("%s: passed %v: %v", src, x != nil, diags)
			}
		}
	}
	for _, c := range operands {
		x, _ := check(t, "("+c.src+" ? port : 1) == 1")
		if want := c.typ == Truth; (x != nil) != want {
			t.Errorf("%s before ?: passed %v", c.src, x != nil)
		}
	}
}

// TestFunctions wants of each function the arguments that it takes, and no others.
func TestFunctions(t *testing.T) {
	is := func(x operand, types ...Type) bool { return slices.Contains(types, x.typ) }
	for name, takes := range map[string]func(a, b operand) bool{
		"startswith": func(a, b operand) bool { return is(a, Text, Address) && is(b, Text, Address) },
		"endswith":   func(a, b operand) bool { return is(a, Text, Address) && is(b, Text, Address) },
		"contains": func(a, b operand) bool {
			return a.src == "[1, 2]" && is(b, Number) || a.src == `["a"]` && is(b, Text) && b.src != "verdict"
		},
	} {
		for _, a := range operands {
			for _, b := range operands {
				if !a.field && !b.field {
					continue
				}
				src := name + "(" + a.src + ", " + b.src + ")"
				x, diags := check(t, src)
				if passes := x != nil && !diags.HasErrors(); passes != takes(a, b) {
					t.Errorf("%s: passed %v: %v", src, passes, diags)
				}
			}
		}
	}
	for _, b := range operands {
		for nets, sound := range map[string]bool{`"10.0.0.0/8"`: true, `["10.0.0.0/8", "fd00::/8"]`: true, "var.nets": true, "[]": false, `["10.0.0.0/8", 1]`: false, "1": false, "port": false, "true": false} {
			if !b.field {
				continue
			}
			src := "cidrcontains(" + nets + ", " + b.src + ")"
			x, diags := check(t, src)
			if passes := x != nil && !diags.HasErrors(); passes != (sound && b.typ == Address) {
				t.Errorf("%s: passed %v: %v", src, passes, diags)
			}
		}
		x, diags := check(t, "has("+b.src+")")
		if passes := x != nil && !diags.HasErrors(); passes != (b.field && b.typ != Truth) {
			t.Errorf("has(%s): passed %v: %v", b.src, passes, diags)
		}
	}
}

// TestBounds wants ports that there are, and of other numbers any.
func TestBounds(t *testing.T) {
	for _, f := range []string{"port", "source.port", "destination.port", "local.port", "remote.port"} {
		for value, want := range map[string]bool{"0": true, "65535": true, "443.0": true, "65536": false, "-1": false, "1.5": false, "1e30": false} {
			for _, src := range []string{f + " == " + value, value + " != " + f, "contains([" + value + "], " + f + ")"} {
				if x, diags := check(t, src); (x != nil) != want {
					t.Errorf("%s: passed %v: %v", src, x != nil, diags)
				}
			}
			if x, diags := check(t, f+" >= "+value); x == nil { // an order needs no bound
				t.Errorf("%s >= %s: %v", f, value, diags)
			}
		}
	}
}

// TestEveryValue wants each value of an enumerated field in any case, as its own text
// has it, and each word of another tool to be told what it stands for.
func TestEveryValue(t *testing.T) {
	for _, f := range Fields() {
		if f.Values == nil || f.Name == PriceClass {
			continue
		}
		for _, v := range f.Values {
			for _, text := range []string{v, swapCase(v)} {
				x, diags := check(t, f.Name+" == "+quote(text))
				if x == nil || x.Args[1].Text != v {
					t.Errorf("%s == %q: %v", f.Name, text, diags)
				}
			}
		}
		for word, v := range meant {
			_, own := check(t, f.Name+" == "+quote(word))
			if slices.Contains(f.Values, v) && !slices.ContainsFunc(f.Values, func(s string) bool { return s == word }) {
				if !own.HasErrors() || own[0].Detail != f.Name+" is never "+quote(word)+". Did you mean "+quote(v)+"?" {
					t.Errorf("%s == %q: %v", f.Name, word, own)
				}
			}
		}
	}
}

func swapCase(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' {
			b[i] = c ^ 0x20
		}
	}
	return string(b)
}
