package arm

import (
	"net/netip"
	"slices"

	"flowctl/plan"
)

// prefixesOf reads a list of prefixes in a body.
func prefixesOf(doc map[string]any, name string) ([]netip.Prefix, error) {
	list, _ := doc[name].([]any)
	var all []netip.Prefix
	for _, item := range list {
		s, _ := item.(string)
		p, err := netip.ParsePrefix(s)
		if err != nil {
			return nil, refuse(400, "InvalidAddressPrefixFormat", "Address prefix %s is not formatted correctly. "+
				"It should follow CIDR notation, for example 10.0.0.0/24.", s)
		}
		all = append(all, p)
	}
	return all, nil
}

func (q *request) checkVNet(_ *State, m *Resource) error {
	space, err := prefixesOf(object(m.properties(), "addressSpace"), "addressPrefixes")
	if err == nil && len(space) == 0 {
		err = refuse(400, "InvalidRequestFormat", "Virtual network %s needs an address space.", m.ID)
	}
	return err
}

// wroteVNet makes the subnets and peerings those of the body; a body that
// says nothing of them leaves them as they are.
func (q *request) wroteVNet(st *State, m *Resource) error {
	for _, kind := range []string{subnetType, peeringType} {
		name := kind[len(vnetType)+1:]
		if m.properties()[name] == nil {
			continue
		}
		list := objects(m.properties(), name)
		delete(m.properties(), name)
		if err := q.sync(st, m, kindOf(kind), list); err != nil {
			return err
		}
	}
	return nil
}

func (q *request) fillVNet(st *State, m *Resource, _, props map[string]any) {
	orElse(props, map[string]any{"enableDdosProtection": false, "enableVmProtection": false})
	q.fillOptions(props)
	props["subnets"], props["virtualNetworkPeerings"] = q.shownIn(st, m.ID, subnetType), q.shownIn(st, m.ID, peeringType)
	q.fillFlowLogs(st, m, props)
}

// fillOptions shows options without a value as their time did: early versions
// always (recording vnet-peering of 2017), later ones not (vnet, lock-commands).
func (q *request) fillOptions(props map[string]any) {
	version := q.param("api-version")
	if servers, _ := object(props, "dhcpOptions")["dnsServers"].([]any); len(servers) == 0 {
		delete(props, "dhcpOptions")
		if version < "2019-09-01" {
			props["dhcpOptions"] = map[string]any{"dnsServers": []any{}}
		}
	}
	if props["enableVmProtection"] == false && version >= "2022-01-01" {
		delete(props, "enableVmProtection")
	}
}

// fillFlowLogs adds the back references to the flow logs of a target.
func (q *request) fillFlowLogs(st *State, m *Resource, props map[string]any) {
	var logs []any
	for _, l := range st.FlowLogs {
		if l.Settings.Target.Is(m.ID) && there(l.Gone, q.now) {
			logs = append(logs, ref(l.ID))
		}
	}
	if logs != nil {
		props["flowLogs"] = logs
	}
}

// subnetPrefixes are those of a subnet, which may be given in two ways.
func subnetPrefixes(m *Resource) ([]netip.Prefix, error) {
	props := m.properties()
	if one := text(props, "addressPrefix"); one != "" {
		props = map[string]any{"addressPrefixes": []any{one}}
	}
	return prefixesOf(props, "addressPrefixes")
}

func (q *request) checkSubnet(st *State, m *Resource) error {
	mine, err := subnetPrefixes(m)
	if err != nil {
		return err
	}
	vnet := q.at(st, m.ID.Parent())
	space, err := prefixesOf(object(vnet.properties(), "addressSpace"), "addressPrefixes")
	if err != nil {
		return err
	}
	for _, p := range mine {
		inside := false
		for _, s := range space {
			inside = inside || s.Bits() <= p.Bits() && s.Contains(p.Addr())
		}
		if !inside {
			return refuse(400, "NetcfgInvalidSubnet", "Subnet '%s' is not valid in virtual network '%s'.", m.ID.Name(), vnet.ID.Name())
		}
	}
	if len(mine) == 0 {
		return refuse(400, "NetcfgInvalidSubnet", "Subnet '%s' is not valid in virtual network '%s'.", m.ID.Name(), vnet.ID.Name())
	}
	for _, other := range q.below(st, vnet.ID, subnetType) {
		theirs, err := subnetPrefixes(other)
		if err != nil || other.ID.Is(m.ID) {
			continue
		}
		for _, p := range theirs {
			if p.Overlaps(mine[0]) {
				return refuse(400, "NetcfgSubnetRangesOverlap", "Subnet '%s' is not valid because its IP address range overlaps with that of an existing subnet in virtual network '%s'.",
					m.ID.Name(), vnet.ID.Name())
			}
		}
	}
	return q.checkGuard(st, m, vnet.Location)
}

// checkGuard refuses a network security group that is not there, or elsewhere.
func (q *request) checkGuard(st *State, m *Resource, location string) error {
	guard := plan.ID(text(m.properties(), "networkSecurityGroup", "id"))
	if guard == "" {
		return nil
	}
	return q.near(st, guard, m.ID, location)
}

func (q *request) fillSubnet(st *State, m *Resource, _, props map[string]any) {
	policies := "Disabled"
	if v := q.param("api-version"); v >= "2020" && v < "2022" { // recordings nw-watcher-python, vm-put-patch-python
		policies = "Enabled"
	}
	orElse(props, map[string]any{"delegations": []any{}, "privateEndpointNetworkPolicies": policies, "privateLinkServiceNetworkPolicies": "Enabled"})
	for _, d := range objects(props, "delegations") {
		d["id"], d["type"] = string(m.ID)+"/delegations/"+text(d, "name"), subnetType+"/delegations"
		p := object(d, "properties")
		d["properties"], p["provisioningState"] = p, "Succeeded"
		orElse(p, map[string]any{"actions": []any{"Microsoft.Network/virtualNetworks/subnets/action"}})
	}
	for _, e := range objects(props, "serviceEndpoints") { // recordings subnet-service-endpoints, storage-account-network-rules
		e["provisioningState"] = m.state(q.now)
		orElse(e, map[string]any{"locations": []any{"*"}})
	}
	if len(objects(props, "serviceEndpoints")) == 0 {
		delete(props, "serviceEndpoints")
	}
	add := func(name string, v any) {
		list, _ := props[name].([]any)
		props[name] = append(list, v)
	}
	for _, nic := range q.users(st, m.ID, nicType) {
		for _, c := range objects(nic.properties(), "ipConfigurations") {
			if m.ID.Is(plan.ID(text(c, "properties", "subnet", "id"))) {
				add("ipConfigurations", ref(nic.ID+"/ipConfigurations/"+plan.ID(text(c, "name"))))
			}
		}
	}
	for _, set := range q.users(st, m.ID, scaleSetType) {
		instances := object(set.given(), "instances")
		for _, number := range slices.Sorted(mapKeys(instances)) {
			add("ipConfigurations", ref(set.ID+plan.ID("/virtualMachines/"+number+"/networkInterfaces/nic-"+set.ID.Name()+"/ipConfigurations/ipconfig1")))
		}
	}
	for _, kind := range []string{appGatewayType, vnetGatewayType, bastionType, azureFirewallType} {
		for _, g := range q.users(st, m.ID, kind) {
			for _, name := range []string{"gatewayIPConfigurations", "ipConfigurations"} {
				for _, c := range objects(g.properties(), name) {
					list := "ipConfigurations"
					if kind == appGatewayType {
						list = "applicationGatewayIPConfigurations"
					}
					add(list, ref(plan.ID(text(c, "id"))))
				}
			}
		}
	}
	for _, e := range q.users(st, m.ID, endpointType) {
		add("privateEndpoints", ref(e.ID))
	}
}

func subnetInUse(m, user *Resource, config string) *Error {
	return refuse(400, "InUseSubnetCannotBeDeleted", "Subnet %s is in use by %s/ipConfigurations/%s and cannot be deleted. "+
		"In order to delete the subnet, delete all the resources within the subnet.", m.ID.Name(), user.ID, config)
}
