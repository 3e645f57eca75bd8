package meter

import (
	"math"

	"flowctl/collectors/flow"
	"flowctl/collectors/pcap/packet"
)

// connection is what is known of the TCP of a conversation: the figures of the
// record to come, and what is needed to tell the next ones.
type connection struct {
	sides  [2]stream // by sending side
	mark   uint32    // when the last step of the handshake was, in microseconds; at its end, how long it took
	answer uint32    // microseconds from the SYN to the SYN-ACK
}

// step is how far the handshake was seen.
type step uint8

const (
	noStep   step = iota
	asked         // SYN
	answered      // SYN-ACK
	shaken        // ACK, or there is nothing to wait for any more
)

// control are the flags of segments that are more than data or an acknowledgement.
const control = packet.SYN | packet.FIN | packet.RST

// segment adds what the TCP header of o says.
func (e *entry) segment(o *observed) {
	s, r := &e.tcp.sides[o.side&1], &e.tcp.sides[1-o.side&1]
	if e.step == answered || !s.inOrder(r, o) {
		e.unusual(s, r, o)
	}
}

// unusual is segment for all that is not just the next one of its stream.
func (e *entry) unusual(s, r *stream, o *observed) {
	e.end(o)
	if !o.Segment.Whole {
		e.seen |= flow.TCPPartly
		return
	}
	s.known |= knownNow
	if o.Flags&packet.SYN != 0 {
		e.again(o, s, r)
	}
	if e.step < shaken && o.Time != flow.NoTime {
		e.shake(o, r)
	}
	s.flags(o.Flags)
	s.sequence(r, o)
	e.full = e.full || s.full()
}

// again forgets what was known of an earlier connection between the same ports
// if a SYN has another sequence number than that one's.
func (e *entry) again(o *observed, s, r *stream) {
	if s.known&knownNext == 0 || s.next == o.Segment.Seq+1 {
		return
	}
	s.known, s.last = knownNow, 0
	if o.Flags&packet.ACK == 0 {
		r.known, r.last = r.known&knownNow, 0
		e.step = noStep
	}
}

// shake follows the handshake: the first SYN, the first SYN-ACK that answers
// it, the next acknowledgement of the opener.
func (e *entry) shake(o *observed, r *stream) {
	c, now := &e.tcp, uint32(uint64(o.Time)/1000)
	switch o.Flags & (packet.SYN | packet.RST | packet.ACK) {
	case packet.SYN:
		if e.step == noStep {
			e.step, c.mark = asked, now
			c.sides[o.side&1].known |= knownAsked
		}
	case packet.SYN | packet.ACK:
		if e.step == asked && r.known&knownAsked != 0 && o.Segment.Ack == r.next {
			e.advance(&c.answer, now-c.mark, flow.TCPAnswered)
			c.mark = now
		}
	case packet.ACK:
		if e.step == answered && r.known&knownAsked == 0 {
			e.advance(&c.mark, now-c.mark, flow.TCPConfirmed)
		}
	}
}

// advance takes a step of the handshake that took as long as took. If time ran
// backwards it is not known how long, and nothing is that would follow.
func (e *entry) advance(is *uint32, took uint32, what flow.TCPSeen) {
	e.step++
	if took > math.MaxInt32 {
		e.step = shaken
		return
	}
	*is = took
	e.seen |= what
}

// reset forgets the figures that a record told.
func (c *connection) reset() {
	for i := range c.sides {
		s := &c.sides[i]
		s.bytes, s.repeated, s.dups = 0, 0, 0
		s.syn, s.synACK, s.fin, s.rst, s.zeros, s.keeps = 0, 0, 0, 0, 0, 0
		s.known &^= knownNow
	}
}
