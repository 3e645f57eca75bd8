package arm

import (
	"net/netip"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/network/armnetwork/v9"

	"flowctl/plan"
	"flowctl/providers/sandbox/internal/world"
)

// byPath finds the world's resource that the path names, of type T; kind is
// its type, such as Microsoft.Network/virtualNetworks.
func byPath[T any](q *request, kind, name string, child ...string) (T, error) {
	ns, typ, _ := strings.Cut(kind, "/")
	path := "/" + typ + "/" + name + strings.Join(append([]string{""}, child...), "/")
	id := plan.ID("/subscriptions/" + q.world.Subscription + "/resourceGroups/" + q.path["group"] + "/providers/" + ns + path)
	if r, ok := q.byID[id.Key()].(T); ok {
		return r, nil
	}
	var none T
	return none, errNotFound(ns+path, q.path["group"])
}

func pointers(tags map[string]string) map[string]*string {
	if len(tags) == 0 {
		return nil
	}
	m := map[string]*string{}
	for k, v := range tags {
		m[k] = to.Ptr(v)
	}
	return m
}

func texts(all ...string) []*string {
	list := []*string{}
	for _, s := range all {
		list = append(list, to.Ptr(s))
	}
	return list
}

// weak is the etag of a resource that never changes.
func weak(guid string) *string { return to.Ptr(`W/"` + guid + `"`) }

func id(id plan.ID) *string { return to.Ptr(string(id)) }

var succeeded = armnetwork.ProvisioningStateSucceeded

func prefixTexts(prefixes []netip.Prefix) []*string {
	list := []*string{}
	for _, p := range prefixes {
		list = append(list, to.Ptr(p.String()))
	}
	return list
}

const vnetType = "Microsoft.Network/virtualNetworks"

func (q *request) listVNets() (reply, error) {
	st, err := q.State()
	if err != nil {
		return reply{}, err
	}
	all := inGroup(q, q.world.VNets, func(v *world.VNet) plan.ID { return v.ID })
	return pagedWith(q, vnetType, all, func(v *world.VNet) armnetwork.VirtualNetwork { return q.vnet(st, v) })
}

func (q *request) getVNet() (reply, error) {
	v, err := byPath[*world.VNet](q, vnetType, q.path["name"])
	if err != nil {
		return reply{}, err
	}
	st, err := q.State()
	if err != nil {
		return reply{}, err
	}
	return ok(q.vnet(st, v))
}

func (q *request) vnet(st *State, v *world.VNet) armnetwork.VirtualNetwork {
	doc := armnetwork.VirtualNetwork{
		ID: id(v.ID), Name: &v.Name, Type: to.Ptr(vnetType), Etag: weak(v.GUID), Location: &v.Location, Tags: pointers(v.Tags),
		Properties: &armnetwork.VirtualNetworkPropertiesFormat{
			AddressSpace:      &armnetwork.AddressSpace{AddressPrefixes: prefixTexts(v.Prefixes)},
			ProvisioningState: &succeeded, ResourceGUID: &v.GUID, EnableDdosProtection: to.Ptr(false),
			Subnets: []*armnetwork.Subnet{}, VirtualNetworkPeerings: []*armnetwork.VirtualNetworkPeering{},
			FlowLogs: q.flowLogsOn(st, v.ID),
		},
	}
	if v.Encryption != "" {
		doc.Properties.Encryption = &armnetwork.VirtualNetworkEncryption{Enabled: to.Ptr(true),
			Enforcement: to.Ptr(armnetwork.VirtualNetworkEncryptionEnforcement(v.Encryption))}
	}
	for _, s := range v.Subnets {
		doc.Properties.Subnets = append(doc.Properties.Subnets, to.Ptr(q.subnet(s)))
	}
	for _, p := range v.Peerings {
		doc.Properties.VirtualNetworkPeerings = append(doc.Properties.VirtualNetworkPeerings, to.Ptr(peering(v, p)))
	}
	return doc
}

// flowLogsOn are the back references to the flow logs of a target.
func (q *request) flowLogsOn(st *State, target plan.ID) []*armnetwork.FlowLog {
	var all []*armnetwork.FlowLog
	for _, l := range st.FlowLogs {
		if l.Settings.Target.Is(target) && there(l.Gone, q.now) {
			all = append(all, &armnetwork.FlowLog{ID: id(l.ID)})
		}
	}
	return all
}

func (q *request) subnet(s *world.Subnet) armnetwork.Subnet {
	doc := armnetwork.Subnet{ID: id(s.ID), Name: &s.Name, Type: to.Ptr(vnetType + "/subnets"), Etag: weak(q.world.GUID(string(s.ID))),
		Properties: &armnetwork.SubnetPropertiesFormat{
			AddressPrefix: to.Ptr(s.Prefix.String()), ProvisioningState: &succeeded,
			PrivateEndpointNetworkPolicies:    to.Ptr(armnetwork.VirtualNetworkPrivateEndpointNetworkPoliciesDisabled),
			PrivateLinkServiceNetworkPolicies: to.Ptr(armnetwork.VirtualNetworkPrivateLinkServiceNetworkPoliciesEnabled),
		}}
	if s.NSG != nil {
		doc.Properties.NetworkSecurityGroup = &armnetwork.SecurityGroup{ID: id(s.NSG.ID)}
	}
	for _, n := range q.subnetNICs[s] {
		doc.Properties.IPConfigurations = append(doc.Properties.IPConfigurations, &armnetwork.IPConfiguration{ID: id(n.ID + "/ipConfigurations/ipconfig1")})
		if n.Endpoint != nil {
			doc.Properties.PrivateEndpoints = append(doc.Properties.PrivateEndpoints, &armnetwork.PrivateEndpoint{ID: id(n.Endpoint.ID)})
		}
	}
	addGuests(s, doc.Properties)
	return doc
}

func (q *request) listSubnets() (reply, error) {
	if made, rep, err := q.childrenOfMade(vnetType, subnetType); made || err != nil {
		return rep, err
	}
	v, err := byPath[*world.VNet](q, vnetType, q.path["name"])
	if err != nil {
		return reply{}, err
	}
	return paged(q, v.Subnets, q.subnet)
}

func (q *request) getSubnet() (reply, error) {
	s, err := byPath[*world.Subnet](q, vnetType, q.path["name"], "subnets", q.path["child"])
	if err != nil {
		return reply{}, err
	}
	return ok(q.subnet(s))
}

func peering(v *world.VNet, p world.Peering) armnetwork.VirtualNetworkPeering {
	space := &armnetwork.AddressSpace{AddressPrefixes: prefixTexts(p.Remote.Prefixes)}
	return armnetwork.VirtualNetworkPeering{ID: id(p.ID), Name: to.Ptr(p.Name), Type: to.Ptr(peeringType), Etag: weak(v.GUID),
		Properties: &armnetwork.VirtualNetworkPeeringPropertiesFormat{
			AllowForwardedTraffic: to.Ptr(true), AllowVirtualNetworkAccess: to.Ptr(true),
			AllowGatewayTransit: to.Ptr(false), UseRemoteGateways: to.Ptr(false),
			PeeringState: to.Ptr(armnetwork.VirtualNetworkPeeringStateConnected), PeeringSyncLevel: to.Ptr(armnetwork.VirtualNetworkPeeringLevelFullyInSync),
			ProvisioningState: &succeeded, RemoteAddressSpace: space, RemoteVirtualNetworkAddressSpace: space,
			RemoteVirtualNetwork: &armnetwork.SubResource{ID: id(p.Remote.ID)},
		}}
}

func (q *request) listPeerings() (reply, error) {
	if made, rep, err := q.childrenOfMade(vnetType, peeringType); made || err != nil {
		return rep, err
	}
	v, err := byPath[*world.VNet](q, vnetType, q.path["name"])
	if err != nil {
		return reply{}, err
	}
	return paged(q, v.Peerings, func(p world.Peering) armnetwork.VirtualNetworkPeering { return peering(v, p) })
}

func (q *request) getPeering() (reply, error) {
	v, err := byPath[*world.VNet](q, vnetType, q.path["name"])
	if err != nil {
		return reply{}, err
	}
	for _, p := range v.Peerings {
		if strings.EqualFold(p.Name, q.path["child"]) {
			return ok(peering(v, p))
		}
	}
	return reply{}, errNotFound(vnetType+"/"+v.Name+"/virtualNetworkPeerings/"+q.path["child"], q.path["group"])
}
