package summary

import (
	"math"
	"slices"

	"flowctl/plan/question"
)

// Expect is what must hold for the numbers of the answers.
type Expect struct {
	Name, Text, Message string
	Condition           *question.Expr
}

// Expectation is an Expect with what came of it.
type Expectation struct {
	Name      string `json:"name"`
	Condition string `json:"condition"`
	Message   string `json:"message,omitempty"`
	Outcome   string `json:"outcome"`

	Measured []Measured `json:"measured,omitempty"` // the numbers that the condition names, in its order
}

// Measured is a number of an answer, as far as it is known.
type Measured struct {
	Number string   `json:"number"` // as conditions name it
	Least  float64  `json:"least"`
	Most   *float64 `json:"most"` // null if there is no bound
}

// measured is what is known of the numbers that a condition names.
func (d *Document) measured(e *question.Expr) []Measured {
	var list []Measured
	for _, name := range e.Fields() {
		b := d.bounds(&question.Expr{Op: question.Value, Field: question.Field{Name: name}})
		m := Measured{Number: name, Least: b.least}
		if !math.IsInf(b.most, 1) {
			m.Most = &b.most
		}
		list = append(list, m)
	}
	return list
}

// The outcomes of an expectation, besides CannotAnswer.
const (
	Met    = "met"
	Failed = "failed"
)

// expectations says for each expectation whether it holds. It cannot be said where
// what was not decided or not recorded could change it.
func expectations(list []Expect, doc *Document) []Expectation {
	out := []Expectation{}
	for _, e := range list {
		outcome := map[truth]string{yes: Met, no: Failed, undecided: CannotAnswer}[doc.expected(e.Condition)]
		out = append(out, Expectation{e.Name, e.Text, e.Message, outcome, doc.measured(e.Condition)})
	}
	return out
}

func (d *Document) expected(e *question.Expr) truth {
	arg := func(i int) truth { return d.expected(e.Args[i]) }
	if t, ok := connected(e, arg); ok {
		return t
	}
	switch e.Op {
	case question.Has:
		return truthOf(!math.IsInf(d.bounds(&question.Expr{Op: question.Value, Field: e.Field}).most, 1))
	case question.OneOf:
		out := no
		for _, n := range e.Numbers {
			out = bothHold(out.not(), d.bounds(e.Args[0]).compare(question.Equal, bounds{n, n}).not()).not()
		}
		return out
	}
	return d.bounds(e.Args[0]).compare(e.Op, d.bounds(e.Args[1]))
}

// bounds are what a number is at least and at most, as far as it is known.
type bounds struct{ least, most float64 }

// compare says whether x op y holds for all that x and y can be.
func (x bounds) compare(op question.Op, y bounds) truth {
	switch op {
	case question.Less:
		return between(x.most < y.least, x.least >= y.most)
	case question.LessOrEqual:
		return between(x.most <= y.least, x.least > y.most)
	case question.Greater:
		return y.compare(question.Less, x)
	case question.GreaterOrEqual:
		return y.compare(question.LessOrEqual, x)
	case question.NotEqual:
		return x.compare(question.Equal, y).not()
	}
	return between(x.least == x.most && x == y, x.most < y.least || y.most < x.least)
}

// between is yes or no if one of them is certain.
func between(certainly, never bool) truth {
	switch {
	case certainly:
		return yes
	case never:
		return no
	}
	return undecided
}

// bounds are those of an operand.
func (d *Document) bounds(e *question.Expr) bounds {
	switch e.Op {
	case question.Constant:
		return bounds{e.Number, e.Number}
	case question.Choose:
		a, b := d.bounds(e.Args[1]), d.bounds(e.Args[2])
		switch d.expected(e.Args[0]) {
		case yes:
			return a
		case no:
			return b
		}
		return bounds{min(a.least, b.least), max(a.most, b.most)}
	}
	ask, measure := e.Field.Number()
	i := slices.IndexFunc(d.Asks, func(a Answer) bool { return a.Name == ask })
	if i < 0 {
		return bounds{0, math.Inf(1)}
	}
	return d.Asks[i].number(measure)
}

// number is what is known of a number of an answer.
func (a *Answer) number(measure string) bounds {
	flows := bounds{float64(a.Total.Flows), float64(a.Total.Flows + a.Undecided)}
	if len(a.Unseen) > 0 || a.Outcome == CannotAnswer && a.Undecided == 0 {
		flows.most = math.Inf(1)
	}
	whole := flows.least == flows.most
	if flows.most == 0 {
		return bounds{}
	}
	r := &a.Total
	switch measure {
	case "flows":
		return flows
	case "rows":
		return atLeast(Known(a.Groups), whole && a.Unclear == 0)
	case "denied":
		n := atLeast(r.Denied, whole)
		return bounds{n.least, min(n.most, flows.most)}
	case "duration", "rate":
		seconds, rate := r.pace()
		if measure == "rate" {
			seconds = rate
		}
		if !whole || seconds == nil {
			return bounds{0, math.Inf(1)}
		}
		return bounds{*seconds, *seconds}
	case "retransmitted", "resets", "zero_windows", "handshake_ms":
		return r.TCP.bounds(measure, whole)
	case "packets":
		return atLeast(r.Packets, whole)
	case "sent":
		return atLeast(r.Sent.IPBytes, whole)
	case "received":
		return atLeast(r.Received.IPBytes, whole)
	case "left", "arrived":
		of := r.Left
		if measure == "arrived" {
			of = r.Arrived
		}
		if of == nil {
			return bounds{0, math.Inf(1)}
		}
		return atLeast(of.IPBytes, whole)
	}
	return atLeast(r.IPBytes, whole)
}

// atLeast are the bounds of a figure, which is all there is if it is whole.
func atLeast(f Figure, whole bool) bounds {
	if f.Known && whole {
		return bounds{float64(f.N), float64(f.N)}
	}
	return bounds{float64(f.N), math.Inf(1)}
}
