package summary

import (
	"fmt"
	"slices"

	"flowctl/collectors/aggregate"
	"flowctl/collectors/flow"
	"flowctl/plan/question"
)

// Unseen are flows that were not recorded.
type Unseen struct {
	Text  string // the end of a sentence, such as "denied flows were not recorded by flow log x"
	Which question.Spot
	Asked string // the field that a question must name to be about them; empty for any question
}

// unseen adds to what the caller knows what follows from the sources.
func unseen(o Options, total *totals) []Unseen {
	list := slices.Clone(o.Unseen)
	logs, captures, sums := kinds(o.Sources)
	if logs+sums > 0 && captures == 0 {
		text := "flow logs hold TCP and UDP only"
		if logs == 0 {
			text = "Traffic Analytics and the agents of machines count TCP and UDP only"
		}
		list = append(list, Unseen{Text: text, Asked: "protocol", Which: question.Spot{Not: map[string][]string{"protocol": {"TCP", "UDP"}}}})
	}
	read := uint64(0)
	for i := range o.Sources {
		read += o.Sources[i].Records
	}
	if read > 0 && total.records == 0 {
		list = append(list, Unseen{Text: fmt.Sprintf("nothing of the %s that were read is of the time asked for", count(read, "record"))})
	}
	return list
}

// seesAll takes the outcome back where what was not recorded may be meant.
func (g *groups) seesAll(a *Answer, list []Unseen) {
	for _, u := range list {
		if !slices.Contains(a.Unseen, u.Text) && u.Which.Meets(g.condition) && (u.Asked == "" || slices.Contains(g.names, u.Asked)) {
			a.Unseen = append(a.Unseen, u.Text)
		}
	}
	if len(a.Unseen) > 0 && a.Outcome == NothingFound {
		a.Outcome = CannotAnswer
	}
}

// seesTime takes the outcome back where nothing of the time that is meant was
// measured.
func (g *groups) seesTime(a *Answer, points []*point) {
	if a.Outcome == NothingFound && !inTime(g.condition, points) {
		a.Unseen = append(a.Unseen, "nothing of what was read is of the time asked for")
		a.Outcome = CannotAnswer
	}
}

// nothingSeen is what a source measured even if it holds no record: a capture
// without packets says that there were none.
func nothingSeen(s flow.Source) aggregate.Marks {
	if s.Status == flow.Unreadable {
		return 0
	}
	for _, k := range append(s.Holding(), s.Empty...) {
		switch k {
		case flow.Pcap, flow.Pcapng, flow.Snoop, flow.NetMon, flow.EventTrace:
			return aggregate.MeasuredPackets | aggregate.MeasuredIP | aggregate.MeasuredFrames
		}
	}
	return 0
}
