package summary

import (
	"cmp"
	"slices"

	"flowctl/collectors/aggregate"
)

// The rows of one pair of addresses are built one after the other: its flows are
// told apart, each is counted once, and goes into all answers.

// totals is what counts, each conversation once.
type totals struct {
	sum                    aggregate.Tally
	flows, denied, records uint64
	first, last            int64
}

// alone answers for row i of p, which is all that was seen of two addresses.
func (b *builder) alone(p *aggregate.Partition, i int) {
	row := p.Rows.At(i)
	if b.isOutside(row) {
		return
	}
	b.used = 0
	s := b.room()
	s.fill(row, p.Rows.Frames(i), b.points[row.Context], b.naming.locator)
	b.pair(func() { b.facts.row(row, s.point); b.solo(s) })
}

// pairsOf answers for the rows of p that have one hash of their addresses; the
// bits of mask are their numbers. Only where two pairs have one hash is there
// more than one.
func (b *builder) pairsOf(p *aggregate.Partition, order []uint64, mask uint64) {
	refs := b.refs[:0]
	for _, v := range order {
		refs = append(refs, b.ref(p, int(v&mask)))
	}
	b.refs = refs
	for len(refs) > 0 {
		first := p.Rows.At(int(refs[0].row))
		n := partitionFunc(refs, func(r ref) bool { return p.Rows.At(int(r.row)).SamePair(first) })
		slices.SortFunc(refs[:n], ref.compare)
		b.flows(p, refs[:n])
		refs = refs[n:]
	}
}

// partitionFunc moves what f wants to the front and returns how many those are.
func partitionFunc[T any](list []T, f func(T) bool) int {
	n := 0
	for i := range list {
		if f(list[i]) {
			list[n], list[i] = list[i], list[n]
			n++
		}
	}
	return n
}

// pair answers for two addresses: count counts what was seen of them.
func (b *builder) pair(count func()) {
	b.sum, b.kept = pairSum{}, b.kept[:0]
	count()
	for _, g := range b.answers[b.first:] {
		if g.pairs {
			g.endPair(&b.naming)
		}
	}
	b.merged.pairs += uint64(number(b.sum.merged))
	if b.first > 0 {
		return
	}
	b.offer()
	if b.sum.ip {
		b.sum.store(b.pairs, b.free)
		b.top.offer(pair{&b.sum.row, b.sum.frames})
		b.remember(&b.sum)
	}
}

// offer looks among the services that two addresses spoke for the biggest
// transfer.
func (b *builder) offer() {
	if len(b.services) == 0 {
		b.spoken(b.best.offer)
		return
	}
	b.gather()
	for _, s := range b.services {
		b.best.offer(*s)
	}
	clear(b.services)
}

// gather adds up what was kept of a pair that has too many rows to be kept.
func (b *builder) gather() {
	b.spoken(func(s spoken) {
		if b.services == nil {
			b.services = map[serviceKey]*spoken{}
		}
		if at := b.services[s.serviceKey]; at != nil {
			at.add(&s)
		} else {
			b.services[s.serviceKey] = &s
		}
	})
	b.kept, b.used = b.kept[:0], 0
}

// spoken calls add for each service of what was kept.
func (b *builder) spoken(add func(spoken)) {
	if len(b.kept) > 1 {
		slices.SortFunc(b.kept, func(x, y *enriched) int {
			return cmp.Or(cmp.Compare(x.row.Proto, y.row.Proto), cmp.Compare(x.row.Port, y.row.Port), x.row.Src.Compare(y.row.Src))
		})
	}
	for kept := b.kept; len(kept) > 0; {
		n := 1
		for n < len(kept) && kept[n].row.Proto == kept[0].row.Proto && kept[n].row.Port == kept[0].row.Port {
			n++
		}
		add(spokenOf(kept[:n]))
		kept = kept[n:]
	}
}

// isOutside reports whether a row is of no time that is asked for.
func (b *builder) isOutside(r *aggregate.Row) bool {
	return b.points[r.Context].Step == aggregate.Outside
}

// solo answers for flows that one row tells all of.
func (b *builder) solo(s *enriched) {
	s.flows, s.denied = uint64(s.row.Flows), 0
	if s.point.Class.Sum() {
		s.flows = uint64(s.row.Begins)
	}
	if s.verdict() == aggregate.Denied {
		s.denied = s.flows
	}
	for _, g := range b.answers[b.first:] {
		g.addSolo(s)
	}
	b.count(s)
}

// flow answers for the rows of one flow.
func (b *builder) flow(rows []*enriched) {
	for _, g := range b.answers[b.first:] {
		g.add(rows, &b.dedupe)
	}
	kept, dropped := b.dedupe.flow(rows)
	for _, s := range kept {
		b.count(s)
	}
	for _, s := range dropped {
		b.sum.see(s)
		b.drop(s)
		if s.point.Class.Sum() {
			b.facts.bothEnds += uint64(s.row.Records)
		}
	}
	if len(dropped) > 0 {
		b.merged.flows++
		b.sum.merged = true
	}
	b.uncut.add(&b.dedupe.uncut)
	b.turns.add(b.dedupe.turns)
	b.clocks.add(b.dedupe.apart)
}

// count counts a row in all that is not by group.
func (b *builder) count(s *enriched) {
	b.total.add(s)
	b.facts.see(s)
	if b.first > 0 {
		return
	}
	b.sum.add(s)
	b.talkers.add(s)
	if s.point.Class != aggregate.NoIP && s.verdict() != aggregate.Denied {
		b.kept = append(b.kept, s)
	}
}

func (t *totals) add(s *enriched) {
	t.sum.Add(&s.sent)
	t.sum.Add(&s.received)
	t.flows += s.flows
	t.records += uint64(s.row.Records)
	t.denied += s.denied
}

// drop takes s out of the timeline and counts it as merged.
func (b *builder) drop(s *enriched) {
	b.merged.add(s)
	k := aggregate.SeriesKey{
		Point: s.point.Point, Class: s.point.Class, Direction: s.point.Context.Direction, Denied: s.point.Verdict == aggregate.Denied,
		Private: s.row.Src.Private() && s.row.Dst.Private(),
	}
	r := b.dropped[k]
	if r == nil {
		r = removal{}
		b.dropped[k] = r
	}
	r.add(s, b.steps)
}
