package parquet

import "flowctl/collectors/flow"

// Sightings writes the sightings of one flow.Sums, which knows the flow of each
// by a number: its addresses and texts are looked up once, and not with every
// row. It is for one goroutine.
type Sightings struct {
	to   *Writer
	last *part // that took the last ones
	sums *flow.Sums
	turn uint32
	// group is the row group that the numbers of known flows are of, and age how
	// many there have been, so that older ones are not valid.
	group  *part
	number int
	age    uint32
	known  []knownFlow // by place

	wanted func(flow.ID) bool
}

// knownFlow is a flow in a context, with its numbers in a row group. Two of
// them are in a cache line.
type knownFlow struct {
	age              uint32
	src, dst         uint32
	srcPort, dstPort uint16
	traits           [sightingKinds]uint16 // by kind, + 1; 0 for those that did not come
}

// sightingKinds is how many kinds of sightings a flow has: by state, but for the
// unknown, and whether it was measured.
const sightingKinds = 2 * uint(flow.Deny)

// unwanted is the source of a flow that is left out.
const unwanted = 1<<32 - 1

// Sightings returns what writes sightings of sums.
func (p *Writer) Sightings(sums *flow.Sums) *Sightings { return &Sightings{to: p, sums: sums} }

// Want leaves out, from now on, what other ACLs decided than those that f names.
func (s *Sightings) Want(f func(flow.ID) bool) { s.wanted, s.age = f, s.age+1 }

// Add appends sightings that were resolved, but for those outside.
func (s *Sightings) Add(all []flow.Sighting) {
	to := s.to.take(s.last)
	defer s.to.give(to)
	s.last = to
	s.renew(to)
	for i := range all {
		t := &all[i]
		if s.sums.IsOutside(t) {
			continue
		}
		if to.full() {
			s.to.flush(to)
			s.renew(to)
		}
		k := s.flow(t, to)
		if k.src != unwanted && !s.row(k, t, to) {
			s.to.flush(to)
			s.renew(to)
			s.row(s.flow(t, to), t, to)
		}
	}
}

// renew forgets what is known if flows or row groups have other numbers now.
func (s *Sightings) renew(to *part) {
	if turn := s.sums.Turn(); s.group != to || s.number != to.number || s.turn != turn {
		s.group, s.number, s.turn = to, to.number, turn
		s.age++
	}
}

// flow returns what is known of the flow of t.
func (s *Sightings) flow(t *flow.Sighting, to *part) *knownFlow {
	at := t.Place()
	for at >= len(s.known) {
		s.known = append(s.known, make([]knownFlow, max(256, len(s.known)))...)
	}
	k := &s.known[at]
	if k.age != s.age {
		*k = s.lookUp(t, to)
	}
	return k
}

func (s *Sightings) lookUp(t *flow.Sighting, to *part) knownFlow {
	key, c := s.sums.Flow(t)
	if s.wanted != nil && !s.wanted(c.ACL) {
		return knownFlow{age: s.age, src: unwanted}
	}
	return knownFlow{
		age: s.age, src: to.addresses[0].number(key.Src), dst: to.addresses[1].number(key.Dst),
		srcPort: key.SrcPort, dstPort: key.DstPort,
	}
}

// row takes a sighting, unless its texts do not fit into the row group.
func (s *Sightings) row(k *knownFlow, t *flow.Sighting, to *part) bool {
	traits, ok := s.traits(k, t, to)
	if !ok {
		return false
	}
	at := len(to.rows)
	to.rows = to.rows[:at+1]
	r := &to.rows[at]
	r.src, r.dst, r.srcPort, r.dstPort, r.traits = k.src, k.dst, k.srcPort, k.dstPort, traits
	if c := &t.Counters; int64(c[0]|c[1]|c[2]|c[3]) >= 0 {
		r.counters = [4]int64{int64(c[0]), int64(c[1]), int64(c[2]), int64(c[3])}
	} else {
		r.counters = to.signed(*c)
	}
	us, nanos := micros(t.Time)
	to.times = append(to.times, us)
	if !to.moments {
		to.lasts = append(to.lasts, us)
	}
	if nanos != 0 {
		to.beside(rest{nanos: [2]uint16{uint16(nanos), uint16(nanos)}})
	}
	return true
}

// traits returns the number of the traits of a sighting.
func (s *Sightings) traits(k *knownFlow, t *flow.Sighting, to *part) (uint32, bool) {
	kind := 2*uint(t.State-1) + uint(bit(t.Measured))
	if kind < sightingKinds && k.traits[kind] != 0 {
		return uint32(k.traits[kind]) - 1, true
	}
	key, c := s.sums.Flow(t)
	r := traitsOf(&flow.Record{
		Key: key, Direction: c.Direction, State: t.State, Encryption: c.Encryption, Measured: measured(t),
		Point: c.Point, Target: c.Target, Rule: c.Rule, ACL: c.ACL,
	})
	n, ok := to.traits.number(r, to.names)
	if ok && kind < sightingKinds && n < 1<<16-1 {
		k.traits[kind] = uint16(n + 1)
	}
	return n, ok
}

// measured is what was measured of a sighting.
func measured(t *flow.Sighting) flow.Measure {
	if t.Measured {
		return flow.Packets | flow.IPBytes
	}
	return 0
}
