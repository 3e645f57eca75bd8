package resolve

import (
	"fmt"
	"slices"
	"strings"

	"github.com/agext/levenshtein"

	"flowctl/plan"
	"flowctl/plan/config"
)

// candidate is a resource that a watch of its kind could select.
type candidate struct {
	plan.Target
	tags map[string]string
}

// candidates lists the resources of one kind, in the order of their ids.
func candidates(kind, alias string, inv *plan.Inventory) []candidate {
	var out []candidate
	add := func(kind string, id plan.ID, location string, tags map[string]string) {
		out = append(out, candidate{plan.Target{Kind: kind, ID: id, Location: location, Provider: alias}, tags})
	}
	switch kind {
	case config.VNet, config.Subnet:
		for _, v := range inv.VNets {
			if kind == config.VNet {
				add(kind, v.ID, v.Location, v.Tags)
				continue
			}
			for _, s := range v.Subnets {
				add(kind, s.ID, v.Location, nil)
			}
		}
	case config.NIC:
		for _, n := range inv.NICs {
			add(kind, n.ID, n.Location, n.Tags)
		}
	case config.NSG:
		for _, n := range inv.NSGs {
			add(kind, n.ID, n.Location, n.Tags)
		}
	case config.VM:
		for _, v := range inv.VMs {
			add(kind, v.ID, v.Location, v.Tags)
		}
	case config.VMSS:
		for _, s := range inv.ScaleSets {
			add(kind, s.ID, s.Location, s.Tags)
		}
	}
	return out
}

// find returns the targets that w selects. What it names and is not there is
// an error at the selector.
func (r *resolver) find(w config.Watch, inv *plan.Inventory) []plan.Target {
	if w.Select.Query != "" {
		return r.byQuery(w)
	}
	all := candidates(w.Kind, w.Provider, inv)
	switch s := w.Select; {
	case len(s.IDs) > 0:
		return r.byID(w, all)
	case len(s.Names) > 0:
		return r.byName(w, all)
	default:
		return r.byTags(w, all)
	}
}

func (r *resolver) byID(w config.Watch, all []candidate) []plan.Target {
	var out []plan.Target
	there := byKey(all)
	for _, id := range w.Select.IDs {
		t, ok := there[id.Key()]
		if !ok && !r.reads(id.Subscription()) {
			r.outside(w, id)
			continue
		}
		if !ok {
			r.missing(w, string(id), id.Name(), all)
			continue
		}
		out = append(out, t)
	}
	return out
}

// outside says of a target that it is in a subscription that nobody reads.
func (r *resolver) outside(w config.Watch, id plan.ID) {
	r.fail("No target", fmt.Sprintf("Watch %s: %s is in subscription %s, which no provider of the file reads (%s reads %s). Add provider \"azure\" { alias = \"other\"  subscription_id = \"%s\" }, and provider = \"other\" in the watch.",
		w.Address(), id.Name(), id.Subscription(), w.Provider, r.inventories[w.Provider].Subscription, id.Subscription()), w.SelectRange)
}

func byKey(all []candidate) map[string]plan.Target {
	out := make(map[string]plan.Target, len(all))
	for _, c := range all {
		out[c.ID.Key()] = c.Target
	}
	return out
}

func (r *resolver) byName(w config.Watch, all []candidate) []plan.Target {
	var out []plan.Target
	for _, name := range w.Select.Names {
		i := slices.IndexFunc(all, func(c candidate) bool { return named(c, name, w.Select) })
		if i < 0 {
			r.missing(w, fmt.Sprintf("%s in resource group %s", name, w.Select.ResourceGroup), name, all)
			continue
		}
		out = append(out, all[i].Target)
	}
	return out
}

func named(c candidate, name string, s config.Selector) bool {
	return strings.EqualFold(c.ID.Name(), name) &&
		(s.ResourceGroup == "" || strings.EqualFold(c.ID.ResourceGroup(), s.ResourceGroup)) &&
		(s.VNet == "" || strings.EqualFold(c.ID.Parent().Name(), s.VNet))
}

func (r *resolver) byTags(w config.Watch, all []candidate) []plan.Target {
	var out []plan.Target
	for _, c := range all {
		if tagged(c.tags, w.Select.Tags) {
			out = append(out, c.Target)
		}
	}
	if len(out) == 0 {
		r.fail("No target", fmt.Sprintf("Watch %s: no %s of %d in the subscription has the tags %s. Check the tags, or name the targets.",
			w.Address(), w.Kind, len(all), showTags(w.Select.Tags)), w.SelectRange)
	}
	return out
}

// tagged compares as Azure does: names without case, values with it.
func tagged(have, want map[string]string) bool {
	for k, v := range want {
		if !slices.ContainsFunc(keys(have), func(h string) bool { return strings.EqualFold(h, k) && have[h] == v }) {
			return false
		}
	}
	return true
}

func keys(m map[string]string) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

func showTags(tags map[string]string) string {
	var parts []string
	for _, k := range keys(tags) {
		parts = append(parts, fmt.Sprintf("%s=%q", k, tags[k]))
	}
	return strings.Join(parts, ", ")
}

func (r *resolver) missing(w config.Watch, what, name string, all []candidate) {
	detail := fmt.Sprintf("Watch %s: there is no %s %s.", w.Address(), w.Kind, what)
	if near := nearest(name, all); near != nil {
		detail += fmt.Sprintf(" Did you mean %s in resource group %s?", near.ID.Name(), near.ID.ResourceGroup())
	} else if len(all) == 0 {
		detail += fmt.Sprintf(" Provider %q sees no %s at all: check its subscription and your access to it.", w.Provider, w.Kind)
	}
	r.fail("No target", detail, w.SelectRange)
}

// nearest returns the candidate whose name is most like name, if any is.
func nearest(name string, all []candidate) *candidate {
	var best *candidate
	bestAt := max(3, len(name)/3)
	for i, c := range all {
		if d := levenshtein.Distance(strings.ToLower(name), strings.ToLower(c.ID.Name()), nil); d < bestAt {
			best, bestAt = &all[i], d
		}
	}
	return best
}
