package plan

import (
	"maps"
	"slices"
)

// Remember adds to inv what an earlier look found and inv does not have any
// more: machines, interfaces and networks that went away meanwhile still have
// their names in what was recorded before.
func (inv *Inventory) Remember(earlier *Inventory) {
	inv.VNets = remember(inv.VNets, earlier.VNets, func(v VNet) ID { return v.ID })
	inv.NSGs = remember(inv.NSGs, earlier.NSGs, func(n NSG) ID { return n.ID })
	inv.VMs = remember(inv.VMs, earlier.VMs, func(v VM) ID { return v.ID })
	inv.Accounts = remember(inv.Accounts, earlier.Accounts, func(a StorageAccount) ID { return a.ID })
	inv.Watchers = remember(inv.Watchers, earlier.Watchers, func(w Watcher) ID { return w.ID })
	inv.rememberInstances(earlier)
	inv.rememberNICs(earlier)
	inv.rememberGuarded(earlier)
}

// rememberGuarded adds what only the look before a plan reads, and results are named,
// priced and explained by. A look that did not ask has no registrations: what the
// earlier one could not read is then still unread.
func (inv *Inventory) rememberGuarded(earlier *Inventory) {
	inv.PrivateEndpoints = remember(inv.PrivateEndpoints, earlier.PrivateEndpoints, func(e PrivateEndpoint) ID { return e.ID })
	inv.RouteTables = remember(inv.RouteTables, earlier.RouteTables, func(t RouteTable) ID { return t.ID })
	for _, part := range []string{"private_endpoints", "route_tables"} {
		why, unread := earlier.Unread[part]
		if !unread || inv.Registered != nil || inv.Unread[part] != "" {
			continue
		}
		if inv.Unread = maps.Clone(inv.Unread); inv.Unread == nil {
			inv.Unread = map[string]string{}
		}
		inv.Unread[part] = why
	}
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

// rememberNICs adds interfaces that went away, with the time of the last look that found
// them, and notes of others which look found them first: an address that one had and another
// has by now is that of the one in whose time it was seen.
func (inv *Inventory) rememberNICs(earlier *Inventory) {
	old, there := map[string]*NIC{}, map[string]bool{}
	for i := range earlier.NICs {
		old[earlier.NICs[i].ID.Key()] = &earlier.NICs[i]
	}
	inv.NICs = slices.Clone(inv.NICs)
	for i := range inv.NICs {
		n := &inv.NICs[i]
		there[n.ID.Key()] = true
		if was := old[n.ID.Key()]; was == nil || !was.Until.IsZero() {
			n.Since = inv.Read
		} else {
			n.Since = was.Since
		}
	}
	for _, n := range earlier.NICs {
		if there[n.ID.Key()] {
			continue
		}
		if n.Until.IsZero() {
			n.Until = earlier.Read
		}
		inv.NICs = append(inv.NICs, n)
	}
}
