package arm

import (
	"net/netip"
	"strings"

	"flowctl/plan"
)

func (q *request) wroteRouteTable(st *State, m *Resource) error {
	if m.properties()["routes"] == nil {
		return nil
	}
	list := objects(m.properties(), "routes")
	delete(m.properties(), "routes")
	return q.sync(st, m, kindOf(routeType), list)
}

func (q *request) fillRouteTable(st *State, m *Resource, _, props map[string]any) {
	orElse(props, map[string]any{"disableBgpRoutePropagation": false})
	props["routes"] = q.shownIn(st, m.ID, routeType)
	var users []any
	for _, s := range q.users(st, m.ID, subnetType) {
		users = append(users, ref(s.ID))
	}
	if users != nil {
		props["subnets"] = users
	}
}

func routeTableInUse(m, user *Resource, _ string) *Error {
	return refuse(400, "InUseRouteTableCannotBeDeleted", "Route table %s is in use and cannot be deleted. It is used by %s.", m.ID.Name(), user.ID)
}

// hops are the types of a route's next hop.
var hops = []string{"VirtualNetworkGateway", "VnetLocal", "Internet", "VirtualAppliance", "None"}

func (q *request) checkRoute(st *State, m *Resource) error {
	props := m.properties()
	hop := text(props, "nextHopType")
	known := false
	for _, h := range hops {
		known = known || strings.EqualFold(h, hop)
	}
	address := text(props, "nextHopIpAddress")
	_, notAddress := netip.ParseAddr(address)
	switch {
	case text(props, "addressPrefix") == "":
		return errInvalid("addressPrefix", "Route %s needs a destination.", m.ID.Name())
	case !known:
		return errInvalid("nextHopType", "'%s' is none of %s.", hop, strings.Join(hops, ", "))
	case strings.EqualFold(hop, "VirtualAppliance") && notAddress != nil:
		return refuse(400, "InvalidNextHopIpAddress", "Next hop address '%s' of route %s is not an IP address.", address, m.ID.Name())
	case !strings.EqualFold(hop, "VirtualAppliance") && address != "":
		return refuse(400, "NextHopIpAddressNotAllowed", "Route %s with next hop type %s cannot have a next hop address.", m.ID.Name(), hop)
	}
	for _, other := range q.below(st, m.ID.Parent(), routeType) {
		if !other.ID.Is(m.ID) && strings.EqualFold(text(other.properties(), "addressPrefix"), text(props, "addressPrefix")) {
			return refuse(400, "RouteConflict", "Route %s conflicts with route %s. Routes cannot have the same AddressPrefix.", m.ID.Name(), other.ID.Name())
		}
	}
	return nil
}

func (q *request) fillRoute(_ *State, _ *Resource, _, props map[string]any) {
	orElse(props, map[string]any{"hasBgpOverride": false})
}

// checkNAT refuses a NAT gateway whose public addresses are not there.
func (q *request) checkNAT(st *State, m *Resource) error {
	for _, a := range objects(m.properties(), "publicIpAddresses") {
		id := plan.ID(text(a, "id"))
		if err := q.near(st, id, m.ID, m.Location); err != nil {
			return err
		}
	}
	if minutes, ok := m.properties()["idleTimeoutInMinutes"].(float64); ok && (minutes < 4 || minutes > 120) {
		return errInvalid("idleTimeoutInMinutes", "%v is not between 4 and 120.", minutes)
	}
	return nil
}

func (q *request) fillNAT(st *State, m *Resource, doc, props map[string]any) {
	orElse(doc, map[string]any{"sku": map[string]any{"name": "Standard", "tier": "Regional"}})
	orElse(props, map[string]any{"idleTimeoutInMinutes": 4})
	var users []any
	for _, s := range q.users(st, m.ID, subnetType) {
		users = append(users, ref(s.ID))
	}
	if users != nil {
		props["subnets"] = users
	}
}

func natInUse(m, user *Resource, _ string) *Error {
	return refuse(400, "InUseNatGatewayCannotBeDeleted", "NAT gateway %s is in use and cannot be deleted. It is used by %s.", m.ID.Name(), user.ID)
}
