package pcap

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"flowctl/collectors/flow"
	"flowctl/collectors/pcap/packet"
)

// interfaces numbers the interfaces of a capture from 1, in the order in which
// their first packets are met.
type interfaces struct {
	known  map[interfaceKey]uint16
	last   interfaceKey
	number uint16            // of last
	named  map[uint32]string // interfaces of pcapng, by their number through all sections
	met    []string          // names of those that packets of the file were captured at, at most mostPoints
}

// mostPoints is how many points a source names.
const mostPoints = 8

// name is what an interface is called: by its name or, without one, by its number
// in the section or on the machine; empty if nothing tells it.
func (s *interfaces) name(f *frame) string {
	switch {
	case f.link == packet.Cooked2 && len(f.data) >= 8:
		return fmt.Sprint("interface ", binary.BigEndian.Uint32(f.data[4:]))
	case f.link == packet.Cooked:
		return ""
	}
	return s.named[f.nic]
}

// describe gives an interface of pcapng its name.
func (s *interfaces) describe(number uint32, name string) {
	if s.named == nil {
		s.named = map[uint32]string{}
	}
	if len(s.named) < maxInterfaces {
		s.named[number] = name
	}
}

// meet notes the name of an interface.
func (s *interfaces) meet(f *frame) {
	if len(s.met) < mostPoints {
		if name := s.name(f); name != "" && !slices.Contains(s.met, name) {
			s.met = append(s.met, name)
		}
	}
}

// next is to be called before a further file.
func (s *interfaces) next() { s.number, s.met = 0, nil }

// interfaceKey is what tells the interfaces of a capture apart. The cooked frames of
// Linux, version 2, name theirs. Of version 1, what tells them apart as far as
// anything does is whether the machine sent or received the packet, and with
// what address.
type interfaceKey struct {
	nic    uint32   // of pcapng, through all sections
	cooked [14]byte // of cooked frames
}

// of is the number of the interface that f was captured at. Those beyond what
// can be told apart are one.
func (s *interfaces) of(f *frame) uint16 {
	p := interfaceKey{nic: f.nic}
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
			s.known = map[interfaceKey]uint16{}
		}
		if n = math.MaxUint16; len(s.known) < math.MaxUint16-1 {
			n = uint16(len(s.known) + 1)
			s.known[p] = n
		}
	}
	s.meet(f)
	s.last, s.number = p, n
	return n
}

// points are the observation points of a capture: its interfaces, as far as it
// tells several apart.
func (s *interfaces) points(capture string) []string {
	if len(s.met) == 0 {
		return []string{capture}
	}
	var list []string
	for _, name := range s.met {
		list = append(list, capture+": "+name)
	}
	return list
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
