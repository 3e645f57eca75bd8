package arm

import (
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/network/armnetwork/v9"

	"flowctl/plan"
	"flowctl/providers/sandbox/internal/world"
)

const nsgType = "Microsoft.Network/networkSecurityGroups"

func (q *request) listNSGs() (reply, error) {
	st, err := q.State()
	if err != nil {
		return reply{}, err
	}
	all := inGroup(q, q.world.NSGs, func(n *world.NSG) plan.ID { return n.ID })
	return pagedWith(q, nsgType, all, func(n *world.NSG) armnetwork.SecurityGroup { return q.nsg(st, n) })
}

func (q *request) getNSG() (reply, error) {
	n, err := byPath[*world.NSG](q, nsgType, q.path["name"])
	if err != nil {
		return reply{}, err
	}
	st, err := q.State()
	if err != nil {
		return reply{}, err
	}
	return ok(q.nsg(st, n))
}

func (q *request) nsg(st *State, n *world.NSG) armnetwork.SecurityGroup {
	doc := armnetwork.SecurityGroup{
		ID: id(n.ID), Name: &n.Name, Type: to.Ptr(nsgType), Etag: weak(n.GUID), Location: &n.Location, Tags: pointers(n.Tags),
		Properties: &armnetwork.SecurityGroupPropertiesFormat{
			ProvisioningState: &succeeded, ResourceGUID: &n.GUID,
			SecurityRules: rules(n.Rules), DefaultSecurityRules: rules(n.Defaults), FlowLogs: q.flowLogsOn(st, n.ID),
		},
	}
	for _, s := range n.Subnets {
		doc.Properties.Subnets = append(doc.Properties.Subnets, &armnetwork.Subnet{ID: id(s.ID)})
	}
	for _, c := range n.NICs {
		doc.Properties.NetworkInterfaces = append(doc.Properties.NetworkInterfaces, &armnetwork.Interface{ID: id(c.ID)})
	}
	return doc
}

func rules(all []*world.Rule) []*armnetwork.SecurityRule {
	docs := []*armnetwork.SecurityRule{}
	for _, r := range all {
		docs = append(docs, rule(r))
	}
	return docs
}

func rule(r *world.Rule) *armnetwork.SecurityRule {
	p := &armnetwork.SecurityRulePropertiesFormat{
		Access: to.Ptr(armnetwork.SecurityRuleAccess(r.Access)), Direction: to.Ptr(armnetwork.SecurityRuleDirection(r.Direction)),
		Priority: to.Ptr(int32(r.Priority)), Protocol: to.Ptr(armnetwork.SecurityRuleProtocol(r.Protocol)), ProvisioningState: &succeeded,
	}
	if r.Description != "" {
		p.Description = to.Ptr(r.Description)
	}
	p.SourceAddressPrefix, p.SourceAddressPrefixes = oneOrMany(r.Sources)
	p.DestinationAddressPrefix, p.DestinationAddressPrefixes = oneOrMany(r.Destinations)
	p.SourcePortRange, p.SourcePortRanges = oneOrMany(r.SourcePorts)
	p.DestinationPortRange, p.DestinationPortRanges = oneOrMany(r.Ports)
	kind := nsgType + "/securityRules"
	if r.Default {
		kind = nsgType + "/defaultSecurityRules"
	}
	return &armnetwork.SecurityRule{ID: id(r.ID), Name: to.Ptr(r.Name), Type: to.Ptr(kind), Properties: p}
}

// oneOrMany puts a single value into the singular property and several into
// the plural one, as the service does. None is any.
func oneOrMany(values []string) (*string, []*string) {
	switch len(values) {
	case 0:
		return to.Ptr("*"), texts()
	case 1:
		return to.Ptr(values[0]), texts()
	}
	return nil, texts(values...)
}

func (q *request) listRules() (reply, error) {
	if made, rep, err := q.childrenOfMade(nsgType, ruleType); made || err != nil {
		return rep, err
	}
	return q.rulesOf(func(n *world.NSG) []*world.Rule { return n.Rules })
}

func (q *request) listDefaultRules() (reply, error) {
	st, err := q.State()
	if err != nil {
		return reply{}, err
	}
	if m := st.made(q.madeID(st, nsgType), q.now); m != nil {
		return paged(q, world.DefaultRules(m.ID), rule)
	}
	return q.rulesOf(func(n *world.NSG) []*world.Rule { return n.Defaults })
}

func (q *request) getRule() (reply, error) {
	n, err := byPath[*world.NSG](q, nsgType, q.path["name"])
	if err != nil {
		return reply{}, err
	}
	for _, r := range n.Rules {
		if strings.EqualFold(r.Name, q.path["child"]) {
			return ok(rule(r))
		}
	}
	return reply{}, errNotFound(nsgType+"/"+n.Name+"/securityRules/"+q.path["child"], q.path["group"])
}

func (q *request) rulesOf(pick func(*world.NSG) []*world.Rule) (reply, error) {
	n, err := byPath[*world.NSG](q, nsgType, q.path["name"])
	if err != nil {
		return reply{}, err
	}
	return paged(q, pick(n), rule)
}
