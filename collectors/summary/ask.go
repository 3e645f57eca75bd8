package summary

import (
	"slices"

	"flowctl/plan/question"
)

// Question is a question that is ready to be answered. It may be used for
// several documents.
type Question struct {
	question.Question
	where test     // nil for all flows
	asks  []field  // of where
	names []string // of fields, in where and by

	single bool // rows are single flows
}

// Compile makes q ready.
func Compile(q question.Question) *Question {
	out := &Question{Question: q}
	if q.Where != nil {
		out.where = condition(q.Where)
		for _, name := range q.Where.Fields() {
			f, _ := lookupField(name)
			out.asks = append(out.asks, f)
		}
	}
	out.names = q.Where.Fields()
	for _, name := range q.By {
		if !slices.Contains(out.names, name) {
			out.names = append(out.names, name)
		}
	}
	return out
}

// groups returns what answers q.
func (q *Question) groups(n *naming) *groups {
	var where func(*enriched) truth
	if q.where != nil {
		where = func(s *enriched) truth { return q.where(n, s) }
	}
	g := newGroups(q.Name, q.Top, where, q.By...)
	g.asks, g.asked, g.order, g.sort = q.asks, q.Order, ordering(q.Order, g.step), g.sortedBy(q.Order)
	g.names, g.condition = q.names, q.Where
	g.single, g.naming = q.single, n
	if q.Sided() {
		g.sided, g.lines.wide = true, 2
	}
	if q.Priced() {
		g.priced, g.quotes = true, n.locator.quotes
		g.lines.wide++
	}
	if q.TCP() || slices.Contains(n.expectTCP, q.Name) {
		g.tcp, g.counts = true, n.tcp
		g.lines.wide++
	}
	if q.Having != nil {
		g.rows = q.Having.Fields()
		g.having = func(v lineSums) truth { return holding(q.Having, v) }
	}
	return g
}
