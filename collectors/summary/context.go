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

// contexts numbers contexts.
type contexts struct {
	ids    map[context]uint32
	all    []context
	series [][2]*series // of the timeline, by whether both addresses are private
	recent [256]recent
}

// recent is a context that was seen not long ago. Records come in runs of a
// few contexts, and comparing words is much quicker than hashing a context.
type recent struct {
	point, target, rule, acl flow.ID
	traits                   uint32
	id                       uint32 // + 1; 0 for none
}

// of returns the number of r's context.
func (c *contexts) of(r *flow.Record, t *timeline) uint32 {
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

func (c *contexts) id(k context, t *timeline) uint32 {
	id, ok := c.ids[k]
	if !ok {
		if c.ids == nil {
			c.ids = map[context]uint32{}
		}
		id = uint32(len(c.all))
		c.ids[k] = id
		c.all = append(c.all, k)
		c.series = append(c.series, [2]*series{t.of(k, false), t.of(k, true)})
	}
	return id
}
