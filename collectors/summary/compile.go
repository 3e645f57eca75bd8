package summary

import (
	"net/netip"
	"slices"
	"strings"

	"flowctl/plan/question"
)

// test is a compiled condition.
type test func(n *naming, s *enriched) truth

// textOf and numberOf are compiled values.
type (
	textOf   func(n *naming, s *enriched) (string, state)
	numberOf func(n *naming, s *enriched) (float64, state)
)

// condition compiles e, which is true or false or neither.
func condition(e *question.Expr) test {
	switch e.Op {
	case question.Constant:
		v := truthOf(e.Truth)
		return func(*naming, *enriched) truth { return v }
	case question.Not:
		a := condition(e.Args[0])
		return func(n *naming, s *enriched) truth { return a(n, s).not() }
	case question.And:
		return and(condition(e.Args[0]), condition(e.Args[1]))
	case question.Or:
		return or(condition(e.Args[0]), condition(e.Args[1]))
	case question.Choose:
		return choose(condition(e.Args[0]), condition(e.Args[1]), condition(e.Args[2]))
	case question.Has:
		f, _ := lookupField(e.Field.Name)
		return func(_ *naming, s *enriched) truth { return f.stateOf(s).test(true) }
	case question.Equal:
		return equal(e.Args[0], e.Args[1])
	case question.NotEqual:
		a := equal(e.Args[0], e.Args[1])
		return func(n *naming, s *enriched) truth { return a(n, s).not() }
	case question.Less, question.LessOrEqual, question.Greater, question.GreaterOrEqual:
		return order(e.Op, numeric(e.Args[0]), numeric(e.Args[1]))
	case question.OneOf:
		return oneOf(e)
	case question.StartsWith:
		return affix(textual(e.Args[0]), textual(e.Args[1]), oneOfThem(e.Args[0], strings.HasPrefix))
	case question.EndsWith:
		return affix(textual(e.Args[0]), textual(e.Args[1]), oneOfThem(e.Args[0], strings.HasSuffix))
	case question.Within:
		return within(textual(e.Args[0]), e.Prefixes)
	}
	panic("summary: no condition") // question.Check lets nothing else through
}

func and(a, b test) test {
	return func(n *naming, s *enriched) truth {
		switch a(n, s) {
		case no:
			return no
		case yes:
			return b(n, s)
		}
		if b(n, s) == no {
			return no
		}
		return undecided
	}
}

func or(a, b test) test {
	return func(n *naming, s *enriched) truth {
		switch a(n, s) {
		case yes:
			return yes
		case no:
			return b(n, s)
		}
		if b(n, s) == yes {
			return yes
		}
		return undecided
	}
}

// choose is yes or no as cond says, and what both agree on if it does not.
func choose(cond, yesTest, noTest test) test {
	return func(n *naming, s *enriched) truth {
		switch cond(n, s) {
		case yes:
			return yesTest(n, s)
		case no:
			return noTest(n, s)
		}
		if v := yesTest(n, s); v == noTest(n, s) {
			return v
		}
		return undecided
	}
}

// equal compiles a comparison of values of one type.
func equal(a, b *question.Expr) test {
	switch {
	case b.Op == question.Value && b.Type != question.Number && a.Op == question.Constant:
		return among(b.Field.Name, a.Text)
	case a.Op == question.Value && a.Type != question.Number && b.Op == question.Constant:
		return among(a.Field.Name, b.Text)
	case a.Type == question.Number:
		return order(question.Equal, numeric(a), numeric(b))
	case a.Type == question.Truth:
		x, y := condition(a), condition(b)
		return func(n *naming, s *enriched) truth {
			v, w := x(n, s), y(n, s)
			if v == undecided || w == undecided {
				return undecided
			}
			return truthOf(v == w)
		}
	}
	return affix(textual(a), textual(b), strings.EqualFold)
}

// order compares numbers.
func order(op question.Op, a, b numberOf) test {
	return func(n *naming, s *enriched) truth {
		x, stateX := a(n, s)
		y, stateY := b(n, s)
		return either(stateX, stateY).test(compared(op, x, y) == yes)
	}
}

// affix compares texts, regardless of case.
func affix(a, b textOf, holds func(s, affix string) bool) test {
	return func(n *naming, s *enriched) truth {
		x, stateX := a(n, s)
		y, stateY := b(n, s)
		return either(stateX, stateY).test(holds(strings.ToLower(x), strings.ToLower(y)))
	}
}

// oneOfThem is holds of any text of a value, if that can be a list.
func oneOfThem(e *question.Expr, holds func(s, affix string) bool) func(s, affix string) bool {
	if e.Op != question.Value {
		return holds
	}
	f, _ := lookupField(e.Field.Name)
	return func(s, affix string) bool {
		return f.any(s, func(text string) bool { return holds(text, affix) })
	}
}

// oneOf is true if a value is in a constant list.
func oneOf(e *question.Expr) test {
	x := e.Args[0]
	if x.Type == question.Number {
		v := numeric(x)
		return func(n *naming, s *enriched) truth {
			f, st := v(n, s)
			return st.test(slices.Contains(e.Numbers, f))
		}
	}
	if x.Op == question.Value {
		return among(x.Field.Name, e.Texts...)
	}
	v, in := textual(x), lower(e.Texts)
	return func(n *naming, s *enriched) truth {
		t, st := v(n, s)
		return st.test(in[strings.ToLower(t)])
	}
}

func lower(texts []string) map[string]bool {
	in := map[string]bool{}
	for _, t := range texts {
		in[strings.ToLower(t)] = true
	}
	return in
}

// within is true if an address is in one of some networks.
func within(v textOf, nets []netip.Prefix) test {
	return func(n *naming, s *enriched) truth {
		t, st := v(n, s)
		if st != present {
			return st.test(false)
		}
		ip, err := netip.ParseAddr(t)
		return truthOf(err == nil && holds(nets, ip))
	}
}

// textual compiles a text.
func textual(e *question.Expr) textOf {
	switch e.Op {
	case question.Constant:
		return func(*naming, *enriched) (string, state) { return e.Text, present }
	case question.Choose:
		return pick(condition(e.Args[0]), textual(e.Args[1]), textual(e.Args[2]))
	}
	f, _ := lookupField(e.Field.Name)
	return func(n *naming, s *enriched) (string, state) {
		if st := f.stateOf(s); st != present {
			return "", st
		}
		return f.value(n, s), present
	}
}

// numeric compiles a number.
func numeric(e *question.Expr) numberOf {
	switch e.Op {
	case question.Constant:
		return func(*naming, *enriched) (float64, state) { return e.Number, present }
	case question.Choose:
		return pick(condition(e.Args[0]), numeric(e.Args[1]), numeric(e.Args[2]))
	}
	f, _ := lookupField(e.Field.Name)
	return func(_ *naming, s *enriched) (float64, state) { return f.number(s), f.stateOf(s) }
}

// pick evaluates a or b, as cond says.
func pick[T any, F ~func(*naming, *enriched) (T, state)](cond test, a, b F) F {
	return func(n *naming, s *enriched) (v T, st state) {
		switch cond(n, s) {
		case yes:
			return a(n, s)
		case no:
			return b(n, s)
		}
		return v, unknown
	}
}

// among is true if the value of a field is one of some constant texts, among
// which the empty one stands for no value.
func among(name string, texts ...string) test {
	f, _ := lookupField(name)
	if f.code != nil {
		return f.amongCodes(texts)
	}
	in := lower(texts)
	return func(n *naming, s *enriched) truth {
		switch f.stateOf(s) {
		case absent:
			return truthOf(in[""])
		case unknown:
			return f.unsure(f.value(n, s), in)
		}
		return truthOf(f.any(f.value(n, s), func(text string) bool { return in[strings.ToLower(text)] }))
	}
}

// any reports whether holds is true of a value, or of a text of it if it is a list.
func (f *field) any(value string, holds func(string) bool) bool {
	if !f.several {
		return holds(value)
	}
	return slices.ContainsFunc(strings.Split(value, ", "), holds)
}

// unsure is what can be said of a value that is shown as another text, such
// as an interface's MAC in location of its name.
func (f *field) unsure(shown string, in map[string]bool) truth {
	if shown != "" && in[strings.ToLower(shown)] {
		return yes
	}
	for t := range in {
		if !isMAC(t) || !isMAC(shown) {
			return undecided
		}
	}
	return no
}

func isMAC(s string) bool {
	return len(s) == 12 && !strings.ContainsFunc(s, func(r rune) bool { return !strings.ContainsRune("0123456789abcdefABCDEF", r) })
}

// amongCodes looks the answer up by the code of the value.
func (f *field) amongCodes(texts []string) test {
	var table [256]truth
	for code := range table {
		t := noCode
		if code < len(f.codes) {
			t = f.codes[code]
		}
		for _, want := range texts {
			table[code] = max2(table[code], f.like(uint8(code), t, want))
		}
	}
	if f.further == 0 {
		return func(_ *naming, s *enriched) truth { return table[f.code(s)] }
	}
	in := lower(texts)
	return func(n *naming, s *enriched) truth {
		code := f.code(s)
		if code == f.further && in[strings.ToLower(f.value(n, s))] {
			return yes
		}
		return table[code]
	}
}

// max2 is the truth of a or b.
func max2(a, b truth) truth {
	if a == yes || b == yes {
		return yes
	}
	return max(a, b)
}

// noCode stands for no value.
const noCode = ""

// like compares the value of a code with a text.
func (f *field) like(code uint8, value, want string) truth {
	switch {
	case strings.EqualFold(value, want):
		return yes
	case value == question.Unknown && want != "":
		return undecided
	case f.maybe != nil && f.maybe(code, want):
		return undecided
	}
	return no
}
