package arm

import (
	"fmt"
	"net/http"
	"slices"

	"flowctl/providers/sandbox/internal/world"
)

// flowLogContainer is where VNet flow logs are written.
const flowLogContainer = "insights-logs-flowlogflowevent"

// retain keeps a flow log's retention: the service writes it as a rule into
// the management policy of the account, which holds 100 rules of 10 prefixes
// (Microsoft's FAQ of Network Watcher). Rules are shared by logs of the same
// days. How Azure names them is not documented. A rule stays when its flow log
// is deleted, as the blobs do.
func (q *request) retain(st *State, l *FlowLog) error {
	prefix := flowLogContainer + "/" + l.BlobPrefix()
	s := l.Settings
	days := 0
	if s.Enabled && s.Retention.Enabled {
		days = s.Retention.Days
	}
	old := st.lifecycle(s.Storage)
	var rules []LifecycleRule
	if old != nil {
		rules = slices.Clone(old.Rules)
	}
	rules, changed, kept := withoutPrefix(rules, prefix, days)
	if days > 0 && !kept {
		if rules, changed = withPrefix(rules, prefix, days), true; len(rules) > world.MaxLifecycleRules {
			return refuse(http.StatusBadRequest, "StorageLifecyclePolicyLimitExceeded", "The management policy of storage account %s has %d rules and "+
				"cannot take the retention of flow log %s. Set retention days to 0 and add a rule of your own.",
				s.Storage.Name(), world.MaxLifecycleRules, l.ID.Name())
		}
	}
	if !changed {
		return nil
	}
	if err := q.unlockedAt(st, s.Storage+"/managementPolicies/default", "write"); err != nil {
		return err
	}
	if len(rules) == 0 {
		st.Lifecycles = slices.DeleteFunc(st.Lifecycles, func(l *Lifecycle) bool { return l.Account.Is(s.Storage) })
		return nil
	}
	q.setLifecycle(st, s.Storage, rules)
	return nil
}

// ownRule is the name of the n-th of the service's rules for a number of days.
func ownRule(days, n int) string { return fmt.Sprintf("flowlogretention-%dd-%d", days, n) }

// own returns the days of a rule of the service's; ok is false for another's.
func (r LifecycleRule) own() (days int, ok bool) {
	var n int
	_, err := fmt.Sscanf(r.Name, "flowlogretention-%dd-%d", &days, &n)
	return days, err == nil && r.Name == ownRule(days, n)
}

// withoutPrefix takes a log's prefix out of the service's rules, unless it is
// in one of the days that are wanted. A rule without prefixes is dropped.
func withoutPrefix(rules []LifecycleRule, prefix string, days int) (left []LifecycleRule, changed, kept bool) {
	for _, r := range rules {
		d := r.definition()
		has, own := r.own()
		i := slices.Index(d.Filters.Prefixes, prefix)
		switch {
		case !own || i < 0:
		case has == days:
			kept = true
		default:
			changed = true
			d.Filters.Prefixes = slices.Delete(d.Filters.Prefixes, i, i+1)
			if len(d.Filters.Prefixes) == 0 {
				continue
			}
			r = newRule(r.Name, r.Enabled, d)
		}
		left = append(left, r)
	}
	return left, changed, kept
}

// withPrefix adds a log's prefix to a rule of the service's that has room, or
// to a new one.
func withPrefix(rules []LifecycleRule, prefix string, days int) []LifecycleRule {
	last := 0
	for i, r := range rules {
		d := r.definition()
		if has, own := r.own(); !own || has != days {
			continue
		}
		if len(d.Filters.Prefixes) < world.MaxLifecyclePrefixes {
			d.Filters.Prefixes = append(d.Filters.Prefixes, prefix)
			rules[i] = newRule(r.Name, r.Enabled, d)
			return rules
		}
		last++
	}
	for slices.ContainsFunc(rules, func(r LifecycleRule) bool { return r.Name == ownRule(days, last) }) {
		last++
	}
	var d ruleDefinition
	d.Actions.BaseBlob.Delete = age(days)
	d.Filters.Prefixes = []string{prefix}
	return append(rules, newRule(ownRule(days, last), true, d))
}
