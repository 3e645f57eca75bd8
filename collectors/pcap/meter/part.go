package meter

import (
	"sync"

	"flowctl/collectors/flow"
	"flowctl/collectors/pcap/packet"
)

// parts is how many parts conversations are in. A part is told by bits of the
// hash that neither the table's slots nor their tags use first.
const (
	parts     = 8
	partShift = 44
)

// part is some of the conversations. One goroutine at a time works on it.
type part struct {
	waiting *packets // of the goroutine that reads
	helper  *helper  // that works on it, or nil for the goroutine that reads
	busy    sync.WaitGroup

	table table
	most  int    // conversations at once
	clock int64  // time of the last packet that had one
	swept int64  // clock at the last sweep
	since int    // packets since then
	kept  int    // conversations that were left then
	sink  uint64 // keeps loads alive that only warm the cache
}

// packets are some packets of a part on their way to their conversations.
type packets struct {
	part *part
	list [block]observed
	n    int
}

// next returns the packet to fill next.
func (p *packets) next() *observed {
	p.n++
	return &p.list[p.n-1]
}

func (p *part) init(seed uint64) {
	p.most, p.clock, p.swept = maxFlows/parts, flow.NoTime, flow.NoTime
	p.waiting = &packets{part: p}
	p.table.init(seed)
}

// take adds packets up. Memory is the bottleneck of a table that is larger than
// the cache, so all entries are touched before the first is used.
func (p *part) take(list []observed, out *exporter) {
	t := &p.table
	for i := range list {
		o := &list[i]
		if o.key.rest&numbered != 0 {
			o.key.pair = t.pairs.number(o.lo, o.hi)
		}
		o.slot = t.slots[o.hash&t.mask]
	}
	warm := uint64(0)
	for i := range list {
		if s := list[i].slot; s != 0 {
			e := t.at(s&slotMask - 1)
			warm += e.key.pair + uint64(e.tcp.mark)
		}
	}
	p.sink += warm
	for i := range list {
		p.add(&list[i], out)
	}
	p.since += len(list)
	if p.since >= minSweep/parts || t.used >= p.most {
		p.sweep(out)
	}
}

// add counts one packet in its conversation.
func (p *part) add(o *observed, out *exporter) {
	e, fresh := p.table.find(o)
	if fresh {
		e.begin(o)
	} else {
		p.cut(e, o, out)
	}
	e.count(o)
	if o.time != flow.NoTime {
		p.clock = o.time
	}
}

// cut exports what e has so far if o belongs to a later record, or to a later
// conversation between the same ports.
func (p *part) cut(e *entry, o *observed, out *exporter) {
	opens := o.flags&(packet.SYN|packet.ACK) == packet.SYN
	switch {
	case opens && e.over(), e.expired(o.time):
		out.export(&p.table, e, flow.End)
		e.begin(o)
	case opens && e.opened && o.side != e.opener:
		out.export(&p.table, e, flow.Continue)
		e.begin(o)
	case e.lasts(o.time), !e.holds(o):
		out.export(&p.table, e, flow.Continue)
		e.reset()
	}
}

// sweep exports what has ended, if enough time has passed since the last look,
// and everything if the table is full.
func (p *part) sweep(out *exporter) {
	full := p.table.used >= p.most
	if !full && (p.clock == flow.NoTime || p.swept != flow.NoTime && apart(p.clock, p.swept) < active || p.since < 2*p.kept) {
		return
	}
	p.swept, p.since = p.clock, 0
	p.table.drop(func(e *entry) bool {
		switch {
		case e.expired(p.clock):
			out.export(&p.table, e, flow.End)
		case full:
			out.export(&p.table, e, flow.Continue)
		default:
			return false
		}
		return true
	})
	p.kept = p.table.used
}

// close exports everything.
func (p *part) close(out *exporter) {
	p.table.each(func(e *entry) { out.export(&p.table, e, flow.End) })
	p.table = table{}
}
