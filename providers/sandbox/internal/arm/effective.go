package arm

import (
	"net/http"
	"slices"
	"strings"

	"flowctl/plan"
	"flowctl/providers/sandbox/internal/world"
)

// What acts on an interface: rules and routes from all who have a say.

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
						rules = append(rules, map[string]any{"id": string(r.ID), "name": r.Name, "type": ruleType, "properties": ruleProperties(r)})
					}
					effective = append(effective, effectiveRules(nic, part.group)...)
				}
				if part.group != nil || part.name == "networkInterfaceAssociation" {
					association[part.name] = map[string]any{"id": string(part.id), "securityRules": rules}
				}
			}
			defaults := []any{}
			for _, r := range world.DefaultRules("/subscriptions//resourceGroups//providers/" + nsgType + "/") {
				props := ruleProperties(r)
				props["provisioningState"] = "Succeeded"
				defaults = append(defaults, map[string]any{"id": string(r.ID), "name": r.Name, "type": nsgType + "/defaultSecurityRules", "properties": props})
			}
			association["defaultSecurityRules"], association["effectiveSecurityRules"] = defaults, effective
			all = append(all, map[string]any{"id": string(nic.ID), "securityRuleAssociations": association})
		}
		return map[string]any{"networkInterfaces": all}, nil
	})
}
