package etl

import (
	"encoding/binary"
	"fmt"
	"unicode/utf16"

	"flowctl/collectors/etl/trace"
)

var (
	pktmon  = guid(0x4d4f80d9, 0xc8bd, 0x4d73, 0xbb5b19c90402c5ac)
	ndiscap = guid(0x2ed6006e, 0x4729, 0x4609, 0xb4233ee7bcd678ef)
	layouts = guid(0xbbccf6c1, 0x6cd1, 0x48c4, 0x80ff839482e37671)
)

// guid puts a GUID in the byte order of a trace.
func guid(a uint32, b, c uint16, d uint64) (g trace.GUID) {
	le.PutUint32(g[:], a)
	le.PutUint16(g[4:], b)
	le.PutUint16(g[6:], c)
	binary.BigEndian.PutUint64(g[8:], d)
	return g
}

var le = binary.LittleEndian

// Events of pktmon, and the one of the layouts that describes a map.
const (
	eventComponent = 20
	eventFrame     = 160
	eventDrop      = 170
	opcodeMap      = 33
)

// Types of component that packets count at.
const (
	typeMiniport = 2
	typeNetVsc   = 9
	typeNetCx    = 14
)

// component is a part of Windows' network stack that reports packets.
type component struct {
	kind   uint16
	name   string
	frames map[uint16]uint64 // packet events of it, by edge
}

// survey is what a trace is looked through for before its packets are read:
// names come at its end.
type survey struct {
	components map[uint16]*component
	reasons    map[uint32]string // of drops, as the trace itself has them
	frames     uint64
	numbered   uint64 // of which the appearance is numbered
	drops      uint64
	fragments  uint64 // of ndiscap
}

func newSurvey() *survey {
	return &survey{components: map[uint16]*component{}, reasons: map[uint32]string{}}
}

func (s *survey) component(id uint16) *component {
	c := s.components[id]
	if c == nil {
		c = &component{frames: map[uint16]uint64{}}
		s.components[id] = c
	}
	return c
}

// event takes note of an event.
func (s *survey) event(e *trace.Event) {
	switch {
	case e.Provider == pktmon && e.ID == eventComponent && len(e.Data) >= 4:
		c := s.component(le.Uint16(e.Data))
		c.kind, c.name = le.Uint16(e.Data[2:]), description(e.Data[4:])
	case e.Provider == pktmon && e.ID == eventFrame:
		s.frame(e.Data)
	case e.Provider == pktmon && e.ID == eventDrop:
		s.drops++
	case e.Provider == ndiscap && (e.ID == eventFragment || e.ID == eventSwitch):
		s.fragments++
	case e.Provider == layouts && e.Opcode == opcodeMap:
		s.valueMap(e.Data)
	}
}

func (s *survey) frame(b []byte) {
	r, ok := parseReport(b)
	if !ok {
		return
	}
	s.frames++
	s.component(r.component).frames[r.edge]++
	if r.appearance > 0 {
		s.numbered++
	}
}

// description returns the last of the two texts that name a component, which
// tells network adapters apart, or the first if that is all.
func description(b []byte) string {
	name, rest := text(b)
	if long, _ := text(rest); long != "" {
		return long
	}
	return name
}

// text returns the UTF-16 text that b begins with, and what follows its end.
func text(b []byte) (string, []byte) {
	var units []uint16
	for len(b) >= 2 {
		u := le.Uint16(b)
		b = b[2:]
		if u == 0 {
			break
		}
		units = append(units, u)
	}
	return string(utf16.Decode(units)), b
}

const mostReasons = 1 << 12

// valueMap reads EVENT_MAP_INFO, behind the GUID of its provider, if it names
// the reasons of drops.
func (s *survey) valueMap(b []byte) {
	if len(b) < 16+16 || trace.GUID(b[:16]) != pktmon {
		return
	}
	b = b[16:]
	if name, _ := text(behind(b, le.Uint32(b))); name != "DropReason" {
		return
	}
	for i := range min(le.Uint32(b[8:]), mostReasons) {
		entry := behind(b, 16+8*i)
		if len(entry) < 8 {
			return
		}
		reason, _ := text(behind(b, le.Uint32(entry)))
		s.reasons[le.Uint32(entry[4:])] = trim(reason)
	}
}

// behind returns b from offset on, nothing if that is beyond its end.
func behind(b []byte, offset uint32) []byte {
	if uint64(offset) > uint64(len(b)) {
		return nil
	}
	return b[offset:]
}

// trim takes off the blank that texts of a map may end in.
func trim(s string) string {
	for len(s) > 0 && s[len(s)-1] == ' ' {
		s = s[:len(s)-1]
	}
	return s
}

// reason returns why packets were dropped. Numbers moved between builds, so a
// text is only what the trace itself says.
func (s *survey) reason(n, location uint32) string {
	name := s.reasons[n]
	if name == "" {
		name = "reason"
	}
	return fmt.Sprintf("%s (%d at 0x%08x)", name, n, location)
}

// edge is a side of a component.
type edge struct{ component, edge uint16 }

// countingPoint says where packets count.
type countingPoint struct {
	at    map[edge]bool
	first bool // at first appearances instead
}

// choose returns the place at which each packet is reported once: miniports;
// where there are none, first appearances; where those are not numbered, the
// edge that saw most.
func (s *survey) choose() countingPoint {
	p := countingPoint{at: map[edge]bool{}}
	best, most := edge{}, uint64(0)
	for id, c := range s.components {
		for n, frames := range c.frames {
			e := edge{id, n}
			switch c.kind {
			case typeMiniport, typeNetVsc, typeNetCx:
				p.at[e] = true
			}
			if frames > most || frames == most && e.before(best) {
				best, most = e, frames
			}
		}
	}
	switch {
	case len(p.at) > 0:
	case s.numbered > 0:
		p.first = true
	default:
		p.at[best] = true
	}
	return p
}

func (e edge) before(o edge) bool {
	return e.component < o.component || e.component == o.component && e.edge < o.edge
}

// counts reports whether a report is the one that a packet counts by.
func (p countingPoint) counts(r *report) bool {
	if p.first {
		return r.appearance == 1
	}
	return p.at[edge{r.component, r.edge}]
}
