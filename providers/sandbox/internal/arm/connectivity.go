package arm

import (
	"encoding/json"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"flowctl/plan"
	"flowctl/providers/sandbox/internal/world"
)

// connectivityCheck says whether one end reaches another, and who is between.
// Its latencies are the sandbox's own choice.
func (q *request) connectivityCheck() (reply, error) {
	var body struct {
		Source struct {
			ID plan.ID `json:"resourceId"`
		} `json:"source"`
		Destination struct {
			ID      plan.ID         `json:"resourceId"`
			Address string          `json:"address"`
			Port    json.RawMessage `json:"port"`
		} `json:"destination"`
	}
	if err := q.decode(&body); err != nil {
		return reply{}, err
	}
	return q.diagnose(func(st *State, w *Watcher) (any, error) {
		from, err := q.subject(st, w, body.Source.ID, "", "")
		if err != nil {
			return nil, err
		}
		port, err := strconv.ParseUint(strings.Trim(string(body.Destination.Port), `"`), 10, 16)
		if err != nil {
			port = 80
		}
		to, address, err := q.reach(st, body.Destination.ID, body.Destination.Address)
		if err != nil {
			return nil, err
		}
		return q.checked(st, from, to, address, uint16(port)), nil
	})
}

// reach is the interface of a machine, or the address of somebody outside.
func (q *request) reach(st *State, id plan.ID, address string) (*world.NIC, netip.Addr, error) {
	if v, ok := q.described(st, id).(*world.VM); ok && len(v.NICs) > 0 {
		return v.NICs[0], v.NICs[0].Private, nil
	}
	if id != "" {
		return nil, netip.Addr{}, errInvalid("destination.resourceId", "'%s' is not a virtual machine.", id)
	}
	a, err := netip.ParseAddr(address)
	for _, h := range q.world.Hosts {
		if err != nil && slices.Contains(h.Names, address) && len(h.Addresses) > 0 {
			a, err = h.Addresses[0], nil
		}
	}
	if err != nil {
		return nil, a, refuse(400, "UnresolvableAddress", "The address '%s' cannot be resolved.", address)
	}
	for _, n := range q.live(st).NICs {
		if n.Private == a {
			return n, a, nil
		}
	}
	return nil, a, nil
}

// checked walks from one end to the other and stops where rules or routes do.
func (q *request) checked(st *State, from, to *world.NIC, address netip.Addr, port uint16) map[string]any {
	now := q.live(st)
	p := world.Packet{Protocol: world.TCP, Source: from.Private, SourcePort: 50000, Dest: address, Port: port}
	out := now.Evaluate(from, "Outbound", p)
	hop := from.Subnet.Route(address)
	issues := func(where string, v world.Verdict) []any {
		if v.Allowed {
			return []any{}
		}
		return []any{map[string]any{"origin": where, "severity": "Error", "type": "NetworkSecurityRule", "context": []any{map[string]any{"key": "RuleName", "value": v.Rule}}}}
	}
	mine, theirs := issues("Local", out), []any{}
	reachable := out.Allowed && hop.Hop != "None"
	if hop.Hop == "None" {
		mine = append(mine, map[string]any{"origin": "Local", "severity": "Error", "type": "UserDefinedRoute", "context": []any{}})
	}
	kind, id := "Internet", ""
	if to != nil {
		kind, id = "VirtualMachine", to.Machine()
		in := now.Evaluate(to, "Inbound", p)
		theirs = issues("Inbound", in)
		reachable = reachable && in.Allowed && to.Running() && hop.Hop != "Internet"
	}
	a, b := q.world.GUID("hop "+string(from.ID)), q.world.GUID("hop "+address.String())
	link := map[string]any{"nextHopId": b, "linkType": hopName(hop), "properties": map[string]any{}, "context": map[string]any{}, "issues": []any{}, "resourceId": ""}
	last := map[string]any{"type": kind, "id": b, "address": address.String(), "nextHopIds": []any{}, "links": []any{},
		"previousHopIds": []any{a}, "previousLinks": []any{link}, "issues": theirs}
	if id != "" {
		last["resourceId"] = id
	}
	doc := map[string]any{"hops": []any{map[string]any{"type": "Source", "id": a, "address": from.Private.String(), "resourceId": from.Machine(),
		"nextHopIds": []any{b}, "links": []any{link}, "previousHopIds": []any{}, "previousLinks": []any{}, "issues": mine}, last},
		"connectionStatus": "Unreachable", "probesSent": 30, "probesFailed": 30}
	if reachable {
		doc["connectionStatus"], doc["probesSent"], doc["probesFailed"] = "Reachable", 66, 0
		doc["avgLatencyInMs"], doc["minLatencyInMs"], doc["maxLatencyInMs"] = 2, 1, 4
	}
	return doc
}
