package summary

import (
	"cmp"
	"errors"
	"math/bits"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"flowctl/collectors/aggregate"
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
	first.again(t, o)
	lost := errors.Join(append(first.errs, first.rank())...)
	if lost != nil {
		o.Coverage = append(o.Coverage, Coverage{Code: "rows-lost", Text: "A part of what was counted could not be read back from a temporary file, so all sums are too small."})
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
		if s := t.Stored(int(i)); s.Rows() > b.rows && t.Parts[i].Rows.N == 0 {
			b.stored(s, &t.Parts[i])
			continue
		}
		p, errs := t.Partition(int(i), &spare, &b.buf)
		b.errs = append(b.errs, errs...)
		b.partition(p)
		p.PassIndex(&spare)
	}
	b.flush()
}

// flush adds what is on its way to its lines.
func (b *builder) flush() {
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
	steps  *aggregate.Timeline // of all that was read
	free   *aggregate.Pool
	most   int // pairs in memory
	rows   int // in memory
	first  int // number of the first answer that is wanted
	pairs  *pairs
	top    biggest
	facts  facts

	total   totals
	merged  mergedSum
	dropped map[aggregate.SeriesKey]removal
	best    transfer
	talkers *talkers
	answers []*groups // built in, then the questions
	known   map[flow.Addr]location

	errs []error // rows that are lost

	dedupe deduplicator
	uncut  uncut
	turns  turned
	clocks turned // what clocks of captures that are apart may have let count twice
	later  *later // pairs of which more must be known first; nil if more cannot be

	sum  pairSum     // of the pair at hand
	kept []*enriched // what counts of it

	services map[serviceKey]*spoken // what it spoke, as far as kept has it no more

	apart bool // flows that differ in the client's port alone, or in who had an address, are not added up

	order   []uint64 // scratch, of a partition and of a pair
	refs    []ref
	solos   []ref // flows that one row tells all of
	several []ref // the others
	added   []aggregate.Row
	rooms   [][]enriched
	used    int
	ptrs    []*enriched
	buf     []byte
}

func newBuilder(t *aggregate.Table, o Options) *builder {
	p := newLocator(o.Inventories)
	p.public.use(o.Tags)
	p.called.use(p.vms, o.Dictionary)
	p.quotes = newQuotes(p, o)
	p.told = newTold(o)
	p.tags.use(p, o.Inventories, o.Questions)
	b := &builder{naming: naming{names: t.Names, locator: p, tcp: t.TCP, expectTCP: tcpExpected(o)}, steps: &t.Timeline, free: &t.Free, most: pairsMost(t), rows: t.Limit / builders(t)}
	for i, k := range t.Contexts {
		b.points = append(b.points, pointOf(k, t.Names, p))
		b.points[i].number = i
		if first, ok := o.Successors[b.points[i].pointText]; ok {
			b.points[i].place = t.Names.Of(first)
		}
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
		g.many = newManyLines(g.width, g.lines.wide, bytes)
	}
}

// another returns a builder that does a part of b's work.
func (b *builder) another(o Options) *builder {
	a := &builder{naming: b.naming, points: b.points, steps: b.steps, free: b.free, most: b.most, rows: b.rows}
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
	b.dropped = map[aggregate.SeriesKey]removal{}
	b.talkers = newTalkers(o.Top)
	b.known = map[flow.Addr]location{}
	b.dedupe.locator = b.naming.locator
	if o.Again != nil {
		b.later = &later{dedupe: &b.dedupe}
	}
	b.answers = []*groups{
		answerServices:   newGroups("services", o.Top, nil, "protocol", "port", "service"),
		answerRules:      newGroups("rules", manyRows, hasRule, "verdict", "rule", "acl", "direction"),
		answerEncryption: newGroups("encryption", manyRows, hasEncryption, "encryption"),
		answerScopes:     newGroups("scopes", manyRows, isIP, "scope"),
	}
	if o.Only {
		b.first = builtins
	}
	b.apart = b.naming.locator.changes()
	for _, q := range o.Questions {
		b.apart = b.apart || slices.Contains(q.names, "source.port") || AsksTold(o.Questions) || b.naming.tcp != nil
		b.answers = append(b.answers, q.groups(&b.naming))
	}
}

func hasRule(s *enriched) truth {
	return truthOf(s.point.Rule != 0 || s.point.Verdict == aggregate.Denied)
}
func hasEncryption(s *enriched) truth { return truthOf(s.point.Encryption != flow.EncryptionUnknown) }
func isIP(s *enriched) truth          { return truthOf(s.point.Class != aggregate.NoIP) }

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
			b.pairsOf(p, order[:n], 1<<rowBits-1)
		}
		order = order[n:]
	}
	p.Reset(b.free)
}
