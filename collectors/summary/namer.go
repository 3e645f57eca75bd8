package summary

import (
	"cmp"

	"flowctl/collectors/aggregate"
	"flowctl/collectors/flow"
)

// Namer says what inventories and lists call addresses while records are read. It
// may be used by several goroutines.
type Namer struct {
	names   *flow.Names
	locator *locator
	hosts   *flow.Hosts
	any     bool // something besides hosts is known
}

// NewNamer returns what the inventories, the list, the dictionary and the hosts of o
// know, of hosts also what they learn later; nil if there are none of them.
func NewNamer(o Options, names *flow.Names) *Namer {
	n := &Namer{names: names, hosts: o.Hosts, any: len(o.Inventories) > 0 || o.Tags != nil || len(o.Dictionary) > 0}
	if !n.any && n.hosts == nil {
		return nil
	}
	n.locator = newLocator(o.Inventories)
	n.locator.public.use(o.Tags)
	n.locator.called.use(n.locator.vms, o.Dictionary)
	return n
}

// Any reports whether any name is known by now.
func (n *Namer) Any() bool { return n.any || n.hosts.Len() > 0 }

// View is the virtual network of a point, or of a captured machine.
func (n *Namer) View(point, target flow.ID) int32 {
	_, _, vnet := n.locator.at(n.names.Text(point), n.names.Text(target))
	return vnet
}

// Names is what an address is called, seen from a virtual network.
func (n *Namer) Names(a flow.Addr, from int32) flow.AddressNames {
	if a.IsZero() {
		return flow.AddressNames{}
	}
	var host flow.ID
	if n.hosts != nil {
		host = n.names.Of(n.hosts.First(a))
	}
	if !n.any {
		return flow.AddressNames{Host: host}
	}
	p, at := n.locator, location{}
	if p.known() {
		at = p.find(a, from, aggregate.NoFirst)
	}
	public := p.public.of(a, at)
	return flow.AddressNames{
		Name: n.names.Of(p.called.texts[p.called.of(p, a, at)]), Host: host,
		VM: n.names.Of(p.vms[p.nics[at.nic].vm].name), NIC: n.names.Of(p.nics[at.nic].name),
		Subnet: n.names.Of(p.subnets[at.subnet].name), VNet: n.names.Of(p.vnets[at.vnet].name),
		Region: n.names.Of(p.public.regions[cmp.Or(p.region(at), public.region)]), ServiceTag: n.names.Of(p.public.tags[public.tag]),
	}
}
