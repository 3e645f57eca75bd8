package world

import (
	"cmp"

	"flowctl/plan"
)

// Gateway is a gateway that lives in a subnet.
type Gateway struct {
	Resource
	Kind   string // application, vpn, express_route, bastion, firewall
	SKU    string
	Subnet *Subnet
}

// gatewayTypes are the resource types of the kinds of gateways, and the part
// of each that has an address in the subnet.
var gatewayTypes = map[string]struct{ typ, part, sku string }{
	"application":   {"Microsoft.Network/applicationGateways", "gatewayIPConfigurations/appGatewayIpConfig", "Standard_v2"},
	"vpn":           {"Microsoft.Network/virtualNetworkGateways", "ipConfigurations/default", "VpnGw1AZ"},
	"express_route": {"Microsoft.Network/virtualNetworkGateways", "ipConfigurations/default", "ErGw1AZ"},
	"bastion":       {"Microsoft.Network/bastionHosts", "bastionHostIpConfigurations/IpConf", "Standard"},
	"firewall":      {"Microsoft.Network/azureFirewalls", "azureFirewallIpConfigurations/IpConf", "AZFW_VNet"},
}

// Configuration is the id of the gateway's address in its subnet.
func (g *Gateway) Configuration() plan.ID { return g.ID + "/" + plan.ID(gatewayTypes[g.Kind].part) }

func (b *builder) gateways() {
	for _, s := range b.spec.Gateways {
		t, ok := gatewayTypes[s.Kind]
		if !ok {
			b.oneOf(s.Body, "kind", s.Kind, "application", "vpn", "express_route", "bastion", "firewall")
			continue
		}
		g := &Gateway{Resource: b.resource(s.Body, s.Group, s.Region, t.typ, s.Name, s.Tags), Kind: s.Kind, SKU: cmp.Or(s.SKU, t.sku),
			Subnet: find(b, s.Body, "subnet", "subnet", b.subnets, s.Subnet)}
		b.once(s.Body, "", "gateway "+g.ID.Key(), "another block")
		if g.Subnet != nil {
			g.Subnet.Gateways = append(g.Subnet.Gateways, g)
		}
		b.w.Gateways = append(b.w.Gateways, g)
	}
}

// PrivateEndpoint is the address of a service inside of a VNet.
type PrivateEndpoint struct {
	Resource
	Subnet *Subnet
	NIC    *NIC
	Target plan.ID // of the service
	Part   string  // of the service, such as blob
}

// privateEndpoints makes them with their interfaces, which Azure names after
// them.
func (b *builder) privateEndpoints() {
	for _, s := range b.spec.Endpoints {
		e := &PrivateEndpoint{
			Resource: b.resource(s.Body, s.Group, s.Region, "Microsoft.Network/privateEndpoints", s.Name, s.Tags),
			Subnet:   find(b, s.Body, "subnet", "subnet", b.subnets, s.Subnet), Part: cmp.Or(s.Part, "blob"),
		}
		e.Target = b.scope(s.Body, "target", s.Target)
		n := &NIC{
			Resource: b.resource(s.Body, s.Group, s.Region, "Microsoft.Network/networkInterfaces", s.Name+".nic."+e.GUID, nil),
			Private:  b.addr(s.Body, "private_ip", s.Private), Subnet: e.Subnet, Endpoint: e,
		}
		b.place(s.Body, "private_ip", n)
		n.MAC, e.NIC = "", n
		b.once(s.Body, "", "private endpoint "+e.ID.Key(), "another block")
		b.w.NICs = append(b.w.NICs, n)
		b.w.Endpoints = append(b.w.Endpoints, e)
	}
}
