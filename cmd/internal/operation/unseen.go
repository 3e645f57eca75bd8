package operation

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"flowctl/collectors/summary"
	"flowctl/plan"
	"flowctl/plan/question"
	"flowctl/plan/session"
)

// unseen is what a run did not record, as far as its manifest says.
func unseen(m session.Manifest) []summary.Unseen {
	var out []summary.Unseen
	// Where a flow log runs, it has what the filter of a capture keeps away.
	logged := slices.ContainsFunc(m.Sessions, func(s session.Session) bool {
		return s.Mechanism == plan.FlowLog && s.Outcome != "failed" && s.NotFetched == ""
	})
	for i := range m.Sessions {
		s := &m.Sessions[i]
		switch {
		case s.Outcome == "failed":
			out = append(out, summary.Unseen{Text: s.Address + " recorded nothing"})
		case s.NotFetched != "":
			out = append(out, summary.Unseen{Text: "what " + s.Address + " recorded could not be fetched"})
		case s.Mechanism == plan.FlowLog:
			out = append(out, unlogged(s)...)
		case s.Mechanism == plan.PacketCapture && s.Filtered && !logged:
			out = append(out, summary.Unseen{Text: fmt.Sprintf("the capture of %s holds only what its filters let through", s.Target.ID.Name()),
				Which: question.Spot{Not: map[string][]string{"protocol": s.Protocols}}})
		}
	}
	return append(out, uncovered(m)...)
}

// unlogged is what a flow log leaves out by its record types and its filter, or by
// those that the file asks for when it reads somebody else's.
func unlogged(s *session.Session) (out []summary.Unseen) {
	log := "flow log " + s.Name
	for _, types := range []string{s.Records, s.ReadTypes} {
		if types == "" {
			continue
		}
		has := func(t string) bool { return slices.Contains(strings.Split(types, ","), t) }
		if !has("D") {
			out = append(out, summary.Unseen{Text: "denied flows are left out of " + log, Which: question.Spot{Is: map[string]string{"verdict": "denied"}}})
		}
		if !has("B") && !has("C") && !has("E") {
			out = append(out, summary.Unseen{Text: "allowed flows are left out of " + log, Which: question.Spot{Is: map[string]string{"verdict": "allowed"}}})
		}
	}
	if filter := s.Filter + s.ReadFilter; filter != "" {
		out = append(out, summary.Unseen{Text: log + " holds only what its filter lets through"})
	}
	return out
}

// uncovered is the part of the window in which nothing recorded: captures are
// often shorter, and where a flow log runs beside them it covers the rest.
func uncovered(m session.Manifest) []summary.Unseen {
	var longest time.Duration
	for _, s := range m.Sessions {
		if s.Mechanism != plan.PacketCapture || s.Started.IsZero() || s.Ended.IsZero() {
			return nil
		}
		longest = max(longest, s.Ended.Sub(s.Started))
	}
	if window := m.End.Sub(m.Start); longest > 0 && longest < window-time.Minute {
		return []summary.Unseen{{Text: fmt.Sprintf("captures ran %s of the %s of the window", plan.Duration(longest), plan.Duration(window))}}
	}
	return nil
}
