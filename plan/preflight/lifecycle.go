package preflight

import (
	"strings"
	"time"

	"flowctl/plan"
)

const day = 24 * time.Hour

// The limits of a management policy ("Optimize costs by automatically managing
// the data lifecycle").
const (
	maxRules  = 100
	nearRules = 95
)

// The containers that Azure writes to.
const (
	logContainer     = "insights-logs-flowlogflowevent"
	captureContainer = "network-watcher-logs"
)

// lifecycles looks at what deletes blobs, and at what a retention rewrites.
func (c *checker) lifecycles() {
	for _, s := range c.made() {
		l, known := c.Facts.Lifecycles[s.Storage.Key()]
		if s.FlowLog != nil && s.FlowLog.RetentionDays > 0 {
			c.retention(s, l, known)
		}
		for _, r := range l.Rules {
			if r.Enabled && r.DeleteDays > 0 && time.Duration(r.DeleteDays)*day < c.remaining() && touches(r, path(s, c.Config.Name)) {
				c.say(plan.Warning, plan.LifecycleDeletes, on(s, c.storageRange(s)), "Blobs are deleted before they are collected",
					"Rule %q of storage account %s deletes blobs after %d days, and they are collected when the window of %s is over. Shorten the window, or take the container %s out of the rule.",
					r.Name, s.Storage.Name(), r.DeleteDays, plan.Duration(c.remaining()), container(s))
			}
		}
	}
}

func container(s *plan.Session) string {
	if s.Mechanism == plan.PacketCapture {
		return captureContainer
	}
	return logContainer
}

// path is how the names of a session's blobs begin, as far as it is known.
func path(s *plan.Session, investigation string) string {
	if s.Mechanism == plan.PacketCapture {
		return captureContainer + "/subscriptions/" + s.Target.ID.Subscription()
	}
	return logContainer + "/flowLogResourceID=/" + s.Watcher.Subscription() + "_" + s.Watcher.ResourceGroup() + "/" + s.Watcher.Name() + "_flowctl_" + investigation
}

// touches reports whether a rule is about blobs whose names begin with path.
func touches(r plan.LifecycleRule, path string) bool {
	if len(r.Prefixes) == 0 {
		return true
	}
	for _, p := range r.Prefixes {
		if strings.HasPrefix(strings.ToLower(path), strings.ToLower(p)) {
			return true
		}
	}
	return false
}

// retention says what Azure does to the account's rules.
func (c *checker) retention(s *plan.Session, l plan.Lifecycle, known bool) {
	at := on(s, c.watch(s).FlowLog.RetentionRange)
	days := s.FlowLog.RetentionDays
	if time.Duration(days)*day < c.remaining() {
		c.say(plan.Warning, plan.RetentionShort, at, "Retention is shorter than the window",
			"The records are deleted after %d days and collected when the window of %s is over. Raise retention_days, or leave it out: 0 keeps them.", days, plan.Duration(c.remaining()))
	}
	if !known {
		return // not-checked says it
	}
	if n := len(l.Rules); n >= maxRules {
		c.say(plan.Error, plan.LifecycleFull, at, "No room for a lifecycle rule",
			"Azure keeps retention_days as a rule of the account's lifecycle management, and storage account %s has %d of at most %d. Leave retention_days out, or remove rules.", s.Storage.Name(), n, maxRules)
	} else if n >= nearRules {
		c.say(plan.Warning, plan.LifecycleFull, at, "Little room for lifecycle rules",
			"Azure keeps retention_days as a rule of the account's lifecycle management, and storage account %s has %d of at most %d. Flow logs that find no room are kept for ever.", s.Storage.Name(), n, maxRules)
	}
	c.say(plan.Warning, plan.LifecycleRewritten, at, "Retention rewrites lifecycle rules",
		"Azure will add to the lifecycle management of storage account %s, which has %d rules, one that deletes the flow log's blobs in %s after %d days. Terraform that manages the policy will see that as drift. flowctl keeps the rules as they are now and puts them back at the end; with retention_days = 0 they are not touched.",
		s.Storage.Name(), len(l.Rules), logContainer, days)
}
