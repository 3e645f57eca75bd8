package arm

import (
	"fmt"
	"strings"
	"testing"

	"flowctl/plan"
)

// rules are the rules of an account's policy: name, days of deletion and
// prefixes each.
func (c *cloud) rules(account string) (all []string) {
	c.Helper()
	st, err := c.srv.State()
	if err != nil {
		c.Fatal(err)
	}
	if l := st.lifecycle(plan.ID(account)); l != nil {
		for _, r := range l.Rules {
			d := r.definition()
			all = append(all, fmt.Sprintf("%s %v %d", r.Name, d.Actions.BaseBlob.Delete.Modified, len(d.Filters.Prefixes)))
		}
	}
	return all
}

func TestLifecycle(t *testing.T) {
	c := newWorld(t, "guarded.hcl")
	path := c.path("stguarded") + "/managementPolicies/default"
	a := c.want(c.do("GET", path, ""), 200, "policy")
	if a.at("name") != "DefaultManagementPolicy" || !strings.Contains(a.text, `"tierToCool":{"daysAfterModificationGreaterThan":7}`) {
		t.Errorf("policy %s", a.text)
	}
	before := a.text
	none := c.path("stfree") + "/managementPolicies/default"
	if a := c.do("GET", none, ""); a.code != 404 || a.errorCode() != "ManagementPolicyNotFound" {
		t.Errorf("account without a policy: %d %s", a.code, a.text)
	}
	c.want(c.do("PUT", none, before), 200, "what was read can be put")
	if got := c.rules(c.path("stfree")); strings.Join(got, ",") != "expire 30 1" {
		t.Errorf("rules %v", got)
	}
	c.want(c.do("DELETE", none, ""), 200, "delete")
	c.want(c.do("DELETE", none, ""), 204, "delete again")
	c.want(c.do("GET", c.path("stfree")+"/managementPolicies/other", ""), 400, "another name")

	rule := func(name, more string) string {
		return fmt.Sprintf(`{"name":%q,"type":"Lifecycle","definition":{"actions":{},"filters":{"blobTypes":["blockBlob"]%s}}}`, name, more)
	}
	policy := func(rules ...string) string {
		return `{"properties":{"policy":{"rules":[` + strings.Join(rules, ",") + `]}}}`
	}
	var many []string
	for i := range 101 {
		many = append(many, rule(fmt.Sprint("r", i), ""))
	}
	for name, body := range map[string]string{
		"no rule": policy(), "same name": policy(rule("a", ""), rule("a", "")), "too many": policy(many...),
		"prefixes":   policy(rule("a", `,"prefixMatch":["1","2","3","4","5","6","7","8","9","10","11"]`)),
		"type":       policy(strings.Replace(rule("a", ""), "Lifecycle", "Other", 1)),
		"definition": policy(strings.Replace(rule("a", ""), `"actions":{}`, `"actions":7`, 1)),
		"blob types": policy(strings.Replace(rule("a", ""), `["blockBlob"]`, `[]`, 1)),
	} {
		if a := c.do("PUT", none, body); a.code != 400 || a.errorCode() != "InvalidManagementPolicy" {
			t.Errorf("%s: %d %s", name, a.code, a.text)
		}
	}
}

// TestRetentionWritesRules follows a flow log's retention into the account's
// policy and out of it.
func TestRetentionWritesRules(t *testing.T) {
	c := newWorld(t, "guarded.hcl")
	c.register()
	account := c.path("stguarded")
	put := func(name string, target plan.ID, days int) answer {
		body := fmt.Sprintf(`{"location":"westeurope","properties":{"targetResourceId":%q,"storageId":%q,"enabled":true,"retentionPolicy":{"days":%d,"enabled":%v}}}`,
			target, account, days, days > 0)
		a := c.do("PUT", c.watcher+"/flowLogs/"+name, body)
		if a.code < 300 {
			c.settle(a)
		}
		return a
	}
	steps := []struct {
		name   string
		target string
		days   int
		want   string
	}{
		{"a", "vnet-free", 0, "expire 30 1"},
		{"a", "vnet-free", 5, "expire 30 1,flowlogretention-5d-0 5 1"},
		{"a", "vnet-free", 5, "expire 30 1,flowlogretention-5d-0 5 1"},
		{"b", "nic-free", 5, "expire 30 1,flowlogretention-5d-0 5 2"},
		{"b", "nic-free", 6, "expire 30 1,flowlogretention-5d-0 5 1,flowlogretention-6d-0 6 1"},
		{"a", "vnet-free", 0, "expire 30 1,flowlogretention-6d-0 6 1"},
	}
	for i, s := range steps {
		if a := put(s.name, plan.ID(c.path(s.target)), s.days); a.code > 201 {
			t.Fatalf("step %d: %s", i, a.text)
		}
		if got := strings.Join(c.rules(account), ","); got != s.want {
			t.Errorf("step %d: %s, want %s", i, got, s.want)
		}
	}
	a := c.do("GET", account+"/managementPolicies/default", "")
	if want := `insights-logs-flowlogflowevent/flowLogResourceID=/` + strings.ToUpper(c.w.Subscription) + `_NETWORKWATCHERRG/NETWORKWATCHER_WESTEUROPE_B`; !strings.Contains(a.text, want) {
		t.Errorf("no prefix %s in %s", want, a.text)
	}
}

func TestRetentionHasLimits(t *testing.T) {
	prefix := func(i int) string { return fmt.Sprint("p", i) }
	var rules []LifecycleRule
	for i := range 25 {
		rules = withPrefix(rules, prefix(i), 3)
	}
	if len(rules) != 3 || len(rules[2].definition().Filters.Prefixes) != 5 {
		t.Errorf("25 prefixes make %d rules", len(rules))
	}
	c := newWorld(t, "guarded.hcl")
	c.register()
	account := c.path("stfree")
	rules = nil
	for i := range 100 {
		rules = append(rules, newRule(fmt.Sprint("r", i), true, ruleDefinition{}))
	}
	err := c.srv.update(t.Context(), func(st *State) error {
		st.Lifecycles = append(st.Lifecycles, &Lifecycle{Account: plan.ID(account), Rules: rules})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	a := c.do("PUT", c.watcher+"/flowLogs/a", c.flowLog(c.vnet.ID, `,"retentionPolicy":{"days":3,"enabled":true}`))
	if a.code != 400 || a.errorCode() != "StorageLifecyclePolicyLimitExceeded" {
		t.Errorf("a full policy: %d %s", a.code, a.text)
	}
	c.want(c.do("GET", c.watcher+"/flowLogs/a", ""), 404, "nothing is left of it")
	c.want(c.do("PUT", c.watcher+"/flowLogs/a", c.flowLog(c.vnet.ID, "")), 201, "without retention")
}
