package meter

import (
	"math"

	"flowctl/collectors/flow"
	"flowctl/collectors/pcap/packet"
)

// stream is what one side of a connection sent. What counts as what is
// Wireshark's analysis of sequence numbers, but for what data says.
type stream struct {
	bytes          uint32 // sent again
	next           uint32 // sequence number after the highest seen
	acked          uint32 // last acknowledgement
	repeated, dups uint16
	window         uint16
	syn, synACK    uint8
	fin, rst       uint8
	zeros, keeps   uint8
	last           special // what the last segment was
	known          known
}

// known says what of a stream was seen.
type known uint8

const (
	knownNext known = 1 << iota
	knownAck
	knownWindow
	knownAsked // its SYN was the first
	knownNow   // a segment, since the last record
)

// usual is what is known of a stream but for its first segments.
const usual = knownNext | knownAck | knownWindow

// special is a segment whose data is not data.
type special uint8

const (
	keepAlive special = 1 + iota
	probe             // of a window that is closed
)

// inOrder takes a segment that begins where its stream ended, as nearly all do,
// and reports false for all others. It is sequence with few branches: which of
// these segments have data or repeat an acknowledgement cannot be predicted.
func (s *stream) inOrder(r *stream, o *observed) bool {
	n := &o.Segment
	if (n.Seq^s.next)|uint32(o.Flags&(control|packet.ACK)^packet.ACK)|uint32(s.known&usual^usual) != 0 ||
		n.Window == 0 || n.Length == 1 || !n.Whole || s.dups > math.MaxUint16-2 || r.last == keepAlive {
		return false
	}
	repeated := uint16(0)
	if n.Length|(n.Ack^s.acked)|uint32(n.Window^s.window) == 0 {
		repeated = 1
	}
	s.dups += repeated
	s.next += n.Length
	s.acked, s.window, s.last = n.Ack, n.Window, 0
	s.known |= knownNow
	return true
}

// sequence places a segment in the stream s, of which r is the other
// direction.
func (s *stream) sequence(r *stream, o *observed) {
	n, kind := &o.Segment, special(0)
	if o.Flags&control == 0 {
		kind = s.special(r, o)
		if n.Window == 0 {
			s.zeros++
		}
		if kind == keepAlive {
			s.keeps++
		}
		if s.repeats(r, o) {
			s.dups++
		}
	}
	if kind == 0 && o.Flags&packet.RST == 0 { // the number of an RST may be any, and what is in it is no data
		s.data(n.Seq, n.Length, n.Length+uint32(o.Flags&packet.SYN/packet.SYN+o.Flags&packet.FIN))
	}
	if o.Flags&packet.ACK != 0 {
		s.acked = n.Ack
		s.known |= knownAck
	}
	if o.Flags&packet.RST == 0 {
		s.window = n.Window
		s.known |= knownWindow
	}
	s.last = kind
}

// special tells keep-alives and window probes, which repeat or send early
// a byte or none.
func (s *stream) special(r *stream, o *observed) special {
	n := &o.Segment
	switch {
	case s.known&knownNext == 0:
	case n.Length == 1 && n.Seq == s.next && r.known&knownWindow != 0 && r.window == 0:
		return probe
	case n.Length <= 1 && n.Seq == s.next-1:
		return keepAlive
	}
	return 0
}

// repeats reports whether o has no data and acknowledges what the segment
// before it did, and neither changes the window nor answers a keep-alive.
func (s *stream) repeats(r *stream, o *observed) bool {
	n := &o.Segment
	return n.Length == 0 && s.known&usual == usual && n.Seq == s.next && o.Flags&packet.ACK != 0 && n.Ack == s.acked &&
		n.Window != 0 && n.Window == s.window && r.last != keepAlive
}

// data moves the stream on by what a segment takes up of it, or counts what
// does not as sent again. Two things are not as in Wireshark: what was overtaken
// by a later segment is not told from what was sent twice, for which Wireshark
// guesses by the times; and data that was acknowledged before it came, which
// only shows that the capture lost or reordered it, is not taken for repeated.
func (s *stream) data(seq, length, takes uint32) {
	end := seq + takes
	if s.known&knownNext == 0 {
		s.next = end
		s.known |= knownNext
		return
	}
	if takes > 0 && before(seq, s.next) && (length <= 1 || seq != s.next-1) {
		s.repeated++
		s.bytes += min(length, s.next-seq)
	}
	if before(s.next, end) {
		s.next = end
	}
}

// before reports whether a comes before b among sequence numbers, which begin
// again after the greatest.
func before(a, b uint32) bool { return int32(a-b) < 0 }

// flags counts those of a segment.
func (s *stream) flags(f packet.TCPFlag) {
	if f&control == 0 {
		return
	}
	switch f & (packet.SYN | packet.ACK) {
	case packet.SYN:
		s.syn++
	case packet.SYN | packet.ACK:
		s.synACK++
	}
	s.fin += uint8(f & packet.FIN)
	s.rst += uint8(f & packet.RST / packet.RST)
}

// full reports whether a counter that goes up by one may not do so again.
func (s *stream) full() bool {
	return s.repeated == math.MaxUint16 || s.dups == math.MaxUint16 || s.bytes > math.MaxInt32 ||
		max(s.syn, s.synACK, s.fin, s.rst, s.zeros, s.keeps) == math.MaxUint8
}

// figures are those of the record to come.
func (s *stream) figures() flow.TCPCount {
	return flow.TCPCount{
		Retransmitted: s.repeated, RetransmittedBytes: s.bytes, DupACKs: s.dups,
		SYN: s.syn, SYNACK: s.synACK, FIN: s.fin, RST: s.rst, ZeroWindow: s.zeros, KeepAlive: s.keeps,
	}
}
