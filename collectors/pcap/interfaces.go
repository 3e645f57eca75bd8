package pcap

import (
	"encoding/binary"
	"math"

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

// cooked reports whether frames of link may be of any interface of a machine.
func cooked(link packet.Link) bool { return link == packet.Cooked || link == packet.Cooked2 }
