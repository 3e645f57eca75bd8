package world

import (
	"net/netip"
	"slices"
)

// Verdict is what the rules say of a connection at one network interface, in
// the words of flow logs.
type Verdict struct {
	Allowed bool
	ACL     string // id of the NSG, GUID of the admin rule collection, or ZeroGUID
	Rule    string // UserRule_…, DefaultRule_…, an admin rule's label, or PlatformRule
}

// Evaluate decides on the opening packet of a connection at n, seen in
// direction Inbound or Outbound. Admin rules come first; AlwaysAllow skips the
// NSGs. Inbound, the subnet's NSG is asked before the interface's, outbound
// after it. A denial is told by the group that denied, an approval by the last
// group that was asked ("NSG flow logs", how logging works). Traffic with the
// platform's own addresses, and traffic that no group stands before, goes by
// the platform rule.
func (w *World) Evaluate(n *NIC, direction string, p Packet) Verdict {
	verdict := Verdict{Allowed: true, ACL: ZeroGUID, Rule: PlatformRule}
	if direction == "Outbound" && slices.Contains(platform, p.Dest) {
		return verdict
	}
	if v, done := w.admin(n, direction, p); done {
		return v
	}
	groups := [2]*NSG{n.Subnet.NSG, n.NSG}
	if direction == "Outbound" {
		groups[0], groups[1] = groups[1], groups[0]
	}
	for _, g := range groups {
		if g == nil {
			continue
		}
		if verdict = g.decide(n, direction, p); !verdict.Allowed {
			return verdict
		}
	}
	return verdict
}

// admin asks the admin rules. done is false where they leave the decision to
// the NSGs, as Allow and the absence of a rule do.
func (w *World) admin(n *NIC, direction string, p Packet) (v Verdict, done bool) {
	for _, r := range w.AdminRules {
		if !slices.Contains(r.VNets, n.Subnet.VNet) || r.Direction != direction || !r.matches(n, p) {
			continue
		}
		return Verdict{Allowed: r.Access == "AlwaysAllow", ACL: r.GUID, Rule: r.Label}, r.Access != "Allow"
	}
	return Verdict{}, false
}

func (g *NSG) decide(n *NIC, direction string, p Packet) Verdict {
	for _, r := range g.Rules {
		if r.Direction == direction && r.matches(n, p) {
			return Verdict{r.Access == "Allow", string(g.ID), r.match.label}
		}
	}
	for _, r := range g.Defaults {
		if r.Direction == direction && r.matches(n, p) {
			return Verdict{r.Access == "Allow", string(g.ID), r.match.label}
		}
	}
	return Verdict{ACL: string(g.ID), Rule: Unspecified} // not reached: the last default takes all
}

func (r *Rule) matches(n *NIC, p Packet) bool {
	m := &r.match
	return (m.protocol == 0 || m.protocol == p.Protocol) &&
		(p.Protocol == ICMP || inPorts(m.sports, p.SourcePort) && inPorts(m.dports, p.Port)) &&
		m.from.contains(n, p.Source) && m.to.contains(n, p.Dest)
}

func inPorts(ranges []portRange, port uint16) bool {
	for _, r := range ranges {
		if r.lo <= port && port <= r.hi {
			return true
		}
	}
	return false
}

func (s *side) contains(n *NIC, a netip.Addr) bool {
	if s.any {
		return true
	}
	for _, p := range s.prefixes {
		if p.Contains(a) {
			return true
		}
	}
	balancer := a == platform[0]
	vnet := (s.vnet || s.internet) && n.Subnet.VNet.Reaches(a)
	return s.balancer && balancer || s.vnet && vnet || s.internet && !vnet && !balancer
}

// Reaches reports whether a is in v or in a VNet peered with it: what the tag
// VirtualNetwork means in v. Azure counts the host's own address in as well;
// here it belongs to AzureLoadBalancer alone, so that health probes show under
// the default rule that is made for them.
func (v *VNet) Reaches(a netip.Addr) bool {
	return v.Contains(a) || slices.ContainsFunc(v.Peerings, func(p Peering) bool { return p.Remote.Contains(a) })
}

// Contains reports whether a is in the address space of v.
func (v *VNet) Contains(a netip.Addr) bool {
	return slices.ContainsFunc(v.Prefixes, func(p netip.Prefix) bool { return p.Contains(a) })
}
