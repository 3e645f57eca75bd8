package packet

import (
	"time"

	"flowctl/collectors/flow"
)

// Part is which part of an IP packet a frame holds.
type Part uint8

// The parts of a packet. Only the first fragment has the ports.
const (
	Complete Part = iota
	FirstFragment
	LaterFragment
)

// Fragments gives the later fragments of packets the ports that their first one
// had, so that they are of the same flow. One that comes before the first has none.
// The zero value is ready.
type Fragments struct {
	ports map[datagram]first
	order []datagram // as they came, at most mostDatagrams
	next  int
}

// datagram is a packet that was fragmented. Both versions of IP tell its fragments by
// ends, protocol (IPv4 alone) and identification (RFC 791, RFC 8200).
type datagram struct {
	src, dst flow.Addr
	proto    uint8
	number   uint32
}

// first is what the first fragment of a packet showed.
type first struct {
	srcPort, dstPort uint16
	tunnel           flow.Tunnel
	time             int64
}

const (
	mostDatagrams = 1 << 12
	reassembly    = int64(time.Minute) // after which nobody puts a packet together (RFC 8200, 4.5)
)

// Place notes the ports of a first fragment, and gives a later one those of its own.
func (s *Fragments) Place(p *Packet) {
	k := datagram{p.Src, p.Dst, p.Proto, p.Datagram}
	switch p.Part {
	case FirstFragment:
		s.keep(k, first{p.SrcPort, p.DstPort, p.Tunnel, p.Time})
	case LaterFragment:
		if f, ok := s.ports[k]; ok && (p.Time == flow.NoTime || f.time == flow.NoTime || p.Time-f.time <= reassembly) {
			p.SrcPort, p.DstPort, p.Tunnel = f.srcPort, f.dstPort, f.tunnel
		}
	}
}

func (s *Fragments) keep(k datagram, f first) {
	if s.ports == nil {
		s.ports = map[datagram]first{}
	}
	if _, ok := s.ports[k]; !ok {
		if len(s.order) < mostDatagrams {
			s.order = append(s.order, k)
		} else {
			delete(s.ports, s.order[s.next])
			s.order[s.next] = k
			s.next = (s.next + 1) % mostDatagrams
		}
	}
	s.ports[k] = f
}
