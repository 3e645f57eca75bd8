package rules

import (
	"slices"

	"flowctl/plan"
	"flowctl/plan/servicetag"
)

// Passed adds to each list what passed it on the way to the one that flow logs name: of
// traffic that was let pass, they name only the last group that was asked. By which rule
// it passed the others is worked out from the inventory; where that is not certain, all
// rules that may be meant are noted, so that none of them is taken for never used.
func Passed(lists []*List, invs []*plan.Inventory, tags *servicetag.List) {
	p := passing{byID: map[string]*List{}, worlds: map[*List]World{}, nics: map[string]*plan.NIC{}, subnets: map[string]plan.ID{}, invs: invs, tags: tags}
	known := map[string]bool{}
	for _, l := range lists {
		if l.Kind == NSG {
			p.byID[l.ID.Key()], known[l.Name] = l, true
		}
	}
	called := plan.NewCalled(invs)
	for _, inv := range invs {
		for i := range inv.NICs {
			p.nics[called.Name(inv.NICs[i].ID)] = &inv.NICs[i]
		}
		for _, v := range inv.VNets {
			for _, s := range v.Subnets {
				p.subnets[s.ID.Key()] = s.NSG
			}
		}
	}
	var told []Use // before any is added
	for _, l := range lists {
		told = append(told, l.Uses...)
	}
	for _, u := range told {
		if !u.Denied && known[u.ACL] {
			p.add(u)
		}
	}
	for _, l := range lists {
		l.count()
	}
}

type passing struct {
	byID    map[string]*List
	worlds  map[*List]World
	nics    map[string]*plan.NIC
	subnets map[string]plan.ID // the group of each, by id
	invs    []*plan.Inventory
	tags    *servicetag.List
}

// add adds a use to the lists of its interface that the log does not name.
func (p *passing) add(u Use) {
	n := p.nics[u.NIC]
	if n == nil {
		return
	}
	groups := []plan.ID{n.NSG}
	for _, s := range n.Subnets {
		groups = append(groups, p.subnets[s.Key()])
	}
	var done []*List
	for _, id := range groups {
		l := p.byID[id.Key()]
		if l == nil || l.Name == u.ACL || slices.Contains(done, l) {
			continue
		}
		done = append(done, l)
		passed := u
		passed.ACL, passed.Rule = l.Name, p.rule(l, u.Tuple)
		l.Uses = append(l.Uses, passed)
	}
}

// rule is the one of a list by which a tuple certainly passed; empty if that is not clear.
// A rule that refuses is not it: the inventory is of another time then.
func (p *passing) rule(l *List, t Tuple) string {
	w, ok := p.worlds[l]
	if !ok {
		w = WorldOf(p.invs, p.tags, l.VNets(p.invs)...)
		p.worlds[l] = w
	}
	var present []plan.Rule
	for _, line := range l.Lines {
		if line.Known {
			present = append(present, line.Rule)
		}
	}
	d := w.Decide(present, t)
	if len(d.Maybe) == 0 && d.Passes() == Yes {
		return d.Rule.Name
	}
	for i := range l.Lines {
		may := func(r *plan.Rule) bool { return r.Name == l.Lines[i].Name && r.Direction == l.Lines[i].Direction }
		if slices.ContainsFunc(d.Maybe, may) || d.Rule != nil && may(d.Rule) {
			l.Lines[i].Maybe++
		}
	}
	return ""
}
