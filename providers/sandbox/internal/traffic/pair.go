package traffic

import (
	"math"
	"net/netip"
	"slices"
	"time"

	"flowctl/providers/sandbox/internal/world"
)

// pair is the traffic of one source and one destination: connections numbered
// from the beginning of Unix time, each drawn from the seed, the pair and its
// number.
type pair struct {
	m        *Model
	w        *world.World // whose rules it obeys
	t        *world.Traffic
	from, to world.Endpoint
	scripts  []script
	order    int // among all pairs, which decides between packets of one time
	seed     uint64
	offset   int64 // of the first connection
	every    int64
	longest  int64     // no connection lasts longer
	fates    []outcome // by port, where the addresses are always the same

	born, dies int64 // connections begin from the one to before the other
	cut        int64 // after which its connections are no more
}

func newPair(m *Model, w *world.World, t *world.Traffic, from, to world.Endpoint, scripts []script) *pair {
	p := &pair{m: m, w: w, t: t, from: from, to: to, scripts: scripts, every: t.Every.Microseconds(), born: ever, dies: never, cut: never}
	p.seed = mix(m.w.Seed, hashText(t.Name, place(from), place(to)))
	p.offset = int64(p.seed % uint64(p.every))
	if from.NIC != nil || len(from.Host.Addresses) == 1 {
		if to.NIC != nil || len(to.Host.Addresses) == 1 {
			for _, port := range t.Ports {
				p.fates = append(p.fates, p.decide(from.Address(0), to.Address(0), 40000, port))
			}
		}
	}
	return p
}

// sameEnds reports whether the machines at both ends are the same and have
// the same addresses.
func (p *pair) sameEnds(o *pair) bool {
	same := func(a, b world.Endpoint) bool {
		return a.NIC == nil || a.NIC.Private == b.NIC.Private && a.NIC.OS() == b.NIC.OS() && a.NIC.Machine() == b.NIC.Machine() &&
			a.NIC.MAC == b.NIC.MAC && a.Running() == b.Running()
	}
	return same(p.from, o.from) && same(p.to, o.to)
}

// like reports whether o is the same traffic under the same rules.
func (p *pair) like(o *pair) bool {
	if !p.sameEnds(o) {
		return false
	}
	if p.fates != nil {
		return slices.Equal(p.fates, o.fates)
	}
	return (p.from.NIC == nil || sameRules(p.from.NIC, o.from.NIC)) && (p.to.NIC == nil || sameRules(p.to.NIC, o.to.NIC))
}

// sameRules reports whether all that Evaluate looks at is the same.
func sameRules(a, b *world.NIC) bool {
	if !slices.Equal(a.Subnet.Routes, b.Subnet.Routes) {
		return false
	}
	guard := func(x, y *world.NSG) bool {
		return x == nil && y == nil || x != nil && y != nil && x.ID == y.ID && slices.Equal(x.Rules, y.Rules)
	}
	v, w := a.Subnet.VNet, b.Subnet.VNet
	return guard(a.NSG, b.NSG) && guard(a.Subnet.NSG, b.Subnet.NSG) && v.ID == w.ID && slices.Equal(v.Prefixes, w.Prefixes) &&
		slices.EqualFunc(v.Peerings, w.Peerings, func(x, y world.Peering) bool {
			return x.Remote.ID == y.Remote.ID && slices.Equal(x.Remote.Prefixes, y.Remote.Prefixes)
		})
}

// window is the lowest number of a connection that can send at or after lo,
// and before what time those begin that do so before hi.
func (p *pair) window(lo, hi int64) (k, before int64) {
	k = p.alive(lo)
	if p.born != ever && p.begin(k) < p.born {
		k = p.first(p.born)
	}
	return k, min(hi, p.dies)
}

// due is when connection k starts; never if it is not one any more.
func (p *pair) due(k int64) int64 {
	if at := p.begin(k); at < p.dies {
		return at
	}
	return never
}

func place(e world.Endpoint) string {
	if e.NIC != nil {
		return e.NIC.ID.Key()
	}
	return "host/" + e.Host.Name
}

// begin is the time at which connection k starts. It never decreases with k.
func (p *pair) begin(k int64) int64 {
	return p.offset + k*p.every + int64(mix(p.seed, uint64(k)*4)%uint64(p.every))
}

// first is the lowest number of a connection that starts at or after t.
func (p *pair) first(t int64) int64 {
	k := (t-p.offset)/p.every - 2
	for p.begin(k) < t {
		k++
	}
	return k
}

// alive is the lowest number of a connection that can still send at t.
func (p *pair) alive(t int64) int64 { return p.first(t - p.longest) }

// stray moves an average by at most the traffic's spread, as h says.
func (p *pair) stray(average float64, h uint64) float64 {
	return average * (1 + p.t.Spread*(2*unit(h)-1))
}

// shape are the properties of one connection from which its packets follow.
type shape struct {
	script     *script
	up, down   int64
	duration   int64
	lost, ends uint64 // draws: is the first data lost, how does it end
}

func (p *pair) shape(k int64) shape {
	h := mix(p.seed, uint64(k)*4+1)
	volume := mix(h, 1)
	return shape{
		script:   &p.scripts[mix(h, 2)%uint64(len(p.scripts))],
		up:       int64(p.stray(float64(p.t.Up), volume)),
		down:     int64(p.stray(float64(p.t.Down), volume)),
		duration: int64(p.stray(float64(p.t.Duration.Microseconds()), mix(h, 3))),
		lost:     mix(h, 4), ends: mix(h, 5),
	}
}

// bound builds the longest connection there can be and measures it.
func (p *pair) bound() int64 {
	most := 1 + p.t.Spread
	var c conn
	for i := range p.scripts {
		c.reset(p)
		c.build(shape{
			script: &p.scripts[i], up: int64(float64(p.t.Up)*most) + 1, down: int64(float64(p.t.Down)*most) + 1,
			duration: int64(float64(p.t.Duration.Microseconds())*most) + 1, ends: math.MaxUint64,
		})
		p.longest = max(p.longest, c.end+int64(time.Second/time.Microsecond)) // the second is for lost data
	}
	return max(p.longest, int64(4*time.Second/time.Microsecond)) // unanswered SYNs
}

// sourcePort is an ephemeral port of the source's operating system. It comes
// back only after all others of the pair.
func (p *pair) sourcePort(k int64) uint16 {
	low, span := int64(32768), int64(28232) // Linux, ip_local_port_range
	if p.from.NIC != nil && p.from.NIC.OS() == "Windows" {
		low, span = 49152, 16384
	}
	n := (int64(p.seed%uint64(span)) + k%span*7919) % span
	if n < 0 {
		n += span
	}
	return uint16(low + n)
}

// draw makes connection k in c, which it overwrites.
func (p *pair) draw(c *conn, k int64) {
	c.reset(p)
	h := mix(p.seed, uint64(k)*4+2)
	port := mix(h, 1) % uint64(len(p.t.Ports))
	c.k, c.start, c.key = k, p.begin(k), h
	c.src, c.dst = p.from.Address(mix(h, 2)), p.to.Address(mix(h, 3))
	c.sport, c.dport = p.sourcePort(k), p.t.Ports[port]
	c.isn = [2]uint32{uint32(mix(h, 4)), uint32(mix(h, 5))}
	if p.fates != nil {
		c.outcome = p.fates[port]
	} else {
		c.outcome = p.decide(c.src, c.dst, c.sport, c.dport)
	}
	c.build(p.shape(k))
	c.end = min(c.end+c.start, p.cut-1)
}

// outcome is what becomes of a connection on its way.
type outcome struct {
	fate    fate
	out, in world.Verdict // at the source's and at the destination's interface
}

type fate uint8

const (
	answered   fate = iota
	silent          // nobody answers: the opening packets are all there is
	droppedIn       // by the rules of the destination; the source sees no answer
	unrouted        // a route of the source leads nowhere; the source sees no answer
	droppedOut      // by the rules of the source
	droppedUnencrypted
)

// decide asks the rules on both sides.
func (p *pair) decide(src, dst netip.Addr, sport, dport uint16) outcome {
	o := outcome{}
	packet := world.Packet{Protocol: protocols[p.t.Protocol], Source: src, Dest: dst, SourcePort: sport, Port: dport}
	if p.from.NIC != nil {
		o.out = p.w.Evaluate(p.from.NIC, "Outbound", packet)
	}
	if p.to.NIC != nil {
		o.in = p.w.Evaluate(p.to.NIC, "Inbound", packet)
	}
	switch {
	case p.from.NIC != nil && !o.out.Allowed:
		o.fate = droppedOut
	case p.from.NIC != nil && p.from.NIC.Subnet.Drops(dst):
		o.fate = unrouted
	case drops[p.t.Encryption]:
		o.fate = droppedUnencrypted
		o.out = world.Verdict{ACL: world.Unspecified, Rule: world.Unspecified}
		o.in = o.out
	case p.to.NIC != nil && !o.in.Allowed:
		o.fate = droppedIn
	case p.t.Unanswered || !p.to.Running():
		o.fate = silent
	}
	return o
}

var protocols = map[string]uint8{"tcp": world.TCP, "udp": world.UDP, "icmp": world.ICMP}

// drops are the encryption states in which the platform drops the packet
// ("VNet flow logs", encryption status).
var drops = map[string]bool{"NX_SW_NOT_READY": true, "NX_NOT_ACCEPTED": true, "NX_NOT_SUPPORTED": true}

// sees reports whether nic sees the packets of c, and in which direction they
// were opened.
func (c *conn) sees(nic *world.NIC) (packets, outbound bool) {
	if from := c.p.from.NIC; nic == from || from != nil && from.ID.Is(nic.ID) {
		return c.fate <= unrouted, true
	}
	return c.fate <= silent, false
}
