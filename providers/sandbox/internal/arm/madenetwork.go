package arm

import (
	"net/http"
	"net/netip"
	"strings"

	"flowctl/plan"
	"flowctl/providers/sandbox/internal/world"
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

func (q *request) checkVNet(_ *State, m *Made) error {
	space, err := prefixesOf(object(m.properties(), "addressSpace"), "addressPrefixes")
	if err == nil && len(space) == 0 {
		err = refuse(400, "InvalidRequestFormat", "Virtual network %s needs an address space.", m.ID)
	}
	return err
}

// wroteVNet makes the subnets and peerings those of the body; a body that
// says nothing of them leaves them as they are.
func (q *request) wroteVNet(st *State, m *Made) error {
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

func (q *request) fillVNet(st *State, m *Made, _, props map[string]any) {
	orElse(props, map[string]any{"enableDdosProtection": false})
	props["subnets"], props["virtualNetworkPeerings"] = q.shownIn(st, m.ID, subnetType), q.shownIn(st, m.ID, peeringType)
	q.fillFlowLogs(st, m, props)
}

// fillFlowLogs adds the back references to the flow logs of a target.
func (q *request) fillFlowLogs(st *State, m *Made, props map[string]any) {
	if logs := q.flowLogsOn(st, m.ID); len(logs) > 0 {
		props["flowLogs"] = logs
	}
}

// subnetPrefixes are those of a subnet, which may be given in two ways.
func subnetPrefixes(m *Made) ([]netip.Prefix, error) {
	props := m.properties()
	if one := text(props, "addressPrefix"); one != "" {
		props = map[string]any{"addressPrefixes": []any{one}}
	}
	return prefixesOf(props, "addressPrefixes")
}

func (q *request) checkSubnet(st *State, m *Made) error {
	mine, err := subnetPrefixes(m)
	if err != nil {
		return err
	}
	vnet := st.made(m.ID.Parent(), q.now)
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
	for _, other := range st.below(vnet.ID, subnetType, q.now) {
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
func (q *request) checkGuard(st *State, m *Made, location string) error {
	guard := plan.ID(text(m.properties(), "networkSecurityGroup", "id"))
	if guard == "" {
		return nil
	}
	if at, _, ok := q.targetOf(st, guard); !ok || !sameRegion(at, location) {
		return errReference(guard, m.ID)
	}
	return nil
}

func (q *request) fillSubnet(st *State, m *Made, _, props map[string]any) {
	orElse(props, map[string]any{"delegations": []any{}, "serviceEndpoints": []any{},
		"privateEndpointNetworkPolicies": "Disabled", "privateLinkServiceNetworkPolicies": "Enabled"})
	var configs []any
	for _, nic := range st.allMade(nicType, q.now) {
		for _, c := range objects(nic.properties(), "ipConfigurations") {
			if m.ID.Is(plan.ID(text(c, "properties", "subnet", "id"))) {
				configs = append(configs, ref(nic.ID+"/ipConfigurations/"+plan.ID(text(c, "name"))))
			}
		}
	}
	if configs != nil {
		props["ipConfigurations"] = configs
	}
}

func (q *request) subnetInUse(st *State, m *Made) error {
	for _, nic := range st.allMade(nicType, q.now) {
		for _, c := range objects(nic.properties(), "ipConfigurations") {
			if m.ID.Is(plan.ID(text(c, "properties", "subnet", "id"))) && nic.Gone.IsZero() {
				return refuse(400, "InUseSubnetCannotBeDeleted", "Subnet %s is in use by %s/ipConfigurations/%s and cannot be deleted. "+
					"In order to delete the subnet, delete all the resources within the subnet.", m.ID.Name(), nic.ID, text(c, "name"))
			}
		}
	}
	return nil
}

func (q *request) vnetInUse(st *State, m *Made) error {
	for _, s := range st.below(m.ID, subnetType, q.now) {
		if err := q.subnetInUse(st, s); err != nil {
			return err
		}
	}
	return nil
}

func (q *request) wroteNSG(st *State, m *Made) error {
	if m.properties()["securityRules"] == nil {
		return nil
	}
	list := objects(m.properties(), "securityRules")
	delete(m.properties(), "securityRules")
	return q.sync(st, m, kindOf(ruleType), list)
}

func (q *request) fillNSG(st *State, m *Made, _, props map[string]any) {
	props["securityRules"] = q.shownIn(st, m.ID, ruleType)
	props["defaultSecurityRules"] = rules(world.DefaultRules(m.ID))
	for name, kind := range map[string]string{"subnets": subnetType, "networkInterfaces": nicType} {
		var users []any
		for _, user := range q.guarded(st, m, kind) {
			users = append(users, ref(user.ID))
		}
		if users != nil {
			props[name] = users
		}
	}
	q.fillFlowLogs(st, m, props)
}

// guarded are the resources of a kind that a network security group is on.
func (q *request) guarded(st *State, m *Made, kind string) []*Made {
	var all []*Made
	for _, user := range st.allMade(kind, q.now) {
		if m.ID.Is(plan.ID(text(user.properties(), "networkSecurityGroup", "id"))) && user.Gone.IsZero() {
			all = append(all, user)
		}
	}
	return all
}

func (q *request) nsgInUse(st *State, m *Made) error {
	for _, kind := range []string{subnetType, nicType} {
		for _, user := range q.guarded(st, m, kind) {
			return refuse(400, "InUseNetworkSecurityGroupCannotBeDeleted", "Network security group %s cannot be deleted because it is in use by the following resources: %s. "+
				"In order to delete the Network security group, remove the association with the resource(s).", m.ID, user.ID)
		}
	}
	return nil
}

// The priorities that users' rules may have.
const (
	lowestPriority  = 100
	highestPriority = 4096
)

func (q *request) checkRule(st *State, m *Made) error {
	props := m.properties()
	priority, _ := props["priority"].(float64)
	direction := text(props, "direction")
	switch {
	case priority < lowestPriority || priority > highestPriority:
		return refuse(400, "SecurityRuleInvalidPriority", "Security rule has invalid Priority. Value provided: %v Allowed range 100-4096.", props["priority"])
	case !strings.EqualFold(direction, "Inbound") && !strings.EqualFold(direction, "Outbound"):
		return errInvalid("direction", "'%s' is not Inbound or Outbound.", direction)
	case !strings.EqualFold(text(props, "access"), "Allow") && !strings.EqualFold(text(props, "access"), "Deny"):
		return errInvalid("access", "'%s' is not Allow or Deny.", text(props, "access"))
	}
	for _, other := range st.below(m.ID.Parent(), ruleType, q.now) {
		if !other.ID.Is(m.ID) && other.properties()["priority"] == props["priority"] && strings.EqualFold(text(other.properties(), "direction"), direction) {
			return refuse(http.StatusBadRequest, "SecurityRuleConflict", "Security rule %s conflicts with rule %s. Rules cannot have the same Priority and Direction.",
				m.ID.Name(), other.ID.Name())
		}
	}
	return nil
}

func (q *request) fillRule(_ *State, _ *Made, _, props map[string]any) {
	orElse(props, map[string]any{"sourcePortRanges": []any{}, "destinationPortRanges": []any{},
		"sourceAddressPrefixes": []any{}, "destinationAddressPrefixes": []any{}})
}
