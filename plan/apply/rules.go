package apply

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"flowctl/plan"
)

// rules puts the lifecycle rules of storage accounts back as they were.
func (t Tidy) rules(ctx context.Context) []Failure {
	t.recall(ctx)
	out := t.forgotten(ctx)
	for _, key := range slices.Sorted(maps.Keys(t.Run.Lifecycles)) {
		before := t.Run.Lifecycles[key]
		if ctx.Err() != nil {
			return out
		}
		if !t.Last(before.Account) || t.needed(ctx, before.Account) { // the other run puts them back
			t.forgetUndo(ctx, before.Account)
			delete(t.Run.Lifecycles, key)
			continue
		}
		if err := t.restore(ctx, before); err != nil {
			out = append(out, Failure{Session: before.Account.Name(), Reason: err.Error(), Left: before.Account + "/managementPolicies/default", WayOut: "flowctl apply tries again; or put the rules back yourself, as the state file has them"})
			continue
		}
		t.forgetUndo(ctx, before.Account)
		delete(t.Run.Lifecycles, key)
	}
	return out
}

// restore puts one account's rules back, if all that changed is what a
// retention of flow logs makes Azure change.
func (t Tidy) restore(ctx context.Context, before plan.Lifecycle) error {
	p := t.ruleProvider(before.Account)
	if p == nil {
		return fmt.Errorf("no provider is there to read the lifecycle rules of storage account %s", before.Account.Name())
	}
	now, err := p.Lifecycle(ctx, before.Account)
	if err != nil {
		return err
	}
	azures, others := changedRules(before, now)
	if len(others) > 0 {
		return fmt.Errorf("the lifecycle rules of storage account %s stay as they are: somebody else changed %s since; see to %s yourself",
			before.Account.Name(), strings.Join(others, ", "), cmp.Or(strings.Join(azures, ", "), "what flow logs left"))
	}
	if len(azures) == 0 {
		return nil
	}
	if err := p.RestoreLifecycle(ctx, before); err != nil {
		return err
	}
	t.emit(Event{Kind: Restored, Target: before.Account, Text: "lifecycle rules as they were before; Azure had changed " + strings.Join(azures, ", ")})
	return nil
}

// ruleProvider returns a provider that can reach the account: the one of its
// subscription, or any of the tenant.
func (t Tidy) ruleProvider(account plan.ID) plan.Provider {
	if _, p := providerOf(t.Providers, account); p != nil {
		return p
	}
	for _, alias := range slices.Sorted(maps.Keys(t.Providers)) {
		return t.Providers[alias]
	}
	return nil
}

// changedRules names the rules that differ: those that are of flow logs and
// nothing else, which are Azure's doing, and all others.
func changedRules(before, now plan.Lifecycle) (azures, others []string) {
	old, cur := rulesByName(before), rulesByName(now)
	names := maps.Clone(old)
	maps.Copy(names, cur)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		was, is := old[name], cur[name]
		switch {
		case reflect.DeepEqual(was.whole, is.whole):
		case ofFlowLogs(was.rule, was.whole != nil) && ofFlowLogs(is.rule, is.whole != nil):
			azures = append(azures, name)
		default:
			others = append(others, name)
		}
	}
	return azures, others
}

// rule is a rule with the whole of it as Azure wrote it; nil if it is not there.
type rule struct {
	rule  plan.LifecycleRule
	whole any
}

func rulesByName(l plan.Lifecycle) map[string]rule {
	var doc struct {
		Properties struct {
			Policy struct {
				Rules []map[string]any `json:"rules"`
			} `json:"policy"`
		} `json:"properties"`
	}
	out := map[string]rule{}
	for _, r := range l.Rules {
		out[r.Name] = rule{r, r}
	}
	if json.Unmarshal(l.Raw, &doc) != nil {
		return out
	}
	for _, whole := range doc.Properties.Policy.Rules {
		if name, _ := whole["name"].(string); name != "" {
			out[name] = rule{out[name].rule, whole}
		}
	}
	return out
}

// The containers into which Azure writes flow logs.
var flowLogContainers = []string{"insights-logs-flowlogflowevent", "insights-logs-networksecuritygroupflowevent"}

// ofFlowLogs reports whether a rule is about flow logs only, as those are that
// Azure writes for a retention; one that is not there is.
func ofFlowLogs(r plan.LifecycleRule, there bool) bool {
	if !there {
		return true
	}
	for _, p := range r.Prefixes {
		if !slices.ContainsFunc(flowLogContainers, func(c string) bool { return p == c || strings.HasPrefix(p, c+"/") }) {
			return false
		}
	}
	return len(r.Prefixes) > 0
}
