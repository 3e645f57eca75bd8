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

// contexts numbers contexts. Records come in runs of one context, so the
// last one is looked at first.
type contexts struct {
	ids    map[context]uint32
	all    []context
	series [][2]*series // of the timeline, by whether both addresses are private
	last   context
	lastID uint32
}

func (c *contexts) id(k context, t *timeline) uint32 {
	if len(c.all) > 0 && c.last == k {
		return c.lastID
	}
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
	c.last, c.lastID = k, id
	return id
}
