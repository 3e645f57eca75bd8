package summary

import (
	"cmp"

	"flowctl/collectors/aggregate"
	"flowctl/collectors/flow"
)

// pairSum adds up what two addresses said to each other.
type pairSum struct {
	row    aggregate.Row // from the lower address to the higher one
	frames aggregate.FrameBytes
	flows  uint64
	denied uint64
	begun  bool
	merged bool // something was left out
	ip     bool
	low    location
	high   location
	later  [2]location // of these addresses, if another interface had them at another time
}

// begin makes p that of the addresses of s.
func (p *pairSum) begin(s *enriched) {
	p.row = aggregate.Row{Key: aggregate.Key{Src: s.low(), Dst: s.high()}, First: aggregate.NoFirst, Last: aggregate.NoLast}
	p.begun = true
}

// add counts a row.
func (p *pairSum) add(s *enriched) {
	p.see(s)
	r := s.row
	sent, received, frames, marks := r.Sent, r.Received, s.frames, r.Marks
	if r.Src != p.row.Src {
		sent, received, marks = received, sent, marks.Flipped()
		frames = aggregate.FrameBytes{Sent: frames.Received, Received: frames.Sent}
	}
	if r.Src == r.Dst { // to itself there is but one direction
		sent = aggregate.Wire{Packets: sent.Packets + received.Packets, IPBytes: sent.IPBytes + received.IPBytes}
		frames.Sent += frames.Received
		received, frames.Received = aggregate.Wire{}, 0
	}
	p.row.Sent.Packets += sent.Packets
	p.row.Sent.IPBytes += sent.IPBytes
	p.row.Received.Packets += received.Packets
	p.row.Received.IPBytes += received.IPBytes
	p.frames.Sent += frames.Sent
	p.frames.Received += frames.Received
	p.row.Marks |= marks | s.judged()
	p.flows += s.flows
	p.denied += s.denied
}

// see notes what also a row that is not counted says: when, and whose
// addresses these are.
func (p *pairSum) see(s *enriched) {
	if !p.begun {
		p.begin(s)
	}
	p.row.First = min(p.row.First, s.row.First)
	p.row.Last = max(p.row.Last, s.row.Last)
	p.ip = p.ip || s.point.Class != aggregate.NoIP
	low, high := s.src, s.dst
	if s.row.Src != p.row.Src {
		low, high = high, low
	}
	p.low.see(low, &p.later[0])
	p.high.see(high, &p.later[1])
}

// see takes where an address is by another row, the first that knows.
func (at *location) see(o location, later *location) {
	switch {
	case at.nic == 0:
		*at = o
	case o.nic != 0 && o.nic != at.nic:
		*later = o
	}
}

// store keeps the pair as a row, whose records are the flows and whose
// begins are the denied ones of them.
func (p *pairSum) store(to *pairs, free *aggregate.Pool) {
	p.row.Flows = uint32(min(p.flows, 1<<32-1))
	p.row.Records, p.row.Begins = p.row.Flows, uint32(min(p.denied, 1<<32-1))
	to.add(&p.row, p.frames, free)
}

// pair is a stored pair.
type pair struct {
	row    *aggregate.Row
	frames aggregate.FrameBytes
}

// conversation is the pair as the document shows it.
func (p pair) conversation() Conversation {
	r := p.row
	sent, received := r.Marks.Sent(), r.Marks.Received()
	return Conversation{
		A: r.Src.String(), B: r.Dst.String(),
		PacketsAB: known(r.Sent.Packets, sent.Packets()),
		BytesAB:   known(p.frames.Sent, sent.Frames()),
		IPBytesAB: known(r.Sent.IPBytes, sent.IPBytes()),
		PacketsBA: known(r.Received.Packets, received.Packets()),
		BytesBA:   known(p.frames.Received, received.Frames()),
		IPBytesBA: known(r.Received.IPBytes, received.IPBytes()),
		Flows:     uint64(r.Flows), Denied: known(uint64(r.Begins), r.Begins > 0 || r.Marks&aggregate.Judged != 0),
		First: instant(r.First), Last: instant(r.Last),
	}
}

// remember keeps where the addresses belong, if that is known.
func (b *builder) remember(p *pairSum) {
	for _, e := range []struct {
		a  flow.Addr
		at location
	}{{p.row.Src, p.low}, {p.row.Dst, p.high}, {p.row.Src, p.later[0]}, {p.row.Dst, p.later[1]}} {
		if e.at.nic != 0 {
			b.learn(e.a, e.at)
		}
	}
}

// learn notes where a belongs. Where networks use the same addresses, it is the
// one that the inventory has first, whatever comes first here; where machines had it one
// after the other, it is none of them.
func (b *builder) learn(a flow.Addr, at location) {
	was, ok := b.known[a]
	switch p := b.naming.locator; {
	case !ok:
		b.known[a] = at
	case was.nic == at.nic || was.nic == 0:
	case p.spans(was.nic) || p.spans(at.nic): // one after the other
		b.known[a] = location{0, at.subnet, at.vnet}
	case at.nic < was.nic:
		b.known[a] = at
	}
}

func (p pair) both() aggregate.Tally {
	r := p.row
	return aggregate.Tally{Packets: r.Sent.Packets + r.Received.Packets, IPBytes: r.Sent.IPBytes + r.Received.IPBytes, FrameBytes: p.frames.Sent + p.frames.Received, Marks: r.Marks}
}

// compare orders pairs: the most IP bytes first, then packets, then flows,
// then by address.
func (p pair) compare(o pair) int {
	x, y := p.both(), o.both()
	return cmp.Or(
		cmp.Compare(y.IPBytes, x.IPBytes), cmp.Compare(y.Packets, x.Packets), cmp.Compare(o.row.Flows, p.row.Flows),
		p.row.Src.Compare(o.row.Src), p.row.Dst.Compare(o.row.Dst))
}
