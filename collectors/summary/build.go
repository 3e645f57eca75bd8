package summary

import (
	"cmp"
	"errors"
	"slices"

	"flowctl/collectors/flow"
)

// Document answers. It uses the table up: its rows become the conversations
// of the document, so that this needs hardly any more memory. There is an
// error only if rows could not be read back from the temporary file; then the
// document is of the others and says so.
func (t *Table) Document(o Options) (*Document, error) {
	b := newBuilder(t, o)
	var errs []error
	var spare partition // lends its tables to the next one
	for i := range t.parts {
		p := &t.parts[i]
		p.borrow(&spare)
		for _, s := range t.spills {
			errs = append(errs, s.restore(i, p, &b.free))
		}
		b.partition(p)
		spare, *p = *p, partition{}
	}
	lost := errors.Join(errs...)
	if lost != nil {
		o.Coverage = append(o.Coverage, Coverage{"rows-lost", "A part of what was counted could not be read back from a temporary file, so all sums are too small."})
	}
	doc := b.document(t, o)
	err := errors.Join(lost, t.Close())
	*t = *New(t.names)
	return doc, err
}

// builder goes over the rows of a table once and feeds all answers.
type builder struct {
	naming naming
	spots  []*spot
	free   pool
	pairs  *pairs
	facts  facts

	total   totals
	merged  mergedSum
	dropped map[seriesKey]*removal
	best    transfer
	talkers *talkers
	answers []*groups // built in, then the questions
	known   map[flow.Addr]place

	refs []ref // scratch, of a partition and of a pair
	rows []seen
	ptrs []*seen
}

// totals is what counts, each conversation once.
type totals struct {
	sum                    tally
	flows, denied, records uint64
	first, last            int64
}

type mergedSum struct {
	sum                    tally
	conversations, records uint64
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

func newBuilder(t *Table, o Options) *builder {
	p := newPlaces(o.Inventories)
	b := &builder{
		naming:  naming{t.names, p},
		free:    t.free,
		pairs:   &pairs{},
		total:   totals{first: noFirst, last: noLast},
		dropped: map[seriesKey]*removal{},
		talkers: newTalkers(o.Top),
		known:   map[flow.Addr]place{},
	}
	for _, k := range t.contexts.all {
		b.spots = append(b.spots, spotOf(k, t.names, p))
	}
	b.answers = []*groups{
		answerServices:   newGroups("services", o.Top, nil, "protocol", "port", "service"),
		answerRules:      newGroups("rules", manyRows, hasRule, "verdict", "rule", "acl", "direction"),
		answerEncryption: newGroups("encryption", manyRows, hasEncryption, "encryption"),
		answerScopes:     newGroups("scopes", manyRows, isIP, "scope"),
	}
	for _, q := range o.Questions {
		b.answers = append(b.answers, q.groups(&b.naming))
	}
	return b
}

func hasRule(s *seen) bool       { return s.spot.rule != 0 || s.spot.verdict == denied }
func hasEncryption(s *seen) bool { return s.spot.encrypted != flow.EncryptionUnknown }
func isIP(s *seen) bool          { return s.spot.class != noIP }

// ref is a row of a partition by the hash of its pair of addresses.
type ref struct {
	pair uint64
	row  uint32
}

// partition answers for all rows of p, pair by pair.
func (b *builder) partition(p *partition) {
	refs := b.refs[:0]
	for i := range p.rows.n {
		pair, _ := p.rows.at(i).hashes()
		refs = append(refs, ref{pair, uint32(i)})
	}
	b.refs = refs
	slices.SortFunc(refs, func(x, y ref) int { return cmp.Compare(x.pair, y.pair) })
	for len(refs) > 0 {
		n := 1
		for n < len(refs) && refs[n].pair == refs[0].pair {
			n++
		}
		b.rows = b.look(p, refs[:n], b.rows[:0])
		b.conversations(b.rows)
		refs = refs[n:]
	}
	p.reset(&b.free)
}

// look fills rows with those that refs name, sorted by conversation.
func (b *builder) look(p *partition, refs []ref, rows []seen) []seen {
	for _, r := range refs {
		rows = append(rows, seen{})
		i := int(r.row)
		row := p.rows.at(i)
		rows[len(rows)-1].fill(row, p.rows.frames(i), b.spots[row.context], b.naming.places)
	}
	if len(rows) > 1 {
		slices.SortFunc(rows, func(x, y seen) int {
			return cmp.Or(x.low().Compare(y.low()), x.high().Compare(y.high()), x.conversation(&y))
		})
	}
	return rows
}

// conversation compares the conversations of s and o, which are of one pair:
// by protocol and service port, and what was denied apart from what was not.
func (s *seen) conversation(o *seen) int {
	return cmp.Or(
		cmp.Compare(s.row.proto, o.row.proto), cmp.Compare(s.row.port, o.row.port),
		cmp.Compare(s.part(), o.part()))
}

func (s *seen) part() int {
	switch {
	case s.spot.class == noIP:
		return 2
	case s.spot.verdict == denied:
		return 1
	}
	return 0
}

// conversations answers for the sorted rows of one pair of addresses, or,
// should two pairs have one hash, of several.
func (b *builder) conversations(rows []seen) {
	ptrs := b.ptrs[:0]
	for i := range rows {
		ptrs = append(ptrs, &rows[i])
	}
	b.ptrs = ptrs
	for len(ptrs) > 0 {
		n := 1
		for n < len(ptrs) && ptrs[n].low() == ptrs[0].low() && ptrs[n].high() == ptrs[0].high() {
			n++
		}
		b.pair(ptrs[:n])
		ptrs = ptrs[n:]
	}
}

// pair answers for the sorted rows of one pair of addresses.
func (b *builder) pair(rows []*seen) {
	var sum pairSum
	sum.begin(rows[0])
	for len(rows) > 0 {
		n := 1
		for n < len(rows) && rows[n].conversation(rows[0]) == 0 {
			n++
		}
		b.conversation(rows[:n], &sum)
		rows = rows[n:]
	}
	if sum.ip {
		sum.store(b.pairs, &b.free)
		b.remember(&sum)
	}
}

// conversation answers for the rows of one conversation.
func (b *builder) conversation(rows []*seen, sum *pairSum) {
	for _, g := range b.answers {
		g.add(rows, b.naming.places)
	}
	kept, dropped := once(rows, b.naming.places)
	for _, s := range kept {
		sum.add(s)
		b.total.add(s)
		b.talkers.add(s)
		b.facts.add(s)
	}
	b.best.offer(kept)
	for _, s := range dropped {
		sum.see(s)
		b.drop(s)
	}
	if len(dropped) > 0 {
		b.merged.conversations++
	}
}

func (t *totals) add(s *seen) {
	sent, received := s.sums()
	t.sum.add(sent)
	t.sum.add(received)
	t.flows += uint64(s.row.flows)
	t.records += uint64(s.row.records)
	if s.spot.verdict == denied {
		t.denied += uint64(s.row.flows)
	}
}

// drop takes s out of the timeline and counts it as merged.
func (b *builder) drop(s *seen) {
	sent, received := s.sums()
	b.merged.sum.add(sent)
	b.merged.sum.add(received)
	b.merged.records += uint64(s.row.records)
	k := seriesKey{
		s.spot.point, s.spot.class, s.spot.context.direction, s.spot.verdict == denied,
		private(s.row.src) && private(s.row.dst),
	}
	r := b.dropped[k]
	if r == nil {
		r = &removal{}
		b.dropped[k] = r
	}
	r.add(s)
}
