package summary

import (
	"cmp"

	"flowctl/collectors/flow"
)

// pairSum adds up what two addresses said to each other.
type pairSum struct {
	row    row // from the lower address to the higher one
	frames frameBytes
	flows  uint64
	denied uint64
	ip     bool
	low    place
	high   place
}

func (p *pairSum) begin(s *seen) {
	p.row = row{key: key{src: s.low(), dst: s.high()}, first: noFirst, last: noLast}
}

// add counts a row.
func (p *pairSum) add(s *seen) {
	p.see(s)
	r := s.row
	sent, received, frames := r.sent, r.received, s.frames
	if r.src != p.row.src {
		sent, received = received, sent
		frames = frameBytes{frames.received, frames.sent}
	}
	if r.src == r.dst { // to itself there is but one direction
		sent = wire{sent.packets + received.packets, sent.ipBytes + received.ipBytes}
		frames.sent += frames.received
		received, frames.received = wire{}, 0
	}
	p.row.sent.packets += sent.packets
	p.row.sent.ipBytes += sent.ipBytes
	p.row.received.packets += received.packets
	p.row.received.ipBytes += received.ipBytes
	p.frames.sent += frames.sent
	p.frames.received += frames.received
	p.row.marks |= r.marks
	p.flows += uint64(r.flows)
	if s.spot.verdict == denied {
		p.denied += uint64(r.flows)
	}
}

// see notes what also a row that is not counted says: when, and whose
// addresses these are.
func (p *pairSum) see(s *seen) {
	p.row.first = min(p.row.first, s.row.first)
	p.row.last = max(p.row.last, s.row.last)
	p.ip = p.ip || s.spot.class != noIP
	low, high := s.src, s.dst
	if s.row.src != p.row.src {
		low, high = high, low
	}
	if p.low.nic == 0 {
		p.low = low
	}
	if p.high.nic == 0 {
		p.high = high
	}
}

// store keeps the pair as a row, whose records are the flows and whose
// begins are the denied ones of them.
func (p *pairSum) store(to *pairs, free *pool) {
	p.row.flows = uint32(min(p.flows, 1<<32-1))
	p.row.records, p.row.begins = p.row.flows, uint32(min(p.denied, 1<<32-1))
	to.add(&p.row, p.frames, free)
}

// pair is a stored pair.
type pair struct {
	row    *row
	frames frameBytes
}

// conversation is the pair as the document shows it.
func (p pair) conversation() Conversation {
	r := p.row
	return Conversation{
		A: addrText(r.src), B: addrText(r.dst),
		PacketsAB: known(r.sent.packets, r.marks.packets()),
		BytesAB:   known(p.frames.sent, r.marks.frames()),
		IPBytesAB: known(r.sent.ipBytes, r.marks.ipBytes()),
		PacketsBA: known(r.received.packets, r.marks.packets()),
		BytesBA:   known(p.frames.received, r.marks.frames()),
		IPBytesBA: known(r.received.ipBytes, r.marks.ipBytes()),
		Flows:     uint64(r.flows), Denied: uint64(r.begins),
		First: instant(r.first), Last: instant(r.last),
	}
}

// remember keeps where the addresses belong, if that is known.
func (b *builder) remember(p *pairSum) {
	for _, e := range []struct {
		a  flow.Addr
		at place
	}{{p.row.src, p.low}, {p.row.dst, p.high}} {
		if e.at.nic != 0 {
			b.learn(e.a, e.at)
		}
	}
}

// learn notes where a belongs. Where networks use the same addresses, it is the
// one that the inventory has first, whatever comes first here.
func (b *builder) learn(a flow.Addr, at place) {
	if was, ok := b.known[a]; !ok || at.nic < was.nic {
		b.known[a] = at
	}
}

func (p pair) both() tally {
	r := p.row
	return tally{r.sent.packets + r.received.packets, r.sent.ipBytes + r.received.ipBytes, p.frames.sent + p.frames.received, r.marks}
}

// compare orders pairs: the most IP bytes first, then packets, then flows,
// then by address.
func (p pair) compare(o pair) int {
	x, y := p.both(), o.both()
	return cmp.Or(
		cmp.Compare(y.ipBytes, x.ipBytes), cmp.Compare(y.packets, x.packets), cmp.Compare(o.row.flows, p.row.flows),
		p.row.src.Compare(o.row.src), p.row.dst.Compare(o.row.dst))
}
