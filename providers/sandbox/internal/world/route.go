package world

import (
	"net/netip"
	"slices"

	"flowctl/plan"
)

// Route is a route that a subnet has, of Azure's own or of a user's.
type Route struct {
	Prefix     netip.Prefix
	Hop        string // VnetLocal, VNetPeering, Internet, None, VirtualAppliance, VirtualNetworkGateway
	Address    string // of an appliance
	Table      plan.ID
	Name       string // of a user's
	Overridden bool   // a user's route of the same prefix stands for it
}

// nowhere are the ranges for which Azure has no route outside of VNets ("Virtual
// network traffic routing", default routes).
var nowhere = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.16.0.0/12"),
	netip.MustParsePrefix("192.168.0.0/16"), netip.MustParsePrefix("100.64.0.0/10")}

// EffectiveRoutes are all routes of a subnet: those of Azure, then the user's.
func (s *Subnet) EffectiveRoutes() []Route {
	var all []Route
	for _, p := range s.VNet.Prefixes {
		all = append(all, Route{Prefix: p, Hop: "VnetLocal"})
	}
	for _, peer := range s.VNet.Peerings {
		for _, p := range peer.Remote.Prefixes {
			all = append(all, Route{Prefix: p, Hop: "VNetPeering"})
		}
	}
	all = append(all, Route{Prefix: netip.MustParsePrefix("0.0.0.0/0"), Hop: "Internet"})
	for _, p := range nowhere {
		if !slices.ContainsFunc(all, func(r Route) bool { return r.Prefix == p }) {
			all = append(all, Route{Prefix: p, Hop: "None"})
		}
	}
	for i := range all {
		all[i].Overridden = slices.ContainsFunc(s.Routes, func(r Route) bool { return r.Prefix == all[i].Prefix })
	}
	return append(all, s.Routes...)
}

// Route is the route that a packet to an address takes: the longest prefix,
// and of two the user's.
func (s *Subnet) Route(to netip.Addr) Route {
	var best Route
	for _, r := range s.EffectiveRoutes() {
		if !r.Overridden && r.Prefix.Contains(to) && (!best.Prefix.IsValid() || r.Prefix.Bits() > best.Prefix.Bits()) {
			best = r
		}
	}
	return best
}

// Drops reports whether a user's route lets packets to an address go nowhere.
func (s *Subnet) Drops(to netip.Addr) bool {
	if len(s.Routes) == 0 {
		return false
	}
	r := s.Route(to)
	return r.Hop == "None" && r.Table != ""
}

// Space is what the tag VirtualNetwork means in v, the host's own address left
// out.
func (v *VNet) Space() []netip.Prefix {
	all := slices.Clone(v.Prefixes)
	for _, p := range v.Peerings {
		all = append(all, p.Remote.Prefixes...)
	}
	return all
}
