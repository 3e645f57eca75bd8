package azure

import (
	"context"
	"net/netip"
	"slices"
	"strings"

	"flowctl/plan"

	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/network/armnetwork/v9"
)

const networkVersion = "2024-05-01" // of Microsoft.Network

// listedVNet is what flowctl needs of a Microsoft.Network/virtualNetworks.
type listedVNet struct {
	ID         plan.ID           `json:"id"`
	Location   string            `json:"location"`
	Tags       map[string]string `json:"tags"`
	Properties struct {
		Space      addressSpace `json:"addressSpace"`
		Encryption struct {
			Enabled     bool   `json:"enabled"`
			Enforcement string `json:"enforcement"`
		} `json:"encryption"`
		Subnets  []listedSubnet  `json:"subnets"`
		Peerings []listedPeering `json:"virtualNetworkPeerings"`
	} `json:"properties"`
}

type addressSpace struct {
	Prefixes []string `json:"addressPrefixes"`
}

type listedSubnet struct {
	ID         plan.ID `json:"id"`
	Properties struct {
		Prefix      string   `json:"addressPrefix"`
		Prefixes    []string `json:"addressPrefixes"`
		NSG         idOf     `json:"networkSecurityGroup"`
		RouteTable  idOf     `json:"routeTable"`
		NATGateway  idOf     `json:"natGateway"`
		Delegations []struct {
			Properties struct {
				Service string `json:"serviceName"`
			} `json:"properties"`
		} `json:"delegations"`
		Configs        []idOf `json:"ipConfigurations"`
		GatewayConfigs []idOf `json:"applicationGatewayIPConfigurations"`
	} `json:"properties"`
}

type listedPeering struct {
	Properties *struct {
		State  string       `json:"peeringState"`
		Remote idOf         `json:"remoteVirtualNetwork"`
		Space  addressSpace `json:"remoteAddressSpace"`
	} `json:"properties"`
}

// listedNIC is what flowctl needs of a Microsoft.Network/networkInterfaces.
type listedNIC struct {
	ID         plan.ID           `json:"id"`
	Location   string            `json:"location"`
	Tags       map[string]string `json:"tags"`
	Properties struct {
		MAC     string `json:"macAddress"`
		NSG     idOf   `json:"networkSecurityGroup"`
		VM      idOf   `json:"virtualMachine"`
		Configs []struct {
			Properties struct {
				Address string `json:"privateIPAddress"`
				Subnet  idOf   `json:"subnet"`
				Groups  []idOf `json:"applicationSecurityGroups"`
			} `json:"properties"`
		} `json:"ipConfigurations"`
	} `json:"properties"`
}

func (p *Provider) networkList(kind string) string {
	return p.address(p.inSubscription("/providers/Microsoft.Network/"+kind), networkVersion)
}

func (p *Provider) vnets(ctx context.Context) ([]plan.VNet, error) {
	return listOf(ctx, p, "virtual networks", p.networkList("virtualNetworks"), vnetOf)
}

func (p *Provider) nics(ctx context.Context) ([]plan.NIC, error) {
	return listOf(ctx, p, "network interfaces", p.networkList("networkInterfaces"), nicOf)
}

func (p *Provider) watchers(ctx context.Context) ([]plan.Watcher, error) {
	return list(ctx, "network watchers", p.network.NewWatchersClient().NewListAllPager(nil),
		func(r armnetwork.WatchersClientListAllResponse) []*armnetwork.Watcher { return r.Value },
		func(w *armnetwork.Watcher) plan.Watcher {
			return plan.Watcher{ID: plan.ID(val(w.ID)), Location: region(w.Location)}
		})
}

func vnetOf(v *listedVNet) plan.VNet {
	props := v.Properties
	out := plan.VNet{ID: v.ID, Location: region(&v.Location), Tags: v.Tags, Prefixes: prefixes(props.Space.Prefixes)}
	if props.Encryption.Enabled {
		out.Encryption = props.Encryption.Enforcement
	}
	for _, s := range props.Subnets {
		if s.ID == "" {
			continue
		}
		out.Subnets = append(out.Subnets, subnetOf(s))
	}
	for _, peering := range props.Peerings {
		if at := peering.Properties; at != nil {
			out.Peerings = append(out.Peerings, plan.Peering{Remote: at.Remote.ID, State: at.State, Prefixes: prefixes(at.Space.Prefixes)})
		}
	}
	byID(out.Subnets, func(s plan.Subnet) plan.ID { return s.ID })
	byID(out.Peerings, func(p plan.Peering) plan.ID { return p.Remote })
	return out
}

func subnetOf(s listedSubnet) plan.Subnet {
	props := s.Properties
	out := plan.Subnet{ID: s.ID, Prefixes: prefixes(merged(props.Prefix, props.Prefixes)), NSG: props.NSG.ID, RouteTable: props.RouteTable.ID, NATGateway: props.NATGateway.ID}
	for _, d := range props.Delegations {
		if d.Properties.Service != "" {
			out.Delegations = append(out.Delegations, d.Properties.Service)
		}
	}
	for _, c := range append(props.GatewayConfigs, props.Configs...) {
		if g := gatewayOf(c.ID); g != "" {
			out.Gateways = appendNew(out.Gateways, g)
		}
	}
	byID(out.Gateways, func(id plan.ID) plan.ID { return id })
	return out
}

// gatewayOf is the gateway that has an address configuration, such as
// …/applicationGateways/web/gatewayIPConfigurations/one; empty if something
// else has it.
func gatewayOf(config plan.ID) plan.ID {
	parts := strings.Split(string(config), "/")
	if len(parts) < 4 || !strings.HasSuffix(strings.ToLower(parts[len(parts)-4]), "gateways") {
		return ""
	}
	return plan.ID(strings.Join(parts[:len(parts)-2], "/"))
}

func nicOf(n *listedNIC) plan.NIC {
	props := n.Properties
	out := plan.NIC{ID: n.ID, Location: region(&n.Location), Tags: n.Tags, MAC: macOf(props.MAC), NSG: props.NSG.ID, VM: props.VM.ID}
	for _, c := range props.Configs {
		if a, ok := address(c.Properties.Address); ok {
			out.Addresses = append(out.Addresses, a)
		}
		if s := c.Properties.Subnet.ID; s != "" {
			out.Subnets = appendNew(out.Subnets, s)
		}
		for _, g := range c.Properties.Groups {
			out.Groups = appendNew(out.Groups, g.ID)
		}
	}
	return out
}

// macOf is a MAC address such as 00-22-48-5D-8C-F8 in the form that flow logs
// use, and empty for anything else.
func macOf(s string) string {
	s = strings.ToUpper(strings.ReplaceAll(strings.ReplaceAll(s, "-", ""), ":", ""))
	hex := strings.Trim(s, "0123456789ABCDEF") == ""
	if len(s) != 12 || !hex {
		return ""
	}
	return s
}

func prefixes(texts []string) []netip.Prefix {
	var out []netip.Prefix
	for _, s := range texts {
		if p, err := netip.ParsePrefix(s); err == nil {
			out = append(out, p)
		}
	}
	return out
}

// address is a private address; an interface may have a block of them, of
// which it is the first.
func address(s string) (netip.Addr, bool) {
	if p, err := netip.ParsePrefix(s); err == nil {
		return p.Addr(), true
	}
	a, err := netip.ParseAddr(s)
	return a, err == nil
}

// merged is a setting that Azure keeps in a field for one or a field for
// several values, or in both.
func merged(one string, several []string) []string {
	var out []string
	for _, s := range append([]string{one}, several...) {
		if s != "" && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

func appendNew(ids []plan.ID, id plan.ID) []plan.ID {
	if slices.ContainsFunc(ids, id.Is) {
		return ids
	}
	return append(ids, id)
}
