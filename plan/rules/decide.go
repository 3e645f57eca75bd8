package rules

import (
	"cmp"
	"slices"
	"strings"

	"flowctl/plan"
)

// Decision is which rule of a list decides.
type Decision struct {
	Rule  *plan.Rule   // the first that fits for certain; nil if none does
	Maybe []*plan.Rule // before it, that may fit: what they name is not known
}

// Decide says which of rules decides a tuple: of its direction, the one with the lowest
// priority that fits.
func (w World) Decide(rules []plan.Rule, t Tuple) (d Decision) {
	list := slices.Clone(rules)
	slices.SortStableFunc(list, func(a, b plan.Rule) int { return cmp.Compare(a.Priority, b.Priority) })
	for i := range list {
		switch w.Fits(list[i], t) {
		case Yes:
			d.Rule = &list[i]
			return d
		case Unknown:
			d.Maybe = append(d.Maybe, &list[i])
		}
	}
	return d
}

// Passes says whether what a decision is of is let pass.
func (d Decision) Passes() Answer {
	if d.Rule == nil {
		return Unknown
	}
	out := truth(strings.EqualFold(d.Rule.Access, "Allow"))
	for _, r := range d.Maybe {
		if strings.EqualFold(r.Access, "Allow") != (out == Yes) {
			return Unknown
		}
	}
	return out
}
