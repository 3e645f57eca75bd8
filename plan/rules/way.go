package rules

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"flowctl/plan"
	"flowctl/plan/servicetag"
)

// End is one end of traffic that is asked about: an interface of an inventory, or an address
// that is none's.
type End struct {
	Name    string
	Address netip.Addr
	NIC     *plan.NIC
	Subnet  *plan.Subnet
	VNet    *plan.VNet
}

// FindEnd finds a machine or an interface by name, or an address.
func FindEnd(invs []*plan.Inventory, name string) (End, error) {
	a, err := netip.ParseAddr(name)
	byAddress := err == nil
	var found []End
	for _, inv := range invs {
		for i := range inv.NICs {
			n := &inv.NICs[i]
			if byAddress && slices.Contains(n.Addresses, a) || !byAddress && len(n.Addresses) > 0 && names(n, name) {
				e := End{Name: name, Address: a, NIC: n}
				if !byAddress {
					e.Address = n.Addresses[0]
				}
				if len(n.Subnets) > 0 {
					e.Subnet, e.VNet = subnetOf(invs, n.Subnets[0])
				}
				found = append(found, e)
			}
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		var ids []string
		for _, e := range found {
			ids = append(ids, e.NIC.ID.Name()+" "+e.Address.String())
		}
		return End{}, fmt.Errorf("%q is several: %s. Name the interface", name, strings.Join(ids, ", "))
	case byAddress:
		return End{Name: name, Address: a}, nil
	}
	return End{}, fmt.Errorf("no machine or interface %q in the inventory, and it is no address", name)
}

// names reports whether an interface, or its machine, has a name.
func names(n *plan.NIC, name string) bool {
	machine := n.VM.Name()
	if p := n.VM.Parent(); p != "" {
		machine = p.Name() + "_" + machine
	}
	return n.VM != "" && (strings.EqualFold(machine, name) || strings.EqualFold(n.VM.Name(), name)) || strings.EqualFold(n.ID.Name(), name)
}

func subnetOf(invs []*plan.Inventory, id plan.ID) (*plan.Subnet, *plan.VNet) {
	for _, inv := range invs {
		for i := range inv.VNets {
			for k := range inv.VNets[i].Subnets {
				if inv.VNets[i].Subnets[k].ID.Is(id) {
					return &inv.VNets[i].Subnets[k], &inv.VNets[i]
				}
			}
		}
	}
	return nil, nil
}

// Step is one security group on the way, with what its rules say.
type Step struct {
	Group     plan.ID
	On        plan.ID
	Direction string
	Decision
}

// Way is what rules and routes say of traffic: the groups in the order in which it meets them.
type Way struct {
	Steps []Step
	Route Hop
}

// Hop is the route that traffic takes as it leaves its subnet.
type Hop struct {
	Type   string // VnetLocal, VNetPeering, VirtualAppliance, Internet, None …; empty if not known
	Prefix string
	Route  string // name of the user's route; empty of Azure's own
	To     string // address of an appliance
}

// Beyond is the type of the hop of what does not come from a machine of the inventory.
const Beyond = "beyond"

// Explain says what the rules and routes of inventories do with traffic.
func Explain(invs []*plan.Inventory, tags *servicetag.List, from, to End, t Tuple) Way {
	w := Way{Route: route(invs, from, to.Address)}
	t.Source, t.Destination = from.Address, to.Address
	at := func(e End, direction string, ids ...plan.ID) {
		if e.VNet == nil {
			return
		}
		world := WorldOf(invs, tags, e.VNet.ID)
		for _, id := range ids {
			on := e.NIC.ID
			if e.Subnet.NSG.Is(id) && id != "" && !e.NIC.NSG.Is(id) {
				on = e.Subnet.ID
			}
			for _, inv := range invs {
				for _, g := range inv.NSGs {
					if id != "" && g.ID.Is(id) {
						t.Direction = direction
						w.Steps = append(w.Steps, Step{g.ID, on, direction, world.Decide(g.Rules, t)})
					}
				}
			}
		}
	}
	if from.NIC != nil && from.Subnet != nil {
		at(from, Outbound, from.NIC.NSG, from.Subnet.NSG)
	}
	if to.NIC != nil && to.Subnet != nil {
		at(to, Inbound, to.Subnet.NSG, to.NIC.NSG)
	}
	return w
}

// Passes says whether traffic passes all groups and has a route.
func (w Way) Passes() Answer {
	out := Yes
	for _, s := range w.Steps {
		out = min(out, s.Passes())
	}
	if w.Route.Type == "" {
		out = min(out, Unknown)
	}
	if strings.EqualFold(w.Route.Type, "None") {
		out = No
	}
	return out
}

// route is the longest prefix that holds an address, of a user before Azure's own.
func route(invs []*plan.Inventory, from End, to netip.Addr) Hop {
	if from.NIC == nil {
		return Hop{Type: Beyond}
	}
	if from.Subnet == nil {
		return Hop{}
	}
	var best Hop
	bits := -1
	offer := func(prefix string, h Hop) {
		if p, ok := prefixOf(prefix); ok && p.Contains(to) && p.Bits() > bits {
			h.Prefix = prefix
			bits, best = p.Bits(), h
		}
	}
	if id := from.Subnet.RouteTable; id != "" {
		table := tableOf(invs, id)
		if table == nil {
			return Hop{} // what it says is not known
		}
		for _, r := range table.Routes {
			offer(r.Prefix, Hop{Type: r.Hop, Route: r.Name, To: r.To})
		}
	}
	for _, p := range from.VNet.Prefixes {
		offer(p.String(), Hop{Type: "VnetLocal"})
	}
	for _, q := range from.VNet.Peerings {
		if !strings.EqualFold(q.State, "Connected") {
			continue
		}
		prefixes := q.Prefixes
		for _, inv := range invs {
			for _, v := range inv.VNets {
				if v.ID.Is(q.Remote) {
					prefixes = append(slices.Clone(prefixes), v.Prefixes...)
				}
			}
		}
		for _, p := range prefixes {
			offer(p.String(), Hop{Type: "VNetPeering", To: q.Remote.Name()})
		}
	}
	for _, p := range []string{"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"} {
		offer(p, Hop{Type: "None"})
	}
	offer("0.0.0.0/0", Hop{Type: "Internet"})
	offer("::/0", Hop{Type: "Internet"})
	return best
}

func tableOf(invs []*plan.Inventory, id plan.ID) *plan.RouteTable {
	for _, inv := range invs {
		for i := range inv.RouteTables {
			if inv.RouteTables[i].ID.Is(id) {
				return &inv.RouteTables[i]
			}
		}
	}
	return nil
}
