package question

import (
	"math/rand/v2"
	"net/netip"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// printed is e as a person would write it, with all its parentheses.
func printed(e *Expr) string {
	arg := func(i int) string { return printed(e.Args[i]) }
	binary := map[Op]string{And: "&&", Or: "||", Equal: "==", NotEqual: "!=", Less: "<", LessOrEqual: "<=", Greater: ">", GreaterOrEqual: ">="}
	switch e.Op {
	case Constant:
		switch e.Type {
		case Number:
			return strconv.FormatFloat(e.Number, 'f', -1, 64)
		case Truth:
			return strconv.FormatBool(e.Truth)
		}
		return quote(e.Text)
	case Value:
		return e.Field.Name
	case Not:
		return "!(" + arg(0) + ")"
	case Choose:
		return "((" + arg(0) + ") ? " + arg(1) + " : " + arg(2) + ")"
	case OneOf:
		var list []string
		for _, s := range e.Texts {
			list = append(list, quote(s))
		}
		for _, n := range e.Numbers {
			list = append(list, strconv.FormatFloat(n, 'f', -1, 64))
		}
		return "contains([" + strings.Join(list, ", ") + "], " + arg(0) + ")"
	case StartsWith:
		return "startswith(" + arg(0) + ", " + arg(1) + ")"
	case EndsWith:
		return "endswith(" + arg(0) + ", " + arg(1) + ")"
	case Within:
		var list []string
		for _, p := range e.Prefixes {
			list = append(list, quote(p.String()))
		}
		return "cidrcontains([" + strings.Join(list, ", ") + "], " + arg(0) + ")"
	case Has:
		return "has(" + e.Field.Name + ")"
	}
	return "(" + arg(0) + ") " + binary[e.Op] + " (" + arg(1) + ")"
}

// maker makes conditions up that are as Check gives them.
type maker struct{ *rand.Rand }

func (m maker) field(types ...Type) *Expr {
	for {
		all := Fields()
		f := all[m.IntN(len(all))]
		if f.Name == PriceClass || f.Type == Moment {
			continue
		}
		for _, t := range types {
			if f.Type == t {
				return &Expr{Op: Value, Type: t, Field: f}
			}
		}
	}
}

// constant is a value that a field can have.
func (m maker) constant(f Field) *Expr {
	switch {
	case f.Type == Number:
		return &Expr{Type: Number, Number: float64(m.IntN(1 << 16))}
	case f.Type == Address:
		return &Expr{Type: Text, Text: m.address().String()}
	case f.Values != nil:
		return &Expr{Type: Text, Text: f.Values[m.IntN(len(f.Values))]}
	case f.Name == "protocol":
		return &Expr{Type: Text, Text: []string{"TCP", "UDP", "99", "IPv6-ICMP", ""}[m.IntN(5)]}
	case f.Name == "service" || f.Name == "destination.service":
		return &Expr{Type: Text, Text: []string{"https", "quic", "ms-sql"[:0], "rdp"}[m.IntN(4)]}
	}
	return &Expr{Type: Text, Text: []string{"", "a", "web/0", `q"\u`, "ü${x}", "%{if}", "a\nb"}[m.IntN(7)]}
}

func (m maker) address() netip.Addr {
	if m.IntN(2) == 0 {
		return netip.AddrFrom4([4]byte{10, byte(m.Uint32()), 0, byte(m.Uint32())})
	}
	return netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, 15: byte(m.Uint32())})
}

func (m maker) condition(depth int) *Expr {
	truth := func(op Op, args ...*Expr) *Expr { return &Expr{Op: op, Type: Truth, Args: args} }
	if depth > 0 && m.IntN(2) == 0 {
		sub := func() *Expr { return m.condition(depth - 1) }
		switch m.IntN(6) {
		case 0:
			return truth(Not, sub())
		case 1:
			return truth(Choose, sub(), sub(), sub())
		case 2:
			return truth([]Op{Equal, NotEqual}[m.IntN(2)], sub(), sub())
		}
		return truth([]Op{And, Or}[m.IntN(2)], sub(), sub())
	}
	switch m.IntN(7) {
	case 0:
		return &Expr{Op: Has, Type: Truth, Field: m.field(Text, Number, Address).Field}
	case 1:
		return truth([]Op{Less, LessOrEqual, Greater, GreaterOrEqual}[m.IntN(4)], m.field(Number), &Expr{Type: Number, Number: float64(m.IntN(1e6)) / 4})
	case 2:
		f := m.field(Text, Number, Address)
		e := truth(OneOf, f)
		for range 1 + m.IntN(3) {
			if v := m.constant(f.Field); f.Type == Number {
				e.Numbers = append(e.Numbers, v.Number)
			} else {
				e.Texts = append(e.Texts, v.Text)
			}
		}
		return e
	case 3:
		return truth([]Op{StartsWith, EndsWith}[m.IntN(2)], m.field(Text, Address), &Expr{Type: Text, Text: "a" + strconv.Itoa(m.IntN(9))})
	case 4:
		e := truth(Within, m.field(Address))
		for range 1 + m.IntN(3) {
			p, _ := m.address().Prefix(m.IntN(33))
			e.Prefixes = append(e.Prefixes, p)
		}
		return e
	case 5:
		a, b := m.field(Text), m.field(Address)
		return truth(Equal, &Expr{Op: Choose, Type: Text, Args: []*Expr{m.condition(0), a, b}}, m.field(Text, Address))
	}
	f := m.field(Text, Number, Address)
	args := []*Expr{f, m.constant(f.Field)}
	if m.IntN(2) == 0 {
		args[0], args[1] = args[1], args[0]
	}
	return truth([]Op{Equal, NotEqual}[m.IntN(2)], args...)
}

// TestRoundTrip wants a condition that is written out to be read as the same one.
func TestRoundTrip(t *testing.T) {
	prefixes := cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })
	for seed := range uint64(300) {
		want := maker{rand.New(rand.NewPCG(seed, 3))}.condition(3)
		src := strings.NewReplacer("${", "$${", "%{", "%%{").Replace(printed(want))
		got, diags := check(t, src)
		if got == nil || diags.HasErrors() {
			t.Fatalf("seed %d: %s\n%v", seed, src, diags)
		}
		if diff := cmp.Diff(want, got, prefixes, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("seed %d: %s (-want +got)\n%s", seed, src, diff)
		}
	}
}

// TestConstantParts wants parts without a field worked out before any flow is seen, by
// HCL's own rules.
func TestConstantParts(t *testing.T) {
	for src, want := range map[string]*Expr{
		`true`:                                       {Type: Truth, Truth: true},
		`var.port == 443 && lower("A") == "a"`:       {Type: Truth, Truth: true},
		`port == 400 + 43`:                           {Op: Equal, Type: Truth, Args: []*Expr{portExpr(), {Type: Number, Number: 443}}},
		`port == (var.port > 80 ? 1 : 2)`:            {Op: Equal, Type: Truth, Args: []*Expr{portExpr(), {Type: Number, Number: 1}}},
		`contains([for p in [1, 2] : p * 10], port)`: {Op: OneOf, Type: Truth, Args: []*Expr{portExpr()}, Numbers: []float64{10, 20}},
		`"${port == 1}"`:                             {Op: Equal, Type: Truth, Args: []*Expr{portExpr(), {Type: Number, Number: 1}}},
		`contains(["a"], "a")`:                       {Type: Truth, Truth: true},
	} {
		got, diags := check(t, src)
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: %v (-want +got)\n%s", src, diags, diff)
		}
	}
}

func portExpr() *Expr {
	f, _ := Lookup("port")
	return &Expr{Op: Value, Type: Number, Field: f}
}
