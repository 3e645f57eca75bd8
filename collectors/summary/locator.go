package summary

import (
	"math"
	"net/netip"
	"slices"
	"strings"

	"flowctl/collectors/aggregate"
	"flowctl/collectors/flow"
	"flowctl/plan"
)

// locator is what the inventories say of MACs, addresses and access lists.
// Number 0 of every list is the unknown one.
type locator struct {
	nics    []nic
	subnets []subnet
	vnets   []vnet
	vms     []machine

	endpoints map[string]struct{} // keys of the interfaces of private endpoints

	byMAC   map[string]int32
	byAddr  map[flow.Addr][]int32 // interfaces
	byVM    map[string]int32      // key of the VM's or instance's id → vms
	acls    map[string]string     // key of an NSG's id or GUID → name
	vnetKey map[string]int32
	subKey  map[string]int32
	public  publicNames
	called  calledNames
	quotes  *quotes
	told    *toldFlows
	tags    resourceTags
	apart   *plan.Called // names that several resource groups share

	alone networks // the only VNet that holds an address; 0 where there are several
}

type nic struct {
	name   string
	mac    string
	vm     int32
	subnet int32
	vnet   int32
	region string
	at     int32 // number of the region
	addrs  []flow.Addr

	endpoint bool // of a private endpoint

	since, until int64 // the looks that found it, see plan.NIC; the bounds of all time for none
}

type subnet struct {
	name string // vnet/subnet
	vnet int32
}

type vnet struct {
	name     string
	region   string
	prefixes []netip.Prefix
	subnets  networks
	peers    map[int32]struct{}
	peered   networks // VNets, that are peers
	remote   networks // of peered networks that no inventory holds

	at int32 // number of the region
}

type machine struct {
	name string
	nics []int32
}

// newLocator indexes inventories. Without any, nothing is known.
func newLocator(invs []*plan.Inventory) *locator {
	p := &locator{
		nics: make([]nic, 1), subnets: make([]subnet, 1), vnets: make([]vnet, 1), vms: make([]machine, 1),
		endpoints: map[string]struct{}{},
		byMAC:     map[string]int32{}, byAddr: map[flow.Addr][]int32{}, byVM: map[string]int32{},
		acls: map[string]string{}, vnetKey: map[string]int32{}, subKey: map[string]int32{},
		public: newPublicNames(),
	}
	p.quotes = newQuotes(p, Options{Inventories: invs})
	p.apart = plan.NewCalled(invs)
	for _, inv := range invs {
		p.addVNets(inv)
	}
	for _, inv := range invs {
		for _, e := range inv.PrivateEndpoints {
			for _, n := range e.NICs {
				p.endpoints[n.Key()] = struct{}{}
			}
		}
	}
	for _, inv := range invs {
		p.addPeerings(inv)
		for _, n := range inv.NICs {
			p.addNIC(n)
		}
		for _, g := range inv.NSGs {
			name := p.apart.As(g.ID, g.ID.Name())
			p.acls[g.ID.Key()] = name
			if g.GUID != "" {
				p.acls[strings.ToLower(g.GUID)] = name
			}
		}
	}
	p.alone = onlyHolders(p.vnets)
	p.called.use(p.vms, nil)
	return p
}

// known reports whether there is any inventory.
func (p *locator) known() bool { return len(p.nics) > 1 || len(p.vnets) > 1 }

func (p *locator) addVNets(inv *plan.Inventory) {
	for _, v := range inv.VNets {
		if p.vnetKey[v.ID.Key()] != 0 {
			continue
		}
		n := int32(len(p.vnets))
		p.vnetKey[v.ID.Key()] = n
		at := vnet{name: p.apart.As(v.ID, v.ID.Name()), region: v.Location, prefixes: v.Prefixes, at: p.public.region(v.Location), peers: map[int32]struct{}{}}
		for _, s := range v.Subnets {
			at.subnets.add(s.Prefixes, int32(len(p.subnets)))
			p.subKey[s.ID.Key()] = int32(len(p.subnets))
			p.subnets = append(p.subnets, subnet{at.name + "/" + s.ID.Name(), n})
		}
		p.vnets = append(p.vnets, at)
	}
}

func (p *locator) addPeerings(inv *plan.Inventory) {
	for _, v := range inv.VNets {
		here := &p.vnets[p.vnetKey[v.ID.Key()]]
		for _, q := range v.Peerings {
			if !strings.EqualFold(q.State, "Connected") {
				continue
			}
			if n := p.vnetKey[q.Remote.Key()]; n != 0 {
				here.peers[n] = struct{}{}
				here.peered.add(p.vnets[n].prefixes, n)
			} else {
				here.remote.add(q.Prefixes, 1)
			}
		}
	}
}

func (p *locator) addNIC(n plan.NIC) {
	if n.MAC != "" && p.byMAC[n.MAC] != 0 {
		return
	}
	i := int32(len(p.nics))
	v := nic{name: p.apart.As(n.ID, n.ID.Name()), mac: n.MAC, region: n.Location, at: p.public.region(n.Location), vm: p.vm(n.VM, i)}
	_, v.endpoint = p.endpoints[n.ID.Key()]
	v.since, v.until = math.MinInt64, math.MaxInt64
	if !n.Since.IsZero() {
		v.since = n.Since.UnixNano()
	}
	if !n.Until.IsZero() {
		v.until = n.Until.UnixNano()
	}
	if len(n.Subnets) > 0 {
		v.subnet = p.subKey[n.Subnets[0].Key()]
		v.vnet = p.subnets[v.subnet].vnet
	}
	for _, a := range n.Addresses {
		at := flow.AddrOf(a)
		v.addrs = append(v.addrs, at)
		p.byAddr[at] = append(p.byAddr[at], i)
	}
	p.nics = append(p.nics, v)
	if n.MAC != "" {
		p.byMAC[n.MAC] = i
	}
}

// vm returns the number of the machine id and gives it interface n.
func (p *locator) vm(id plan.ID, n int32) int32 {
	if id == "" {
		return 0
	}
	i, ok := p.byVM[id.Key()]
	if !ok {
		i = int32(len(p.vms))
		p.byVM[id.Key()] = i
		p.vms = append(p.vms, machine{name: p.apart.As(id, machineName(id))})
	}
	p.vms[i].nics = append(p.vms[i].nics, n)
	return i
}

// machineName is the name of a VM, or of a scale set with the instance's number.
func machineName(id plan.ID) string {
	if strings.EqualFold(id.Type(), "Microsoft.Compute/virtualMachineScaleSets/virtualMachines") {
		return id.Parent().Name() + "_" + id.Name()
	}
	return id.Name()
}

// acl is the name of the access list that a flow log calls text: an NSG's
// GUID or resource id. What is not known keeps its text; of an id, its name.
func (p *locator) acl(text string) string {
	if name, ok := p.acls[plan.ID(text).Key()]; ok {
		return name
	}
	if strings.HasPrefix(text, "/") {
		return plan.ID(text).Name()
	}
	return text
}

// location is where an address belongs; zero parts are unknown.
type location struct{ nic, subnet, vnet int32 }

// find says where a belongs at a time, seen from a point in VNet from (0 if unknown).
// VNets that are not peered may use the same addresses, so an address is
// looked for in the point's VNet, then in its peers, and elsewhere only if
// there is no choice.
func (p *locator) find(a flow.Addr, from int32, when int64) location {
	if n := p.pick(p.holders(a, when), from); n != 0 {
		return location{n, p.nics[n].subnet, p.nics[n].vnet}
	}
	if len(p.subnets) == 1 || !a.Private() && from == 0 {
		return location{}
	}
	ip := a.Netip()
	v := p.vnetOf(ip, from)
	if v == 0 {
		return location{}
	}
	return location{0, p.vnets[v].subnets.find(ip), v}
}

// holders are the interfaces that had an address at a time. Of those that had it one
// after the other it is none between the looks that found the one and the other, nor at a time
// that is not known.
func (p *locator) holders(a flow.Addr, when int64) []int32 {
	all := p.byAddr[a]
	if len(all) < 2 || !slices.ContainsFunc(all, p.spans) {
		return all
	}
	var list []int32
	for _, n := range all {
		if v := &p.nics[n]; when != aggregate.NoFirst && v.since <= when && when <= v.until {
			list = append(list, n)
		}
	}
	return list
}

// changes reports whether an address has other holders at other times.
func (p *locator) changes() bool {
	for _, all := range p.byAddr {
		if len(all) > 1 && slices.ContainsFunc(all, p.spans) {
			return true
		}
	}
	return false
}

// spans reports whether an interface was not found by all looks.
func (p *locator) spans(n int32) bool {
	return p.nics[n].since != math.MinInt64 || p.nics[n].until != math.MaxInt64
}

// vnetOf returns the VNet that holds ip: that of the point or the nearest of its
// peers; of a point in no known one, the only one that does. It is 0 if there is none.
func (p *locator) vnetOf(ip netip.Addr, from int32) int32 {
	if from == 0 {
		return p.alone.find(ip)
	}
	if holds(p.vnets[from].prefixes, ip) {
		return from
	}
	return p.vnets[from].peered.find(ip)
}

func (p *locator) pick(nics []int32, from int32) int32 {
	if from == 0 {
		if len(nics) == 1 {
			return nics[0]
		}
		return 0
	}
	for _, n := range nics {
		if p.nics[n].vnet == from {
			return n
		}
	}
	for _, n := range nics {
		if p.connected(from, p.nics[n].vnet) {
			return n
		}
	}
	if len(nics) == 1 && p.nics[nics[0]].vnet == 0 {
		return nics[0]
	}
	return 0
}

// nicName is the name of the interface with a MAC, if an inventory knows it.
func (p *locator) nicName(mac string) string { return p.nics[p.byMAC[mac]].name }
