package arm

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"sync"

	"flowctl/plan"
	"flowctl/providers/sandbox/kql"
	"flowctl/providers/sandbox/world"
)

// graphColumns are those of the table Resources; what the second half holds is
// drawn only for the rows that a query asks for it.
var (
	graphColumns = []string{"id", "name", "type", "tenantId", "kind", "location", "resourceGroup", "subscriptionId", "managedBy", "sku", "plan",
		"properties", "tags", "identity", "zones", "extendedLocation"}
	laterColumns = []string{"kind", "managedBy", "sku", "plan", "properties", "identity", "zones", "extendedLocation"}
)

// graphTable is a table of Resource Graph, in the order of ids; nil if it is
// none that the sandbox has.
func (q *request) graphTable(st *State, name string, own bool) *kql.Table {
	t := &kql.Table{Columns: graphColumns}
	switch strings.ToLower(name) {
	case "resources":
		if own {
			t.Rows = q.graphResources(st)
		}
	case "resourcecontainers":
		if own {
			t.Rows = q.graphContainers(st)
		}
	default:
		return nil
	}
	slices.SortFunc(t.Rows, func(a, b kql.Row) int {
		x, _ := a["id"].(string)
		y, _ := b["id"].(string)
		return cmp.Compare(strings.ToLower(x), strings.ToLower(y))
	})
	return t
}

// graphRow is the row of a resource, whose document draw makes. Types and
// resource groups are in lower case there, ids as they are.
func (q *request) graphRow(id plan.ID, location string, tags map[string]string, draw func() any) kql.Row {
	doc := sync.OnceValue(func() map[string]any { return jsonOf(draw()) })
	row := kql.Row{"id": string(id), "name": id.Name(), "type": strings.ToLower(id.Type()), "location": location, "tenantId": q.world.Tenant,
		"subscriptionId": q.world.Subscription, "resourceGroup": strings.ToLower(id.ResourceGroup()), "tags": nil}
	if len(tags) > 0 {
		all := make(map[string]any, len(tags))
		for k, v := range tags {
			all[k] = v
		}
		row["tags"] = all
	}
	for _, c := range laterColumns {
		row[c] = kql.NewLater(func() any {
			if v, ok := doc()[c]; ok || c == "properties" || c == "sku" {
				return v
			}
			if c == "kind" || c == "managedBy" {
				return ""
			}
			return nil
		})
	}
	return row
}

// jsonOf is a document as it goes over the wire.
func jsonOf(doc any) map[string]any {
	text, err := json.Marshal(doc)
	if err != nil {
		return nil // what ARM cannot write Graph does not have either
	}
	var out map[string]any
	if json.Unmarshal(text, &out) != nil {
		return nil
	}
	return out
}

func (q *request) graphResources(st *State) []kql.Row {
	var all []kql.Row
	add := func(r world.Resource, draw func() any) {
		all = append(all, q.graphRow(r.ID, r.Location, r.Tags, draw))
	}
	for _, v := range q.world.VNets {
		add(v.Resource, func() any { return q.vnet(st, v) })
	}
	for _, n := range q.world.NSGs {
		add(n.Resource, func() any { return q.nsg(st, n) })
	}
	for _, n := range q.vmNICs {
		add(n.Resource, func() any { return q.nic(n) })
	}
	for _, p := range q.world.PublicIPs {
		add(p.Resource, func() any { return publicIP(p) })
	}
	for _, a := range q.world.Accounts {
		add(a.Resource, func() any { return q.account(a) })
	}
	for _, g := range q.world.Gateways {
		add(g.Resource, func() any { return gateway(g) })
	}
	for _, e := range q.world.Endpoints {
		add(e.Resource, func() any { return endpoint(e) })
	}
	all = append(all, q.graphMachines(st)...)
	return append(all, q.graphMade(st)...)
}

func (q *request) graphMachines(st *State) []kql.Row {
	var all []kql.Row
	q.indexExtensions(st)
	for _, v := range q.world.VMs {
		all = append(all, q.graphRow(v.ID, v.Location, v.Tags, func() any { return q.graphVM(st, v) }))
		for _, e := range q.extensionsOf(st, v) {
			all = append(all, q.graphRow(e.ID, e.Location, e.Tags, func() any { return e.doc(q.now) }))
		}
	}
	for _, s := range q.world.ScaleSets {
		all = append(all, q.graphRow(s.ID, s.Location, s.Tags, func() any { return q.scaleSet(st, s) }))
	}
	return all
}

// graphVM is a machine with its state, which Graph keeps beside what ARM shows.
func (q *request) graphVM(st *State, v *world.VM) any {
	doc := jsonOf(q.vm(st, v))
	power := v.Power
	object(doc, "properties")["extended"] = map[string]any{"instanceView": map[string]any{
		"computerName": v.Name, "osName": v.OS,
		"powerState": map[string]any{"code": "PowerState/" + power, "displayStatus": "VM " + power, "level": "Info"},
	}}
	return doc
}

// graphMade are the resources that clients made.
func (q *request) graphMade(st *State) []kql.Row {
	var all []kql.Row
	for _, w := range st.Watchers {
		if there(w.Gone, q.now) {
			all = append(all, q.graphRow(w.ID, w.Location, w.Tags, func() any { return q.watcherDoc(st, w) }))
		}
	}
	for _, l := range st.FlowLogs {
		w := st.watcher(l.ID.Parent(), q.now)
		if w != nil && there(l.Gone, q.now) {
			all = append(all, q.graphRow(l.ID, l.Location, l.Tags, func() any { return q.flowLogDoc(st, w, l) }))
		}
	}
	for _, m := range st.Made {
		if there(m.Gone, q.now) && m.Location != "" && m.Type != groupType {
			all = append(all, q.graphRow(m.ID, m.Location, m.tags(), func() any { return q.madeDoc(st, m) }))
		}
	}
	return all
}

// graphContainers are the subscription and its resource groups.
func (q *request) graphContainers(st *State) []kql.Row {
	sub := q.graphRow(plan.ID("/subscriptions/"+q.world.Subscription), "", nil, func() any {
		return map[string]any{"properties": map[string]any{"state": "Enabled"}}
	})
	sub["name"], sub["type"] = q.world.Name, "microsoft.resources/subscriptions"
	all := []kql.Row{sub}
	for _, g := range q.world.Groups {
		all = append(all, q.graphRow(g.ID, g.Location, g.Tags, func() any { return groupDoc(g) }))
	}
	for _, m := range st.allMade(groupType, q.now) {
		all = append(all, q.graphRow(m.ID, m.Location, m.tags(), func() any { return q.madeDoc(st, m) }))
	}
	for _, r := range all[1:] {
		r["type"] = "microsoft.resources/subscriptions/resourcegroups"
	}
	return all
}
