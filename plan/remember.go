package plan

import "net/netip"

// Remember adds to inv what an earlier look found and inv does not have any
// more: machines, interfaces and networks that went away meanwhile still have
// their names in what was recorded before. An address that another interface
// has by now is left to that one.
func (inv *Inventory) Remember(earlier *Inventory) {
	inv.VNets = remember(inv.VNets, earlier.VNets, func(v VNet) ID { return v.ID })
	inv.NSGs = remember(inv.NSGs, earlier.NSGs, func(n NSG) ID { return n.ID })
	inv.VMs = remember(inv.VMs, earlier.VMs, func(v VM) ID { return v.ID })
	inv.Accounts = remember(inv.Accounts, earlier.Accounts, func(a StorageAccount) ID { return a.ID })
	inv.Watchers = remember(inv.Watchers, earlier.Watchers, func(w Watcher) ID { return w.ID })
	inv.rememberInstances(earlier)
	inv.rememberNICs(earlier)
}

func remember[T any](now, earlier []T, id func(T) ID) []T {
	there := map[string]bool{}
	for _, x := range now {
		there[id(x).Key()] = true
	}
	for _, x := range earlier {
		if !there[id(x).Key()] {
			now = append(now[:len(now):len(now)], x)
		}
	}
	return now
}

// rememberInstances adds scale sets, and instances that were scaled in.
func (inv *Inventory) rememberInstances(earlier *Inventory) {
	inv.ScaleSets = remember(inv.ScaleSets, earlier.ScaleSets, func(s ScaleSet) ID { return s.ID })
	old := map[string]ScaleSet{}
	for _, s := range earlier.ScaleSets {
		old[s.ID.Key()] = s
	}
	for i := range inv.ScaleSets {
		s := &inv.ScaleSets[i]
		s.Instances = remember(s.Instances, old[s.ID.Key()].Instances, func(x Instance) ID { return x.ID })
	}
}

func (inv *Inventory) rememberNICs(earlier *Inventory) {
	there, taken := map[string]bool{}, map[netip.Addr]bool{}
	for _, n := range inv.NICs {
		there[n.ID.Key()] = true
		for _, a := range n.Addresses {
			taken[a] = true
		}
	}
	for _, n := range earlier.NICs {
		if there[n.ID.Key()] {
			continue
		}
		var free []netip.Addr
		for _, a := range n.Addresses {
			if !taken[a] {
				free = append(free, a)
			}
		}
		n.Addresses = free
		inv.NICs = append(inv.NICs[:len(inv.NICs):len(inv.NICs)], n)
	}
}
