package arm

import (
	"net/http"
	"net/netip"
	"strconv"
	"strings"

	"flowctl/plan"
	"flowctl/plan/region"
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
	if !ok || !region.Same(v.Location, w.Location) {
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
