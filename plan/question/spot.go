package question

import (
	"slices"
	"strconv"
	"strings"
)

// Spot describes flows that were not recorded: what is known of them all. What it
// does not say of them can be anything.
type Spot struct {
	Is  map[string]string   // fields with the one value that they all have
	Not map[string][]string // fields with values that none of them has
}

// truth is a truth of Kleene's logic.
type truth int8

const (
	undecided truth = iota
	yes
	no
)

// Meets reports whether a condition can hold for a flow of the spot; every flow
// meets no condition.
func (s Spot) Meets(e *Expr) bool { return e == nil || s.holds(e) != no }

func (s Spot) holds(e *Expr) truth {
	switch e.Op {
	case Constant:
		return truthOf(e.Truth)
	case Not:
		return negated(s.holds(e.Args[0]))
	case And:
		return both(s.holds(e.Args[0]), s.holds(e.Args[1]))
	case Or:
		return negated(both(negated(s.holds(e.Args[0])), negated(s.holds(e.Args[1]))))
	case Choose:
		return s.chosen(e)
	case Equal, NotEqual:
		t := s.equal(e.Args[0], e.Args[1])
		if e.Op == NotEqual {
			return negated(t)
		}
		return t
	case OneOf:
		return s.oneOf(e)
	case Has:
		if s.Is[e.Field.Name] != "" {
			return yes
		}
	}
	return undecided
}

func (s Spot) chosen(e *Expr) truth {
	a, b := s.holds(e.Args[1]), s.holds(e.Args[2])
	switch cond := s.holds(e.Args[0]); {
	case cond == yes || a == b:
		return a
	case cond == no:
		return b
	}
	return undecided
}

func (s Spot) equal(a, b *Expr) truth {
	if a.Op != Value {
		a, b = b, a
	}
	if a.Op != Value || b.Op != Constant {
		return undecided
	}
	return s.isValue(a.Field.Name, valueOf(b))
}

func (s Spot) oneOf(e *Expr) truth {
	if e.Args[0].Op != Value {
		return undecided
	}
	name, all := e.Args[0].Field.Name, slices.Clone(e.Texts)
	for _, n := range e.Numbers {
		all = append(all, strconv.FormatFloat(n, 'f', -1, 64))
	}
	out := no
	for _, v := range all {
		switch s.isValue(name, v) {
		case yes:
			return yes
		case undecided:
			out = undecided
		}
	}
	return out
}

// isValue says whether a field has a value for all flows of the spot, for none, or
// for some.
func (s Spot) isValue(field, value string) truth {
	if is, ok := s.Is[field]; ok {
		return truthOf(strings.EqualFold(is, value))
	}
	if slices.ContainsFunc(s.Not[field], func(v string) bool { return strings.EqualFold(v, value) }) {
		return no
	}
	return undecided
}

func valueOf(e *Expr) string {
	if e.Type == Number {
		return strconv.FormatFloat(e.Number, 'f', -1, 64)
	}
	return e.Text
}

func truthOf(v bool) truth {
	if v {
		return yes
	}
	return no
}

func negated(t truth) truth {
	switch t {
	case yes:
		return no
	case no:
		return yes
	}
	return undecided
}

func both(a, b truth) truth {
	switch {
	case a == no || b == no:
		return no
	case a == yes && b == yes:
		return yes
	}
	return undecided
}
