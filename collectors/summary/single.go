package summary

import (
	"slices"

	"flowctl/collectors/aggregate"
	"flowctl/plan/question"
)

// FlowFields are the dimensions that tell single flows apart.
var FlowFields = []string{"protocol", "source.address", "source.port", "destination.address", "destination.port"}

// CompileFlows makes a question for single flows ready, each of which is a row.
func CompileFlows(q question.Question) *Question {
	q.By = FlowFields
	out := Compile(q)
	out.single = true
	// What rows are made of is not what is asked: only the ports keep flows apart.
	out.names = append(slices.Clone(q.Where.Fields()), "source.port")
	return out
}

// Single is what is known of one flow besides what it counted. Lists have an entry
// for each value that a source named.
type Single struct {
	State    string   `json:"state"`            // ended, denied, or open: no end was seen
	Verdict  string   `json:"verdict"`          // allowed, denied, or unknown to captures
	Rules    []string `json:"rules"`            // that decided; empty if no flow log says
	SeenAt   []string `json:"seen_at"`          // interfaces and captures
	Seconds  *float64 `json:"duration_seconds"` // from the first to the last count; null if it has no times
	BitsPerS *float64 `json:"bits_per_second"`  // of its IP bytes, over the duration; null if that is 0 or not known
}

// seen is what rows say of a flow.
type seen struct {
	marks    aggregate.Marks
	verdicts [len("adu")]bool
	rules    []string
	points   []string
}

func (v *seen) add(s *enriched, n *naming) {
	v.marks |= s.row.Marks
	v.verdicts[s.verdict()] = true
	v.rules = with(v.rules, n.names.Text(s.point.Rule))
	v.points = with(v.points, n.names.Text(s.point.pointName))
}

// with is a list in order with one more text, each once and none empty.
func with(list []string, text string) []string {
	i, found := slices.BinarySearch(list, text)
	if found || text == "" {
		return list
	}
	return slices.Insert(list, i, text)
}

// see notes what rows say of their flows, of questions for single ones.
func (g *groups) see(rows ...*enriched) {
	if !g.single {
		return
	}
	for _, s := range rows {
		if s.outside() {
			continue
		}
		g.keyB = g.key(g.keyB[:0], s)
		at := g.seen[string(g.keyB)]
		if at == nil {
			at = &seen{}
			if g.seen == nil {
				g.seen = map[string]*seen{}
			}
			g.seen[string(g.keyB)] = at
		}
		at.add(s, g.naming)
	}
}

// single is what is known of the flow of a row.
func (v *seen) single(r *Row) *Single {
	s := &Single{State: v.state(), Verdict: aggregate.Verdicts[v.verdict()], Rules: append([]string{}, v.rules...), SeenAt: append([]string{}, v.points...)}
	s.Seconds, s.BitsPerS = r.pace()
	return s
}

// verdict is denied if any point says so.
func (v *seen) verdict() aggregate.Verdict {
	for _, is := range []aggregate.Verdict{aggregate.Denied, aggregate.Allowed} {
		if v.verdicts[is] {
			return is
		}
	}
	return aggregate.UnknownVerdict
}

// state is denied if no point let it pass, ended if its end was seen, and else open.
func (v *seen) state() string {
	switch {
	case v.verdicts[aggregate.Denied] && !v.verdicts[aggregate.Allowed]:
		return "denied"
	case v.marks&aggregate.Ended != 0:
		return "ended"
	}
	return "open"
}

// pace is how long it was from the first to the last count of a row, in seconds, and how
// many bits of IP bytes a second that makes; nil for what is not known or has no time.
func (r *Row) pace() (seconds, rate *float64) {
	if !r.First.Known() || !r.Last.Known() {
		return nil, nil
	}
	s := float64(r.Last.Time().Sub(r.First.Time())) / float64(second)
	if s > 0 && r.IPBytes.Known {
		v := float64(r.IPBytes.N) * 8 / s
		rate = &v
	}
	return &s, rate
}
