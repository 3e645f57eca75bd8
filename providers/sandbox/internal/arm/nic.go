package arm

import (
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/network/armnetwork/v9"

	"flowctl/plan"
	"flowctl/providers/sandbox/internal/world"
)

const (
	nicType      = "Microsoft.Network/networkInterfaces"
	publicIPType = "Microsoft.Network/publicIPAddresses"
)

// listNICs lists those of VMs; those of scale sets are listed there.
func (q *request) listNICs() (reply, error) {
	return pagedWith(q, nicType, inGroup(q, q.vmNICs, func(n *world.NIC) plan.ID { return n.ID }), q.nic)
}

func (q *request) getNIC() (reply, error) {
	n, err := byPath[*world.NIC](q, nicType, q.path["name"])
	if err != nil {
		return reply{}, err
	}
	return ok(q.nic(n))
}

func (q *request) nic(n *world.NIC) armnetwork.Interface {
	config := &armnetwork.InterfaceIPConfiguration{
		ID: id(n.ID + "/ipConfigurations/ipconfig1"), Name: to.Ptr("ipconfig1"), Type: to.Ptr(nicType + "/ipConfigurations"), Etag: weak(n.GUID),
		Properties: &armnetwork.InterfaceIPConfigurationPropertiesFormat{
			PrivateIPAddress: to.Ptr(n.Private.String()), PrivateIPAllocationMethod: to.Ptr(armnetwork.IPAllocationMethodDynamic),
			PrivateIPAddressVersion: to.Ptr(armnetwork.IPVersionIPv4), Primary: to.Ptr(true), ProvisioningState: &succeeded,
			Subnet: &armnetwork.Subnet{ID: id(n.Subnet.ID)},
		},
	}
	if n.Private.Is6() {
		config.Properties.PrivateIPAddressVersion = to.Ptr(armnetwork.IPVersionIPv6)
	}
	if n.Public != nil {
		config.Properties.PublicIPAddress = &armnetwork.PublicIPAddress{ID: id(n.Public.ID)}
	}
	doc := armnetwork.Interface{
		ID: id(n.ID), Name: &n.Name, Type: to.Ptr(nicType), Etag: weak(n.GUID), Location: &n.Location, Tags: pointers(n.Tags),
		Properties: &armnetwork.InterfacePropertiesFormat{
			ProvisioningState: &succeeded, ResourceGUID: &n.GUID, Primary: to.Ptr(!n.Secondary),
			EnableAcceleratedNetworking: to.Ptr(false), EnableIPForwarding: to.Ptr(false),
			DNSSettings:      &armnetwork.InterfaceDNSSettings{DNSServers: texts(), AppliedDNSServers: texts()},
			IPConfigurations: []*armnetwork.InterfaceIPConfiguration{config},
		},
	}
	if n.MAC != "" {
		doc.Properties.MacAddress = to.Ptr(dashed(n.MAC))
	}
	if n.NSG != nil {
		doc.Properties.NetworkSecurityGroup = &armnetwork.SecurityGroup{ID: id(n.NSG.ID)}
	}
	if n.Endpoint != nil {
		doc.Properties.PrivateEndpoint = &armnetwork.PrivateEndpoint{ID: id(n.Endpoint.ID)}
	}
	if m := n.Machine(); m != "" {
		doc.Properties.VirtualMachine = &armnetwork.SubResource{ID: to.Ptr(m)}
	}
	return doc
}

// dashed writes a MAC as ARM does: 00-22-48-5D-8C-F8.
func dashed(mac string) string {
	var parts []string
	for i := 0; i+2 <= len(mac); i += 2 {
		parts = append(parts, mac[i:i+2])
	}
	return strings.Join(parts, "-")
}

func (q *request) listPublicIPs() (reply, error) {
	return pagedWith(q, publicIPType, inGroup(q, q.world.PublicIPs, func(p *world.PublicIP) plan.ID { return p.ID }), publicIP)
}

func (q *request) getPublicIP() (reply, error) {
	p, err := byPath[*world.PublicIP](q, publicIPType, q.path["name"])
	if err != nil {
		return reply{}, err
	}
	return ok(publicIP(p))
}

func publicIP(p *world.PublicIP) armnetwork.PublicIPAddress {
	doc := armnetwork.PublicIPAddress{
		ID: id(p.ID), Name: &p.Name, Type: to.Ptr(publicIPType), Etag: weak(p.GUID), Location: &p.Location, Tags: pointers(p.Tags),
		SKU: &armnetwork.PublicIPAddressSKU{Name: to.Ptr(armnetwork.PublicIPAddressSKUNameStandard), Tier: to.Ptr(armnetwork.PublicIPAddressSKUTierRegional)},
		Properties: &armnetwork.PublicIPAddressPropertiesFormat{
			ProvisioningState: &succeeded, ResourceGUID: &p.GUID, IPAddress: to.Ptr(p.Address.String()),
			PublicIPAddressVersion: to.Ptr(armnetwork.IPVersionIPv4), PublicIPAllocationMethod: to.Ptr(armnetwork.IPAllocationMethodStatic),
			IdleTimeoutInMinutes: to.Ptr[int32](4),
		},
	}
	if p.NIC != nil {
		doc.Properties.IPConfiguration = &armnetwork.IPConfiguration{ID: id(p.NIC.ID + "/ipConfigurations/ipconfig1")}
	}
	return doc
}
