package summary

import (
	"cmp"

	"flowctl/collectors/aggregate"
	"flowctl/collectors/flow"
)

// group is one line of an answer in the making.
type group struct {
	sent, received aggregate.Tally
	flows, denied  uint64
	records        uint64
	first, last    int64
}

func newGroup() group { return group{first: aggregate.NoFirst, last: aggregate.NoLast} }

// addEnd adds what left and what arrived where s was seen.
func (v *group) addEnd(s *enriched) {
	switch s.local() {
	case source:
		v.addSums(s, &s.sent, &s.received)
	case destination:
		v.addSums(s, &s.received, &s.sent)
	}
}

func number(b bool) int {
	if b {
		return 1
	}
	return 0
}

// directions is how many a row can have.
const directions = int(flow.Outbound) + 1

func (v *group) add(s *enriched) { v.addSums(s, &s.sent, &s.received) }

// addSums counts s with what the line's subject sent and received.
func (v *group) addSums(s *enriched, sent, received *aggregate.Tally) {
	r := s.row
	v.sent.Add(sent)
	v.received.Add(received)
	v.flows += s.flows
	v.denied += s.denied
	v.records += uint64(r.Records)
	v.first = min(v.first, r.First)
	v.last = max(v.last, r.Last)
}

func (v *group) merge(o *group) {
	v.sent.Add(&o.sent)
	v.received.Add(&o.received)
	v.flows += o.flows
	v.denied += o.denied
	v.records += o.records
	v.first = min(v.first, o.first)
	v.last = max(v.last, o.last)
}

// compare orders lines: the most IP bytes first, then packets, then flows.
func (v *group) compare(o *group) int {
	return cmp.Or(
		cmp.Compare(o.sent.IPBytes+o.received.IPBytes, v.sent.IPBytes+v.received.IPBytes),
		cmp.Compare(o.sent.Packets+o.received.Packets, v.sent.Packets+v.received.Packets),
		cmp.Compare(o.flows, v.flows))
}

func (v *group) row(key []string, all aggregate.Tally) Row {
	both := v.sent
	both.Add(&v.received)
	return Row{
		Key: append([]string{}, key...), Sent: volume(v.sent), Received: volume(v.received), Volume: volume(both),
		Flows: v.flows, Denied: v.refused(), First: instant(v.first), Last: instant(v.last), Share: share(both, all),
	}
}

// refused is how many of the flows were denied, if a log judged any of them.
func (v *group) refused() Figure {
	return known(v.denied, v.denied > 0 || v.flows == 0 || (v.sent.Marks|v.received.Marks)&aggregate.Judged != 0)
}

// share is the part of all IP bytes that t is, if both were measured.
func share(t, all aggregate.Tally) *float64 {
	if !t.Marks.IPBytes() || !all.Marks.IPBytes() || all.IPBytes == 0 {
		return nil
	}
	v := float64(t.IPBytes) / float64(all.IPBytes)
	return &v
}
