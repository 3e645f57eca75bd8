package pcap

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"flowctl/collectors/flow"
	"flowctl/collectors/pcap/packet"
)

// notices counts what is to be told of a file's frames when it is read.
type notices struct {
	links  map[packet.Link]*some // that are not taken apart
	types  map[uint16]*some      // EtherTypes behind which nothing was taken apart
	long   some                  // frames that cannot be as long as they say
	stated uint64                // bytes that these state
	had    uint64                // bytes of these that were captured
	inner  some                  // IP packets that cannot be as long as they say
	room   uint64                // bytes that their frames have for them
}

// some is a number of frames, and where the first of them is.
type some struct {
	count  uint64
	offset int64
}

func (s *some) add(offset int64) {
	if s.count == 0 {
		s.offset = offset
	}
	s.count++
}

// tell counts a frame in what m has of k.
func tell[K comparable](m *map[K]*some, k K, offset int64) {
	s := (*m)[k]
	if s == nil {
		if *m == nil {
			*m = map[K]*some{}
		}
		s = &some{}
		(*m)[k] = s
	}
	s.add(offset)
}

// note counts what the notes of p, which is at offset and said to be of wire
// bytes, are about.
func (t *notices) note(p *packet.Packet, wire uint32, offset int64) {
	if p.Note&packet.Opaque != 0 {
		tell(&t.types, p.EtherType, offset)
	}
	switch {
	case p.Note&packet.Implausible == 0:
	case p.FrameBytes != uint64(wire):
		t.long.add(offset)
		t.stated += uint64(wire)
		t.had += p.FrameBytes
	default:
		t.inner.add(offset)
		t.room += p.IPBytes
	}
}

// mostTypes is how many EtherTypes are told one by one.
const mostTypes = 32

// to adds what was counted in a source to skipped, in an order of its own.
func (t *notices) to(skipped *flow.Skipped, source string) {
	for _, l := range slices.Sorted(maps.Keys(t.links)) {
		skipped.AddN(source, fmt.Sprintf("frames of %s (%d) counted, not taken apart", l, l), t.links[l].count, t.links[l].offset)
	}
	types := slices.SortedFunc(maps.Keys(t.types), func(a, b uint16) int {
		return cmp.Or(cmp.Compare(t.types[b].count, t.types[a].count), cmp.Compare(a, b))
	})
	for i, et := range types {
		reason := "frames of further EtherTypes counted, not taken apart"
		switch {
		case et == flow.LinkFrame:
			reason = "frames without an EtherType that is known counted, not taken apart"
		case i < mostTypes:
			reason = fmt.Sprintf("frames of EtherType %s (0x%04x) counted, not taken apart", flow.EtherType(et), et)
		}
		skipped.AddN(source, reason, t.types[et].count, t.types[et].offset)
	}
	if t.long.count > 0 {
		skipped.AddN(source, fmt.Sprintf("frames that cannot be as long as they state, %d bytes; counted by the %d bytes that were captured", t.stated, t.had), t.long.count, t.long.offset)
	}
	if t.inner.count > 0 {
		skipped.AddN(source, fmt.Sprintf("IP packets that state more bytes than their frames have, or fewer than their header; counted by the %d bytes that the frames have", t.room), t.inner.count, t.inner.offset)
	}
}
