package meter

import (
	"math"
	"time"

	"flowctl/collectors/flow"
	"flowctl/collectors/pcap/packet"
)

// parts is how many parts conversations are in. A part is told by bits of the
// hash that the index does not use.
const (
	parts     = 8
	partShift = 44
)

// part is some of the conversations. One goroutine at a time works on it.
type part struct {
	table conversations
	most  int    // conversations at once
	clock int64  // time of the last packet that had one
	swept int64  // clock at the last sweep
	since int    // packets since then
	kept  int    // conversations that were left then
	early bool   // entries may have times of what was not counted, or was before
	sink  uint64 // keeps loads alive that only warm the cache
}

// partOf is the part of a conversation with the given hash.
func partOf(hash uint64) uint64 { return hash >> partShift % parts }

func (p *part) init(seed uint64) {
	p.most, p.clock, p.swept = maxFlows/parts, flow.NoTime, flow.NoTime
	p.table.seed = seed
}

// add counts one packet in its conversation.
func (p *part) add(o *observed, out *exporter) {
	i, e, fresh := p.table.find(o)
	if fresh {
		e.begin(o)
	} else {
		p.cut(i, e, o, out)
	}
	switch {
	case o.early:
		p.before(e, o)
	case p.early && e.empty():
		e.first, e.last = flow.NoTime, flow.NoTime
		fallthrough
	default:
		e.count(o)
		p.follow(e, o)
	}
	if o.Time != flow.NoTime {
		p.clock = o.Time
	}
	p.since++
}

// follow follows what o says of the course of e.
func (p *part) follow(e *entry, o *observed) {
	switch {
	case uint8(e.key.rest) != protoTCP:
	case p.table.brief:
		e.end(o)
	default:
		e.segment(o)
	}
}

// before has e know what went before what counts, unless that has begun: files
// are not always in the order of time.
func (p *part) before(e *entry, o *observed) {
	p.early = true
	if !e.empty() {
		return
	}
	e.observe(o)
	p.follow(e, o)
	e.full, e.seen = false, 0
	e.tcp.reset()
}

// cut exports what e has so far if o belongs to a later record, or to a later
// conversation between the same ports.
func (p *part) cut(i int, e *entry, o *observed, out *exporter) {
	opens := o.Flags&(packet.SYN|packet.ACK) == packet.SYN
	if !opens && e.within(o.Time) && e.holds(o) && !p.table.fine {
		return
	}
	if opens && !e.opened { // what was guessed is now known
		e.opened, e.opener = true, o.side
		if !e.expired(o.Time) && e.holds(o) && !p.lasts(e, o.Time) {
			return
		}
	}
	switch {
	case opens && e.over():
		out.export(&p.table, i, e, flow.End)
		e.begin(o)
	case e.expired(o.Time):
		out.export(&p.table, i, e, flow.End)
		e.renew(o)
	case opens && e.opened && o.side != e.opener:
		out.export(&p.table, i, e, flow.Continue)
		e.begin(o)
	case p.lasts(e, o.Time), !e.holds(o):
		out.export(&p.table, i, e, flow.Continue)
		e.reset()
	}
}

// lasts reports whether e with a packet at t would be too long for one record.
func (p *part) lasts(e *entry, t int64) bool { return e.lasts(t) || p.table.fine && e.coarse(t) }

// coarse reports whether e with a packet at t would be of more than one second
// of the clock, or in part of no time that is known.
func (e *entry) coarse(t int64) bool {
	if e.empty() {
		return false
	}
	if t == flow.NoTime || e.last == flow.NoTime {
		return t != e.last
	}
	return secondOf(t) != secondOf(e.first)
}

// secondOf is the second of the clock that t is in.
func secondOf(t int64) int64 {
	const second = int64(time.Second)
	return (t - (t%second+second)%second) / second
}

// sweep exports what has ended, if enough packets came and enough time has
// passed since the last look, and the half that was silent for longest if the
// table is full.
func (p *part) sweep(out *exporter) {
	full := p.table.used >= p.most
	if !full && p.since < minSweep/parts {
		return
	}
	if !full && (p.clock == flow.NoTime || p.swept != flow.NoTime && apart(p.clock, p.swept) < active || p.since < 2*p.kept) {
		return
	}
	p.swept, p.since = p.clock, 0
	silent := int64(math.MinInt64)
	if full {
		silent = p.table.median()
	}
	p.table.drop(func(i int, e *entry) bool {
		switch {
		case e.expired(p.clock):
			out.export(&p.table, i, e, flow.End)
		case full && e.last <= silent:
			out.export(&p.table, i, e, flow.Continue)
		default:
			return false
		}
		return true
	})
	p.kept = p.table.used
}

// pause exports what was counted; what is known of conversations stays.
func (p *part) pause(out *exporter) {
	p.table.each(func(i int, e *entry) {
		if !e.empty() {
			out.export(&p.table, i, e, flow.Continue)
			e.pause()
		}
	})
	p.early = true
}

// close exports everything.
func (p *part) close(out *exporter) {
	p.table.each(func(i int, e *entry) { out.export(&p.table, i, e, flow.End) })
	p.table = conversations{}
}
