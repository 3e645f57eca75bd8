package aggregate

// Merge adds what o counted to t. Both must have been made for the same
// names. Afterwards o is empty; its memory is given back part by part.
func (t *Table) Merge(o *Table) {
	t.Flush()
	o.Flush()
	var ids []uint32
	if o.store != t.store {
		ids = t.mergeRows(o)
	}
	if t.TCP != nil {
		t.TCP.merge(o.TCP, ids)
	}
	t.Timeline.merge(&o.Timeline)
	for i, s := range o.Sources {
		if i == len(t.Sources) {
			t.Sources = append(t.Sources, SourceSum{First: NoFirst, Last: NoLast})
		}
		t.Sources[i].merge(s)
	}
	t.FlowLogs.merge(o.FlowLogs)
	*o = *New(o.Names)
}

// mergeRows takes over the rows of a table with a place of its own for them.
func (t *Table) mergeRows(o *Table) (ids []uint32) {
	ids = make([]uint32, len(o.Contexts))
	for i, k := range o.Contexts {
		ids[i] = t.number(k)
	}
	for i := range o.Parts {
		before := t.Parts[i].Rows.N
		t.Parts[i].merge(&o.Parts[i], ids, &t.Free)
		o.Parts[i].Reset(&t.Free)
		t.account(i, t.Parts[i].Rows.N-before)
	}
	for _, s := range o.Spills {
		s.renumber(ids)
	}
	t.Spills = append(t.Spills, o.Spills...)
	return ids
}

// merge adds the rows of o, whose contexts have the numbers ids here.
func (p *Partition) merge(o *Partition, ids []uint32, free *Pool) {
	for i := range o.Rows.N {
		r := *o.Rows.At(i)
		r.Context = ids[r.Context]
		p.take(&r, o.Rows.Frames(i), free)
	}
}

// take adds a row of another partition.
func (p *Partition) take(r *Row, f FrameBytes, free *Pool) {
	_, hash := r.hashes()
	n := p.find(&r.Key, uint32(hash>>32), free)
	p.Rows.At(n).merge(r)
	if f != (FrameBytes{}) {
		p.Rows.AddFrames(n, f)
	}
}

// merge adds the counters of o.
func (r *Row) merge(o *Row) {
	r.Sent.Packets += o.Sent.Packets
	r.Sent.IPBytes += o.Sent.IPBytes
	r.Received.Packets += o.Received.Packets
	r.Received.IPBytes += o.Received.IPBytes
	r.Marks |= o.Marks
	r.First = min(r.First, o.First)
	r.Last = max(r.Last, o.Last)
	r.Records = plus(r.Records, o.Records)
	r.Begins = plus(r.Begins, o.Begins)
}

func (s *SourceSum) merge(o SourceSum) {
	s.Sum.Add(&o.Sum)
	s.TCP.merge(&o.TCP)
	s.First = min(s.First, o.First)
	s.Last = max(s.Last, o.Last)
}

func (s *states) merge(o states) {
	s.Begun += o.Begun
	s.Ended += o.Ended
	s.Untimed += o.Untimed
	s.denied += o.denied
}
