package rules

import (
	"net/netip"
	"slices"
	"strings"

	"flowctl/plan"
	"flowctl/plan/servicetag"
)

// WorldOf is what names in rules mean in some VNets of inventories.
func WorldOf(invs []*plan.Inventory, tags *servicetag.List, vnets ...plan.ID) World {
	w := World{Groups: map[string][]netip.Addr{}, Tags: tags}
	prefixes := map[string][]netip.Prefix{}
	for _, inv := range invs {
		for _, v := range inv.VNets {
			prefixes[v.ID.Key()] = v.Prefixes
		}
		for _, n := range inv.NICs {
			for _, g := range n.Groups {
				w.Groups[g.Key()] = append(w.Groups[g.Key()], n.Addresses...)
			}
		}
	}
	for _, inv := range invs {
		for _, v := range inv.VNets {
			if !slices.ContainsFunc(vnets, v.ID.Is) {
				continue
			}
			w.Network = append(w.Network, v.Prefixes...)
			for _, p := range v.Peerings {
				if strings.EqualFold(p.State, "Connected") {
					w.Network = append(w.Network, p.Prefixes...)
					w.Network = append(w.Network, prefixes[p.Remote.Key()]...)
				}
			}
		}
	}
	return w
}

// VNets are those in which a list of rules is.
func (l *List) VNets(invs []*plan.Inventory) []plan.ID {
	var out []plan.ID
	add := func(subnet plan.ID) {
		if v := subnet.Parent(); v != "" && !slices.ContainsFunc(out, v.Is) {
			out = append(out, v)
		}
	}
	for _, on := range l.On {
		if strings.EqualFold(on.Type(), "Microsoft.Network/virtualNetworks/subnets") {
			add(on)
			continue
		}
		for _, inv := range invs {
			for _, n := range inv.NICs {
				if n.ID.Is(on) {
					for _, s := range n.Subnets {
						add(s)
					}
				}
			}
		}
	}
	return out
}

// Record counts the interfaces that a list is on, and those of them that were recorded, by
// their MACs.
func (l *List) Record(invs []*plan.Inventory, recorded map[string]bool) {
	for _, inv := range invs {
		for _, n := range inv.NICs {
			if slices.ContainsFunc(l.On, func(on plan.ID) bool { return n.ID.Is(on) || slices.ContainsFunc(n.Subnets, on.Is) }) {
				l.Interfaces++
				if n.MAC != "" && recorded[n.MAC] {
					l.Recorded++
				}
			}
		}
	}
}

// GroupingOf is what may stand for addresses in proposals for a list: application security
// groups, and with prefixes the subnets and the tag Internet.
func (l *List) GroupingOf(invs []*plan.Inventory, tags *servicetag.List, groups, prefixes bool) Grouping {
	g := Grouping{Groups: map[string][]netip.Addr{}, World: WorldOf(invs, tags, l.VNets(invs)...)}
	for _, line := range l.Lines {
		if line.Known {
			g.Present = append(g.Present, line.Rule)
		}
	}
	for _, inv := range invs {
		for _, n := range inv.NICs {
			for _, id := range n.Groups {
				if groups {
					g.Groups[string(id)] = append(g.Groups[string(id)], n.Addresses...)
				}
			}
		}
		for _, v := range inv.VNets {
			for _, s := range v.Subnets {
				if prefixes {
					g.Prefixes = append(g.Prefixes, s.Prefixes...)
				}
			}
		}
	}
	if prefixes {
		g.Public = mostPublic
	}
	return g
}

// mostPublic is how many public prefixes a rule has before the tag Internet stands for them.
const mostPublic = 16
