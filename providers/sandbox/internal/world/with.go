package world

import (
	"slices"
	"strings"

	"flowctl/plan"
)

// With returns w with some of its resources replaced by those of the same id
// in put, some added and some gone. What a new one points at needs no more
// than its id. w itself stays as it is; what both have in common, such as
// rules, they share.
func (w *World) With(put []any, gone []plan.ID) *World {
	c := *w
	l := linker{w: &c, out: map[string]bool{}}
	for _, id := range gone {
		l.out[id.Key()] = true
	}
	for _, r := range put {
		l.out[idOf(r).Key()] = true
	}
	l.copy(w)
	for _, r := range put {
		l.add(r)
	}
	l.link()
	return &c
}

func (r *Resource) id() plan.ID { return r.ID }
func (s *Subnet) id() plan.ID   { return s.ID }

func idOf(r any) plan.ID {
	if r, ok := r.(interface{ id() plan.ID }); ok {
		return r.id()
	}
	return ""
}

// linker makes copies that point at each other out of some that point at
// others of the same ids.
type linker struct {
	w       *World
	out     map[string]bool // ids that are not copied
	subnets []*Subnet
	inst    []*Instance

	vnet   map[string]*VNet
	subnet map[string]*Subnet
	nsg    map[string]*NSG
	nic    map[string]*NIC
	ip     map[string]*PublicIP
	vm     map[string]*VM
	set    map[string]*ScaleSet
}

// kept copies those of a list that stay.
func kept[T any](l *linker, all []*T) []*T {
	var out []*T
	for _, r := range all {
		if !l.out[idOf(r).Key()] {
			c := *r
			out = append(out, &c)
		}
	}
	return out
}

func (l *linker) copy(w *World) {
	c := l.w
	c.VNets, c.NSGs, c.NICs, c.PublicIPs = kept(l, w.VNets), kept(l, w.NSGs), kept(l, w.NICs), kept(l, w.PublicIPs)
	c.VMs, c.ScaleSets, c.Accounts = kept(l, w.VMs), kept(l, w.ScaleSets), kept(l, w.Accounts)
	c.Gateways, c.Endpoints = kept(l, w.Gateways), kept(l, w.Endpoints)
	for _, v := range w.VNets {
		l.subnets = append(l.subnets, kept(l, v.Subnets)...)
	}
	for _, s := range w.ScaleSets {
		l.inst = append(l.inst, kept(l, s.Instances)...)
	}
}

func (l *linker) add(r any) {
	c := l.w
	switch r := r.(type) {
	case *VNet:
		c.VNets = append(c.VNets, r)
	case *Subnet:
		l.subnets = append(l.subnets, r)
	case *NSG:
		c.NSGs = append(c.NSGs, r)
	case *NIC:
		c.NICs = append(c.NICs, r)
	case *PublicIP:
		c.PublicIPs = append(c.PublicIPs, r)
	case *VM:
		c.VMs = append(c.VMs, r)
	case *ScaleSet:
		c.ScaleSets = append(c.ScaleSets, r)
	case *Instance:
		l.inst = append(l.inst, r)
	case *StorageAccount:
		c.Accounts = append(c.Accounts, r)
	case *Gateway:
		c.Gateways = append(c.Gateways, r)
	case *PrivateEndpoint:
		c.Endpoints = append(c.Endpoints, r)
	}
}

func byID[T any](all []*T) map[string]*T {
	m := make(map[string]*T, len(all))
	for _, r := range all {
		m[idOf(r).Key()] = r
	}
	return m
}

func (l *linker) link() {
	c := l.w
	l.vnet, l.subnet, l.nsg, l.nic, l.ip = byID(c.VNets), byID(l.subnets), byID(c.NSGs), byID(c.NICs), byID(c.PublicIPs)
	l.vm, l.set = byID(c.VMs), byID(c.ScaleSets)
	l.networks()
	l.machines()
	l.interfaces()
	l.guests()
	l.followers()
}

// networks links VNets with their subnets and peers. A peering of which the
// other side is gone leads nowhere.
func (l *linker) networks() {
	for _, n := range l.w.NSGs {
		n.Subnets, n.NICs = nil, nil
	}
	for _, v := range l.w.VNets {
		v.Subnets = nil
		peers := v.Peerings
		v.Peerings = nil
		for _, p := range peers {
			if remote := l.vnet[p.Remote.ID.Key()]; remote != nil {
				p.Remote = remote
				v.Peerings = append(v.Peerings, p)
			}
		}
	}
	for _, v := range l.w.VNets {
		v.Peerings = slices.DeleteFunc(slices.Clone(v.Peerings), func(p Peering) bool {
			return !slices.ContainsFunc(p.Remote.Peerings, func(back Peering) bool { return back.Remote == v })
		})
	}
	for _, s := range l.subnets {
		if s.VNet = l.vnet[s.ID.Parent().Key()]; s.VNet == nil {
			continue
		}
		s.Gateways = nil
		s.VNet.Subnets = append(s.VNet.Subnets, s)
		if s.NSG != nil {
			if s.NSG = l.nsg[s.NSG.ID.Key()]; s.NSG != nil {
				s.NSG.Subnets = append(s.NSG.Subnets, s)
			}
		}
	}
}

// machines links machines and instances with their sets and interfaces.
func (l *linker) machines() {
	for _, n := range l.w.NICs {
		n.VM = nil
	}
	for _, s := range l.w.ScaleSets {
		s.Instances, s.Machines = nil, nil
	}
	for _, v := range l.w.VMs {
		nics := v.NICs
		v.NICs = nil
		for i, n := range nics {
			if n = l.nic[n.ID.Key()]; n != nil {
				n.VM, n.Secondary = v, i > 0
				v.NICs = append(v.NICs, n)
			}
		}
		if v.Set != nil {
			if v.Set = l.set[v.Set.ID.Key()]; v.Set != nil {
				v.Set.Machines = append(v.Set.Machines, v)
			}
		}
	}
	for _, i := range l.inst {
		if i.Set = l.set[i.Set.ID.Key()]; i.Set == nil {
			continue
		}
		i.Set.Instances = append(i.Set.Instances, i)
		if i.NIC != nil {
			if i.NIC = l.nic[i.NIC.ID.Key()]; i.NIC != nil {
				i.NIC.Instance = i
			}
		}
	}
	for _, s := range l.w.ScaleSets {
		slices.SortFunc(s.Instances, func(a, b *Instance) int {
			if len(a.Number) != len(b.Number) {
				return len(a.Number) - len(b.Number)
			}
			return strings.Compare(a.Number, b.Number)
		})
	}
}

// interfaces links them with subnets, groups and addresses, and drops those
// whose subnet or instance is gone.
func (l *linker) interfaces() {
	for _, p := range l.w.PublicIPs {
		p.NIC = nil
	}
	l.w.NICs = slices.DeleteFunc(l.w.NICs, func(n *NIC) bool {
		if n.Subnet != nil {
			n.Subnet = l.subnet[n.Subnet.ID.Key()]
		}
		return n.Subnet == nil || n.Subnet.VNet == nil || n.Instance != nil && (n.Instance.NIC != n || n.Instance.Set == nil)
	})
	for _, n := range l.w.NICs {
		if n.NSG != nil {
			if n.NSG = l.nsg[n.NSG.ID.Key()]; n.NSG != nil {
				n.NSG.NICs = append(n.NSG.NICs, n)
			}
		}
		if n.Public != nil {
			if n.Public = l.ip[n.Public.ID.Key()]; n.Public != nil {
				n.Public.NIC = n
			}
		}
		if n.MAC == "" && n.VM != nil && !n.VM.NeverStarted {
			n.MAC = ClientMAC(n.GUID)
		}
	}
}

// ClientMAC is the MAC that an interface gets whose machine a client made, in
// one of the ranges that Azure uses.
func ClientMAC(guid string) string {
	return "6045BD" + strings.ToUpper(strings.ReplaceAll(guid, "-", "")[:6])
}

// guests links gateways and private endpoints with where they live.
func (l *linker) guests() {
	for _, g := range l.w.Gateways {
		if g.Subnet != nil {
			if g.Subnet = l.subnet[g.Subnet.ID.Key()]; g.Subnet != nil {
				g.Subnet.Gateways = append(g.Subnet.Gateways, g)
			}
		}
	}
	endpoint := byID(l.w.Endpoints)
	for _, e := range l.w.Endpoints {
		if e.Subnet != nil {
			e.Subnet = l.subnet[e.Subnet.ID.Key()]
		}
		if e.NIC != nil {
			e.NIC = l.nic[e.NIC.ID.Key()]
		}
	}
	for _, n := range l.w.NICs {
		if n.Endpoint != nil {
			n.Endpoint = endpoint[n.Endpoint.ID.Key()]
		}
	}
}

// followers are what speaks of resources by name: admin rules and traffic.
func (l *linker) followers() {
	c := l.w
	c.AdminRules = slices.Clone(c.AdminRules)
	for i, r := range c.AdminRules {
		own := *r
		own.VNets = nil
		for _, v := range r.VNets {
			if v = l.vnet[v.ID.Key()]; v != nil {
				own.VNets = append(own.VNets, v)
			}
		}
		c.AdminRules[i] = &own
	}
	ends := c.places()
	c.Traffic = slices.Clone(c.Traffic)
	for i, t := range c.Traffic {
		own := *t
		own.From, own.To = ends.all(t.fromPlaces), ends.all(t.toPlaces)
		c.Traffic[i] = &own
	}
}

// Prepare makes a rule ready for evaluation. bad is the first address in it
// that this world does not know; the rule then matches as if it were not there.
func (w *World) Prepare(r *Rule) (bad string) {
	m := matcher{protocol: map[string]uint8{"tcp": TCP, "udp": UDP, "icmp": ICMP, "esp": 50, "ah": 51}[strings.ToLower(r.Protocol)]}
	m.label = "UserRule_" + r.Name
	if r.Default {
		m.label = "DefaultRule_" + r.Name
	}
	for _, list := range []struct {
		texts []string
		to    *[]portRange
	}{{r.SourcePorts, &m.sports}, {r.Ports, &m.dports}} {
		for _, p := range list.texts {
			if pr, err := parsePorts(p); err == nil {
				*list.to = append(*list.to, pr)
			}
		}
	}
	var one string
	for _, part := range []struct {
		names []string
		to    *side
	}{{r.Sources, &m.from}, {r.Destinations, &m.to}} {
		for _, name := range part.names {
			s, unknown := w.side([]string{name})
			if unknown != "" {
				one = unknown
				continue
			}
			part.to.any, part.to.vnet = part.to.any || s.any, part.to.vnet || s.vnet
			part.to.internet, part.to.balancer = part.to.internet || s.internet, part.to.balancer || s.balancer
			part.to.prefixes = append(part.to.prefixes, s.prefixes...)
		}
	}
	r.match = m
	return one
}

// SortRules puts rules into the order in which they are asked.
func SortRules(rules []*Rule) { sortRules(rules) }
