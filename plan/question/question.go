package question

import (
	"fmt"
	"slices"
	"strconv"
)

// Question is one that was checked: which flows, by what, and how many rows.
type Question struct {
	Name   string
	Where  *Expr    // nil for all flows
	By     []string // names of fields; none for one row
	Having *Expr    // over the measures of rows: which are shown; nil for all
	Top    int      // rows to show; 0 for the default
	Order  Order
}

// Sided reports whether q asks for what depends on the end at which a flow was
// seen: then a flow that was seen at both is in the rows of both, and rows say
// what left and what arrived there.
func (q *Question) Sided() bool {
	for _, names := range [][]string{q.By, q.Where.Fields()} {
		for _, n := range names {
			if (Field{Name: n}).Sided() {
				return true
			}
		}
	}
	measures := append(q.Having.Fields(), q.Order.Measure)
	return slices.Contains(measures, "left") || slices.Contains(measures, "arrived")
}

// Priced reports whether q asks what bytes cost, or in which class.
func (q *Question) Priced() bool {
	return q.Order.Measure == "cost" || slices.Contains(q.By, PriceClass)
}

// TCP reports whether q asks for what the headers of TCP say.
func (q *Question) TCP() bool {
	return slices.ContainsFunc(append(q.Having.Fields(), q.Order.Measure), func(m string) bool { return slices.Contains(TCPMeasures(), m) })
}

// Problem is something wrong with a question: a few fixed words, and full
// sentences that end in the way out.
type Problem struct{ Summary, Detail string }

func (p Problem) Error() string { return p.Summary + ": " + p.Detail }

// mostDimensions is by how many fields rows can be.
const mostDimensions = 20

// Dimensions returns what is wrong with each name of by, at its place; nil if
// nothing is.
func Dimensions(by []string) []*Problem {
	var out []*Problem
	for i, name := range by {
		switch _, ok := Lookup(name); {
		case i == mostDimensions:
			out = append(out, &Problem{"Too many fields", fmt.Sprintf("Rows by %d fields are hardly more than single flows. Name %d at most, and ask the rest in a question of its own.", len(by), mostDimensions)})
		case i > mostDimensions:
			out = append(out, nil)
		case name == "time":
			out = append(out, &Problem{"Unknown field", noStep(name)})
		case !ok:
			out = append(out, &Problem{"Unknown field", noField(name)})
		case slices.Contains(by[:i], name):
			out = append(out, &Problem{"Duplicate value", quote(name) + " is in the list twice. Remove one."})
		default:
			out = append(out, nil)
		}
	}
	return out
}

func quote(s string) string { return strconv.Quote(s) }
