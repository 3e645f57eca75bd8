package azure

import (
	"context"
	"net/netip"
	"slices"
	"strings"

	"flowctl/plan"

	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/network/armnetwork/v9"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/storage/armstorage/v2"
)

func (p *Provider) vnets(ctx context.Context) ([]plan.VNet, error) {
	return list(ctx, "virtual networks", p.network.NewVirtualNetworksClient().NewListAllPager(nil),
		func(r armnetwork.VirtualNetworksClientListAllResponse) []*armnetwork.VirtualNetwork { return r.Value }, vnetOf)
}

func (p *Provider) nics(ctx context.Context) ([]plan.NIC, error) {
	return list(ctx, "network interfaces", p.network.NewInterfacesClient().NewListAllPager(nil),
		func(r armnetwork.InterfacesClientListAllResponse) []*armnetwork.Interface { return r.Value }, nicOf)
}

func (p *Provider) watchers(ctx context.Context) ([]plan.Watcher, error) {
	return list(ctx, "network watchers", p.network.NewWatchersClient().NewListAllPager(nil),
		func(r armnetwork.WatchersClientListAllResponse) []*armnetwork.Watcher { return r.Value },
		func(w *armnetwork.Watcher) plan.Watcher {
			return plan.Watcher{ID: plan.ID(val(w.ID)), Location: region(w.Location)}
		})
}

func (p *Provider) accounts(ctx context.Context) ([]plan.StorageAccount, error) {
	return list(ctx, "storage accounts", p.storage.NewAccountsClient().NewListPager(nil),
		func(r armstorage.AccountsClientListResponse) []*armstorage.Account { return r.Value }, accountOf)
}

func vnetOf(v *armnetwork.VirtualNetwork) plan.VNet {
	out := plan.VNet{ID: plan.ID(val(v.ID)), Location: region(v.Location), Tags: stringMap(v.Tags)}
	props := v.Properties
	if props == nil {
		return out
	}
	out.Prefixes = addressSpace(props.AddressSpace)
	if e := props.Encryption; e != nil && val(e.Enabled) {
		out.Encryption = string(val(e.Enforcement))
	}
	for _, s := range props.Subnets {
		if s != nil {
			out.Subnets = append(out.Subnets, subnetOf(s))
		}
	}
	for _, peering := range props.VirtualNetworkPeerings {
		if peering != nil && peering.Properties != nil {
			out.Peerings = append(out.Peerings, peeringOf(peering.Properties))
		}
	}
	byID(out.Subnets, func(s plan.Subnet) plan.ID { return s.ID })
	byID(out.Peerings, func(p plan.Peering) plan.ID { return p.Remote })
	return out
}

func subnetOf(s *armnetwork.Subnet) plan.Subnet {
	out := plan.Subnet{ID: plan.ID(val(s.ID))}
	if props := s.Properties; props != nil {
		out.Prefixes = prefixes(merged(props.AddressPrefix, props.AddressPrefixes))
		out.NSG = groupID(props.NetworkSecurityGroup)
	}
	return out
}

func peeringOf(props *armnetwork.VirtualNetworkPeeringPropertiesFormat) plan.Peering {
	out := plan.Peering{State: string(val(props.PeeringState)), Prefixes: addressSpace(props.RemoteAddressSpace)}
	if props.RemoteVirtualNetwork != nil {
		out.Remote = plan.ID(val(props.RemoteVirtualNetwork.ID))
	}
	return out
}

func nicOf(n *armnetwork.Interface) plan.NIC {
	out := plan.NIC{ID: plan.ID(val(n.ID)), Location: region(n.Location), Tags: stringMap(n.Tags)}
	props := n.Properties
	if props == nil {
		return out
	}
	out.MAC, out.NSG = macOf(val(props.MacAddress)), groupID(props.NetworkSecurityGroup)
	if props.VirtualMachine != nil {
		out.VM = plan.ID(val(props.VirtualMachine.ID))
	}
	for _, c := range props.IPConfigurations {
		if c == nil || c.Properties == nil {
			continue
		}
		if a, ok := address(val(c.Properties.PrivateIPAddress)); ok {
			out.Addresses = append(out.Addresses, a)
		}
		if s := c.Properties.Subnet; s != nil && val(s.ID) != "" {
			out.Subnets = appendNew(out.Subnets, plan.ID(val(s.ID)))
		}
	}
	return out
}

func accountOf(a *armstorage.Account) plan.StorageAccount {
	out := plan.StorageAccount{ID: plan.ID(val(a.ID)), Location: region(a.Location), Kind: string(val(a.Kind))}
	if a.SKU != nil {
		out.SKU = string(val(a.SKU.Name))
	}
	out.SharedKey = true // what Azure means when it says nothing
	if props := a.Properties; props != nil {
		if props.PrimaryEndpoints != nil {
			out.BlobURL = val(props.PrimaryEndpoints.Blob)
		}
		if props.AllowSharedKeyAccess != nil {
			out.SharedKey = *props.AllowSharedKeyAccess
		}
	}
	return out
}

func groupID(g *armnetwork.SecurityGroup) plan.ID {
	if g == nil {
		return ""
	}
	return plan.ID(val(g.ID))
}

// macOf is a MAC address such as 00-22-48-5D-8C-F8 in the form that flow logs
// use, and empty for anything else.
func macOf(s string) string {
	s = strings.ToUpper(strings.NewReplacer("-", "", ":", "").Replace(s))
	hex := strings.Trim(s, "0123456789ABCDEF") == ""
	if len(s) != 12 || !hex {
		return ""
	}
	return s
}

func addressSpace(a *armnetwork.AddressSpace) []netip.Prefix {
	if a == nil {
		return nil
	}
	return prefixes(values(a.AddressPrefixes))
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
func merged(one *string, several []*string) []string {
	var out []string
	for _, s := range append([]string{val(one)}, values(several)...) {
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
