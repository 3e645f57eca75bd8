package summary

import (
	"slices"

	"flowctl/collectors/aggregate"
	"flowctl/plan/question"
)

// doubt is what a question leaves undecided.
type doubt struct {
	flows   uint64
	records uint64
	lacking uint64 // bits: the fields of the question that were not known
}

// add counts the flows of s, and notes which fields they lack.
func (d *doubt) add(s *enriched, asks []field) {
	d.flows += s.flows
	d.records += uint64(s.row.Records)
	for i := range asks {
		if d.lacking>>i&1 == 0 && asks[i].lacking(s) {
			d.lacking |= 1 << i
		}
	}
}

func (d *doubt) merge(o *doubt) {
	d.flows += o.flows
	d.records += o.records
	d.lacking |= o.lacking
}

// leave counts the rows of a flow that are undecided, each flow once,
// but for those that another source decides.
func (g *groups) leave(rows []*enriched, dedupe *deduplicator) {
	var open, decided []*enriched
	for _, s := range rows {
		if g.test(s) == undecided {
			open = append(open, s)
		} else {
			decided = append(decided, s)
		}
	}
	kept, _ := dedupe.flow(open)
	for _, s := range kept {
		if !s.seenBy(decided) {
			g.doubt.add(s, g.asks)
		}
	}
}

// seenBy reports whether others saw the flows of s at the same time.
func (s *enriched) seenBy(others []*enriched) bool {
	for _, o := range others {
		if o.row.Src == s.row.Src && o.row.First <= s.row.Last && s.row.First <= o.row.Last {
			return true
		}
	}
	return false
}

// The outcomes of a question.
const (
	Answered     = "answered"      // some flows are meant
	NothingFound = "nothing-found" // none is meant, and of all it was decided
	CannotAnswer = "cannot-answer" // none is known to be meant, and of some it is not known
)

// Unanswered reports whether a question of the document cannot be answered.
func (d *Document) Unanswered() bool {
	return slices.ContainsFunc(d.Asks, func(a Answer) bool { return a.Outcome == CannotAnswer })
}

// Need is a field that was asked for and is not known of some flows, and what
// knows it.
type Need struct {
	Field string `json:"field"`
	From  string `json:"from"`
}

// conclude says how the question of g ends. Nothing is found only where
// something was measured: all says what, and total how much.
func (g *groups) conclude(a *Answer, total *totals, all aggregate.Tally) {
	a.Undecided, a.Measured, a.Needs = g.doubt.flows, &total.flows, g.needs()
	switch {
	case g.count > 0:
		a.Outcome = Answered
	case g.doubt.records > 0 || g.unclear > 0 || total.records == 0 && all.Marks == 0:
		a.Outcome = CannotAnswer
	default:
		a.Outcome = NothingFound
	}
}

// needs are the fields that were lacking.
func (g *groups) needs() []Need {
	var list []Need
	for i := range g.asks {
		if g.doubt.lacking>>i&1 != 0 {
			f, _ := question.Lookup(g.asks[i].name)
			list = append(list, Need{f.Name, f.Needs})
		}
	}
	if g.unclear > 0 {
		for _, name := range g.rows {
			list = append(list, Need{name, "sources that measured it in each row"})
		}
	}
	return list
}
