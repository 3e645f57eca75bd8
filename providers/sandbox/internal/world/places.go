package world

// places are what a traffic's ends can be called: a machine, an interface, a
// host, a scale set of either kind, a VNet, or a subnet ("vnet/subnet").
// Machines and VNets can be called by resource group and name as well.
type places map[string][]Endpoint

// rank is which of several things of one name is meant.
const (
	aMachine = iota
	anInterface
	aHost
	aSet
	aNetwork
)

func (w *World) places() places {
	p, ranks := places{}, map[string]int{}
	add := func(rank int, name string, e ...Endpoint) {
		if has, ok := ranks[name]; ok && has < rank {
			return
		} else if ok && has > rank {
			p[name] = nil
		}
		ranks[name] = rank
		p[name] = append(p[name], e...)
	}
	for _, v := range w.VMs {
		if len(v.NICs) == 0 {
			continue
		}
		e := Endpoint{NIC: v.NICs[0]}
		add(aMachine, v.Name, e)
		add(aMachine, v.Group+"/"+v.Name, e)
		if v.Set != nil {
			add(aSet, v.Set.Name, e)
		}
	}
	for _, h := range w.Hosts {
		add(aHost, h.Name, Endpoint{Host: h})
	}
	for _, n := range w.NICs {
		e := Endpoint{NIC: n}
		if n.Instance != nil {
			add(aSet, n.Instance.Set.Name, e)
		} else {
			add(anInterface, n.Name, e)
		}
		if n.Subnet != nil && n.Subnet.VNet != nil {
			v := n.Subnet.VNet
			add(aNetwork, v.Name, e)
			add(aNetwork, v.Group+"/"+v.Name, e)
			add(aNetwork, v.Name+"/"+n.Subnet.Name, e)
			add(aNetwork, v.Group+"/"+v.Name+"/"+n.Subnet.Name, e)
		}
	}
	return p
}

// all are the ends that names mean. What there is none of any more is none.
func (p places) all(names []string) []Endpoint {
	var out []Endpoint
	for _, name := range names {
		out = append(out, p[name]...)
	}
	return out
}
