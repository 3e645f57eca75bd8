package world

import (
	"cmp"
	"maps"
	"slices"

	"flowctl/plan"
)

// Policy is the assignment of a policy that has to do with flow logs.
type Policy struct {
	ID          plan.ID // of the assignment
	Name        string
	DisplayName string
	Scope       plan.ID
	Definition  plan.ID
	Effect      string
	Given       bool // the effect is a parameter of the assignment
	Enforced    bool
}

// Definition is a policy definition of Azure's own.
type Definition struct {
	Name        string // a GUID
	DisplayName string
	Effect      string // unless the assignment says otherwise
	Field       string // the type of resource it looks at
}

// Definitions are Azure's own policies about flow logs that a world can
// assign, by the names that worlds use (Azure's built-in definitions of the
// category Network).
func Definitions() map[string]Definition {
	const vnet, nsg = "Microsoft.Network/virtualNetworks", "Microsoft.Network/networkSecurityGroups"
	const deploy = "DeployIfNotExists"
	return map[string]Definition{
		"deploy-vnet-flow-log":           {"cd6f7aff-2845-4dab-99f2-6d1754a754b0", "Deploy a Flow Log resource with target virtual network", deploy, vnet},
		"deploy-vnet-flow-log-analytics": {"3e9965dc-cc13-47ca-8259-a4252fd0cf7b", "Configure virtual network to enable Flow Log and Traffic Analytics", deploy, vnet},
		"deploy-nsg-flow-log":            {"0db34a60-64f4-4bf6-bd44-f95c16cf34b9", "Deploy a flow log resource with target network security group", deploy, nsg},
		"audit-vnet-flow-log":            {"4c3c6c5f-0d47-4402-99b8-aa543dd8bcee", "Audit flow logs configuration for every virtual network", "Audit", vnet},
		"audit-nsg-flow-log":             {"c251913d-7d24-4958-af87-478ed3b9ba41", "Flow logs should be configured for every network security group", "Audit", nsg},
	}
}

// policies makes the assignments. The definition "custom" is one of the
// subscription's own, about flow logs, with the effect of the block.
func (b *builder) policies() {
	const own = "/providers/Microsoft.Authorization/policyDefinitions/"
	known := Definitions()
	for _, s := range b.spec.Policies {
		scope := b.scope(s.Body, "scope", s.Scope)
		p := &Policy{ID: scope + "/providers/Microsoft.Authorization/policyAssignments/" + plan.ID(s.Name), Name: s.Name, Scope: scope,
			Effect: s.Effect, Given: s.Effect != "", Enforced: s.Enforced == nil || *s.Enforced}
		d, builtin := known[s.Definition]
		switch {
		case builtin:
			p.Definition, p.DisplayName, p.Effect = plan.ID(own+d.Name), d.DisplayName, cmp.Or(s.Effect, d.Effect)
		case s.Definition == "custom":
			p.Definition, p.DisplayName, p.Given = plan.ID("/subscriptions/"+b.w.Subscription+own+s.Name), s.Name, false
		default:
			b.unknown(s.Body, "definition", "policy definition", s.Definition, append(slices.Sorted(maps.Keys(known)), "custom"))
			continue
		}
		p.DisplayName = cmp.Or(s.DisplayName, p.DisplayName)
		b.oneOf(s.Body, "effect", p.Effect, "DeployIfNotExists", "AuditIfNotExists", "Audit", "Deny", "Modify", "Disabled")
		if scope != "" {
			b.once(s.Body, "", "policy assignment "+p.ID.Key(), "another block")
			b.w.Policies = append(b.w.Policies, p)
		}
	}
}

// Quota is a limit of a region, and how much of it is used by what the world
// does not show.
type Quota struct {
	Name   string // as Azure names it, such as PacketCaptures
	Region string
	Limit  int64
	Used   int64
}

func (b *builder) quotas() {
	for _, s := range b.spec.Quotas {
		b.region(s.Body, "region", s.Region)
		b.once(s.Body, "", "quota "+s.Name+" of "+s.Region, "another block")
		if s.Limit < 0 || s.Used < 0 {
			b.errorf(s.Body, "limit", "Invalid quota", "Limits are counted from 0 on.")
		}
		b.w.Quotas = append(b.w.Quotas, Quota{s.Name, s.Region, s.Limit, s.Used})
	}
}
