package azure

import (
	"cmp"
	"context"
	"slices"

	"flowctl/plan"
)

// listedNSG is what flowctl needs of a Microsoft.Network/networkSecurityGroups.
type listedNSG struct {
	ID         plan.ID           `json:"id"`
	Location   string            `json:"location"`
	Tags       map[string]string `json:"tags"`
	Properties struct {
		GUID         string       `json:"resourceGuid"`
		Rules        []listedRule `json:"securityRules"`
		DefaultRules []listedRule `json:"defaultSecurityRules"`
		Subnets      []idOf       `json:"subnets"`
		NICs         []idOf       `json:"networkInterfaces"`
	} `json:"properties"`
}

type listedRule struct {
	Name       string `json:"name"`
	Properties *struct {
		Priority          int      `json:"priority"`
		Direction         string   `json:"direction"`
		Access            string   `json:"access"`
		Protocol          string   `json:"protocol"`
		Source            string   `json:"sourceAddressPrefix"`
		Sources           []string `json:"sourceAddressPrefixes"`
		SourceGroups      []idOf   `json:"sourceApplicationSecurityGroups"`
		Destination       string   `json:"destinationAddressPrefix"`
		Destinations      []string `json:"destinationAddressPrefixes"`
		DestinationGroups []idOf   `json:"destinationApplicationSecurityGroups"`
		Port              string   `json:"destinationPortRange"`
		Ports             []string `json:"destinationPortRanges"`
	} `json:"properties"`
}

func (p *Provider) nsgs(ctx context.Context) ([]plan.NSG, error) {
	return listOf(ctx, p, "network security groups", p.networkList("networkSecurityGroups"), nsgOf)
}

func nsgOf(g *listedNSG) plan.NSG {
	props := g.Properties
	out := plan.NSG{
		ID: g.ID, GUID: props.GUID, Location: region(&g.Location), Tags: g.Tags,
		Rules:   append(rulesOf(props.Rules, false), rulesOf(props.DefaultRules, true)...),
		Subnets: ids(props.Subnets), NICs: ids(props.NICs),
	}
	slices.SortStableFunc(out.Rules, func(a, b plan.Rule) int {
		return cmp.Or(cmp.Compare(a.Direction, b.Direction), cmp.Compare(a.Priority, b.Priority))
	})
	byID(out.Subnets, func(id plan.ID) plan.ID { return id })
	byID(out.NICs, func(id plan.ID) plan.ID { return id })
	return out
}

// rulesOf reads rules; application security groups stand among the addresses
// by their ids.
func rulesOf(rules []listedRule, byDefault bool) []plan.Rule {
	var out []plan.Rule
	for _, l := range rules {
		r := l.Properties
		if r == nil {
			continue
		}
		out = append(out, plan.Rule{
			Name: l.Name, Priority: r.Priority, Direction: r.Direction, Access: r.Access, Protocol: r.Protocol, Default: byDefault,
			Sources:      append(merged(r.Source, r.Sources), applications(r.SourceGroups)...),
			Destinations: append(merged(r.Destination, r.Destinations), applications(r.DestinationGroups)...),
			Ports:        merged(r.Port, r.Ports),
		})
	}
	return out
}

func applications(groups []idOf) []string {
	var out []string
	for _, id := range ids(groups) {
		out = append(out, string(id))
	}
	return out
}
