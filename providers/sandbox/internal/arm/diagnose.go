package arm

import (
	"encoding/json"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"flowctl/plan"
	"flowctl/providers/sandbox/internal/world"
)

// Network Watcher's own diagnostics. All of them ask the rules and routes that
// the traffic of the world obeys, so that what they say is what logs show.

func diagnoseRoutes(watcher, nic string) []route {
	type q = request
	return []route{
		act(watcher+"/ipFlowVerify", (*q).ipFlowVerify),
		act(watcher+"/nextHop", (*q).nextHop),
		act(watcher+"/topology", (*q).topology),
		act(watcher+"/connectivityCheck", (*q).connectivityCheck),
		act(watcher+"/securityGroupView", (*q).securityGroupView),
		act(nic+"/effectiveNetworkSecurityGroups", (*q).effectiveGroups),
		act(nic+"/effectiveRouteTable", (*q).effectiveRoutes),
	}
}

// diagnose answers a diagnostic of the watcher in the path: null, and where
// the result will be (recording nw-diagnostics).
func (q *request) diagnose(ask func(*State, *Watcher) (any, error)) (rep reply, err error) {
	err = q.update(q.r.Context(), func(st *State) error {
		w, err := q.findWatcher(st)
		if err != nil {
			return err
		}
		doc, err := ask(st, w)
		if err != nil {
			return err
		}
		op, err := q.begin(st, w.ID, w.Location, diagnoseTime, http.StatusOK, doc)
		if err == nil {
			op.Quiet = true
			rep = q.located(op)
		}
		return err
	})
	return rep, err
}

// subject is the interface of a machine that a diagnostic is about: the one
// that is named, or the one that has the address, or else the first.
func (q *request) subject(st *State, w *Watcher, target, nic plan.ID, address string) (*world.NIC, error) {
	v, ok := q.described(st, target).(*world.VM)
	if !ok || !sameRegion(v.Location, w.Location) {
		return nil, errReference(target, w.ID)
	}
	if v.Power != "running" {
		return nil, refuse(400, "VMNotRunning", "The virtual machine %s is not running: its state is %s.", v.ID, v.Power)
	}
	for _, n := range v.NICs {
		if nic != "" && n.ID.Is(nic) || nic == "" && (address == "" || n.Private.String() == address) {
			return n, nil
		}
	}
	return nil, refuse(400, "InvalidNetworkInterfaceForTarget", "Virtual machine %s has no network interface '%s' with the address '%s'.", v.ID, nic, address)
}

// ipFlowVerify says whether rules let a packet through, and which one decided.
func (q *request) ipFlowVerify() (reply, error) {
	var body struct {
		Target    plan.ID `json:"targetResourceId"`
		NIC       plan.ID `json:"targetNicResourceId"`
		Direction string  `json:"direction"`
		Protocol  string  `json:"protocol"`
		Local     string  `json:"localIPAddress"`
		LocalPort string  `json:"localPort"`
		Remote    string  `json:"remoteIPAddress"`
		RemPort   string  `json:"remotePort"`
	}
	if err := q.decode(&body); err != nil {
		return reply{}, err
	}
	return q.diagnose(func(st *State, w *Watcher) (any, error) {
		nic, err := q.subject(st, w, body.Target, body.NIC, "")
		if err != nil {
			return nil, err
		}
		local, err1 := netip.ParseAddr(body.Local)
		remote, err2 := netip.ParseAddr(body.Remote)
		lport, err3 := portOf(body.LocalPort)
		rport, err4 := portOf(body.RemPort)
		p := world.Packet{Protocol: map[string]uint8{"TCP": world.TCP, "UDP": world.UDP}[strings.ToUpper(body.Protocol)],
			Source: local, SourcePort: lport, Dest: remote, Port: rport}
		direction := title(body.Direction)
		switch {
		case err1 != nil || err2 != nil:
			return nil, errInvalid("localIPAddress", "'%s' and '%s' are to be addresses.", body.Local, body.Remote)
		case err3 != nil || err4 != nil:
			return nil, errInvalid("localPort", "'%s' and '%s' are to be ports, or * for the one that does not count.", body.LocalPort, body.RemPort)
		case p.Protocol == 0:
			return nil, errInvalid("protocol", "'%s' is not TCP or UDP.", body.Protocol)
		case direction == "Inbound":
			p.Source, p.Dest, p.SourcePort, p.Port = remote, local, rport, lport
		case direction != "Outbound":
			return nil, errInvalid("direction", "'%s' is not Inbound or Outbound.", body.Direction)
		}
		verdict := q.live(st).Evaluate(nic, direction, p)
		access := "Deny"
		if verdict.Allowed {
			access = "Allow"
		}
		name, id := ruleName(verdict)
		return map[string]any{"access": access, "ruleName": name, "ruleId": id}, nil
	})
}

// portOf reads a port; * is an ephemeral one.
func portOf(text string) (uint16, error) {
	if text == "*" {
		return 50000, nil
	}
	n, err := strconv.ParseUint(text, 10, 16)
	return uint16(n), err
}

// ruleName is a verdict's rule as ipFlowVerify names it: a default rule has no
// id (recording nw-diagnostics).
func ruleName(v world.Verdict) (name, id string) {
	if rule, ok := strings.CutPrefix(v.Rule, "DefaultRule_"); ok {
		return "defaultSecurityRules/" + rule, ""
	}
	if rule, ok := strings.CutPrefix(v.Rule, "UserRule_"); ok {
		return "securityRules/" + rule, v.ACL + "/securityRules/" + rule
	}
	return v.Rule, "" // of an admin rule, or of the platform: the sandbox's own choice
}

// nextHop is where a packet of a machine goes.
func (q *request) nextHop() (reply, error) {
	var body struct {
		Target plan.ID `json:"targetResourceId"`
		NIC    plan.ID `json:"targetNicResourceId"`
		Source string  `json:"sourceIPAddress"`
		Dest   string  `json:"destinationIPAddress"`
	}
	if err := q.decode(&body); err != nil {
		return reply{}, err
	}
	return q.diagnose(func(st *State, w *Watcher) (any, error) {
		nic, err := q.subject(st, w, body.Target, body.NIC, body.Source)
		if err != nil {
			return nil, err
		}
		dest, err := netip.ParseAddr(body.Dest)
		if err != nil {
			return nil, errInvalid("destinationIPAddress", "'%s' is not an address.", body.Dest)
		}
		r := nic.Subnet.Route(dest)
		doc := map[string]any{"nextHopType": hopName(r), "routeTableId": "System Route"}
		if r.Table != "" {
			doc["routeTableId"] = string(r.Table)
			if r.Address != "" {
				doc["nextHopIpAddress"] = r.Address
			}
		}
		return doc, nil
	})
}

// hopName is a route's next hop in the words of nextHop.
func hopName(r world.Route) string {
	switch r.Hop {
	case "VnetLocal":
		return "VirtualNetwork"
	case "VNetPeering":
		return "VirtualNetworkPeering"
	}
	return r.Hop
}

// attached is the interface in the path, which must be that of a running
// machine (recordings nw-effective-not-attached, -routes-not-attached).
func (q *request) attached(st *State, what, text string) (*world.NIC, error) {
	id := q.pathID(st, nicType)
	nic, ok := q.described(st, id).(*world.NIC)
	if !ok {
		return nil, q.missing(id, nicType)
	}
	if !nic.Running() {
		return nil, refuse(400, "NicMustBeAttachedToRunningVmToGet"+what, "A network interface must be attached to a running virtual machine to get %s. "+
			"The network interface %s is not attached to a running virtual machine.", text, id)
	}
	return nic, nil
}

func (q *request) ofInterface(what, text string, ask func(*State, *world.NIC) any) (rep reply, err error) {
	err = q.update(q.r.Context(), func(st *State) error {
		nic, err := q.attached(st, what, text)
		if err != nil {
			return err
		}
		op, err := q.begin(st, nic.ID, nic.Location, networkWriteTime, http.StatusOK, ask(st, nic))
		if err == nil {
			op.Quiet = true
			rep = q.located(op)
		}
		return err
	})
	return rep, err
}

func (q *request) effectiveRoutes() (reply, error) {
	return q.ofInterface("EffectiveRoutes", "effective routes", func(_ *State, nic *world.NIC) any {
		all := []any{}
		for _, r := range nic.Subnet.EffectiveRoutes() {
			hops := []any{}
			if r.Address != "" {
				hops = append(hops, r.Address)
			}
			source, state := "Default", "Active"
			if r.Table != "" {
				source = "User"
			}
			if r.Overridden {
				state = "Invalid"
			}
			doc := map[string]any{"disableBgpRoutePropagation": false, "source": source, "state": state, "hasBgpOverride": false,
				"addressPrefix": textList(r.Prefix.String()), "nextHopType": r.Hop, "nextHopIpAddress": hops, "destinationServiceTags": []any{}, "tagMap": map[string]any{}}
			if r.Name != "" {
				doc["name"] = r.Name
			}
			all = append(all, doc)
		}
		return map[string]any{"value": all}
	})
}

func (q *request) effectiveGroups() (reply, error) {
	return q.ofInterface("EffectiveSecurityGroups", "effective security groups", func(_ *State, nic *world.NIC) any {
		all := []any{}
		for _, part := range []struct {
			group *world.NSG
			name  string
			id    plan.ID
		}{{nic.NSG, "networkInterface", nic.ID}, {nic.Subnet.NSG, "subnet", nic.Subnet.ID}} {
			if part.group == nil {
				continue
			}
			all = append(all, map[string]any{"networkSecurityGroup": ref(part.group.ID), "association": map[string]any{part.name: ref(part.id)},
				"effectiveSecurityRules": effectiveRules(nic, part.group), "tagMap": map[string]any{}})
		}
		return map[string]any{"value": all}
	})
}

// effectiveRules are the rules of a group as they act on an interface.
func effectiveRules(nic *world.NIC, group *world.NSG) []any {
	all := []any{}
	for _, r := range slices.Concat(group.Rules, group.Defaults) {
		name := "securityRules/" + r.Name
		if r.Default {
			name = "defaultSecurityRules/" + r.Name
		}
		protocol := r.Protocol
		if protocol == "*" {
			protocol = "All"
		}
		doc := map[string]any{"name": name, "protocol": protocol, "access": r.Access, "priority": r.Priority, "direction": r.Direction,
			"sourcePortRange": ranges(r.SourcePorts)[0], "sourcePortRanges": ranges(r.SourcePorts),
			"destinationPortRange": ranges(r.Ports)[0], "destinationPortRanges": ranges(r.Ports)}
		side(doc, "source", "Source", r.Sources, nic)
		side(doc, "destination", "Destination", r.Destinations, nic)
		all = append(all, doc)
	}
	return all
}

func side(doc map[string]any, name, title string, values []string, nic *world.NIC) {
	var list, expanded []any
	for _, v := range values {
		switch {
		case v == "*":
			v = "0.0.0.0/0"
		case strings.EqualFold(v, "VirtualNetwork"):
			for _, p := range nic.Subnet.VNet.Space() {
				expanded = append(expanded, p.String())
			}
		case strings.EqualFold(v, "AzureLoadBalancer"):
			expanded = append(expanded, "168.63.129.16/32")
		}
		list = append(list, v)
	}
	doc[name+"AddressPrefix"], doc[name+"AddressPrefixes"] = list[0], list
	if expanded != nil {
		doc["expanded"+title+"AddressPrefix"] = expanded
	}
}

// ranges are ports as effective rules show them: always from and to.
func ranges(ports []string) []any {
	list := []any{}
	for _, p := range ports {
		switch {
		case p == "*":
			p = "0-65535"
		case !strings.Contains(p, "-"):
			p += "-" + p
		}
		list = append(list, p)
	}
	return list
}

func (q *request) securityGroupView() (reply, error) {
	var body struct {
		Target plan.ID `json:"targetResourceId"`
	}
	if err := q.decode(&body); err != nil {
		return reply{}, err
	}
	return q.diagnose(func(st *State, w *Watcher) (any, error) {
		first, err := q.subject(st, w, body.Target, "", "")
		if err != nil {
			return nil, err
		}
		all := []any{}
		for _, nic := range first.VM.NICs {
			effective := []any{}
			association := map[string]any{}
			for _, part := range []struct {
				group *world.NSG
				name  string
				id    plan.ID
			}{{nic.NSG, "networkInterfaceAssociation", nic.ID}, {nic.Subnet.NSG, "subnetAssociation", nic.Subnet.ID}} {
				rules := []any{}
				if part.group != nil {
					for _, r := range part.group.Rules {
						rules = append(rules, map[string]any{"id": string(r.ID), "name": r.Name, "type": ruleType, "properties": ruleBody(r)})
					}
					effective = append(effective, effectiveRules(nic, part.group)...)
				}
				if part.group != nil || part.name == "networkInterfaceAssociation" {
					association[part.name] = map[string]any{"id": string(part.id), "securityRules": rules}
				}
			}
			defaults := []any{}
			for _, r := range world.DefaultRules("/subscriptions//resourceGroups//providers/" + nsgType + "/") {
				props := ruleBody(r)
				props["provisioningState"] = "Succeeded"
				defaults = append(defaults, map[string]any{"id": string(r.ID), "name": r.Name, "type": nsgType + "/defaultSecurityRules", "properties": props})
			}
			association["defaultSecurityRules"], association["effectiveSecurityRules"] = defaults, effective
			all = append(all, map[string]any{"id": string(nic.ID), "securityRuleAssociations": association})
		}
		return map[string]any{"networkInterfaces": all}, nil
	})
}

// topology shows what is in a group or a VNet and how it hangs together.
func (q *request) topology() (reply, error) {
	var body struct {
		Group string `json:"targetResourceGroupName"`
		VNet  struct {
			ID plan.ID `json:"id"`
		} `json:"targetVirtualNetwork"`
		Subnet struct {
			ID plan.ID `json:"id"`
		} `json:"targetSubnet"`
	}
	if err := q.decode(&body); err != nil {
		return reply{}, err
	}
	st, err := q.State()
	if err != nil {
		return reply{}, err
	}
	w, err := q.findWatcher(st)
	if err != nil {
		return reply{}, err
	}
	if body.Group != "" {
		if err := q.needGroup(st, body.Group); err != nil {
			return reply{}, err
		}
	}
	at := body.Subnet.ID
	if at == "" {
		at = body.VNet.ID
	}
	inside := func(n *world.Subnet) bool { return at == "" || covers(at, n.ID) }
	mine := func(r world.Resource) bool {
		return sameRegion(r.Location, w.Location) && (body.Group == "" || strings.EqualFold(r.Group, body.Group))
	}
	all := []any{}
	add := func(id plan.ID, location string, parts ...any) {
		if parts == nil {
			parts = []any{}
		}
		all = append(all, map[string]any{"name": id.Name(), "id": string(id), "location": location, "associations": parts})
	}
	part := func(id plan.ID, how string) any {
		return map[string]any{"name": id.Name(), "resourceId": string(id), "associationType": how}
	}
	now := q.live(st)
	for _, v := range now.VMs {
		if len(v.NICs) == 0 || !mine(v.Resource) || !inside(v.NICs[0].Subnet) {
			continue
		}
		var parts []any
		for _, n := range v.NICs {
			parts = append(parts, part(n.ID, "Contains"))
		}
		add(v.ID, v.Location, parts...)
	}
	for _, n := range now.NICs {
		if n.Instance != nil || !mine(n.Resource) || !inside(n.Subnet) {
			continue
		}
		var parts []any
		if n.VM != nil {
			parts = append(parts, part(n.VM.ID, "Associated"))
		}
		if n.NSG != nil {
			parts = append(parts, part(n.NSG.ID, "Associated"))
		}
		parts = append(parts, part(n.Subnet.ID, "Associated"))
		if n.Public != nil {
			parts = append(parts, part(n.Public.ID, "Associated"))
		}
		add(n.ID, n.Location, parts...)
	}
	for _, g := range now.NSGs {
		if mine(g.Resource) && at == "" {
			add(g.ID, g.Location)
		}
	}
	for _, p := range now.PublicIPs {
		if mine(p.Resource) && (at == "" || p.NIC != nil && inside(p.NIC.Subnet)) {
			var parts []any
			if p.NIC != nil {
				parts = append(parts, part(p.NIC.ID, "Associated"))
			}
			add(p.ID, p.Location, parts...)
		}
	}
	for _, v := range now.VNets {
		var parts []any
		for _, s := range v.Subnets {
			if inside(s) {
				parts = append(parts, part(s.ID, "Contains"))
			}
		}
		if !mine(v.Resource) || len(parts) == 0 && at != "" {
			continue
		}
		add(v.ID, v.Location, parts...)
		for _, s := range v.Subnets {
			if !inside(s) {
				continue
			}
			var parts []any
			if s.NSG != nil {
				parts = append(parts, part(s.NSG.ID, "Associated"))
			}
			add(s.ID, v.Location, parts...)
		}
	}
	stamp := q.now.UTC().Format(sevenDigits)
	return ok(map[string]any{"id": q.world.GUID("topology " + stamp), "createdDateTime": stamp, "lastModified": stamp, "resources": all})
}

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
