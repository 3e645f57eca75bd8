package summary

import (
	"slices"

	"flowctl/plan/question"
)

// holding says whether a condition over measures holds for a line. It is asked
// once per line, so nothing is compiled.
func holding(e *question.Expr, v lineSums) truth {
	arg := func(i int) truth { return holding(e.Args[i], v) }
	if t, ok := connected(e, arg); ok {
		return t
	}
	switch e.Op {
	case question.Has:
		_, known := ofMeasure(e.Field.Name, v)
		return truthOf(known)
	case question.OneOf:
		x, measured := measured(e.Args[0], v)
		return ifMeasured(measured, slices.Contains(e.Numbers, x))
	}
	x, knowsX := measured(e.Args[0], v)
	y, knowsY := measured(e.Args[1], v)
	return ifMeasured(knowsX && knowsY, compares(e.Op, x, y))
}

// connected is the truth of an expression that connects conditions, of which arg is
// the truth; ok is false for any other.
func connected(e *question.Expr, arg func(i int) truth) (t truth, ok bool) {
	switch e.Op {
	case question.Constant:
		return truthOf(e.Truth), true
	case question.Not:
		return arg(0).not(), true
	case question.And:
		return bothHold(arg(0), arg(1)), true
	case question.Or:
		return bothHold(arg(0).not(), arg(1).not()).not(), true
	case question.Choose:
		return oneHolds(arg(0), arg(1), arg(2)), true
	case question.Equal, question.NotEqual:
		if e.Args[0].Type == question.Truth {
			return sameTruth(arg(0), arg(1), e.Op == question.Equal), true
		}
	}
	return no, false
}

func bothHold(a, b truth) truth {
	switch {
	case a == no || b == no:
		return no
	case a == yes && b == yes:
		return yes
	}
	return undecided
}

// oneHolds is a or b as cond says, and what both agree on if it does not.
func oneHolds(cond, a, b truth) truth {
	switch {
	case cond == yes || a == b:
		return a
	case cond == no:
		return b
	}
	return undecided
}

func sameTruth(a, b truth, want bool) truth {
	if a == undecided || b == undecided {
		return undecided
	}
	return truthOf((a == b) == want)
}

func ifMeasured(measured, holds bool) truth {
	if !measured {
		return undecided
	}
	return truthOf(holds)
}

// measured is the number that e stands for, and whether it was measured.
func measured(e *question.Expr, v lineSums) (float64, bool) {
	switch e.Op {
	case question.Constant:
		return e.Number, true
	case question.Choose:
		switch holding(e.Args[0], v) {
		case yes:
			return measured(e.Args[1], v)
		case no:
			return measured(e.Args[2], v)
		}
		return 0, false
	}
	return ofMeasure(e.Field.Name, v)
}

// ofMeasure is a measure of a line, and whether it was measured.
func ofMeasure(name string, v lineSums) (float64, bool) {
	if of := rates[name]; of != nil {
		return of(v)
	}
	n, known := measures[name](v)
	return float64(n), known
}

func compares(op question.Op, x, y float64) bool {
	switch op {
	case question.NotEqual:
		return x != y
	case question.Less:
		return x < y
	case question.LessOrEqual:
		return x <= y
	case question.Greater:
		return x > y
	case question.GreaterOrEqual:
		return x >= y
	}
	return x == y
}
