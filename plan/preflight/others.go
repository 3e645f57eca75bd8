package preflight

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"flowctl/plan"
)

// otherLogs looks at flow logs on the same targets, above and below them:
// Azure has one a target, and of several over one interface only the most
// specific gets its records (NIC before subnet before VNet).
func (c *checker) otherLogs() {
	here := map[string]*plan.Session{}
	for _, s := range c.logged() {
		here[s.Target.ID.Key()] = s
	}
	for _, s := range c.logged() {
		for _, id := range s.Within {
			if outer := here[id.Key()]; outer != nil {
				c.inside(s, outer)
			}
		}
	}
	for _, r := range c.Recordings {
		if r.Mechanism != plan.FlowLog {
			continue
		}
		if strings.EqualFold(r.Target.Type(), "Microsoft.Network/networkSecurityGroups") {
			c.nsgFlowLog(r)
			continue
		}
		c.otherLog(r)
	}
}

// inside is about two flow logs of this file, one on a part of the other's
// target.
func (c *checker) inside(s, outer *plan.Session) {
	sev, more := plan.Info, "Both are read, so nothing is missing and nothing is counted twice."
	if !reflect.DeepEqual(s.FlowLog, outer.FlowLog) {
		sev, more = plan.Warning, fmt.Sprintf("The two have different settings: for %s those of %s count.", s.Target.ID.Name(), s.Watches[0])
	}
	c.say(sev, plan.FlowLogOverlap, on(s, c.watch(s).Range), "Flow logs overlap",
		"%s is logged by itself and as a part of %s (%s). Azure writes its records to its own log only. %s", s.Target.ID.Name(), outer.Target.ID.Name(), outer.Watches[0], more)
}

// otherLog is about a flow log of another investigation.
func (c *checker) otherLog(r plan.Recording) {
	n, ours := plan.ParseName(r.ID.Name())
	if !ours || c.Plan.Investigation.Made(r) || !r.Enabled {
		return
	}
	for _, s := range c.made() {
		if s.Mechanism != plan.FlowLog {
			continue
		}
		at := on(s, c.watch(s).Range)
		switch {
		case r.Target.Is(s.Target.ID):
			c.say(plan.Error, plan.FlowLogTaken, at, "Another investigation logs this",
				"%s is logged by investigation %q %s, and Azure has one flow log a target. Wait until it is over, or end it there with flowctl destroy.", s.Target.ID.Name(), n.Investigation, untilOf(n.Deadline))
		case slices.ContainsFunc(s.Within, r.Target.Is):
			c.say(plan.Warning, plan.FlowLogOverlap, at, "Takes records from another investigation",
				"%s is a part of %s, which investigation %q logs until %s. Azure writes the records of an interface to the most specific log only: while this one is there, they are missing in that one.", s.Target.ID.Name(), r.Target.Name(), n.Investigation, untilOf(n.Deadline))
		case slices.ContainsFunc(r.Within, s.Target.ID.Is):
			c.say(plan.Warning, plan.FlowLogOverlap, at, "Another investigation takes records",
				"%s, a part of %s, is logged by investigation %q %s. Azure writes the records of an interface to the most specific log only: its records are missing here.", r.Target.Name(), s.Target.ID.Name(), n.Investigation, untilOf(n.Deadline))
		}
	}
}

// nsgFlowLog is about a flow log on a network security group that guards
// what is logged.
func (c *checker) nsgFlowLog(r plan.Recording) {
	for _, s := range c.logged() {
		n := c.index(s).NSGs[r.Target.Key()]
		if n == nil || !guards(*n, s) {
			continue
		}
		c.say(plan.Warning, plan.NSGFlowLog, on(s, c.watch(s).Range), "NSG flow log is there",
			"%s is also logged by NSG flow log %s, which is not read beside other logs. Azure makes no new ones since 30 June 2025 and deletes those that are left on 30 September 2027: flowctl migrate nsg says what takes its place. Until then the traffic may be logged, and paid for, twice.", n.ID.Name(), r.ID.Name())
		return
	}
}

// guards reports whether n is on the target of s, on what holds it or on a
// part of it.
func guards(n plan.NSG, s *plan.Session) bool {
	related := func(id plan.ID) bool {
		return id.Is(s.Target.ID) || covers(s.Target.ID, id) || slices.ContainsFunc(s.Within, id.Is)
	}
	return slices.ContainsFunc(n.Subnets, related) || slices.ContainsFunc(n.NICs, related)
}

// names looks for what bears the name of this investigation and is not its own.
func (c *checker) names() {
	for _, r := range c.Recordings {
		n, ok := plan.ParseName(r.ID.Name())
		if !ok || n.Investigation != c.Config.Name || c.Plan.Investigation.Made(r) {
			continue
		}
		owner := r.Tags[plan.TagOwner]
		if owner == "" {
			owner = "somebody else"
		}
		c.say(plan.Warning, plan.NameCollision, about{target: r.ID, at: c.Config.Range}, "Another investigation has this name",
			"%s belongs to an investigation %q of %s, and this file belongs to %s. It is left alone; give this investigation another name, so that people can tell them apart.",
			r.ID.Name(), c.Config.Name, owner, c.Config.Owner)
		break
	}
	prints := map[string]*plan.Session{}
	for _, s := range c.made() {
		if other := prints[s.Fingerprint()]; other != nil {
			c.say(plan.Error, plan.NameCollision, on(s, c.watch(s).Range), "Two sessions have one name",
				"%s and %s would get the same name in Azure. Rename one of the watches.", other.Address(), s.Address())
		}
		prints[s.Fingerprint()] = s
	}
}

// untilOf says how long something records.
func untilOf(end time.Time) string {
	if end.Equal(plan.Forever) {
		return "without an end"
	}
	return "until " + end.Format("2006-01-02 15:04 MST")
}
