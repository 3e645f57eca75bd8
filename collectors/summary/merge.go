package summary

// Merge adds what o counted to t. Both must have been made for the same
// names. Afterwards o is empty; its memory is given back part by part.
func (t *Table) Merge(o *Table) {
	t.flushAll()
	o.flushAll()
	if o.store != t.store {
		t.mergeRows(o)
	}
	t.timeline.merge(&o.timeline)
	for i, s := range o.sources {
		if i == len(t.sources) {
			t.sources = append(t.sources, sourceSum{first: noFirst, last: noLast})
		}
		t.sources[i].merge(s)
	}
	t.flowLog.merge(o.flowLog)
	*o = *New(o.names)
}

// mergeRows takes over the rows of a table with a place of its own for them.
func (t *Table) mergeRows(o *Table) {
	ids := make([]uint32, len(o.all))
	for i, k := range o.all {
		ids[i] = t.number(k)
	}
	for i := range o.parts {
		before := t.parts[i].used()
		t.parts[i].merge(&o.parts[i], ids, &t.free)
		o.parts[i].reset(&t.free)
		t.account(i, t.parts[i].used()-before)
	}
	for _, s := range o.spills {
		s.renumber(ids)
	}
	t.spills = append(t.spills, o.spills...)
}

// merge adds the rows of o, whose contexts have the numbers ids here.
func (p *partition) merge(o *partition, ids []uint32, free *pool) {
	moved := make([]uint32, o.rows.n)
	for i := range o.rows.n {
		r := *o.rows.at(i)
		r.context = ids[r.context]
		moved[i] = uint32(p.take(&r, o.rows.frames(i), free))
	}
	o.ports.each(func(row uint32, port uint16) { p.addFlow(int(moved[row]), port) })
}

// take adds a row of another partition, with but its first source port, and
// returns its number here.
func (p *partition) take(r *row, f frameBytes, free *pool) int {
	_, hash := r.hashes()
	n, _ := p.find(&r.key, uint32(hash>>32), free)
	p.rows.at(n).merge(r)
	if f != (frameBytes{}) {
		p.rows.addFrames(n, f)
	}
	p.addFlow(n, r.srcPort)
	return n
}

// merge adds all but the flows, which are counted by their ports.
func (r *row) merge(o *row) {
	r.sent.packets += o.sent.packets
	r.sent.ipBytes += o.sent.ipBytes
	r.received.packets += o.received.packets
	r.received.ipBytes += o.received.ipBytes
	r.marks |= o.marks
	r.first = min(r.first, o.first)
	r.last = max(r.last, o.last)
	r.records = plus(r.records, o.records)
	r.begins = plus(r.begins, o.begins)
}

func (s *sourceSum) merge(o sourceSum) {
	s.sum.add(&o.sum)
	s.tcp.merge(&o.tcp)
	s.first = min(s.first, o.first)
	s.last = max(s.last, o.last)
}

func (s *states) merge(o states) {
	s.begun += o.begun
	s.ended += o.ended
	s.untimed += o.untimed
	s.denied += o.denied
}
