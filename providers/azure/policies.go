package azure

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"

	"flowctl/plan"
)

const policyVersion = "2023-04-01" // of Microsoft.Authorization's policies

// assignment is a Microsoft.Authorization/policyAssignments.
type assignment struct {
	ID         plan.ID `json:"id"`
	Name       string  `json:"name"`
	Properties struct {
		DisplayName string           `json:"displayName"`
		Scope       plan.ID          `json:"scope"`
		Definition  plan.ID          `json:"policyDefinitionId"`
		Enforcement string           `json:"enforcementMode"` // Default, DoNotEnforce
		Parameters  map[string]value `json:"parameters"`
	} `json:"properties"`
}

type value struct {
	Value any `json:"value"`
}

// definition is a Microsoft.Authorization/policyDefinitions or, with members,
// a policySetDefinitions.
type definition struct {
	Properties struct {
		Rule       json.RawMessage `json:"policyRule"`
		Parameters map[string]struct {
			Default any `json:"defaultValue"`
		} `json:"parameters"`
		Members []struct {
			Definition plan.ID          `json:"policyDefinitionId"`
			Parameters map[string]value `json:"parameters"`
		} `json:"policyDefinitions"`
	} `json:"properties"`
}

// builtinPolicies are Azure's own definitions about flow logs by name, with
// the effect that each has unless its parameter says otherwise. They are in
// the repository Azure/azure-policy, built-in-policies/policyDefinitions/Network.
var builtinPolicies = map[string]string{
	"cd6f7aff-2845-4dab-99f2-6d1754a754b0": "DeployIfNotExists", // flow log of each virtual network
	"3e9965dc-cc13-47ca-8259-a4252fd0cf7b": "DeployIfNotExists", // the same with traffic analytics
	"052c180e-287d-44c3-86ef-01aeae2d9774": "DeployIfNotExists", // the same, changing those that differ
	"0db34a60-64f4-4bf6-bd44-f95c16cf34b9": "DeployIfNotExists", // flow log of each security group
	"e920df7f-9a64-4066-9b58-52684c02a091": "DeployIfNotExists", // the same with traffic analytics
	"5e1cd26a-5090-4fdb-9d6a-84a90335e22d": "DeployIfNotExists", // the same, changing those that differ
	"4c3c6c5f-0d47-4402-99b8-aa543dd8bcee": "Audit",             // virtual networks without a flow log
	"c251913d-7d24-4958-af87-478ed3b9ba41": "Audit",             // security groups without a flow log
	"27960feb-a23c-4577-8d36-ef8b5f35e0be": "Audit",             // flow logs that are switched off
	"2f080164-9f4d-497e-9db6-416dc9f7b48a": "Audit",             // flow logs without traffic analytics
}

// Azure's definitions that refuse resources by type, with the parameter that
// has the types.
const (
	allowedTypes    = "a08ec900-254a-4555-9bf5-e42af04b5c5c"
	notAllowedTypes = "6c112d4e-5bc7-47ae-a041-ea2d9dccd749"
)

// readPolicies lists the policies assigned to the subscription, what holds it
// and what it holds, and keeps those that are about flow logs. Each definition
// that is not Azure's own, and each set, is read once.
func (p *Provider) readPolicies(ctx context.Context, inv *plan.Inventory) error {
	at := p.address(p.inSubscription("/providers/Microsoft.Authorization/policyAssignments"), policyVersion)
	all, err := listOf(ctx, p, "policy assignments", at, same[assignment])
	if err != nil {
		return err
	}
	all = slices.DeleteFunc(all, func(a assignment) bool { return strings.EqualFold(a.Properties.Enforcement, "DoNotEnforce") })
	known, err := p.definitions(ctx, all)
	for _, a := range all {
		effect := known.effect(a.Properties.Definition, a.Properties.Parameters)
		if effect == "" || strings.EqualFold(effect, "Disabled") {
			continue
		}
		scope := a.Properties.Scope
		if scope == "" {
			scope = scopeOf(a.ID)
		}
		inv.Policies = append(inv.Policies, plan.Policy{ID: a.ID, Scope: scope, Name: firstOf(a.Properties.DisplayName, a.Name), Effect: effect})
	}
	byID(inv.Policies, func(p plan.Policy) plan.ID { return p.ID })
	return err
}

// definitions are policies by the key of their ids.
type definitions map[string]definition

// definitions reads what the assignments assign, and then what the sets among
// that consist of.
func (p *Provider) definitions(ctx context.Context, all []assignment) (definitions, error) {
	known := definitions{}
	var ids []plan.ID
	for _, a := range all {
		ids = append(ids, a.Properties.Definition)
	}
	if err := p.define(ctx, known, ids); err != nil {
		return known, err
	}
	ids = nil
	for _, d := range known {
		for _, m := range d.Properties.Members {
			ids = append(ids, m.Definition)
		}
	}
	return known, p.define(ctx, known, ids)
}

// define reads the definitions that are neither known nor Azure's own.
func (p *Provider) define(ctx context.Context, known definitions, ids []plan.ID) error {
	var mu sync.Mutex
	var tasks []func() error
	asked := map[string]bool{}
	for _, id := range ids {
		if _, ok := known[id.Key()]; ok || asked[id.Key()] || isBuiltin(id) {
			continue
		}
		asked[id.Key()] = true
		tasks = append(tasks, func() error {
			var d definition
			if err := p.getInto(ctx, string(id), policyVersion, &d); err != nil {
				return fmt.Errorf("read policy %s: %w", id.Name(), err)
			}
			mu.Lock()
			defer mu.Unlock()
			known[id.Key()] = d
			return nil
		})
	}
	return inParallel(tasks...)
}

// isBuiltin reports whether id is a definition of Azure's own, which is known
// by its name. Sets are read in any case.
func isBuiltin(id plan.ID) bool {
	return strings.HasPrefix(id.Key(), "/providers/microsoft.authorization/policydefinitions/")
}

// effect is what the policy id does about flow logs with the parameters that
// it is given; empty if it has nothing to do with them. Of a set it is the
// effect of the member that does most.
func (k definitions) effect(id plan.ID, given map[string]value) string {
	if isBuiltin(id) {
		return builtinEffect(path.Base(id.Key()), given)
	}
	d, ok := k[id.Key()]
	if !ok {
		return ""
	}
	if d.Properties.Members == nil {
		return d.effect(given)
	}
	var all []string
	for _, m := range d.Properties.Members {
		if e := k.effect(m.Definition, d.passed(m.Parameters, given)); e != "" {
			all = append(all, e)
		}
	}
	return strongest(all)
}

func builtinEffect(name string, given map[string]value) string {
	own := builtinPolicies[name]
	switch name {
	case allowedTypes:
		if !namesFlowLogs(given["listOfResourceTypesAllowed"]) {
			own = "Deny"
		}
	case notAllowedTypes:
		if namesFlowLogs(given["listOfResourceTypesNotAllowed"]) {
			own = "Deny"
		}
	}
	if own == "" {
		return ""
	}
	return firstOf(text(given["effect"].Value), own)
}

func namesFlowLogs(v value) bool {
	list, _ := v.Value.([]any)
	return slices.ContainsFunc(list, func(t any) bool { return strings.EqualFold(text(t), flowLogType) })
}

const flowLogType = "Microsoft.Network/networkWatchers/flowLogs"

// effect is that of a definition whose rule names flow logs.
func (d definition) effect(given map[string]value) string {
	rule := bytes.ToLower(d.Properties.Rule)
	if !bytes.Contains(rule, []byte(strings.ToLower(flowLogType))) && !bytes.Contains(rule, []byte("microsoft.network/virtualnetworks/flowlogs")) {
		return ""
	}
	var doc struct {
		Then struct {
			Effect string `json:"effect"`
		} `json:"then"`
	}
	if json.Unmarshal(d.Properties.Rule, &doc) != nil {
		return ""
	}
	return text(d.resolved(doc.Then.Effect, given))
}

// passed are the parameters that a set hands to one of its members.
func (d definition) passed(member, given map[string]value) map[string]value {
	out := map[string]value{}
	for name, v := range member {
		out[name] = value{d.resolved(v.Value, given)}
	}
	return out
}

// resolved is v, or the parameter that v stands for if it has the form
// [parameters('name')].
func (d definition) resolved(v any, given map[string]value) any {
	name, ok := strings.CutPrefix(strings.ReplaceAll(text(v), " ", ""), "[parameters('")
	name, end := strings.CutSuffix(name, "')]")
	if !ok || !end {
		return v
	}
	for n, g := range given {
		if strings.EqualFold(n, name) {
			return g.Value
		}
	}
	for n, p := range d.Properties.Parameters {
		if strings.EqualFold(n, name) {
			return p.Default
		}
	}
	return nil
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

// strength orders effects by how much they do.
var strength = []string{"disabled", "audit", "auditifnotexists", "append", "modify", "deployifnotexists", "denyaction", "deny"}

func strongest(effects []string) string {
	if len(effects) == 0 {
		return ""
	}
	return slices.MaxFunc(effects, func(a, b string) int {
		return slices.Index(strength, strings.ToLower(a)) - slices.Index(strength, strings.ToLower(b))
	})
}
