package kql

import (
	"math"
	"regexp"
	"strings"
	"time"
)

// expr is something that has a value in every row.
type expr interface {
	eval(r Row) any
	parts() []expr
}

// span is a length of time in seconds.
type span float64

type literal struct{ v any }

func (e literal) eval(Row) any  { return e.v }
func (e literal) parts() []expr { return nil }

type column struct {
	name string
	at   token
}

func (e column) eval(r Row) any {
	v := r[e.name]
	if l, ok := v.(*Later); ok {
		return l.value()
	}
	return v
}
func (e column) parts() []expr { return nil }

// picked is a member of an object or a list.
type picked struct{ from, key expr }

func (e picked) eval(r Row) any {
	key := e.key.eval(r)
	switch from := e.from.eval(r).(type) {
	case map[string]any:
		if name, ok := key.(string); ok {
			return from[name]
		}
	case []any:
		if n, ok := key.(float64); ok {
			i := int(n)
			if i < 0 {
				i += len(from)
			}
			if i >= 0 && i < len(from) {
				return from[i]
			}
		}
	}
	return nil
}
func (e picked) parts() []expr { return []expr{e.from, e.key} }

type logical struct {
	left, right expr
	or          bool
}

func (e logical) eval(r Row) any {
	if e.or {
		return e.left.eval(r) == true || e.right.eval(r) == true
	}
	return e.left.eval(r) == true && e.right.eval(r) == true
}
func (e logical) parts() []expr { return []expr{e.left, e.right} }

type negated struct{ e expr }

func (e negated) eval(r Row) any { return e.e.eval(r) != true }
func (e negated) parts() []expr  { return []expr{e.e} }

// comparison is an operator between two values.
type comparison struct {
	op          string
	left, right expr
	test        func(a, b any) bool
	pattern     *regexp.Regexp // of "matches regex" with a pattern that is known
}

func (e comparison) eval(r Row) any {
	if e.pattern != nil {
		return e.pattern.MatchString(textOf(e.left.eval(r)))
	}
	return e.test(e.left.eval(r), e.right.eval(r))
}
func (e comparison) parts() []expr { return []expr{e.left, e.right} }

func compared(op string, left, right expr, not bool) expr {
	c := comparison{op: op, left: left, right: right, test: tests[op]}
	if l, ok := right.(literal); ok && op == "matches regex" {
		c.pattern, _ = regexp.Compile(textOf(l.v))
	}
	if not {
		return negated{c}
	}
	return c
}

// tests are the operators between two values. A missing value equals nothing
// and is unequal to what is there.
var tests = map[string]func(a, b any) bool{
	"==":            func(a, b any) bool { return a != nil && b != nil && equal(a, b) },
	"!=":            func(a, b any) bool { return (a != nil || b != nil) && (a == nil || b == nil || !equal(a, b)) },
	"=~":            func(a, b any) bool { return strings.EqualFold(textOf(a), textOf(b)) },
	"!~":            func(a, b any) bool { return !strings.EqualFold(textOf(a), textOf(b)) },
	"<":             func(a, b any) bool { return a != nil && b != nil && order(a, b) < 0 },
	">":             func(a, b any) bool { return a != nil && b != nil && order(a, b) > 0 },
	"<=":            func(a, b any) bool { return a != nil && b != nil && order(a, b) <= 0 },
	">=":            func(a, b any) bool { return a != nil && b != nil && order(a, b) >= 0 },
	"contains":      func(a, b any) bool { return strings.Contains(lower(a), lower(b)) },
	"contains_cs":   func(a, b any) bool { return strings.Contains(textOf(a), textOf(b)) },
	"startswith":    func(a, b any) bool { return strings.HasPrefix(lower(a), lower(b)) },
	"startswith_cs": func(a, b any) bool { return strings.HasPrefix(textOf(a), textOf(b)) },
	"endswith":      func(a, b any) bool { return strings.HasSuffix(lower(a), lower(b)) },
	"endswith_cs":   func(a, b any) bool { return strings.HasSuffix(textOf(a), textOf(b)) },
	"has":           func(a, b any) bool { return hasTerm(lower(a), lower(b), true, true) },
	"has_cs":        func(a, b any) bool { return hasTerm(textOf(a), textOf(b), true, true) },
	"hasprefix":     func(a, b any) bool { return hasTerm(lower(a), lower(b), true, false) },
	"hassuffix":     func(a, b any) bool { return hasTerm(lower(a), lower(b), false, true) },
	"matches regex": func(a, b any) bool {
		re, err := regexp.Compile(textOf(b))
		return err == nil && re.MatchString(textOf(a))
	},
}

// hasTerm looks for a term that begins, ends or does both where no letter or
// digit precedes or follows.
func hasTerm(s, term string, begins, ends bool) bool {
	inside := func(i int) bool {
		return i >= 0 && i < len(s) && (s[i] >= '0' && s[i] <= '9' || s[i] >= 'a' && s[i] <= 'z' || s[i] >= 'A' && s[i] <= 'Z' || s[i] >= 0x80)
	}
	for from := 0; from <= len(s); {
		i := strings.Index(s[from:], term)
		if i < 0 {
			return false
		}
		i += from
		if (!begins || !inside(i-1)) && (!ends || !inside(i+len(term))) {
			return true
		}
		from = i + 1
	}
	return false
}

// among is in, has_any, has_all and what they negate.
type among struct {
	op   string
	e    expr
	list []expr
	not  bool
}

func (e among) eval(r Row) any {
	test := tests[map[string]string{"in": "==", "in~": "=~", "has_any": "has", "has_all": "has"}[e.op]]
	v := e.e.eval(r)
	found := e.op == "has_all"
	for _, item := range e.list {
		for _, want := range flat(item.eval(r)) {
			if test(v, want) != found {
				return !found != e.not
			}
		}
	}
	return found != e.not
}
func (e among) parts() []expr { return append([]expr{e.e}, e.list...) }

func flat(v any) []any {
	if list, ok := v.([]any); ok {
		return list
	}
	return []any{v}
}

// calculated is arithmetic, also of times and lengths of time.
type calculated struct {
	op          string
	left, right expr
}

func (e calculated) eval(r Row) any {
	a, b := e.left.eval(r), e.right.eval(r)
	if t, ok := timeOf(a); ok {
		if d, ok := b.(span); ok && (e.op == "-" || e.op == "+") {
			if e.op == "-" {
				d = -d
			}
			return t.Add(time.Duration(float64(d) * float64(time.Second)))
		}
		if u, ok := timeOf(b); ok && e.op == "-" {
			return span(t.Sub(u).Seconds())
		}
		return nil
	}
	x, okX := numberOf(a)
	y, okY := numberOf(b)
	if !okX || !okY {
		return nil
	}
	var v float64
	switch e.op {
	case "+":
		v = x + y
	case "-":
		v = x - y
	case "*":
		v = x * y
	case "/":
		v = x / y
	case "%":
		v = math.Mod(x, y)
	}
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	if _, ok := b.(span); ok {
		return span(v)
	}
	return v
}
func (e calculated) parts() []expr { return []expr{e.left, e.right} }

type called struct {
	name string
	run  func(args []any) any
	args []expr
}

func (e called) eval(r Row) any {
	values := make([]any, len(e.args))
	for i, a := range e.args {
		values[i] = a.eval(r)
	}
	return e.run(values)
}
func (e called) parts() []expr { return e.args }

// aggregate is a function over many rows. It has no value in a single one.
type aggregate struct {
	name string
	args []expr
	at   token
}

func (e aggregate) eval(Row) any  { return nil }
func (e aggregate) parts() []expr { return e.args }

// walk visits an expression and all that it is made of.
func walk(e expr, visit func(expr) error) error {
	if err := visit(e); err != nil {
		return err
	}
	for _, part := range e.parts() {
		if err := walk(part, visit); err != nil {
			return err
		}
	}
	return nil
}
