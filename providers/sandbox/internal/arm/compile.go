package arm

import (
	"net/netip"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/compute/armcompute/v8"

	"flowctl/plan"
	"flowctl/providers/sandbox/internal/world"
)

// The world is compiled into the resources that clients could have made: here
// is what they would have put. What the service adds is filled in as for all.

// compile makes the resources of a world.
func compile(w *world.World) *base {
	b := newBase()
	made := w.Epoch.AddDate(0, -6, 0)
	add := func(kind string, r world.Resource, of any, refs ...plan.ID) {
		b.add(&Resource{ID: r.ID, Type: kind, GUID: r.GUID, Location: r.Location, Created: made, of: of}, refs...)
	}
	for _, g := range w.Groups {
		add(groupType, g.Resource, g)
	}
	for _, v := range w.VNets {
		add(vnetType, v.Resource, v)
		for _, s := range v.Subnets {
			refs := []plan.ID{}
			if s.NSG != nil {
				refs = append(refs, s.NSG.ID)
			}
			add(subnetType, world.Resource{ID: s.ID, GUID: w.GUID(string(s.ID))}, s, refs...)
		}
		for _, p := range v.Peerings {
			add(peeringType, world.Resource{ID: p.ID, GUID: w.GUID(string(p.ID))}, p, p.Remote.ID)
		}
	}
	for _, n := range w.NSGs {
		add(nsgType, n.Resource, n)
		for _, r := range n.Rules {
			add(ruleType, world.Resource{ID: r.ID, GUID: w.GUID(string(r.ID))}, r)
		}
	}
	for _, p := range w.PublicIPs {
		add(publicIPType, p.Resource, p)
	}
	for _, n := range w.NICs {
		if n.Instance == nil { // those of instances are a part of their set
			add(nicType, n.Resource, n, interfaceRefs(n)...)
		}
	}
	for _, v := range w.VMs {
		disk := diskOf{v}
		add(vmType, v.Resource, v, append(machineRefs(v), disk.id())...)
		add(diskType, world.Resource{ID: disk.id(), GUID: w.GUID(string(disk.id())), Location: v.Location}, disk)
	}
	for _, s := range w.ScaleSets {
		refs := []plan.ID{}
		if len(s.Instances) > 0 {
			refs = append(refs, s.Instances[0].NIC.Subnet.ID)
		}
		add(scaleSetType, s.Resource, s, refs...)
	}
	for _, g := range w.Gateways {
		add(g.ID.Type(), g.Resource, g, g.Subnet.ID)
	}
	for _, e := range w.Endpoints {
		add(endpointType, e.Resource, e, e.Subnet.ID, e.Target)
	}
	for _, a := range w.Accounts {
		add(accountType, a.Resource, a)
		if a.Versioning || a.SoftDelete > 0 {
			add(blobServices, world.Resource{ID: a.ID + "/blobServices/default", GUID: a.GUID}, blobsOf{a})
		}
	}
	for _, m := range laidBy(w) {
		b.add(m)
	}
	return b
}

// blobsOf are the settings of an account's blobs.
type blobsOf struct{ *world.StorageAccount }

// diskOf is the disk of a machine's operating system.
type diskOf struct{ *world.VM }

func (d diskOf) id() plan.ID {
	return plan.ID("/subscriptions/"+d.ID.Subscription()+"/resourceGroups/"+d.Group+"/providers/"+diskType+"/") + plan.ID(d.Name+"_OsDisk_1")
}

func interfaceRefs(n *world.NIC) []plan.ID {
	refs := []plan.ID{n.Subnet.ID}
	if n.NSG != nil {
		refs = append(refs, n.NSG.ID)
	}
	if n.Public != nil {
		refs = append(refs, n.Public.ID)
	}
	return refs
}

func machineRefs(v *world.VM) []plan.ID {
	var refs []plan.ID
	for _, n := range v.NICs {
		refs = append(refs, n.ID)
	}
	if v.Set != nil {
		refs = append(refs, v.Set.ID)
	}
	return refs
}

type doc = map[string]any

// What a client would have put to make each: a row of kinds names its function.

func groupBody(g *world.ResourceGroup) doc { return withTags(doc{}, g.Tags) }

func vnetBody(v *world.VNet) doc {
	props := doc{"addressSpace": doc{"addressPrefixes": textList(prefixes(v.Prefixes)...)}}
	if v.Encryption != "" {
		props["encryption"] = doc{"enabled": true, "enforcement": v.Encryption}
	}
	return withTags(doc{"properties": props}, v.Tags)
}

func peeringBody(p world.Peering) doc {
	return doc{"properties": doc{"remoteVirtualNetwork": ref(p.Remote.ID), "allowForwardedTraffic": true}}
}

func nsgBody(n *world.NSG) doc { return withTags(doc{"properties": doc{}}, n.Tags) }

func publicIPBody(p *world.PublicIP) doc {
	return withTags(doc{"sku": doc{"name": "Standard", "tier": "Regional"}, "properties": doc{"publicIPAllocationMethod": "Static"}}, p.Tags)
}

func publicIPGiven(p *world.PublicIP) doc { return doc{"ipAddress": p.Address.String()} }

func diskBody(d diskOf) doc {
	return doc{"sku": doc{"name": "Standard_LRS"}, "properties": doc{"osType": d.OS, "diskSizeGB": float64(systemDiskSize), "creationData": doc{"createOption": "FromImage"}}}
}

func servicesBody(b blobsOf) doc {
	props := doc{"isVersioningEnabled": b.Versioning}
	if b.SoftDelete > 0 {
		deleted := doc{"enabled": true, "days": float64(b.SoftDelete)}
		props["deleteRetentionPolicy"], props["containerDeleteRetentionPolicy"] = deleted, deleted
	}
	return doc{"properties": props}
}

func withTags(d doc, tags map[string]string) doc {
	if len(tags) > 0 {
		all := doc{}
		for k, v := range tags {
			all[k] = v
		}
		d["tags"] = all
	}
	return d
}

func textList(all ...string) []any {
	list := []any{}
	for _, s := range all {
		list = append(list, s)
	}
	return list
}

func prefixes(all []netip.Prefix) (list []string) {
	for _, p := range all {
		list = append(list, p.String())
	}
	return list
}

func subnetBody(s *world.Subnet) doc {
	props := doc{"addressPrefix": s.Prefix.String()}
	if s.NSG != nil {
		props["networkSecurityGroup"] = ref(s.NSG.ID)
	}
	delegations := []any{}
	for _, service := range s.Delegations {
		name := strings.ReplaceAll(service, "/", ".")
		delegations = append(delegations, doc{"name": name, "properties": doc{"serviceName": service}})
	}
	props["delegations"] = delegations
	return doc{"properties": props}
}

func ruleBody(r *world.Rule) doc { return doc{"properties": ruleProperties(r)} }

func ruleProperties(r *world.Rule) doc {
	props := doc{"access": r.Access, "direction": r.Direction, "priority": float64(r.Priority), "protocol": r.Protocol}
	if r.Description != "" {
		props["description"] = r.Description
	}
	// A single value is in the singular property, several are in the plural one.
	for name, values := range map[string][]string{"sourceAddressPrefix": r.Sources, "destinationAddressPrefix": r.Destinations,
		"sourcePortRange": r.SourcePorts, "destinationPortRange": r.Ports} {
		plural := name + "s"
		if strings.HasSuffix(name, "Prefix") {
			plural = name + "es"
		}
		props[plural] = []any{}
		switch len(values) {
		case 0:
			props[name] = "*"
		case 1:
			props[name] = values[0]
		default:
			props[plural] = textList(values...)
		}
	}
	return props
}

func interfaceBody(n *world.NIC) doc {
	config := doc{"subnet": ref(n.Subnet.ID), "primary": true, "privateIPAllocationMethod": "Dynamic", "privateIPAddressVersion": "IPv4"}
	if n.Private.Is6() {
		config["privateIPAddressVersion"] = "IPv6"
	}
	if n.Public != nil {
		config["publicIPAddress"] = ref(n.Public.ID)
	}
	props := doc{"ipConfigurations": []any{doc{"name": "ipconfig1", "properties": config}}}
	if n.NSG != nil {
		props["networkSecurityGroup"] = ref(n.NSG.ID)
	}
	if n.Endpoint != nil {
		props["privateEndpoint"] = ref(n.Endpoint.ID)
	}
	return withTags(doc{"properties": props}, n.Tags)
}

func interfaceGiven(n *world.NIC) doc {
	return doc{"addresses": doc{"ipconfig1": n.Private.String()}, "mac": n.MAC}
}

// image is a marketplace image of an operating system.
func image(os string) doc {
	if os == "Windows" {
		return doc{"publisher": "MicrosoftWindowsServer", "offer": "WindowsServer", "sku": "2022-datacenter-azure-edition", "version": "latest"}
	}
	return doc{"publisher": "Canonical", "offer": "0001-com-ubuntu-server-jammy", "sku": "22_04-lts-gen2", "version": "latest"}
}

func machineBody(v *world.VM) doc {
	nics := []any{}
	for _, n := range v.NICs {
		nics = append(nics, doc{"id": string(n.ID), "properties": doc{"primary": !n.Secondary}})
	}
	disk := doc{"name": v.Name + "_OsDisk_1", "osType": v.OS, "createOption": "FromImage", "caching": "ReadWrite", "diskSizeGB": float64(systemDiskSize),
		"deleteOption": "Detach", "managedDisk": doc{"id": string(diskOf{v}.id()), "storageAccountType": "Standard_LRS"}}
	props := doc{
		"hardwareProfile": doc{"vmSize": v.Size},
		"storageProfile":  doc{"imageReference": image(v.OS), "osDisk": disk, "dataDisks": []any{}},
		"osProfile":       profileBody(v.Name, v.OS),
		"networkProfile":  doc{"networkInterfaces": nics},
	}
	if v.Set != nil {
		props["virtualMachineScaleSet"] = ref(v.Set.ID)
	}
	return withTags(doc{"properties": props}, v.Tags)
}

// profileBody is how an operating system was set up.
func profileBody(name, os string) doc {
	p := doc{"computerName": name, "adminUsername": "azureuser", "allowExtensionOperations": true}
	if os == "Windows" {
		p["windowsConfiguration"] = doc{"provisionVMAgent": true}
	} else {
		p["linuxConfiguration"] = doc{"provisionVMAgent": true, "disablePasswordAuthentication": true}
	}
	return p
}

func scaleSetBody(s *world.ScaleSet) doc {
	mode := "Uniform"
	if s.Flexible {
		mode = "Flexible"
	}
	disk := &armcompute.VirtualMachineScaleSetOSDisk{OSType: to.Ptr(armcompute.OperatingSystemTypes(s.OS)),
		CreateOption: to.Ptr(armcompute.DiskCreateOptionTypesFromImage), Caching: to.Ptr(armcompute.CachingTypesReadWrite)}
	profile := doc{"storageProfile": doc{"osDisk": jsonOf(disk), "imageReference": image(s.OS)}, "osProfile": setProfile(s)}
	if nic := firstNIC(s); nic != nil {
		config := doc{"name": "ipconfig1", "properties": doc{"primary": true, "privateIPAddressVersion": "IPv4", "subnet": ref(nic.Subnet.ID)}}
		props := doc{"primary": true, "enableAcceleratedNetworking": false, "enableIPForwarding": false, "ipConfigurations": []any{config}}
		if nic.NSG != nil {
			props["networkSecurityGroup"] = ref(nic.NSG.ID)
		}
		profile["networkProfile"] = doc{"networkInterfaceConfigurations": []any{doc{"name": "nic-" + s.Name, "properties": props}}}
	}
	return withTags(doc{
		"sku": doc{"name": s.Size, "tier": "Standard", "capacity": float64(len(s.Instances) + len(s.Machines))},
		"properties": doc{"orchestrationMode": mode, "overprovision": false, "singlePlacementGroup": false,
			"upgradePolicy": doc{"mode": s.Upgrade}, "virtualMachineProfile": profile},
	}, s.Tags)
}

func scaleSetGiven(s *world.ScaleSet) doc {
	all := doc{}
	for _, i := range s.Instances {
		all[i.Number] = doc{"address": i.NIC.Private.String(), "power": i.Power}
	}
	return doc{"instances": all}
}

func setProfile(s *world.ScaleSet) doc {
	p := profileBody(s.Name, s.OS)
	delete(p, "computerName")
	p["computerNamePrefix"] = s.Name
	return p
}

func firstNIC(s *world.ScaleSet) *world.NIC {
	switch {
	case len(s.Instances) > 0:
		return s.Instances[0].NIC
	case len(s.Machines) > 0 && len(s.Machines[0].NICs) > 0:
		return s.Machines[0].NICs[0]
	}
	return nil
}

func accountBody(a *world.StorageAccount) doc {
	ips, subnets := []any{}, []any{}
	for _, address := range a.Firewall.IPs {
		ips = append(ips, doc{"value": address, "action": "Allow"})
	}
	for _, n := range a.Firewall.Subnets {
		subnets = append(subnets, doc{"id": string(n), "action": "Allow", "state": "Succeeded"})
	}
	bypass := "None"
	if len(a.Firewall.Bypass) > 0 {
		bypass = strings.Join(a.Firewall.Bypass, ", ")
	}
	props := doc{"allowSharedKeyAccess": a.SharedKey, "publicNetworkAccess": a.PublicNetwork,
		"networkAcls": doc{"bypass": bypass, "defaultAction": a.Firewall.Default, "ipRules": ips, "virtualNetworkRules": subnets}}
	if i := a.Immutability; i != nil {
		props["immutableStorageWithVersioning"] = doc{"enabled": true, "immutabilityPolicy": doc{
			"allowProtectedAppendWrites": i.AppendAllowed, "immutabilityPeriodSinceCreationInDays": float64(i.Days), "state": i.State}}
	}
	return withTags(doc{"kind": a.Kind, "sku": doc{"name": a.SKU}, "properties": props}, a.Tags)
}

// gatewayBody shows as much of a gateway as says where it lives.
func gatewayBody(g *world.Gateway) doc {
	config := doc{"id": string(g.Configuration()), "name": g.Configuration().Name(), "type": g.Configuration().Type(),
		"properties": doc{"provisioningState": "Succeeded", "subnet": ref(g.Subnet.ID)}}
	props, body := doc{}, doc{}
	sku := doc{"name": g.SKU, "tier": g.SKU}
	switch g.Kind {
	case "application":
		props["gatewayIPConfigurations"], props["sku"], props["operationalState"] = []any{config}, sku, "Running"
	case "vpn":
		props["gatewayType"], props["vpnType"], props["ipConfigurations"], props["sku"] = "Vpn", "RouteBased", []any{config}, sku
	case "express_route":
		props["gatewayType"], props["ipConfigurations"], props["sku"] = "ExpressRoute", []any{config}, sku
	case "bastion":
		props["ipConfigurations"], body["sku"] = []any{config}, doc{"name": g.SKU}
	case "firewall":
		props["ipConfigurations"], props["sku"] = []any{config}, doc{"name": g.SKU, "tier": "Standard"}
	}
	body["properties"] = props
	return withTags(body, g.Tags)
}

func endpointBody(e *world.PrivateEndpoint) doc {
	return withTags(doc{"properties": doc{
		"subnet": ref(e.Subnet.ID), "networkInterfaces": []any{ref(e.NIC.ID)}, "customDnsConfigs": []any{}, "manualPrivateLinkServiceConnections": []any{},
		"privateLinkServiceConnections": []any{doc{
			"id": string(e.ID) + "/privateLinkServiceConnections/" + e.Name, "name": e.Name, "type": endpointType + "/privateLinkServiceConnections",
			"properties": doc{"provisioningState": "Succeeded", "privateLinkServiceId": string(e.Target), "groupIds": textList(e.Part),
				"privateLinkServiceConnectionState": doc{"status": "Approved", "description": "Auto-Approved", "actionsRequired": "None"}}}},
	}}, e.Tags)
}

func lockBody(l *world.Lock) doc {
	props := doc{"level": l.Level}
	if l.Notes != "" {
		props["notes"] = l.Notes
	}
	return doc{"properties": props}
}
