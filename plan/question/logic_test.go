package question

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// A formula is a condition over numbered facts, of which the first are true, the next
// false, and the others not known.
type formula struct {
	op   string // one of fact, !, &&, ||, ?, ==, !=
	fact int
	args []*formula
}

// The facts: the spot of formulas has this rule, is not of that one, and says nothing
// of ports.
const (
	factYes = iota
	factNo
	firstUnknown
)

func (f *formula) source() string {
	arg := func(i int) string { return "(" + f.args[i].source() + ")" }
	switch f.op {
	case "!":
		return "!" + arg(0)
	case "?":
		return arg(0) + " ? " + arg(1) + " : " + arg(2)
	case "":
		switch f.fact {
		case factYes:
			return `rule == "a"`
		case factNo:
			return `contains(["b", "c"], rule)`
		}
		return fmt.Sprintf("port >= %d", f.fact) // nothing is known of an order
	}
	return arg(0) + " " + f.op + " " + arg(1)
}

// holds is the truth of f if those of the unknown facts are the bits of world.
func (f *formula) holds(world uint) bool {
	arg := func(i int) bool { return f.args[i].holds(world) }
	switch f.op {
	case "!":
		return !arg(0)
	case "&&":
		return arg(0) && arg(1)
	case "||":
		return arg(0) || arg(1)
	case "==":
		return arg(0) == arg(1)
	case "!=":
		return arg(0) != arg(1)
	case "?":
		if arg(0) {
			return arg(1)
		}
		return arg(2)
	}
	switch f.fact {
	case factYes:
		return true
	case factNo:
		return false
	}
	return world>>(f.fact-firstUnknown)&1 == 1
}

// random makes a formula up, in which no unknown fact comes twice.
func random(r *rand.Rand, depth int, next *int) *formula {
	kinds := []string{"", "!", "&&", "||", "?"}
	f := &formula{op: kinds[r.IntN(len(kinds))]}
	if depth == 0 || f.op == "" {
		f.op, f.fact = "", r.IntN(3)
		if f.fact == firstUnknown {
			f.fact += *next
			*next++
		}
		return f
	}
	for range map[string]int{"!": 1, "?": 3}[f.op] {
		f.args = append(f.args, random(r, depth-1, next))
	}
	for len(f.args) < 2 && f.op != "!" {
		f.args = append(f.args, random(r, depth-1, next))
	}
	return f
}

// TestLogic wants a condition to be certain of a spot just if it is so whatever is
// true of what is not known: of formulas in which no unknown fact comes twice, Kleene's
// logic is exact.
func TestLogic(t *testing.T) {
	spot := Spot{Is: map[string]string{"rule": "a"}}
	for seed := range uint64(700) {
		n := 0
		f := random(rand.New(rand.NewPCG(seed, 1)), 4, &n)
		if n > 10 {
			continue
		}
		some, all := false, true
		for world := range uint(1) << n {
			v := f.holds(world)
			some, all = some || v, all && v
		}
		e, diags := check(t, f.source())
		if e == nil {
			t.Fatal(f.source(), diags)
		}
		want := undecided
		if some == all {
			want = truthOf(all)
		}
		if got := spot.holds(e); got != want {
			t.Fatalf("seed %d: %s\nis %v, want %v", seed, f.source(), got, want)
		}
		if spot.Meets(e) != some {
			t.Fatalf("seed %d: %s meets %v, want %v", seed, f.source(), !some, some)
		}
	}
}

// TestNoAnswerIsRefused wants no condition to be ruled out for a spot that has a flow
// which meets it: flows with all that a spot says, tried with values of their own.
func TestNoAnswerIsRefused(t *testing.T) {
	values := map[string][]string{"verdict": {"allowed", "denied", "unknown"}, "protocol": {"TCP", "UDP", "ICMP"}, "direction": {"inbound", "outbound"}}
	spots := []Spot{
		{Is: map[string]string{"verdict": "denied"}}, {Not: map[string][]string{"protocol": {"TCP", "UDP"}}},
		{Is: map[string]string{"verdict": "allowed", "direction": "inbound"}}, {Is: map[string]string{"direction": "outbound"}, Not: map[string][]string{"verdict": {"denied"}}}, {},
	}
	for seed := range uint64(400) {
		r := rand.New(rand.NewPCG(seed, 2))
		var parts []string
		for range 1 + r.IntN(4) {
			name := []string{"verdict", "protocol", "direction"}[r.IntN(3)]
			all := values[name]
			v, w := all[r.IntN(len(all))], all[r.IntN(len(all))]
			parts = append(parts, []string{
				fmt.Sprintf("%s == %q", name, v), fmt.Sprintf("%q != %s", v, name), fmt.Sprintf("contains([%q, %q], %s)", v, strings.ToLower(w), name),
			}[r.IntN(3)])
		}
		src := strings.Join(parts, []string{" && ", " || "}[r.IntN(2)])
		e, diags := check(t, src)
		if e == nil {
			t.Fatal(src, diags)
		}
		for i, s := range spots {
			if met := someFlow(s, e, values); met && !s.Meets(e) {
				t.Fatalf("seed %d, spot %d: %s is met by a flow, and ruled out", seed, i, src)
			}
		}
	}
}

// someFlow reports whether a flow of the spot with some of the values meets e.
func someFlow(s Spot, e *Expr, values map[string][]string) bool {
	for _, v := range values["verdict"] {
		for _, p := range values["protocol"] {
			for _, d := range values["direction"] {
				is := map[string]string{"verdict": v, "protocol": p, "direction": d}
				if of(s, is) && meets(e, is) {
					return true
				}
			}
		}
	}
	return false
}

func of(s Spot, is map[string]string) bool {
	for f, v := range s.Is {
		if is[f] != v {
			return false
		}
	}
	for f, not := range s.Not {
		for _, v := range not {
			if is[f] == v {
				return false
			}
		}
	}
	return true
}

// meets evaluates a condition of the test above of a flow of which all is known.
func meets(e *Expr, is map[string]string) bool {
	switch e.Op {
	case And:
		return meets(e.Args[0], is) && meets(e.Args[1], is)
	case Or:
		return meets(e.Args[0], is) || meets(e.Args[1], is)
	case OneOf:
		for _, v := range e.Texts {
			if strings.EqualFold(v, is[e.Args[0].Field.Name]) {
				return true
			}
		}
		return false
	}
	field, value := e.Args[0], e.Args[1]
	if field.Op != Value {
		field, value = value, field
	}
	return (is[field.Field.Name] == value.Text) == (e.Op == Equal)
}

// TestSpotValues wants what a spot says of a field to count in each form of asking.
func TestSpotValues(t *testing.T) {
	spot := Spot{Is: map[string]string{"verdict": "denied", "port": "22", "vm": ""}, Not: map[string][]string{"protocol": {"TCP"}, "source.port": {"80"}}}
	for src, want := range map[string]truth{
		`verdict == "DENIED"`:                          yes,
		`port == 22`:                                   yes,
		`22 != port`:                                   no,
		`contains([21, 22], port)`:                     yes,
		`contains([21, 23], port)`:                     no,
		`source.port == 80`:                            no,
		`contains([80], source.port)`:                  no,
		`contains([80, 81], source.port)`:              undecided,
		`has(verdict)`:                                 yes,
		`has(vm)`:                                      undecided,
		`has(rule)`:                                    undecided,
		`verdict == protocol`:                          undecided,
		`(true ? verdict : rule) == "x"`:               undecided,
		`contains(["x"], true ? rule : acl)`:           undecided,
		`startswith(verdict, "d")`:                     undecided,
		`port == 22 == true`:                           undecided, // of two conditions nothing is said
		`port > 5`:                                     undecided,
		`protocol == "TCP" ? true : port == 22`:        yes,
		`has(rule) ? port == 22 : verdict == "denied"`: yes,
		`has(rule) ? port == 22 : port == 23`:          undecided,
	} {
		e, diags := check(t, src)
		if e == nil {
			t.Fatal(src, diags)
		}
		if got := spot.holds(e); got != want {
			t.Errorf("%s: %v, want %v", src, got, want)
		}
	}
}
