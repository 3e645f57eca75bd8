package preflight

import (
	"fmt"
	"strings"

	"flowctl/plan"
)

// clause is one part of a flow log's filter, of which one must hold: the
// values by field in lower case, with ! before it where they must not be.
type clause map[string][]string

// clauses reads an enabledFilteringCriteria: && binds tighter than ||, and
// there are no parentheses.
func clauses(filter string) []clause {
	var out []clause
	for part := range strings.SplitSeq(filter, "||") {
		c := clause{}
		for term := range strings.SplitSeq(part, "&&") {
			field, values, _ := strings.Cut(term, "=")
			field = strings.ToLower(strings.TrimSpace(field))
			if f, not := strings.CutSuffix(field, "!"); not {
				field = "!" + strings.TrimSpace(f)
			}
			for v := range strings.SplitSeq(values, ",") {
				c[field] = append(c[field], strings.TrimSpace(v))
			}
		}
		out = append(out, c)
	}
	return out
}

// only reports whether a field must have one value.
func (c clause) only(field, value string) bool {
	return len(c[field]) == 1 && strings.EqualFold(c[field][0], value)
}

// place is where the flows of a target are.
type place struct {
	name      string
	own       []span // addresses of the target; none if not known
	encrypted bool   // its virtual network encrypts
	states    string // record types
}

func (c *checker) flowFilter(s *plan.Session) {
	p := c.place(s)
	all := clauses(s.FlowLog.Filter)
	var reasons []string
	for _, cl := range all {
		if why := flowNever(cl, p); why != "" {
			reasons = append(reasons, why)
		}
	}
	for _, why := range reasons {
		c.neverMatches(s, len(reasons) == len(all), c.watch(s).FlowLog.FilterRange, why)
	}
}

func (c *checker) place(s *plan.Session) place {
	x := c.index(s)
	p := place{name: s.Target.ID.Name(), states: s.FlowLog.RecordTypes}
	vnet := s.Target.ID
	if sub := x.Subnets[s.Target.ID.Key()]; sub != nil {
		vnet = sub.ID.Parent()
		for _, n := range sub.Prefixes {
			p.own = append(p.own, ofPrefix(n))
		}
	}
	if n := x.NICs[s.Target.ID.Key()]; n != nil {
		for _, a := range n.Addresses {
			p.own = append(p.own, ofAddr(a))
		}
		for _, id := range n.Subnets {
			vnet = id.Parent()
		}
	}
	if v := x.VNets[vnet.Key()]; v != nil {
		p.encrypted = v.Encryption != ""
		if v.ID.Is(s.Target.ID) {
			for _, n := range v.Prefixes {
				p.own = append(p.own, ofPrefix(n))
			}
		}
	} else {
		p.encrypted = true // not known
	}
	return p
}

// flowNever says why no flow of a target passes a clause; empty if one can.
func flowNever(c clause, p place) string {
	switch {
	case zeroPort(strings.Join(c["srcport"], ","), ","), zeroPort(strings.Join(c["dstport"], ","), ","):
		return "No flow has port 0"
	case c.only("encryption", "X") && !p.encrypted:
		return fmt.Sprintf("The virtual network of %s does not encrypt, so no flow is encrypted by the platform (X)", p.name)
	case c.only("action", "deny") && p.states != "" && !strings.Contains(p.states, "D"):
		return "record_types leaves out denied flows, and the filter wants only those"
	case c.only("action", "allow") && p.states == "D":
		return "record_types has only denied flows, and the filter wants only allowed ones"
	case len(p.own) == 0:
		return ""
	}
	local := func(field string) bool {
		named := spans(strings.Join(c[field], ","), ",")
		return len(named) == 0 || anyOverlap(named, p.own)
	}
	out := !c.only("direction", "Inbound") && local("srcip")
	in := !c.only("direction", "Outbound") && local("dstip")
	if out || in {
		return ""
	}
	return fmt.Sprintf("Every flow that %s logs begins or ends in it, and %s is outside", p.name, strings.Join(append(c["srcip"], c["dstip"]...), ", "))
}
