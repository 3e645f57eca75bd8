package summary

import "flowctl/collectors/aggregate"

// merge adds what o, another builder of the same table, found.
func (b *builder) merge(o *builder) {
	b.errs = append(b.errs, o.errs...)
	b.pairs.take(o.pairs, b.free)
	for _, p := range o.top.list {
		b.top.offer(p)
	}
	b.facts.merge(&o.facts)
	b.total.merge(&o.total)
	b.merged.merge(&o.merged)
	b.uncut.add(&o.uncut)
	b.turns.add(o.turns)
	b.clocks.add(o.clocks)
	if o.later != nil {
		b.later.merge(o.later)
	}
	for k, r := range o.dropped {
		if at := b.dropped[k]; at != nil {
			at.merge(r)
		} else {
			b.dropped[k] = r
		}
	}
	if n := &o.best; n.ipBytes > b.best.ipBytes || n.ipBytes == b.best.ipBytes && n.before(&b.best) {
		b.best = o.best
	}
	b.talkers.merge(o.talkers)
	for i, g := range o.answers {
		b.answers[i].merge(g, &b.naming)
	}
	for a, at := range o.known {
		b.learn(a, at)
	}
}

// take moves the conversations of o to p, chunk by chunk.
func (p *pairs) take(o *pairs, free *aggregate.Pool) {
	p.runs = append(p.runs, o.runs...)
	p.out += o.out
	for c := range o.rows.Chunks {
		for i := c * aggregate.ChunkRows; i < min((c+1)*aggregate.ChunkRows, o.rows.N); i++ {
			n := p.rows.Add(o.rows.At(i), free)
			if f := o.rows.Frames(i); f != (aggregate.FrameBytes{}) {
				p.rows.AddFrames(n, f)
			}
		}
		free.Put(&aggregate.Slab{Chunks: o.rows.Chunks[c : c+1]})
	}
	o.rows = aggregate.Slab{}
}

func (t *totals) merge(o *totals) {
	t.sum.Add(&o.sum)
	t.flows += o.flows
	t.denied += o.denied
	t.records += o.records
	t.first = min(t.first, o.first)
	t.last = max(t.last, o.last)
}

func (f *facts) merge(o *facts) {
	f.guessed += o.guessed
	f.counted += o.counted
	f.unstarted += o.unstarted
	f.unended += o.unended
	f.uncounted += o.uncounted
	f.untold += o.untold
	f.bothEnds += o.bothEnds
	f.points = append(f.points, make([]bool, max(0, len(o.points)-len(f.points)))...)
	for i, seen := range o.points {
		f.points[i] = f.points[i] || seen
	}
}

// merge adds what o has, which answers the same question. Where there can be
// many lines, both have put them into one place.
func (g *groups) merge(o *groups, n *naming) {
	g.total.merge(o.total.sums())
	g.doubt.merge(&o.doubt)
	g.rest.merge(o.rest.sums())
	g.count += o.count
	g.excluded += o.excluded
	g.unclear += o.unclear
	for _, l := range o.shown {
		g.compete(l.key, l.sum.sums(), l.seen, n)
	}
	o.lines.each(func(key []byte, sums []group) { mergeAll(g.lines.at(g.lines.of(key)), sums) })
}
