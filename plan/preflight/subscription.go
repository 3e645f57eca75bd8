package preflight

import (
	"maps"
	"slices"
	"strings"

	"flowctl/plan"
	regions "flowctl/plan/region"
)

// needed lists the resource providers that a session needs registered.
func needed(s *plan.Session) []string {
	if s.Mechanism == plan.PacketCapture {
		return []string{"Microsoft.Compute", "Microsoft.Network", "Microsoft.Storage"}
	}
	out := []string{"Microsoft.Insights", "Microsoft.Network", "Microsoft.Storage"}
	if s.FlowLog.TrafficAnalytics != nil {
		out = append(out, "Microsoft.OperationalInsights")
	}
	return out
}

// registrations looks whether the resource providers are registered.
func (c *checker) registrations() {
	for _, s := range c.made() {
		inv := c.inventory(s)
		for _, name := range needed(s) {
			state, known := fold(inv.Registered, name)
			switch at := on(s, c.watch(s).Range); {
			case !known || strings.EqualFold(state, "Registered"):
			case strings.EqualFold(state, "Registering"):
				c.say(plan.Warning, plan.ProviderUnregistered, at, "Resource provider is being registered",
					"%s is being registered in subscription %s, which takes minutes; until then Azure refuses. See: az provider show --namespace %s --query registrationState", name, inv.Subscription, name)
			default:
				c.say(plan.Error, plan.ProviderUnregistered, at, "Resource provider is not registered",
					"%s is %s in subscription %s, and Azure refuses without it. Register it: az provider register --wait --subscription %s --namespace %s", name, state, inv.Subscription, inv.Subscription, name)
			}
		}
	}
}

// fold looks a key up without regard to case.
func fold(m map[string]string, key string) (string, bool) {
	for k, v := range m {
		if strings.EqualFold(k, key) {
			return v, true
		}
	}
	return "", false
}

// quotaOf says which mechanism a quota limits, by the names that Azure uses
// for usages of Microsoft.Network.
func quotaOf(name string) (plan.Mechanism, bool) {
	switch strings.ToLower(strings.ReplaceAll(name, " ", "")) {
	case "packetcaptures", "packetcapture":
		return plan.PacketCapture, true
	case "flowlogs", "flowlog":
		return plan.FlowLog, true
	}
	return "", false
}

// quotas counts what is started against what a region allows.
func (c *checker) quotas() {
	for _, alias := range slices.Sorted(maps.Keys(c.Inventories)) {
		for _, q := range c.Inventories[alias].Quotas {
			m, ok := quotaOf(q.Name)
			if !ok {
				continue
			}
			var more []*plan.Session
			for _, s := range c.made() {
				if s.Mechanism == m && s.Target.Provider == alias && regions.Same(s.Target.Location, q.Location) {
					more = append(more, s)
				}
			}
			if n := int64(len(more)); n > 0 && q.Used+n > q.Limit {
				c.say(plan.Error, plan.QuotaExceeded, on(more[0], c.watch(more[0]).Range), "Limit of the region is reached",
					"%s has %d of at most %d %s in subscription %s, and this needs %d more. Watch less at a time, remove some, or ask for a higher limit.", q.Location, q.Used, q.Limit, q.Name, c.Inventories[alias].Subscription, n)
			}
		}
	}
}

// policies names assignments that make or refuse flow logs.
func (c *checker) policies() {
	for _, alias := range slices.Sorted(maps.Keys(c.Inventories)) {
		for _, p := range c.Inventories[alias].Policies {
			for _, s := range c.made() {
				if s.Mechanism == plan.FlowLog && s.Target.Provider == alias && governs(p.Scope, s.Target.ID) {
					c.policy(p, s)
				}
			}
		}
	}
}

// governs reports whether a scope is over a resource; of management groups it
// is taken to be, since they are listed for what is below them.
func governs(scope, id plan.ID) bool {
	return covers(scope, id) || scope.Subscription() == ""
}

func (c *checker) policy(p plan.Policy, s *plan.Session) {
	at := on(s, c.watch(s).FlowLog.Range)
	switch strings.ToLower(p.Effect) {
	case "deployifnotexists", "modify", "append":
		c.say(plan.Warning, plan.PolicyFlowLog, at, "A policy makes flow logs",
			"Policy assignment %q (%s) makes flow logs or changes them. Azure has one flow log a target: the policy may find the one of flowctl, change where it writes, or make its own when flowctl has removed it. If it made one already, flowctl reads that; else ask who owns the assignment.", p.Name, p.Effect)
	case "deny", "denyaction":
		c.say(plan.Warning, plan.PolicyFlowLog, at, "A policy refuses flow logs",
			"Policy assignment %q (%s) refuses some flow logs; if it refuses this one, Azure answers RequestDisallowedByPolicy. Ask who owns the assignment.", p.Name, p.Effect)
	}
}

// watchers names the Network Watchers that are made.
func (c *checker) watchers() {
	for _, s := range c.made() {
		if s.CreateWatcher {
			c.say(plan.Info, plan.WatcherCreated, about{s.Watches[0], s.Watcher, c.watch(s).Range}, "Network Watcher is created",
				"Subscription %s has no Network Watcher in %s. flowctl makes it in resource group NetworkWatcherRG, as Azure would, and leaves it there.", c.inventory(s).Subscription, s.Target.Location)
		}
	}
}

// unread says what could not be looked at.
func (c *checker) unread() {
	for _, alias := range slices.Sorted(maps.Keys(c.Inventories)) {
		inv := c.Inventories[alias]
		var what []string
		for _, part := range slices.Sorted(maps.Keys(inv.Unread)) {
			what = append(what, words(part)+": "+inv.Unread[part])
		}
		what = append(what, c.Facts.Unread[alias]...)
		if len(what) > 0 {
			c.say(plan.Warning, plan.NotChecked, about{at: c.Config.Range}, "Not everything was checked",
				"Of subscription %s these could not be read, so nothing is said about them: %s. What they would have told may still fail.", inv.Subscription, strings.Join(what, "; "))
		}
	}
}

func words(part string) string { return strings.ReplaceAll(part, "_", " ") }
