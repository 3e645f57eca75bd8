package summary

import (
	"flowctl/collectors/flow"
	"flowctl/plan"
)

// seen is a row with all that conditions and answers ask of it.
type seen struct {
	row    *row
	frames frameBytes
	spot   *spot

	src, dst           place
	srcScope, dstScope scope
	direction          flow.Direction
	farIsSrc           bool // the far side is the source

	sent, received tally // by the source
}

// spot is a context with the names that the inventory has for it.
type spot struct {
	context
	number        int // among the spots of a run
	nic, vm, vnet int32
	owned         []flow.Addr // addresses of the machine there
	pointName     flow.ID     // of the interface if known, else as in the records
	aclName       flow.ID
	pointText     string
	places        *places
}

// spotOf looks a context up.
func spotOf(k context, names *flow.Names, p *places) *spot {
	text := names.Text(k.point)
	s := &spot{context: k, places: p, pointName: k.point, aclName: names.Of(p.acl(names.Text(k.acl))), pointText: text}
	s.nic = p.byMAC[text]
	if s.nic != 0 {
		s.vm = p.nics[s.nic].vm
	} else if k.target != 0 {
		s.vm = p.byVM[idKey(names.Text(k.target))]
	}
	nics := p.vms[s.vm].nics
	if s.nic == 0 && len(nics) == 1 {
		s.nic = nics[0]
	}
	if s.nic != 0 {
		s.vnet = p.nics[s.nic].vnet
		s.pointName = names.Of(p.nics[s.nic].name)
		s.owned = p.nics[s.nic].addrs
		return s
	}
	for _, n := range nics {
		s.vnet = p.nics[n].vnet
		s.owned = append(s.owned, p.nics[n].addrs...)
	}
	return s
}

// owns reports whether a is an address of the machine at the spot.
func (s *spot) owns(a flow.Addr) bool {
	for _, o := range s.owned {
		if o == a {
			return true
		}
	}
	return false
}

// fill sets s to row r, seen at spot.
func (s *seen) fill(r *row, f frameBytes, at *spot, p *places) {
	*s = seen{
		row: r, frames: f, spot: at, direction: at.direction,
		sent:     tally{r.sent.packets, r.sent.ipBytes, f.sent, r.marks},
		received: tally{r.received.packets, r.received.ipBytes, f.received, r.marks},
	}
	if at.class == noIP {
		return
	}
	if p.known() {
		s.src, s.dst = p.find(r.src, at.vnet), p.find(r.dst, at.vnet)
	}
	s.srcScope, s.dstScope = p.scope(r.src, s.src, at.vnet), p.scope(r.dst, s.dst, at.vnet)
	s.orient()
}

// orient finds the far side, and the direction where the source does not say
// it but the inventory knows whose addresses these are.
func (s *seen) orient() {
	r := s.row
	if s.direction == flow.DirectionUnknown {
		switch from, to := s.spot.owns(r.src), s.spot.owns(r.dst); {
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
func (s *seen) far() (flow.Addr, scope) {
	if s.farIsSrc {
		return s.row.src, s.srcScope
	}
	return s.row.dst, s.dstScope
}

// transit reports whether the machine at the spot forwards: it is known and
// neither end is its own.
func (s *seen) transit() bool {
	return len(s.spot.owned) > 0 && !s.spot.owns(s.row.src) && !s.spot.owns(s.row.dst)
}

func idKey(id string) string { return plan.ID(id).Key() }
