package summary

import (
	"encoding/binary"

	"flowctl/collectors/aggregate"
	"flowctl/collectors/flow"
)

// talkers adds up what machines send and receive, and apart what of it goes
// to and comes from the internet. Addresses of the internet are no talkers
// unless both ends are there: they can be millions, and the conversations
// list them.
type talkers struct {
	all, egress *groups    // without lines of their own
	lines       *manyLines // of two sums: all, and egress

	key []byte // scratch
}

func newTalkers(top int) *talkers {
	return &talkers{
		all:    newGroups("talkers", top, nil, "source.vm", "source.address"),
		egress: newGroups("internet egress", top, nil, "source.vm", "source.address"),
	}
}

func (t *talkers) add(s *enriched) {
	if s.point.Class == aggregate.NoIP {
		return
	}
	sent, received := &s.sent, &s.received
	if s.row.Src == s.row.Dst { // with itself: said once
		both, none := *sent, aggregate.Tally{Marks: sent.Marks}
		both.Add(received)
		t.of(s, s.row.Src, s.src)[0].addSums(s, &both, &none)
		t.all.total.all.addSums(s, &both, &none)
		return
	}
	fromInside := s.srcScope != internet || s.dstScope == internet
	toInside := s.dstScope != internet || s.srcScope == internet
	if fromInside {
		t.count(s, t.of(s, s.row.Src, s.src), sent, received, !toInside)
		t.all.total.all.addSums(s, sent, received)
	} else {
		t.all.total.all.addSums(s, received, sent)
	}
	if toInside {
		t.count(s, t.of(s, s.row.Dst, s.dst), received, sent, !fromInside)
	}
}

// count adds s to the sums of a talker; egress says that the other end is on the
// internet.
func (t *talkers) count(s *enriched, sums []group, sent, received *aggregate.Tally, egress bool) {
	sums[0].addSums(s, sent, received)
	if egress {
		sums[1].addSums(s, sent, received)
		t.egress.total.all.addSums(s, sent, received)
	}
}

// of returns what is added to the sums that address a of s, which belongs to at,
// has as a talker.
func (t *talkers) of(s *enriched, a flow.Addr, at location) []group {
	t.key = binary.BigEndian.AppendUint32(t.key[:0], uint32(s.point.locator.nics[at.nic].vm))
	t.key = binary.BigEndian.AppendUint64(t.key, a.Hi)
	t.key = binary.BigEndian.AppendUint64(t.key, a.Lo)
	return t.lines.line(t.key)
}

func (t *talkers) merge(o *talkers) {
	t.all.total.all.merge(&o.all.total.all)
	t.egress.total.all.merge(&o.egress.total.all)
}

// rank is that of both answers.
func (t *talkers) rank(n *naming) error {
	return t.lines.each(func(key []byte, sums []group) {
		t.all.offer(key, lineSums{&sums[0], &noEnds, &noEnds, &noEnds}, n)
		if sums[1].records > 0 {
			t.egress.offer(key, lineSums{&sums[1], &noEnds, &noEnds, &noEnds}, n)
		}
	})
}

// transfer is the most that one side sent the other over one service.
type transfer struct {
	ipBytes   uint64
	from, to  flow.Addr
	fromAt    location
	toAt      location
	fromScope scope
	toScope   scope
	proto     uint8
	port      uint16
	bySender  bool // the sender opened the flows
}

// serviceKey is what is spoken.
type serviceKey struct {
	proto uint8
	port  uint16
}

// spoken adds up what two addresses said to each other over one service.
type spoken struct {
	serviceKey
	up, down      uint64 // IP bytes from the lower address, and to it
	byLow, byHigh uint64 // flows that either opened

	// Of the first row:
	src, dst           flow.Addr
	srcAt, dstAt       location
	srcScope, dstScope scope
}

// spokenOf adds up rows of one service, of which there is at least one.
func spokenOf(rows []*enriched) spoken {
	at := rows[0]
	low := at.low()
	s := spoken{
		serviceKey: serviceKey{at.row.Proto, at.row.Port}, src: at.row.Src, dst: at.row.Dst,
		srcAt: at.src, dstAt: at.dst, srcScope: at.srcScope, dstScope: at.dstScope,
	}
	for _, e := range rows {
		r, opened := e.row, &s.byHigh
		sent, received := &s.down, &s.up
		if r.Src == low {
			opened, sent, received = &s.byLow, &s.up, &s.down
		}
		*opened += uint64(r.Flows)
		if r.Marks&aggregate.MeasuredIP != 0 {
			*sent += r.Sent.IPBytes
			*received += r.Received.IPBytes
		}
	}
	return s
}

// add adds what was said besides. The first row of all stays the first.
func (s *spoken) add(o *spoken) {
	first := s
	if o.src.Compare(s.src) < 0 {
		first = o
	}
	sum := *first
	sum.up, sum.down = s.up+o.up, s.down+o.down
	sum.byLow, sum.byHigh = s.byLow+o.byLow, s.byHigh+o.byHigh
	*s = sum
}

// offer takes the greater direction of what was said over a service if it is the
// most yet.
func (t *transfer) offer(s spoken) {
	most := max(s.up, s.down)
	if most == 0 || most < t.ipBytes {
		return
	}
	n := transfer{
		ipBytes: most, from: s.src, to: s.dst, fromAt: s.srcAt, toAt: s.dstAt,
		fromScope: s.srcScope, toScope: s.dstScope, proto: s.proto, port: s.port,
	}
	isLow := func(a, other flow.Addr) bool { return a.Compare(other) <= 0 }
	if sender := s.up >= s.down; sender != isLow(n.from, n.to) {
		n.from, n.to, n.fromAt, n.toAt = n.to, n.from, n.toAt, n.fromAt
		n.fromScope, n.toScope = n.toScope, n.fromScope
	}
	n.bySender = s.byHigh >= s.byLow
	if isLow(n.from, n.to) {
		n.bySender = s.byLow >= s.byHigh
	}
	if most > t.ipBytes || n.before(t) {
		*t = n
	}
}

// before orders transfers of the same size.
func (t *transfer) before(o *transfer) bool {
	if c := t.from.Compare(o.from); c != 0 {
		return c < 0
	}
	if c := t.to.Compare(o.to); c != 0 {
		return c < 0
	}
	return uint32(t.proto)<<16|uint32(t.port) < uint32(o.proto)<<16|uint32(o.port)
}

func (t *transfer) shown(p *locator, hosts map[flow.Addr][]flow.Host, all aggregate.Tally) *Transfer {
	if t.ipBytes == 0 {
		return nil
	}
	part := aggregate.Tally{IPBytes: t.ipBytes, Marks: aggregate.MeasuredIP}
	return &Transfer{
		From:     End{t.from.String(), vmOfNIC(p, t.fromAt.nic), scopes[t.fromScope], firstHost(hosts[t.from])},
		To:       End{t.to.String(), vmOfNIC(p, t.toAt.nic), scopes[t.toScope], firstHost(hosts[t.to])},
		Protocol: Protocol(t.proto), Port: t.port, Service: service(t.proto, t.port),
		Opened: t.bySender, IPBytes: t.ipBytes, Share: share(part, all),
	}
}

func firstHost(list []flow.Host) string {
	if len(list) == 0 {
		return ""
	}
	return list[0].Name
}
