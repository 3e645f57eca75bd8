package summary

import (
	"cmp"
	"errors"
	"flowctl/collectors/aggregate"
	"math/bits"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"flowctl/collectors/flow"
)

// Of answers from what t counted. It uses t up: its rows become the conversations
// of the document, so that this needs hardly any more memory. There is an
// error only if rows could not be read back from the temporary file; then the
// document is of the others and says so.
func Of(t *aggregate.Table, o Options) (*Document, error) {
	t.Ready()
	builders := make([]*builder, builders(t))
	var next atomic.Int32
	var wg sync.WaitGroup
	first := newBuilder(t, o)
	for i := range builders {
		builders[i] = first
		if i > 0 {
			builders[i] = first.another(o)
		}
		wg.Go(func() { builders[i].build(t, &next) })
	}
	wg.Wait()
	for _, b := range builders[1:] {
		first.merge(b)
	}
	lost := errors.Join(append(first.errs, first.rank())...)
	if lost != nil {
		o.Coverage = append(o.Coverage, Coverage{"rows-lost", "A part of what was counted could not be read back from a temporary file, so all sums are too small."})
	}
	doc := first.document(t, o)
	return doc, errors.Join(lost, t.Reset())
}

// pairsMost is how many pairs a builder keeps in memory: all of them together
// take an eighth of what the rows may.
func pairsMost(t *aggregate.Table) int {
	return max(aggregate.MinRows, t.Limit*aggregate.BytesPerRow/8/bytesPerPair) / builders(t)
}

// builders is how many goroutines make the document: more than one pays for
// many rows only.
func builders(t *aggregate.Table) int {
	if t.Few() {
		return 1
	}
	return min(runtime.GOMAXPROCS(0), 16)
}

// build answers for partitions until none is left.
func (b *builder) build(t *aggregate.Table, next *atomic.Int32) {
	var spare aggregate.Partition // lends its tables to the next one
	for i := next.Add(1) - 1; i < aggregate.Partitions; i = next.Add(1) - 1 {
		p, errs := t.Partition(int(i), &spare, &b.buf)
		b.errs = append(b.errs, errs...)
		b.partition(p)
		p.Lend(&spare)
	}
	b.talkers.lines.flushAll()
	for _, g := range b.answers {
		g.flush()
	}
}

// rank finds the lines to show, of all answers side by side.
func (b *builder) rank() error {
	errs := make([]error, len(b.answers)+1)
	var wg sync.WaitGroup
	for i, g := range b.answers {
		wg.Go(func() { errs[i] = g.rank(&b.naming) })
	}
	errs[len(b.answers)] = b.talkers.rank(&b.naming)
	wg.Wait()
	return errors.Join(errs...)
}

// builder goes over the rows of a table once and feeds all answers.
type builder struct {
	naming naming
	points []*point
	free   *aggregate.Pool
	most   int // pairs in memory
	first  int // number of the first answer that is wanted
	pairs  *pairs
	top    biggest
	facts  facts

	total   totals
	merged  mergedSum
	dropped map[aggregate.SeriesKey]*removal
	best    transfer
	talkers *talkers
	answers []*groups // built in, then the questions
	known   map[flow.Addr]location

	errs []error // rows that are lost

	order []uint64 // scratch, of a partition, a pair and a conversation
	refs  []ref
	rows  []enriched
	ptrs  []*enriched
	buf   []byte
}

// totals is what counts, each conversation once.
type totals struct {
	sum                    aggregate.Tally
	flows, denied, records uint64
	first, last            int64
}

type mergedSum struct {
	sum                    aggregate.Tally
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

func newBuilder(t *aggregate.Table, o Options) *builder {
	p := newLocator(o.Inventories)
	b := &builder{naming: naming{t.Names, p}, free: &t.Free, most: pairsMost(t)}
	for i, k := range t.Contexts {
		b.points = append(b.points, pointOf(k, t.Names, p))
		b.points[i].number = i
	}
	b.begin(o)
	b.makeRoom(t.Limit * aggregate.BytesPerRow / 8)
	return b
}

// makeRoom lets answers that can be long have so many bytes of memory
// together.
func (b *builder) makeRoom(bytes int) {
	long := slices.DeleteFunc(slices.Clone(b.answers), (*groups).few)
	bytes /= len(long) + 2 // the talkers have two sums a line
	b.talkers.lines = newManyLines(b.talkers.all.width, 2, 2*bytes)
	for _, g := range long {
		g.many = newManyLines(g.width, 1, bytes)
	}
}

// another returns a builder that does a part of b's work.
func (b *builder) another(o Options) *builder {
	a := &builder{naming: b.naming, points: b.points, free: b.free, most: b.most}
	a.begin(o)
	a.talkers.lines = b.talkers.lines.another()
	for i, g := range b.answers {
		if g.many != nil {
			a.answers[i].many = g.many.another()
		}
	}
	return a
}

// begin makes room for the answers.
func (b *builder) begin(o Options) {
	b.pairs = &pairs{most: b.most}
	b.top.limit = cmp.Or(max(o.Top, 0), defaultTop)
	b.total = totals{first: aggregate.NoFirst, last: aggregate.NoLast}
	b.dropped = map[aggregate.SeriesKey]*removal{}
	b.talkers = newTalkers(o.Top)
	b.known = map[flow.Addr]location{}
	b.answers = []*groups{
		answerServices:   newGroups("services", o.Top, nil, "protocol", "port", "service"),
		answerRules:      newGroups("rules", manyRows, hasRule, "verdict", "rule", "acl", "direction"),
		answerEncryption: newGroups("encryption", manyRows, hasEncryption, "encryption"),
		answerScopes:     newGroups("scopes", manyRows, isIP, "scope"),
	}
	if o.Only {
		b.first = builtins
	}
	for _, q := range o.Questions {
		b.answers = append(b.answers, q.groups(&b.naming))
	}
}

func hasRule(s *enriched) truth {
	return truthOf(s.point.Rule != 0 || s.point.Verdict == aggregate.Denied)
}
func hasEncryption(s *enriched) truth { return truthOf(s.point.Encryption != flow.EncryptionUnknown) }
func isIP(s *enriched) truth          { return truthOf(s.point.Class != aggregate.NoIP) }

// ref is a row of a partition with the number of its conversation.
type ref struct{ conversation, row uint32 }

// partition answers for all rows of p, pair by pair.
func (b *builder) partition(p *aggregate.Partition) {
	// A word holds the number of a row in its low bits, and above them the hash
	// of the row's pair of addresses.
	rowBits := bits.Len(uint(p.Rows.N))
	order := b.order[:0]
	for i := range p.Rows.N {
		order = append(order, p.Rows.At(i).PairHash()>>rowBits<<rowBits|uint64(i))
	}
	b.order = order
	slices.Sort(order)
	for len(order) > 0 {
		n := 1
		for n < len(order) && order[n]>>rowBits == order[0]>>rowBits {
			n++
		}
		if n == 1 {
			b.alone(p, int(order[0]&(1<<rowBits-1)))
		} else {
			b.rows = b.look(p, b.conversationsOf(p, order[:n], 1<<rowBits-1), b.rows[:0])
			b.conversations(b.rows)
		}
		order = order[n:]
	}
	p.Reset(b.free)
}

// alone answers for row i of p, which is all that was seen of two addresses.
func (b *builder) alone(p *aggregate.Partition, i int) {
	row := p.Rows.At(i)
	b.rows = slices.Grow(b.rows[:0], 1)[:1]
	b.rows[0].fill(row, p.Rows.Frames(i), b.points[row.Context], b.naming.locator)
	b.ptrs = append(b.ptrs[:0], &b.rows[0])
	b.pair(b.ptrs)
}

// conversationsOf returns the rows of a pair in the order of their
// conversations; the bits of mask are their numbers.
func (b *builder) conversationsOf(p *aggregate.Partition, order []uint64, mask uint64) []ref {
	refs := b.refs[:0]
	for _, v := range order {
		i := uint32(v & mask)
		r := p.Rows.At(int(i))
		refs = append(refs, ref{b.points[r.Context].conversation(r), i})
	}
	b.refs = refs
	if len(refs) > 1 {
		slices.SortFunc(refs, func(x, y ref) int { return cmp.Compare(x.conversation, y.conversation) })
	}
	return refs
}

// look fills rows with those that refs name, sorted by conversation. Only
// where two pairs have one hash is there anything to sort.
func (b *builder) look(p *aggregate.Partition, refs []ref, rows []enriched) []enriched {
	rows = slices.Grow(rows, len(refs))[:len(refs)]
	one := true
	for k, r := range refs {
		i := int(r.row)
		row := p.Rows.At(i)
		rows[k].fill(row, p.Rows.Frames(i), b.points[row.Context], b.naming.locator)
		one = one && row.SamePair(rows[0].row)
	}
	if !one {
		slices.SortFunc(rows, func(x, y enriched) int {
			return cmp.Or(x.low().Compare(y.low()), x.high().Compare(y.high()), x.conversation(&y))
		})
	}
	return rows
}

// conversation is a number that orders the conversations of one pair.
func (s *point) conversation(r *aggregate.Row) uint32 {
	return uint32(r.Proto)<<24 | uint32(r.Port)<<8 | uint32(s.part())
}

// conversation compares the conversations of s and o, which are of one pair:
// by protocol and service port, and what was denied apart from what was not.
func (s *enriched) conversation(o *enriched) int {
	return cmp.Or(
		cmp.Compare(s.row.Proto, o.row.Proto), cmp.Compare(s.row.Port, o.row.Port),
		cmp.Compare(s.point.part(), o.point.part()))
}

func (s *point) part() int {
	switch {
	case s.Class == aggregate.NoIP:
		return 2
	case s.Verdict == aggregate.Denied:
		return 1
	}
	return 0
}

// conversations answers for the sorted rows of one pair of addresses, or,
// should two pairs have one hash, of several.
func (b *builder) conversations(rows []enriched) {
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
func (b *builder) pair(rows []*enriched) {
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
	for _, g := range b.answers[b.first:] {
		if g.pairs {
			g.endPair(&b.naming)
		}
	}
	if sum.ip && b.first == 0 {
		sum.store(b.pairs, b.free)
		b.top.offer(pair{&sum.row, sum.frames})
		b.remember(&sum)
	}
}

// conversation answers for the rows of one conversation.
func (b *builder) conversation(rows []*enriched, sum *pairSum) {
	for _, g := range b.answers[b.first:] {
		g.add(rows, b.naming.locator)
	}
	kept, dropped := deduplicate(rows, b.naming.locator)
	for _, s := range kept {
		b.total.add(s)
		b.facts.add(s)
	}
	if b.first == 0 {
		for _, s := range kept {
			sum.add(s)
			b.talkers.add(s)
		}
		b.best.offer(kept)
	}
	for _, s := range dropped {
		sum.see(s)
		b.drop(s)
	}
	if len(dropped) > 0 {
		b.merged.conversations++
	}
}

func (t *totals) add(s *enriched) {
	t.sum.Add(&s.sent)
	t.sum.Add(&s.received)
	t.flows += uint64(s.row.Flows)
	t.records += uint64(s.row.Records)
	if s.point.Verdict == aggregate.Denied {
		t.denied += uint64(s.row.Flows)
	}
}

// drop takes s out of the timeline and counts it as merged.
func (b *builder) drop(s *enriched) {
	b.merged.sum.Add(&s.sent)
	b.merged.sum.Add(&s.received)
	b.merged.records += uint64(s.row.Records)
	k := aggregate.SeriesKey{
		Point: s.point.Point, Class: s.point.Class, Direction: s.point.Context.Direction, Denied: s.point.Verdict == aggregate.Denied,
		Private: s.row.Src.Private() && s.row.Dst.Private(),
	}
	r := b.dropped[k]
	if r == nil {
		r = &removal{}
		b.dropped[k] = r
	}
	r.add(s)
}
