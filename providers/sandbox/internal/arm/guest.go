package arm

import (
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/network/armnetwork/v9"

	"flowctl/plan"
	"flowctl/providers/sandbox/internal/world"
)

// What lives in networks beside machines: services that subnets are delegated
// to, gateways, private endpoints. They are only read.

const (
	endpointType      = "Microsoft.Network/privateEndpoints"
	appGatewayType    = "Microsoft.Network/applicationGateways"
	vnetGatewayType   = "Microsoft.Network/virtualNetworkGateways"
	bastionType       = "Microsoft.Network/bastionHosts"
	azureFirewallType = "Microsoft.Network/azureFirewalls"
)

func guestRoutes() []route {
	const (
		sub   = "/subscriptions/{sub}"
		group = sub + "/resourceGroups/{group}"
	)
	all := []route{
		read(sub+"/providers/"+endpointType, (*request).listEndpoints),
		read(group+"/providers/"+endpointType, (*request).listEndpoints),
		read(group+"/providers/"+endpointType+"/{name}", (*request).getEndpoint),
	}
	for _, kind := range []string{appGatewayType, vnetGatewayType, bastionType, azureFirewallType} {
		if kind != vnetGatewayType { // which Azure lists by group only
			all = append(all, read(sub+"/providers/"+kind, listGateways(kind)))
		}
		all = append(all, read(group+"/providers/"+kind, listGateways(kind)), read(group+"/providers/"+kind+"/{name}", getGateway(kind)))
	}
	return all
}

// addGuests adds to a subnet the services that live in it.
func addGuests(s *world.Subnet, p *armnetwork.SubnetPropertiesFormat) {
	for _, service := range s.Delegations {
		name := strings.ReplaceAll(service, "/", ".")
		p.Delegations = append(p.Delegations, &armnetwork.Delegation{ID: id(s.ID + "/delegations/" + plan.ID(name)), Name: to.Ptr(name),
			Type:       to.Ptr(vnetType + "/subnets/delegations"),
			Properties: &armnetwork.ServiceDelegationPropertiesFormat{ServiceName: to.Ptr(service), ProvisioningState: &succeeded, Actions: texts("Microsoft.Network/virtualNetworks/subnets/action")}})
	}
	for _, g := range s.Gateways {
		if g.Kind == "application" {
			p.ApplicationGatewayIPConfigurations = append(p.ApplicationGatewayIPConfigurations, &armnetwork.ApplicationGatewayIPConfiguration{ID: id(g.Configuration())})
		} else {
			p.IPConfigurations = append(p.IPConfigurations, &armnetwork.IPConfiguration{ID: id(g.Configuration())})
		}
	}
}

func listGateways(kind string) handler {
	return func(q *request) (reply, error) {
		var kept []*world.Gateway
		for _, g := range inGroup(q, q.world.Gateways, func(g *world.Gateway) plan.ID { return g.ID }) {
			if g.ID.Type() == kind {
				kept = append(kept, g)
			}
		}
		return paged(q, kept, gateway)
	}
}

func getGateway(kind string) handler {
	return func(q *request) (reply, error) {
		g, err := byPath[*world.Gateway](q, kind, q.path["name"])
		if err != nil {
			return reply{}, err
		}
		return ok(gateway(g))
	}
}

// gateway shows as much of a gateway as says where it lives.
func gateway(g *world.Gateway) map[string]any {
	config := map[string]any{"id": g.Configuration(), "name": g.Configuration().Name(), "type": g.Configuration().Type(),
		"properties": map[string]any{"provisioningState": "Succeeded", "subnet": ref(g.Subnet.ID)}}
	props := map[string]any{"provisioningState": "Succeeded", "resourceGuid": g.GUID}
	sku := map[string]any{"name": g.SKU, "tier": g.SKU}
	doc := map[string]any{"id": g.ID, "name": g.Name, "type": g.ID.Type(), "location": g.Location, "etag": *weak(g.GUID), "properties": props}
	if len(g.Tags) > 0 {
		doc["tags"] = g.Tags
	}
	switch g.Kind {
	case "application":
		props["gatewayIPConfigurations"], props["sku"], props["operationalState"] = []any{config}, sku, "Running"
	case "vpn":
		props["gatewayType"], props["vpnType"], props["ipConfigurations"], props["sku"] = "Vpn", "RouteBased", []any{config}, sku
	case "express_route":
		props["gatewayType"], props["ipConfigurations"], props["sku"] = "ExpressRoute", []any{config}, sku
	case "bastion":
		props["ipConfigurations"], doc["sku"] = []any{config}, map[string]any{"name": g.SKU}
	case "firewall":
		props["ipConfigurations"], props["sku"] = []any{config}, map[string]any{"name": g.SKU, "tier": "Standard"}
	}
	return doc
}

func (q *request) listEndpoints() (reply, error) {
	return paged(q, inGroup(q, q.world.Endpoints, func(e *world.PrivateEndpoint) plan.ID { return e.ID }), endpoint)
}

func (q *request) getEndpoint() (reply, error) {
	e, err := byPath[*world.PrivateEndpoint](q, endpointType, q.path["name"])
	if err != nil {
		return reply{}, err
	}
	return ok(endpoint(e))
}

func endpoint(e *world.PrivateEndpoint) armnetwork.PrivateEndpoint {
	return armnetwork.PrivateEndpoint{
		ID: id(e.ID), Name: &e.Name, Type: to.Ptr(endpointType), Etag: weak(e.GUID), Location: &e.Location, Tags: pointers(e.Tags),
		Properties: &armnetwork.PrivateEndpointProperties{
			ProvisioningState: &succeeded, Subnet: &armnetwork.Subnet{ID: id(e.Subnet.ID)},
			NetworkInterfaces:                   []*armnetwork.Interface{{ID: id(e.NIC.ID)}},
			CustomDNSConfigs:                    []*armnetwork.CustomDNSConfigPropertiesFormat{},
			ManualPrivateLinkServiceConnections: []*armnetwork.PrivateLinkServiceConnection{},
			PrivateLinkServiceConnections: []*armnetwork.PrivateLinkServiceConnection{{
				ID: id(e.ID + "/privateLinkServiceConnections/" + plan.ID(e.Name)), Name: &e.Name, Type: to.Ptr(endpointType + "/privateLinkServiceConnections"),
				Properties: &armnetwork.PrivateLinkServiceConnectionProperties{
					ProvisioningState: &succeeded, PrivateLinkServiceID: id(e.Target), GroupIDs: texts(e.Part),
					PrivateLinkServiceConnectionState: &armnetwork.PrivateLinkServiceConnectionState{Status: to.Ptr("Approved"), Description: to.Ptr("Auto-Approved"), ActionsRequired: to.Ptr("None")},
				},
			}},
		},
	}
}
