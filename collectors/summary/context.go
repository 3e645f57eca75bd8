package summary

import "flowctl/collectors/flow"

// context is the part of a key that many rows share: where and how a flow
// was seen, and what the rules did with it.
type context struct {
	point     flow.ID
	target    flow.ID // of captures only
	rule, acl flow.ID
	direction flow.Direction
	verdict   verdict
	encrypted flow.Encryption
	tunnel    flow.Tunnel
	class     class
}

// verdict is what the rules did with a flow. A capture does not know.
type verdict uint8

const (
	allowed verdict = iota
	denied
	unknownVerdict
)

var verdicts = []string{"allowed", "denied", "unknown"}

// class is the kind of source a row came from. Two classes can see the same
// conversation at the same point, as two logs on one interface do.
type class uint8

const (
	vnetLog class = iota
	nsgLog        // says nothing of encryption
	capture
	noIP // frames of a capture that have no IP header
)

func contextOf(r *flow.Record) context {
	c := context{
		point: r.Point, rule: r.Rule, acl: r.ACL,
		direction: r.Direction, encrypted: r.Encryption, tunnel: r.Tunnel,
	}
	switch {
	case !r.IsIP():
		c.class = noIP
	case r.Measured&flow.FrameBytes != 0:
		c.class = capture
	case r.Encryption == flow.EncryptionUnknown:
		c.class = nsgLog
	}
	switch {
	case r.Denied():
		c.verdict = denied
	case c.class >= capture:
		c.verdict = unknownVerdict
		c.target = r.Target
	}
	return c
}

// contexts knows the numbers of contexts that a worker has met.
type contexts struct {
	ids    map[context]uint32
	known  []knownContext // by number
	recent [256]recent
}

// knownContext is where records of a context are counted.
type knownContext struct {
	series [2]*series // of the worker's timeline, by whether both addresses are private
	class  class
}

// recent is a context that was seen not long ago. Records come in runs of a
// few contexts, and comparing words is much quicker than hashing a context.
type recent struct {
	point, target, rule, acl flow.ID
	traits                   uint32
	id                       uint32 // + 1; 0 for none
}

// of returns the number of r's context.
func (c *contexts) of(r *flow.Record, t *Table) uint32 {
	traits := uint32(r.Direction) | uint32(r.Encryption)<<4 | uint32(r.Tunnel)<<8 | uint32(r.Measured&flow.FrameBytes)<<13
	if r.Denied() {
		traits |= 1 << 20
	}
	if !r.IsIP() {
		traits |= 1 << 21
	}
	slot := (uint32(r.Point)*31 + uint32(r.Rule)*7 + traits) * 0x9e3779b1 >> 24
	e := &c.recent[slot]
	if e.id != 0 && e.point == r.Point && e.rule == r.Rule && e.acl == r.ACL && e.target == r.Target && e.traits == traits {
		return e.id - 1
	}
	id := c.id(contextOf(r), t)
	*e = recent{r.Point, r.Target, r.Rule, r.ACL, traits, id + 1}
	return id
}

// id returns the number of k, which all workers of a table share.
func (c *contexts) id(k context, t *Table) uint32 {
	id, ok := c.ids[k]
	if ok {
		return id
	}
	if c.ids == nil {
		c.ids = map[context]uint32{}
	}
	id = t.store.number(k)
	c.ids[k] = id
	for len(c.known) <= int(id) {
		c.known = append(c.known, knownContext{})
	}
	c.known[id] = knownContext{[2]*series{t.timeline.of(k, false), t.timeline.of(k, true)}, k.class}
	return id
}

// number returns the number of k.
func (s *store) number(k context) uint32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	id, ok := s.ids[k]
	if !ok {
		id = uint32(len(s.all))
		s.ids[k] = id
		s.all = append(s.all, k)
	}
	return id
}
