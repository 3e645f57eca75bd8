package aggregate

import (
	"cmp"
	"slices"

	"flowctl/collectors/flow"
)

// Watch is a set of flows of which more must be known than their rows say:
// what each observation point saw of them in each second. It is filled by one
// goroutine and may then be asked by several.
type Watch struct{ flows map[uint64]struct{} }

// Add adds a flow.
func (w *Watch) Add(k *Key) {
	if w.flows == nil {
		w.flows = map[uint64]struct{}{}
	}
	w.flows[flowHash(k.Src, k.Dst, k.SrcPort, k.Port, k.Proto)] = struct{}{}
}

// Merge adds the flows of o.
func (w *Watch) Merge(o *Watch) {
	for h := range o.flows {
		if w.flows == nil {
			w.flows = map[uint64]struct{}{}
		}
		w.flows[h] = struct{}{}
	}
}

// Len is the number of flows.
func (w *Watch) Len() int { return len(w.flows) }

// Has reports whether a flow, in either direction, is among them.
func (w *Watch) Has(k *flow.Key) bool {
	_, ok := w.flows[flowHash(k.Src, k.Dst, k.SrcPort, k.DstPort, k.Proto)]
	return ok
}

// flowHash is a hash of a 5-tuple, the same for both directions.
func flowHash(src, dst flow.Addr, srcPort, dstPort uint16, proto uint8) uint64 {
	a := Mix(hashAddr(src)^Seeds[1], uint64(srcPort)^Seeds[2])
	b := Mix(hashAddr(dst)^Seeds[1], uint64(dstPort)^Seeds[2])
	return Mix(a+b, uint64(proto)^Seeds[0])
}

// Moment is what records that ended in one second say of a flow in one context.
type Moment struct {
	Second          int64 // since 1970
	First, Last     int64
	Sent, Received  Wire
	Frames          FrameBytes
	Records, Begins uint32
	Marks           Marks
}

// Detail has the moments of flows, by the keys of their rows. It is for one
// goroutine.
type Detail struct{ rows map[Key][]Moment }

// Add counts a record, whose context has a number.
func (d *Detail) Add(r *flow.Record, context uint32) {
	if d.rows == nil {
		d.rows = map[Key][]Moment{}
	}
	k := Key{Src: r.Src, Dst: r.Dst, Context: context, Port: r.DstPort, SrcPort: r.SrcPort, Proto: r.Proto}
	m := Moment{
		Second: floorDiv(r.Last, second), Sent: Wire{r.Sent.Packets, r.Sent.IPBytes}, Received: Wire{r.Received.Packets, r.Received.IPBytes},
		Frames: FrameBytes{r.Sent.FrameBytes, r.Received.FrameBytes}, Marks: marksOf(r),
	}
	m.Records, m.Begins = counted(r)
	m.First, m.Last = bounds(r.First, r.Last)
	d.rows[k] = add(d.rows[k], &m)
}

// add adds a moment to those of a row. They come nearly in order.
func add(list []Moment, m *Moment) []Moment {
	for i := len(list) - 1; i >= 0; i-- {
		if list[i].Second == m.Second {
			list[i].add(m)
			return list
		}
		if list[i].Second < m.Second {
			return slices.Insert(list, i+1, *m)
		}
	}
	return slices.Insert(list, 0, *m)
}

func (m *Moment) add(o *Moment) {
	m.First, m.Last = min(m.First, o.First), max(m.Last, o.Last)
	m.Sent.add(o.Sent)
	m.Received.add(o.Received)
	m.Frames.Sent += o.Frames.Sent
	m.Frames.Received += o.Frames.Received
	m.Records, m.Begins = plus(m.Records, o.Records), plus(m.Begins, o.Begins)
	m.Marks |= o.Marks
}

func (w *Wire) add(o Wire) {
	w.Packets += o.Packets
	w.IPBytes += o.IPBytes
}

// Merge adds the moments of o.
func (d *Detail) Merge(o *Detail) {
	if d.rows == nil {
		d.rows = o.rows
		return
	}
	for k, list := range o.rows {
		for i := range list {
			d.rows[k] = add(d.rows[k], &list[i])
		}
	}
}

// Of returns the moments of a row in their order. There are none of rows that
// were not watched, and of those of which not all was seen again. The records
// of a capture are as many as it was cut into, so its packets are compared.
func (d *Detail) Of(k *Key, r *Row, capture bool) []Moment {
	if d == nil {
		return nil
	}
	list := d.rows[*k]
	var records uint32
	var packets [2]uint64
	for i := range list {
		records = plus(records, list[i].Records)
		packets[0] += list[i].Sent.Packets
		packets[1] += list[i].Received.Packets
	}
	switch {
	case len(list) == 0, packets != [2]uint64{r.Sent.Packets, r.Received.Packets}, !capture && records != r.Records:
		return nil
	}
	return list
}

// MomentOf is a row as the one moment that it ended in.
func MomentOf(r *Row, f FrameBytes) Moment {
	return Moment{
		Second: floorDiv(r.Last, second), First: r.First, Last: r.Last, Sent: r.Sent, Received: r.Received, Frames: f,
		Records: r.Records, Begins: r.Begins, Marks: r.Marks,
	}
}

// Take makes a row of moments, with the key of r.
func (r *Row) Take(list []Moment) (Row, FrameBytes) {
	sum := Row{Key: r.Key, First: NoFirst, Last: NoLast, Flows: r.Flows}
	var f FrameBytes
	for i := range list {
		m := &list[i]
		sum.Sent.add(m.Sent)
		sum.Received.add(m.Received)
		sum.First, sum.Last = min(sum.First, m.First), max(sum.Last, m.Last)
		sum.Records, sum.Begins = plus(sum.Records, m.Records), plus(sum.Begins, m.Begins)
		sum.Marks |= m.Marks
		f.Sent += m.Frames.Sent
		f.Received += m.Frames.Received
	}
	return sum, f
}

// Flipped is a row seen from the other end, with its frame bytes.
func (r *Row) Flipped(f FrameBytes) (Row, FrameBytes) {
	o := *r
	o.Src, o.Dst, o.SrcPort, o.Port = r.Dst, r.Src, r.Port, r.SrcPort
	o.Sent, o.Received, o.Marks = r.Received, r.Sent, r.Marks.Flipped()
	return o, FrameBytes{f.Received, f.Sent}
}

// Join adds a row that differs from r in its source port only.
func (r *Row) Join(o *Row) {
	r.merge(o)
	r.Flows = plus(r.Flows, o.Flows)
}

// Compare orders rows by what is theirs and not by how they came.
func (k *Key) Compare(o *Key) int {
	return cmp.Or(k.Src.Compare(o.Src), k.Dst.Compare(o.Dst), cmp.Compare(k.SrcPort, o.SrcPort), cmp.Compare(k.Port, o.Port), cmp.Compare(k.Proto, o.Proto))
}

// Number returns the number of a record's context.
func (t *Table) Number(r *flow.Record) uint32 { return t.contexts.of(r, t) }
