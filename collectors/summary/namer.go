package summary

import (
	"cmp"

	"flowctl/collectors/flow"
)

// Namer says what inventories and lists call addresses while records are read. It
// may be used by several goroutines.
type Namer struct {
	names   *flow.Names
	locator *locator
}

// NewNamer returns what the inventories and the list of o know; nil if there are
// none.
func NewNamer(o Options, names *flow.Names) *Namer {
	if len(o.Inventories) == 0 && o.Tags == nil {
		return nil
	}
	n := &Namer{names, newLocator(o.Inventories)}
	n.locator.public.use(o.Tags)
	return n
}

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
	p, at := n.locator, location{}
	if p.known() {
		at = p.find(a, from)
	}
	public := p.public.of(a, at)
	return flow.AddressNames{
		VM: n.names.Of(p.vms[p.nics[at.nic].vm].name), NIC: n.names.Of(p.nics[at.nic].name),
		Subnet: n.names.Of(p.subnets[at.subnet].name), VNet: n.names.Of(p.vnets[at.vnet].name),
		Region: n.names.Of(p.public.regions[cmp.Or(p.region(at), public.region)]), ServiceTag: n.names.Of(p.public.tags[public.tag]),
	}
}
