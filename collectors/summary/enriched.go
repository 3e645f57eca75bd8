package summary

import (
	"slices"

	"flowctl/collectors/aggregate"
	"flowctl/collectors/flow"
	"flowctl/plan"
)

// enriched is a row with all that conditions and answers ask of it.
type enriched struct {
	row     *aggregate.Row
	frames  aggregate.FrameBytes
	point   *point
	key     aggregate.Key // as it was aggregated; the row may be seen from the other end
	refused bool          // a log refused what this capture saw
	like    *enriched     // says in which line of an answer the row is, if it does not itself

	flows, denied uint64 // that count with it

	src, dst           location
	srcScope, dstScope scope
	direction          flow.Direction
	farIsSrc           bool // the far side is the source

	sent, received aggregate.Tally // by the source

	way   way       // of the bytes that it has, if it is but a part of a row
	whole *enriched // that it is one direction of
}

// point is a context, which says where something was seen, with the names that the inventory has for it.
type point struct {
	aggregate.Context
	number        int     // among the points of a run
	place         flow.ID // the point, or the one that it goes on with
	nic, vm, vnet int32
	owned         []flow.Addr // addresses of the machine there
	pointName     flow.ID     // of the interface if known, else as in the records
	aclName       flow.ID
	pointText     string
	logText       string // of the log, or of what a capture is of
	locator       *locator
}

// pointOf looks a context up.
func pointOf(k aggregate.Context, names *flow.Names, p *locator) *point {
	text := names.Text(k.Point)
	s := &point{Context: k, place: k.Point, locator: p, pointName: k.Point, aclName: names.Of(p.acl(names.Text(k.ACL))), pointText: text, logText: names.Text(max(k.Log, k.Target))}
	s.nic, s.vm, s.vnet = p.at(text, names.Text(k.Target))
	if s.nic != 0 {
		s.pointName = names.Of(p.nics[s.nic].name)
		s.owned = p.nics[s.nic].addrs
		return s
	}
	for _, n := range p.vms[s.vm].nics {
		s.owned = append(s.owned, p.nics[n].addrs...)
	}
	return s
}

// at is where something was seen: at the interface with a MAC, or at a machine
// whose id is target.
func (p *locator) at(mac, target string) (nic, vm, vnet int32) {
	if nic = p.byMAC[mac]; nic != 0 {
		return nic, p.nics[nic].vm, p.nics[nic].vnet
	}
	if target != "" {
		vm = p.byVM[idKey(target)]
	}
	nics := p.vms[vm].nics
	if len(nics) == 0 {
		return 0, vm, 0
	}
	if len(nics) == 1 {
		nic = nics[0]
	}
	return nic, vm, p.nics[nics[len(nics)-1]].vnet
}

// owns reports whether a is an address of the machine at the point.
func (s *point) owns(a flow.Addr) bool {
	for _, o := range s.owned {
		if o == a {
			return true
		}
	}
	return false
}

// fill sets s to row r, seen at a point.
func (s *enriched) fill(r *aggregate.Row, f aggregate.FrameBytes, at *point, p *locator) {
	*s = enriched{
		row: r, frames: f, point: at, direction: at.Direction, key: r.Key,
	}
	s.tally()
	if at.Class == aggregate.NoIP {
		return
	}
	if p.known() {
		s.src, s.dst = at.locate(r.Src, r.First), at.locate(r.Dst, r.First)
	}
	s.srcScope, s.dstScope = p.scope(r.Src, s.src, at.vnet), p.scope(r.Dst, s.dst, at.vnet)
	s.orient()
}

// locate says where an address belongs at a time. What an interface itself saw of its own
// address is of its own.
func (s *point) locate(a flow.Addr, when int64) location {
	if n := s.nic; n != 0 && s.owns(a) {
		v := &s.locator.nics[n]
		return location{n, v.subnet, v.vnet}
	}
	return s.locator.find(a, s.vnet, when)
}

// tally sets what was sent and received to what the row says.
func (s *enriched) tally() {
	r, f := s.row, s.frames
	s.sent = aggregate.Tally{Packets: r.Sent.Packets, IPBytes: r.Sent.IPBytes, FrameBytes: f.Sent, Marks: r.Marks.Sent()}
	s.received = aggregate.Tally{Packets: r.Received.Packets, IPBytes: r.Received.IPBytes, FrameBytes: f.Received, Marks: r.Marks.Received()}
	s.sent.Marks |= s.judged()
}

// judged marks what a log judged.
func (s *enriched) judged() aggregate.Marks {
	if s.verdict() == aggregate.UnknownVerdict {
		return 0
	}
	return aggregate.Judged
}

// verdict is what the rules did with the flow, as far as a log of any point says.
func (s *enriched) verdict() aggregate.Verdict {
	if s.refused {
		return aggregate.Denied
	}
	return s.point.Verdict
}

// outside reports whether a row is of no time that is asked for.
func (s *enriched) outside() bool { return s.point.Step == aggregate.Outside }

// someInside reports whether one of rows is of a time that is asked for.
func someInside(rows []*enriched) bool {
	return slices.ContainsFunc(rows, func(s *enriched) bool { return !s.outside() })
}

// passed reports whether nobody refused the flow where it was seen.
func (s *enriched) passed() bool { return s.verdict() != aggregate.Denied }

// orient finds the far side, and the direction where the source does not say
// it but the inventory knows whose addresses these are.
func (s *enriched) orient() {
	r := s.row
	if s.direction == flow.DirectionUnknown {
		switch from, to := s.point.owns(r.Src), s.point.owns(r.Dst); {
		case from && !to:
			s.direction = flow.Outbound
		case to && !from:
			s.direction = flow.Inbound
		}
	}
	switch s.direction {
	case flow.Inbound:
		s.farIsSrc = true
	case flow.DirectionUnknown:
		s.farIsSrc = s.srcScope == internet && s.dstScope != internet
	}
}

// far returns the address of the far side and where it lies.
func (s *enriched) far() (flow.Addr, scope) {
	if s.farIsSrc {
		return s.row.Src, s.srcScope
	}
	return s.row.Dst, s.dstScope
}

// end is one of the two ends of a flow.
type end uint8

const (
	noEnd  end = iota // what forwards the flow is neither
	source            // the one that opened it
	destination
	unknownEnd
)

// local returns the end at which s was seen: the one that its machine is.
func (s *enriched) local() end {
	switch {
	case s.point.Class == aggregate.NoIP || s.transit():
		return noEnd
	case s.direction == flow.Outbound:
		return source
	case s.direction == flow.Inbound:
		return destination
	}
	return unknownEnd
}

// remote returns the end that local is not.
func (s *enriched) remote() end {
	switch e := s.local(); e {
	case source:
		return destination
	case destination:
		return source
	default:
		return e
	}
}

// transit reports whether the machine at the point forwards: it is known, and so are
// both ends, of which neither is its own.
func (s *enriched) transit() bool {
	return len(s.point.owned) > 0 && !s.row.Src.IsZero() && !s.row.Dst.IsZero() && !s.point.owns(s.row.Src) && !s.point.owns(s.row.Dst)
}

func idKey(id string) string { return plan.ID(id).Key() }
