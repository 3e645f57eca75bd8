package arm

import (
	"net/netip"
	"strings"

	"flowctl/plan"
)

const (
	routeTableType = "Microsoft.Network/routeTables"
	routeType      = routeTableType + "/routes"
	asgType        = "Microsoft.Network/applicationSecurityGroups"
)

func (q *request) wroteRouteTable(st *State, m *Made) error {
	if m.properties()["routes"] == nil {
		return nil
	}
	list := objects(m.properties(), "routes")
	delete(m.properties(), "routes")
	return q.sync(st, m, kindOf(routeType), list)
}

func (q *request) fillRouteTable(st *State, m *Made, _, props map[string]any) {
	orElse(props, map[string]any{"disableBgpRoutePropagation": false})
	props["routes"] = q.shownIn(st, m.ID, routeType)
	var users []any
	for _, s := range q.referring(st, subnetType, "routeTable", m.ID) {
		users = append(users, ref(s.ID))
	}
	if users != nil {
		props["subnets"] = users
	}
}

// referring are the resources of a kind, one of whose properties refers to id.
func (q *request) referring(st *State, kind, property string, id plan.ID) []*Made {
	var all []*Made
	for _, m := range st.allMade(kind, q.now) {
		if m.Gone.IsZero() && id.Is(plan.ID(text(m.properties(), property, "id"))) {
			all = append(all, m)
		}
	}
	return all
}

func (q *request) routeTableInUse(st *State, m *Made) error {
	for _, s := range q.referring(st, subnetType, "routeTable", m.ID) {
		return refuse(400, "InUseRouteTableCannotBeDeleted", "Route table %s is in use and cannot be deleted. It is used by %s.", m.ID.Name(), s.ID)
	}
	return nil
}

// hops are the types of a route's next hop.
var hops = []string{"VirtualNetworkGateway", "VnetLocal", "Internet", "VirtualAppliance", "None"}

func (q *request) checkRoute(st *State, m *Made) error {
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
	for _, other := range st.below(m.ID.Parent(), routeType, q.now) {
		if !other.ID.Is(m.ID) && strings.EqualFold(text(other.properties(), "addressPrefix"), text(props, "addressPrefix")) {
			return refuse(400, "RouteConflict", "Route %s conflicts with route %s. Routes cannot have the same AddressPrefix.", m.ID.Name(), other.ID.Name())
		}
	}
	return nil
}

func (q *request) fillRoute(_ *State, _ *Made, _, props map[string]any) {
	orElse(props, map[string]any{"hasBgpOverride": false})
}
