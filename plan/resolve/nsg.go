package resolve

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"flowctl/plan"
	"flowctl/plan/config"
)

// nsg makes a view: Azure makes no new NSG flow logs, so the subnets and
// interfaces that a security group guards are logged, and of their flows
// those that the group decided are kept.
func (r *resolver) nsg(w config.Watch, t plan.Target) bool {
	n := r.index(t).NSGs[t.ID.Key()]
	if n == nil {
		return false
	}
	r.views = append(r.views, plan.View{Watch: w.Address(), NSG: n.ID, GUID: n.GUID})
	parts := guarded(*n, t)
	if len(parts) == 0 {
		r.warn(w, t.ID, w.SelectRange, plan.NSGUnused, "NSG guards nothing",
			fmt.Sprintf("%s is on no subnet and no interface, so it decides no traffic. Watch another one.", n.ID.Name()))
	}
	any := false
	for _, part := range parts {
		why := fmt.Sprintf("a view of %s: NSG flow logs cannot be made any more, so its %s is logged and kept by ACL", n.ID.Name(), part.Kind)
		any = !r.inv.Past && r.covered(w, part) || r.flowLog(w, part, why) || any
	}
	return any
}

func guarded(n plan.NSG, t plan.Target) []plan.Target {
	var out []plan.Target
	for _, id := range n.Subnets {
		out = append(out, plan.Target{Kind: config.Subnet, ID: id, Location: t.Location, Provider: t.Provider})
	}
	for _, id := range n.NICs {
		out = append(out, plan.Target{Kind: config.NIC, ID: id, Location: t.Location, Provider: t.Provider})
	}
	return out
}

// covered joins the view to a flow log that this investigation makes on the
// virtual network or subnet that holds the target, if there is one that
// records everything the view needs.
func (r *resolver) covered(w config.Watch, t plan.Target) bool {
	for _, id := range holders(func() *plan.Index { return r.index(t) }, t.ID) {
		if i := r.flowLogOn(id); i >= 0 && r.sessions[i].FlowLog.Filter == w.FlowLog.Spec.Filter && r.sessions[i].FlowLog.RecordTypes == w.FlowLog.Spec.RecordTypes {
			r.sessions[i].Watches = append(r.sessions[i].Watches, w.Address())
			return true
		}
	}
	return false
}

// Within says of each recording what holds its target, as far as inv knows it.
func Within(inv *plan.Inventory, recordings []plan.Recording) {
	index := sync.OnceValue(inv.Index) // of a large subscription it takes a while, and few targets need it
	for i := range recordings {
		recordings[i].Within = holders(index, recordings[i].Target)
		if recordings[i].OfNSG() {
			if n := index().NSGs[recordings[i].Target.Key()]; n != nil {
				recordings[i].Guards = append(slices.Clone(n.Subnets), n.NICs...)
				for _, id := range recordings[i].Guards {
					recordings[i].GuardsIn = append(recordings[i].GuardsIn, holders(index, id)...)
				}
			}
		}
	}
}

// holders lists what holds a target of a flow log, from the inside out: the
// virtual network of a subnet, the subnets of an interface and theirs.
func holders(index func() *plan.Index, target plan.ID) []plan.ID {
	switch kind := strings.ToLower(target.Type()); {
	case strings.HasSuffix(kind, "/subnets"):
		return []plan.ID{target.Parent()}
	case strings.HasSuffix(kind, "/virtualnetworks"):
		return nil
	}
	n := index().NICs[target.Key()]
	if n == nil {
		return nil
	}
	var out []plan.ID
	for _, s := range n.Subnets {
		out = append(out, s, s.Parent())
	}
	return out
}
