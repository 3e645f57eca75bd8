// Package identity tells packets that were captured again: at another
// interface of the machine that they went through.
//
// A capture of all interfaces of a machine has a packet once for each that it
// passes: of a container, the bridge, the VLAN, the bond and its members. They
// are the same packet if all of it is equal that does not change on the way:
// addresses and ports, protocol, the IP header's identification, length and
// fragment, TCP's numbers and flags, the beginning of the data. What may change
// is left out: the link layer, the hop limit, the class of service. The checksum
// of the transport tells packets apart where IP has no identification, but for
// one that the network card is to complete.
//
// Equal packets at one interface are different ones: what was sent again stays.
// So packets are paired one to one and in their order: the n-th of an interface
// is the n-th of every other, as far as they were captured within a second. Where
// one interface has data of TCP in larger segments than another one, the data is
// compared. Cooked captures of version 1 name no interface: there a packet with a
// number or with data that comes again at once was at another one, and so was an
// acknowledgement over IPv6 where packets with data did.
package identity

import (
	"time"

	"flowctl/collectors/flow"
	"flowctl/collectors/pcap/packet"
)

const (
	within = uint64(time.Second) // between two interfaces
	few    = 1 << 10             // observations that there is room for at first
	held   = 1 << 18             // observations that are remembered at most, 14 MB
	walked = 1 << 10             // observations of a bucket that are looked at

	soon = uint64(100 * time.Microsecond) // between two interfaces that are not told apart
)

// Packets remembers the packets of one capture. The zero value is ready.
type Packets struct {
	ring  []observation // the last ones, by their number modulo its length, a power of 2
	heads []uint64      // by bucket, of as many: the number of its last observation
	count uint64        // observations so far; they are numbered from 1
	data  segments

	// Nameless is true of captures that do not tell all interfaces apart. What
	// cannot have been sent twice that soon was at another one then.
	Nameless bool
	twice    [1 << 16 / 64]uint64 // interfaces, by number as bits, that stand for several
}

// observation is one packet at one interface.
type observation struct {
	print
	time     int64
	original uint64 // number of the packet's first observation
	before   uint64 // number of the bucket's observation before this one
	at       uint16
}

// Again notes that p, whose frame begins with b, was captured at an interface,
// and reports whether it was at another one before. A packet without a time, or
// of which nothing is known, never was.
func (s *Packets) Again(p *packet.Packet, b []byte, at uint16) bool {
	f, ok := printOf(p, b)
	if p.Time == flow.NoTime || !ok {
		return false
	}
	if s.count >= uint64(len(s.ring)) && len(s.ring) < held {
		s.grow()
	}
	mask := uint64(len(s.ring)) - 1
	head := &s.heads[f.digest&mask]
	original := s.original(*head, f, p.Time, at)
	s.count++
	o := observation{print: f, time: p.Time, original: original, before: *head, at: at}
	if original == 0 {
		o.original = s.count
	}
	s.ring[s.count&mask], *head = o, s.count
	return s.data.again(p, at) || original != 0
}

// original is the number of the first observation of a packet that is now at an
// interface; 0 if it is this one. It is the first of the packets like it that
// the interface has not had, after the last one that it had.
func (s *Packets) original(head uint64, f print, now int64, at uint16) uint64 {
	var found, had uint64
	size := uint64(len(s.ring))
	for n, steps := head, 0; n > had && n+size > s.count && steps < walked; steps++ {
		o := &s.ring[n&(size-1)]
		switch {
		case !o.matches(f) || apart(o.time, now) > within:
		case s.Nameless && o.original == n && apart(o.time, now) < soon && s.alike(f, o.at, at):
			return n
		case o.at == at:
			had = max(had, o.original)
		case o.original == n:
			found = n
		}
		n = o.before
	}
	return found
}

// alike reports whether a packet that came again at once, where interfaces are not
// told apart, was at another one. An acknowledgement may well be sent twice; it is
// taken for the same one where other packets were seen to come at several.
func (s *Packets) alike(f print, before, at uint16) bool {
	if f.single {
		if before == at {
			s.twice[at/64] |= 1 << (at % 64)
		}
		return true
	}
	return f.ack && before == at && s.twice[at/64]>>(at%64)&1 != 0
}

// grow makes room for more observations. None was forgotten yet.
func (s *Packets) grow() {
	size := uint64(max(few, 2*len(s.ring)))
	ring, heads := make([]observation, size), make([]uint64, size)
	for n := uint64(1); n <= s.count; n++ {
		o := s.ring[n%uint64(len(s.ring))]
		head := &heads[o.digest%size]
		o.before, *head = *head, n
		ring[n%size] = o
	}
	s.ring, s.heads = ring, heads
}

// apart is the distance of two times.
func apart(a, b int64) uint64 {
	if a > b {
		return uint64(a) - uint64(b)
	}
	return uint64(b) - uint64(a)
}
