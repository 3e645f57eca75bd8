// Package price says what bytes that go from one end to another cost in Azure: by
// which class, who pays, and how much. It is an estimate: IP bytes are not billed
// bytes, and list prices are not those of an agreement.
//
// Each direction is priced by itself, since the sender counts and not who opened the
// flow. It has one class, which is who carries it, and charges of boxes on the way,
// most of which count both directions. A price is exact, a range, or there is none:
// what is not known is never taken for the cheapest or the usual.
//
// Facts are from Microsoft's price pages, its documentation and the Retail Prices
// API, as they were read up to 2026-11.
package price

import (
	"flowctl/plan"
	"flowctl/plan/region"
)

// Of returns what bytes cost.
func (b Book) Of(bytes Bytes) Quote {
	q := &quoter{Book: b, Bytes: bytes}
	q.carry()
	return q.Quote
}

// carry finds the class. The first that fits holds: a private endpoint comes before
// the virtual network that it is in.
func (q *quoter) carry() {
	f, t := &q.From, &q.To
	switch {
	case f.unrouted() || t.unrouted():
		q.Class = None
	case f.platform() || t.platform():
		q.Class = Platform
	case f.Service || t.Service:
		q.Class = None
		q.note("the consumer of a private link service pays for its endpoint")
		q.charge(Balancer, plan.BalancerBytes, "")
	case f.Endpoint != nil || t.Endpoint != nil:
		q.endpoint()
	case f.VNet != "" && f.VNet == t.VNet:
		q.within()
	case f.VNet != "" && t.VNet != "":
		q.networks()
	case q.Way.Gateway != nil && (f.VNet != "" && t.Premises || t.VNet != "" && f.Premises):
		q.premises()
	case f.special() != "" || t.special() != "":
		q.note("a private address that no inventory explains")
	default:
		q.public()
	}
}

// within is a virtual network, between zones of its region or not.
func (q *quoter) within() {
	q.Class = SameVNet
	if f, t := q.From.Zone, q.To.Zone; f != "" && t != "" && f != t {
		q.Class = Zone
		q.note("transfer between zones is in the price list at 0.01 and is not charged")
	}
	q.routed(q.From, q.To)
	q.balanced()
}

// networks are two virtual networks, with what connects them.
func (q *quoter) networks() {
	switch w := &q.Way; {
	case w.Appliance != nil:
		q.Class = Peering
		q.routed(q.From, q.To)
	case w.Hub:
		q.hub()
	case w.Peered:
		q.Class = Peering
		q.peering(q.From, q.To, Sender, Receiver)
	case w.Gateway != nil && w.Gateway.Circuit != nil:
		q.note("two virtual networks over one circuit: who pays is not known")
		return
	case w.Gateway != nil:
		q.vpn()
	default:
		q.note("nothing is known that connects the two virtual networks")
		return
	}
	q.balanced()
}

// peering charges both sides of one.
func (q *quoter) peering(f, t End, sender, receiver Payer) {
	from, to := f.region(), t.region()
	switch {
	case from != "" && from == to:
		q.charge(sender, plan.PeeringBytes, from)
		q.charge(receiver, plan.PeeringBytes, to)
	case from != "" && to != "":
		if q.Class == Peering {
			q.Class = GlobalPeering
		}
		q.charge(sender, plan.GlobalPeering, from)
		q.charge(receiver, plan.GlobalPeering, to)
	default:
		q.note("the region of a peered network is not known: it may be the same or another one")
		q.eitherPeering(sender, from)
		q.eitherPeering(receiver, to)
	}
}

// eitherPeering charges one side of a peering that may be global.
func (q *quoter) eitherPeering(payer Payer, at string) {
	low, ok := q.In(at, plan.PeeringBytes)
	high, known := q.In(at, plan.GlobalPeering)
	if at == "" {
		high, known = q.most(plan.GlobalPeering)
	}
	q.upTo(payer, plan.PeeringBytes, at, Range{low, max(low, high)}, ok && known)
}

// hub is one of a virtual WAN. Whether the connections to it are charged as peerings
// besides is not known, so that is the range.
func (q *quoter) hub() {
	q.Class = VirtualHub
	if f, t := q.From.region(), q.To.region(); f != t || f == "" {
		q.note("there is no price of a virtual WAN of several regions")
		q.upTo(Hub, plan.HubBytes, "", Range{}, false)
		return
	}
	q.note("whether the connections of a virtual hub are charged as peerings besides is not known")
	q.charge(Hub, plan.HubBytes, q.From.region())
	for _, payer := range []Payer{Sender, Receiver} {
		p, ok := q.In(q.From.region(), plan.PeeringBytes)
		q.upTo(payer, plan.PeeringBytes, q.From.region(), Range{0, 2 * p}, ok)
	}
}

// vpn are two virtual networks by VPN gateways: the source pays if regions differ.
func (q *quoter) vpn() {
	q.Class = VPN
	from, to := q.From.region(), q.To.region()
	switch {
	case from != "" && from == to:
	case from != "" && to != "":
		q.charge(Gateway, plan.VPNBytes, from)
	default:
		q.note("the region of a network is not known: in one region nobody pays")
		high, ok := q.In(from, plan.VPNBytes)
		if from == "" {
			high, ok = q.most(plan.VPNBytes)
		}
		q.upTo(Gateway, plan.VPNBytes, from, Range{0, high}, ok)
	}
}

// premises is what is not Azure, behind a gateway. A spoke pays its side of the
// peering with the network of the gateway, which pays nothing for it.
func (q *quoter) premises() {
	out := q.From.VNet != ""
	q.Class = FreeIngress
	if out {
		q.out()
	}
	q.spoke(out)
}

// out is by which class and price a gateway sends.
func (q *quoter) out() {
	g := q.Way.Gateway
	c := g.Circuit
	switch {
	case c == nil:
		q.Class = Internet
		q.charge(Gateway, plan.Egress, orRegion(g.Region, &q.From))
	case c.Local || c.Family == "UnlimitedData":
		q.Class = Unlimited
	case c.Family == "MeteredData" && c.Zone > 0:
		q.Class = Metered
		q.charge(OfCircuit, circuitMeter(c.Zone), "")
	case c.Family == "MeteredData":
		q.Class = Metered
		q.note("the zone of the circuit's peering location is not known")
		q.circuit([]int{1, 2, 3}, false)
	default:
		q.Class = Circuit
		q.note("whether the circuit is metered is not known")
		zones := []int{1, 2, 3}
		if c.Zone > 0 {
			zones = []int{c.Zone}
		}
		q.circuit(zones, true)
	}
}

// circuit charges what one of some zones may have, or nothing.
func (q *quoter) circuit(zones []int, free bool) {
	first, known := q.In("", circuitMeter(zones[0]))
	r := Range{first, first}
	for _, z := range zones[1:] {
		p, ok := q.In("", circuitMeter(z))
		r, known = Range{min(r.Low, p), max(r.High, p)}, known && ok
	}
	if free {
		r.Low = 0
	}
	q.upTo(OfCircuit, circuitMeter(zones[0]), "", r, known)
}

func circuitMeter(zone int) plan.Meter {
	return [3]plan.Meter{plan.CircuitZone1, plan.CircuitZone2, plan.CircuitZone3}[zone-1]
}

func orRegion(name string, e *End) string {
	if name != "" {
		return region.Name(name)
	}
	return e.region()
}

// spoke charges the way to the gateway.
func (q *quoter) spoke(out bool) {
	machine, g := q.From, q.Way.Gateway
	if !out {
		machine = q.To
	}
	if a := q.Way.Appliance; a != nil {
		q.appliance(machine, out)
		machine = End{VNet: a.VNet, Region: a.Region}
	}
	if g.VNet == "" || g.VNet == machine.VNet {
		return
	}
	switch here, there := machine.region(), region.Name(g.Region); {
	case here == "" || there == "":
		q.note("the region of a network or of its gateway is not known: the peering may be global")
		q.eitherPeering(Spoke, here)
	case here != there:
		q.charge(Spoke, plan.GlobalPeering, here)
	default:
		q.charge(Spoke, plan.PeeringBytes, here)
	}
}

// public are two ends of which one has a public address.
func (q *quoter) public() {
	f, t := &q.From, &q.To
	switch {
	case f.azure() && t.office():
		q.Class = Internet
		q.note("addresses of Microsoft 365: what goes there costs at most what the internet does")
		p, ok := q.In(f.region(), plan.Egress)
		q.upTo(Sender, plan.Egress, f.region(), Range{0, p}, ok)
	case f.azure() && t.internet():
		q.internet()
	case f.internet() && t.azure():
		q.Class = FreeIngress
	case !f.azure() || !t.azure():
		q.note("whose address it is, is not known: no list of service tags or no inventory says it")
		return
	case q.origin():
		q.Class = FrontDoor
		if f.frontDoor() {
			q.edge()
		}
	case f.frontDoor() && f.region() == "":
		q.Class = Anywhere
		q.edge()
	default:
		q.between(f.region(), t.region())
	}
	q.onTheWay()
}

// origin reports whether a Front Door asks its origin.
func (q *quoter) origin() bool {
	backend := func(e *End) bool { return e.frontDoor() && e.Place.Tag == "AzureFrontDoor.Backend" }
	return q.Answer && backend(&q.To) || !q.Answer && backend(&q.From)
}

// edge is what Front Door sends: it has meters of its own.
func (q *quoter) edge() {
	q.note("what Front Door sends is billed to its profile, by meters of its own")
	q.upTo(Profile, "", "", Range{}, false)
}

// internet is the way out of Azure. Routing preference is that of the machine's own
// address, so only of what leaves by it.
func (q *quoter) internet() {
	m := plan.Egress
	if q.Class = Internet; q.From.Exit.ISP && !q.throughNAT() && q.Way.Appliance == nil {
		q.Class, m = ISP, plan.ISPEgress
	}
	payer, at := Sender, q.From.region()
	if a := q.Way.Appliance; a != nil {
		payer, at = Appliance, orRegion(a.Region, &q.From)
		if a.Firewall {
			payer = Firewall
		}
	}
	if at == "" {
		q.note("the region that it leaves is not known")
	}
	q.charge(payer, m, at)
}

// between are two regions of Azure: the sender pays.
func (q *quoter) between(from, to string) {
	c, ch := q.crossing(from, to)
	q.Class = c
	if ch != nil {
		q.Charges = append(q.Charges, *ch)
	}
}

// crossing is the class from a region to another one, and what the sender pays; nil
// if nothing.
func (q *quoter) crossing(from, to string) (Class, *Charge) {
	f, knownFrom := region.Of(from)
	t, knownTo := region.Of(to)
	switch {
	case from != "" && from == to:
		return SameRegion, nil
	case knownFrom && knownTo && f.Continent == t.Continent:
		return InterRegion, q.sent(plan.InterRegion, from)
	case knownFrom && knownTo:
		return InterContinent, q.sent(plan.InterContinent, from)
	}
	if q.To.frontDoor() {
		return Anywhere, q.edgeRange(from)
	}
	return Anywhere, q.anywhere(from, to)
}

func (q *quoter) sent(m plan.Meter, from string) *Charge {
	c := q.priced(Sender, m, from)
	if !c.Known {
		q.note("there is no price of %s in %s", m, from)
	}
	return &c
}

// edgeRange is what it costs to send to an edge of Front Door that no region has.
func (q *quoter) edgeRange(from string) *Charge {
	q.note("an edge of Front Door in no known region: what goes there costs at most what the internet does")
	c := q.priced(Sender, plan.Egress, from)
	c.Price.Low = 0
	return &c
}

// anywhere is what it costs between regions of which one is not known.
func (q *quoter) anywhere(from, to string) *Charge {
	q.note("an address of Azure of which the region is not known: the price is from nothing to that of another continent")
	low := 0.0
	near, ok := q.In(from, plan.InterRegion)
	far, known := q.In(from, plan.InterContinent)
	if _, has := region.Of(from); !has {
		near, ok = q.most(plan.InterRegion)
		far, known = q.most(plan.InterContinent)
	} else if to != "" {
		low = min(near, far) // another region, of no known continent
	}
	return &Charge{Payer: Sender, Meter: plan.InterContinent, Region: from, Price: Range{low, max(near, far)}, Known: ok && known}
}
