package meter

import (
	"flowctl/collectors/flow"
)

// record writes e, which is between b, into r, seen from the side that opened
// it. If it is to be brief, nothing of TCP is in it.
func (e *entry) record(b ends, r *flow.Record, s flow.State, brief bool) {
	from, guessed := e.opener, false
	if !e.opened {
		from, guessed = e.guess(), true
	}
	to := 1 - from
	ends := [2]flow.Addr{b.lo, b.hi}
	ports := [2]uint16{uint16(e.key.rest >> 48), uint16(e.key.rest >> 32)}
	r.Key = flow.Key{Src: ends[from], Dst: ends[to], SrcPort: ports[from], DstPort: ports[to], Proto: uint8(e.key.rest)}
	r.EtherType = uint16(e.key.rest >> 8)
	r.First, r.Last = e.first, e.last
	r.Sent, r.Received = e.side(from), e.side(to)
	r.Direction = e.direction(from)
	r.State, r.Tunnel, r.Guessed, r.Class = s, e.tunnel, guessed, flow.Capture
	r.Measured = flow.Packets | flow.IPBytes | flow.FrameBytes
	if r.EtherType != 0 {
		r.Measured = flow.Packets | flow.FrameBytes
		r.Guessed = false
	}
	if r.Proto == protoTCP && !brief {
		e.tcpRecord(&r.TCP, from)
	}
}

// tcpRecord writes the figures of TCP, seen from the side from.
func (e *entry) tcpRecord(t *flow.TCP, from uint8) {
	c, to := &e.tcp, 1-from
	t.Sent, t.Received, t.Seen = c.sides[from].figures(), c.sides[to].figures(), e.seen
	if c.sides[from].known&knownNow != 0 {
		t.Seen |= flow.TCPSent
	}
	if c.sides[to].known&knownNow != 0 {
		t.Seen |= flow.TCPReceived
	}
	if t.Seen&flow.TCPAnswered != 0 {
		t.Answered = c.answer
	}
	if t.Seen&flow.TCPConfirmed != 0 {
		t.Confirmed = c.mark
	}
}

func (e *entry) side(s uint8) flow.Count {
	return flow.Count{Packets: uint64(e.packets[s]), IPBytes: uint64(e.ipBytes[s]), FrameBytes: uint64(e.frameBytes[s])}
}

// guess says which side probably opened a conversation whose beginning was not
// seen: not the one with the well-known port, else not the one outside the
// range that systems give to clients, else the one with the higher port, else
// the one that was seen first.
func (e *entry) guess() uint8 {
	a, b := uint16(e.key.rest>>48), uint16(e.key.rest>>32)
	for _, limit := range []uint16{wellKnown, ephemeral} {
		if (a < limit) != (b < limit) {
			return side(a < limit)
		}
	}
	if a == b {
		return e.opener
	}
	return side(a < b)
}

const (
	wellKnown = 1024  // RFC 6335, system ports
	ephemeral = 32768 // where Linux begins to give ports to clients; Windows and RFC 6335 begin at 49152
)

// side is the end that is the client if the lower end serves.
func side(lowerServes bool) uint8 {
	if lowerServes {
		return 1
	}
	return 0
}
