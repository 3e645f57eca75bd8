package price

import "flowctl/plan"

// routed charges the way through an appliance from one virtual network to another:
// each peering that is crossed on both its sides, and the firewall.
func (q *quoter) routed(f, t End) {
	a := q.Way.Appliance
	if a == nil {
		return
	}
	mid := End{VNet: a.VNet, Region: a.Region}
	if f.VNet != mid.VNet {
		q.peering(f, mid, Sender, Appliance)
	}
	if t.VNet != mid.VNet {
		q.peering(mid, t, Appliance, Receiver)
	}
	q.firewall()
}

func (q *quoter) firewall() {
	if q.Way.Appliance.Firewall {
		q.charge(Firewall, plan.FirewallBytes, "")
	}
}

// appliance charges the way between a machine and the appliance on its way out of the
// virtual networks.
func (q *quoter) appliance(machine End, out bool) {
	a := q.Way.Appliance
	if a == nil {
		return
	}
	if mid := (End{VNet: a.VNet, Region: a.Region}); machine.VNet != mid.VNet {
		if out {
			q.peering(machine, mid, Sender, Appliance)
		} else {
			q.peering(mid, machine, Appliance, Receiver)
		}
	}
	q.firewall()
}

// balanced charges a load balancer in front of the receiver of the flow.
func (q *quoter) balanced() {
	if q.Way.Balanced {
		q.charge(Balancer, plan.BalancerBytes, "")
	}
}

// machine is the end that has an exit to public addresses, and whether it sends.
func (q *quoter) machine() (e, remote *End, sends bool) {
	if q.From.VNet != "" {
		return &q.From, &q.To, true
	}
	return &q.To, &q.From, false
}

// throughNAT reports whether a NAT gateway is on the way: of what the machine opened,
// unless a route leads elsewhere. What comes in by another way is answered by it.
func (q *quoter) throughNAT() bool {
	e, remote, sends := q.machine()
	return e.Exit.NAT && e.VNet != "" && sends != q.Answer && q.Way.Appliance == nil && !e.Exit.serves(remote)
}

// onTheWay charges what is between a machine and a public address.
func (q *quoter) onTheWay() {
	e, remote, sends := q.machine()
	if e.VNet == "" {
		return
	}
	q.appliance(*e, sends)
	switch {
	case q.throughNAT() && q.Class == SameRegion && remote.Place.Service == "Storage":
		q.note("whether a NAT gateway counts what goes to storage of its region without a service endpoint is not known")
		p, ok := q.In("", plan.NATBytes)
		q.upTo(NAT, plan.NATBytes, "", Range{0, p}, ok)
	case q.throughNAT():
		q.charge(NAT, plan.NATBytes, "")
	case q.Way.Balanced:
		q.balanced()
	case e.Exit.Balancer && !e.Exit.NAT && !e.Exit.Public && sends != q.Answer && q.Way.Appliance == nil && !e.Exit.serves(remote):
		q.charge(Balancer, plan.BalancerBytes, "")
	}
}
