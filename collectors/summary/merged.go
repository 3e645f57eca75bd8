package summary

import (
	"cmp"
	"slices"

	"flowctl/collectors/aggregate"
	"flowctl/collectors/flow"
)

// mergedSum is what did not count, together and by observation point.
type mergedSum struct {
	sum                   aggregate.Tally
	pairs, flows, records uint64
	from                  map[flow.ID]*mergedSum
}

func (m *mergedSum) add(s *enriched) {
	m.one(s)
	at := m.from[s.point.Point]
	if at == nil {
		if m.from == nil {
			m.from = map[flow.ID]*mergedSum{}
		}
		at = &mergedSum{}
		m.from[s.point.Point] = at
	}
	at.one(s)
	at.flows++
}

func (m *mergedSum) one(s *enriched) {
	m.sum.Add(&s.sent)
	m.sum.Add(&s.received)
	m.records += uint64(s.row.Records)
}

// shown is m as documents show it.
func (m *mergedSum) shown(names *flow.Names) Merged {
	out := Merged{Conversations: m.pairs, Flows: m.flows, Records: m.records, Volume: volume(m.sum), From: []MergedFrom{}}
	for id, from := range m.from {
		out.From = append(out.From, MergedFrom{names.Text(id), from.records, volume(from.sum)})
	}
	slices.SortFunc(out.From, func(x, y MergedFrom) int { return cmp.Compare(x.Point, y.Point) })
	return out
}

func (m *mergedSum) merge(o *mergedSum) {
	m.sum.Add(&o.sum)
	m.pairs += o.pairs
	m.flows += o.flows
	m.records += o.records
	for id, from := range o.from {
		if m.from == nil {
			m.from = map[flow.ID]*mergedSum{}
		}
		if m.from[id] == nil {
			m.from[id] = &mergedSum{}
		}
		m.from[id].merge(from)
	}
}

// Places of the built-in answers in builder.answers.
const (
	answerServices = iota
	answerRules
	answerEncryption
	answerScopes
	builtins
)

const manyRows = 200 // of answers that are short by nature
