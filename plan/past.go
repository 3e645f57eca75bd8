package plan

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Azure answers for the past only where somebody recorded. Of a window that was over before its
// run began nothing is created: what flow logs there are over a target, on what holds it and on
// parts of it, whoever made them and whether they still write, is read.

// OfNSG reports whether r is a flow log of a network security group, of the kind that Azure makes
// no more.
func (r Recording) OfNSG() bool {
	return strings.EqualFold(r.Target.Type(), "Microsoft.Network/networkSecurityGroups")
}

// recorded reads what there is of s.
func (d differ) recorded(s Session) []Change {
	out := d.sources(s)
	if len(out) == 0 {
		return []Change{{Leave, "nobody recorded it: no flow log is there that covers it", &s, nil}}
	}
	return out
}

// earlier adds to the changes of a session whose window began before now what others recorded of
// it until now.
func (d differ) earlier(s Session, changes []Change) []Change {
	if d.inv.Start.IsZero() || d.now.Sub(d.inv.Start) < time.Minute {
		return changes
	}
	for _, c := range d.sources(s) {
		same := func(o Change) bool { return o.Recording != nil && o.Recording.ID.Is(c.Recording.ID) }
		if !slices.ContainsFunc(changes, same) {
			c.Reason += ", until this run began"
			changes = append(changes, c)
		}
	}
	return changes
}

// sources are the changes by which all flow logs are read that may have records of s, by id.
func (d differ) sources(s Session) []Change {
	var out []Change
	for _, r := range d.have {
		if r.Mechanism != FlowLog || d.inv.Made(r) {
			continue
		}
		if what, why := sourceOf(s, r); why != "" {
			if !r.Enabled {
				why += ", and is switched off now"
			}
			out = append(out, reuse(what, r, why))
		}
	}
	slices.SortFunc(out, func(a, b Change) int { return strings.Compare(a.Recording.ID.Key(), b.Recording.ID.Key()) })
	return out
}

// sourceOf is the session by which r is read for s, and what r has of it; empty if nothing.
func sourceOf(s Session, r Recording) (Session, string) {
	name := r.ID.Name()
	switch {
	case r.Target.Is(s.Target.ID):
		return s, fmt.Sprintf("flow log %s is on it", name)
	case holds(s.Within, r.Target):
		return s, fmt.Sprintf("flow log %s is on its %s %s", name, kindOf(r.Target), r.Target.Name())
	case holds(r.Within, s.Target.ID):
		return part(s, r), fmt.Sprintf("flow log %s is on this %s of it", name, kindOf(r.Target))
	case holds(r.Guards, s.Target.ID), holds(r.GuardsIn, s.Target.ID), slices.ContainsFunc(r.Guards, func(id ID) bool { return holds(s.Within, id) }):
		return s, fmt.Sprintf("NSG flow log %s has what network security group %s decided of it", name, r.Target.Name())
	}
	return s, ""
}
