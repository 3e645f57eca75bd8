package azure

import (
	"cmp"
	"context"
	"slices"

	"flowctl/plan"

	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/network/armnetwork/v9"
)

func (p *Provider) nsgs(ctx context.Context) ([]plan.NSG, error) {
	return list(ctx, "network security groups", p.network.NewSecurityGroupsClient().NewListAllPager(nil),
		func(r armnetwork.SecurityGroupsClientListAllResponse) []*armnetwork.SecurityGroup { return r.Value }, nsgOf)
}

func nsgOf(g *armnetwork.SecurityGroup) plan.NSG {
	out := plan.NSG{ID: plan.ID(val(g.ID)), Location: region(g.Location), Tags: stringMap(g.Tags)}
	props := g.Properties
	if props == nil {
		return out
	}
	out.GUID = val(props.ResourceGUID)
	out.Rules = append(rulesOf(props.SecurityRules, false), rulesOf(props.DefaultSecurityRules, true)...)
	slices.SortStableFunc(out.Rules, func(a, b plan.Rule) int {
		return cmp.Or(cmp.Compare(a.Direction, b.Direction), cmp.Compare(a.Priority, b.Priority))
	})
	for _, s := range props.Subnets {
		if s != nil && val(s.ID) != "" {
			out.Subnets = append(out.Subnets, plan.ID(*s.ID))
		}
	}
	for _, n := range props.NetworkInterfaces {
		if n != nil && val(n.ID) != "" {
			out.NICs = append(out.NICs, plan.ID(*n.ID))
		}
	}
	byID(out.Subnets, func(id plan.ID) plan.ID { return id })
	byID(out.NICs, func(id plan.ID) plan.ID { return id })
	return out
}

func rulesOf(rules []*armnetwork.SecurityRule, byDefault bool) []plan.Rule {
	var out []plan.Rule
	for _, r := range rules {
		if r != nil && r.Properties != nil {
			out = append(out, ruleOf(val(r.Name), r.Properties, byDefault))
		}
	}
	return out
}

// ruleOf reads a rule; application security groups stand among the addresses
// by their ids.
func ruleOf(name string, r *armnetwork.SecurityRulePropertiesFormat, byDefault bool) plan.Rule {
	return plan.Rule{
		Name:         name,
		Priority:     int(val(r.Priority)),
		Direction:    string(val(r.Direction)),
		Access:       string(val(r.Access)),
		Protocol:     string(val(r.Protocol)),
		Sources:      append(merged(r.SourceAddressPrefix, r.SourceAddressPrefixes), applications(r.SourceApplicationSecurityGroups)...),
		Destinations: append(merged(r.DestinationAddressPrefix, r.DestinationAddressPrefixes), applications(r.DestinationApplicationSecurityGroups)...),
		Ports:        merged(r.DestinationPortRange, r.DestinationPortRanges),
		Default:      byDefault,
	}
}

func applications(groups []*armnetwork.ApplicationSecurityGroup) []string {
	var out []string
	for _, g := range groups {
		if g != nil && val(g.ID) != "" {
			out = append(out, *g.ID)
		}
	}
	return out
}
