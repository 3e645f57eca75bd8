package pcap

import (
	"encoding/binary"
	"math"

	"flowctl/collectors/flow"
	"flowctl/collectors/pcap/packet"
)

// interfaces numbers the interfaces of a capture from 1, in the order in which
// their first packets are met.
type interfaces struct {
	known  map[place]uint16
	last   place
	number uint16 // of last
}

// place is what tells the interfaces of a capture apart. The cooked frames of
// Linux, version 2, name theirs. Of version 1, what tells them apart as far as
// anything does is whether the machine sent or received the packet, and with
// what address.
type place struct {
	nic    uint32   // of pcapng, through all sections
	cooked [14]byte // of cooked frames
}

// of is the number of the interface that f was captured at. Those beyond what
// can be told apart are one.
func (s *interfaces) of(f *frame) uint16 {
	p := place{nic: f.nic}
	switch {
	case f.link == packet.Cooked2 && len(f.data) >= 8:
		binary.BigEndian.PutUint32(p.cooked[:], binary.BigEndian.Uint32(f.data[4:]))
	case f.link == packet.Cooked && len(f.data) >= 14:
		copy(p.cooked[:], f.data)
	}
	if s.number != 0 && p == s.last {
		return s.number
	}
	n, ok := s.known[p]
	if !ok {
		if s.known == nil {
			s.known = map[place]uint16{}
		}
		if n = math.MaxUint16; len(s.known) < math.MaxUint16-1 {
			n = uint16(len(s.known) + 1)
			s.known[p] = n
		}
	}
	s.last, s.number = p, n
	return n
}

// direction is which way the machine that captured f says that it went.
func (f *frame) direction() flow.Direction {
	kind := uint8(255)
	switch {
	case f.link == packet.Cooked && len(f.data) >= 2:
		kind = f.data[1]
	case f.link == packet.Cooked2 && len(f.data) >= 11:
		kind = f.data[10]
	case f.link == packet.PPPWithDir && len(f.data) >= 1:
		kind = min(f.data[0], 1) * outgoing
	default:
		return f.way
	}
	switch kind {
	case 0, 1, 2: // to the machine, to all, to many
		return flow.Inbound
	case outgoing:
		return flow.Outbound
	}
	return flow.DirectionUnknown // between others
}

const outgoing = 4

// directed reports whether frames of link say which way they went.
func directed(link packet.Link) bool { return cooked(link) || link == packet.PPPWithDir }

// cooked reports whether frames of link may be of any interface of a machine.
func cooked(link packet.Link) bool { return link == packet.Cooked || link == packet.Cooked2 }
