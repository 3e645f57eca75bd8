package aggregate

import (
	"cmp"

	"flowctl/collectors/flow"
)

// Context is the part of a key that many rows share: where and how a flow
// was seen, and what the rules did with it.
type Context struct {
	Point      flow.ID
	Log        flow.ID // of flow logs: which one, or what it watched
	Target     flow.ID // of captures only
	Rule, ACL  flow.ID
	Direction  flow.Direction
	Verdict    Verdict
	Encryption flow.Encryption
	Tunnel     flow.Tunnel
	Class      Class
	Step       Step // of the table's clock
}

// Verdict is what the rules did with a flow. A capture does not know.
type Verdict uint8

const (
	Allowed Verdict = iota
	Denied
	UnknownVerdict
)

var Verdicts = []string{"allowed", "denied", "unknown"}

// Class is the kind of source a row came from. Two classes can see the same
// conversation at the same point, as two logs on one interface do.
type Class uint8

const (
	VNetLog Class = iota
	NSGLog        // says nothing of encryption
	Capture
	NoIP // frames of a capture that have no IP header
	Analytics
	Agent
)

// Log reports whether sources of c say what rules did with a flow.
func (c Class) Log() bool { return c < Capture || c == Analytics }

// Packets reports whether sources of c are captures.
func (c Class) Packets() bool { return c == Capture || c == NoIP }

// Sum reports whether rows of c are sums that the source made, see flow.Record.IsSum.
func (c Class) Sum() bool { return c >= Analytics }

func contextOf(r *flow.Record) Context {
	c := Context{
		Point: r.Point, Rule: r.Rule, ACL: r.ACL,
		Direction: r.Direction, Encryption: r.Encryption, Tunnel: r.Tunnel,
	}
	switch {
	case !r.IsIP():
		c.Class = NoIP
	case r.Class == flow.Capture:
		c.Class = Capture
	case r.Class == flow.NSGLog:
		c.Class = NSGLog
	case r.Class == flow.Analytics:
		c.Class = Analytics
	case r.Class == flow.Agent:
		c.Class = Agent
	}
	switch {
	case r.Denied():
		c.Verdict = Denied
	case !c.Class.Log(), c.Class == Analytics && r.State == flow.StateUnknown:
		c.Verdict = UnknownVerdict
	}
	if c.Class.Packets() {
		c.Target = r.Target
	} else {
		c.Log = cmp.Or(r.Log, r.Target)
	}
	return c
}

// contexts knows the numbers of contexts that a worker has met.
type contexts struct {
	ids    map[Context]uint32
	known  []knownContext // by number
	recent [256]recent
}

// knownContext is where records of a context are counted.
type knownContext struct {
	series [2]*Series // of the worker's timeline, by whether both addresses are private
	class  Class
}

// recent is a context that was seen not long ago. Records come in runs of a
// few contexts, and comparing words is much quicker than hashing a context.
type recent struct {
	point, log, target, rule, acl flow.ID
	traits                        uint32
	id                            uint32 // + 1; 0 for none
	step                          Step
}

// of returns the number of r's context.
func (c *contexts) of(r *flow.Record, t *Table) uint32 {
	traits := uint32(r.Direction) | uint32(r.Encryption)<<2 | uint32(r.Tunnel)<<10 | uint32(r.Class)<<15
	if r.Denied() {
		traits |= 1 << 20
	}
	if !r.IsIP() {
		traits |= 1 << 21
	}
	if r.State == flow.StateUnknown {
		traits |= 1 << 22
	}
	step := NoClock
	if r.Outside {
		traits |= 1 << 23
		step = Outside
	} else if t.clock != nil {
		step = t.clock.of(r)
	}
	slot := (uint32(r.Point)*31 + uint32(r.Rule)*7 + traits + uint32(step)) * 0x9e3779b1 >> 24
	e := &c.recent[slot]
	if e.id != 0 && e.point == r.Point && e.rule == r.Rule && e.acl == r.ACL && e.target == r.Target && e.log == r.Log && e.traits == traits && e.step == step {
		return e.id - 1
	}
	k := contextOf(r)
	k.Step = step
	id := c.id(k, t)
	*e = recent{r.Point, r.Log, r.Target, r.Rule, r.ACL, traits, id + 1, step}
	return id
}

// id returns the number of k, which all workers of a table share.
func (c *contexts) id(k Context, t *Table) uint32 {
	id, ok := c.ids[k]
	if ok {
		return id
	}
	if c.ids == nil {
		c.ids = map[Context]uint32{}
	}
	id = t.store.number(k)
	c.ids[k] = id
	for len(c.known) <= int(id) {
		c.known = append(c.known, knownContext{})
	}
	if k.Step == Outside {
		return id
	}
	c.known[id] = knownContext{[2]*Series{t.Timeline.of(k, false), t.Timeline.of(k, true)}, k.Class}
	return id
}

// number returns the number of k.
func (s *store) number(k Context) uint32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	id, ok := s.ids[k]
	if !ok {
		id = uint32(len(s.Contexts))
		s.ids[k] = id
		s.Contexts = append(s.Contexts, k)
	}
	return id
}
