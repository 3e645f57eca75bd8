package arm

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"sync"

	"flowctl/plan"
	"flowctl/providers/sandbox/internal/kql"
	"flowctl/providers/sandbox/internal/world"
)

// graphColumns are those of the table Resources; what the second half holds is
// drawn only for the rows that a query asks for it.
var (
	graphColumns = []string{"id", "name", "type", "tenantId", "kind", "location", "resourceGroup", "subscriptionId", "managedBy", "sku", "plan",
		"properties", "tags", "identity", "zones", "extendedLocation"}
	laterColumns = []string{"kind", "managedBy", "sku", "plan", "properties", "identity", "zones", "extendedLocation"}
)

// graphTable is a table of Resource Graph with the types that are wanted, in
// the order of ids; nil if it is none that the sandbox has.
func (q *request) graphTable(st *State, name string, wants func(string) bool) *kql.Table {
	var all []graphed
	switch strings.ToLower(name) {
	case "resources":
		all = q.graphResources(st, wants)
	case "resourcecontainers":
		all = q.graphContainers(st)
		all = slices.DeleteFunc(all, func(g graphed) bool { return !wants(g.typ) })
	default:
		return nil
	}
	slices.SortFunc(all, func(a, b graphed) int { return cmp.Compare(a.key, b.key) })
	t := &kql.Table{Columns: graphColumns, Rows: make([]kql.Row, len(all))}
	for i, g := range all {
		t.Rows[i] = q.graphRow(g)
	}
	return t
}

// graphed is a resource that Resource Graph knows. Its document is drawn only
// if a query asks for what is in it.
type graphed struct {
	key      string // of the id
	id       plan.ID
	typ      string
	name     string
	location string
	tags     map[string]string
	draw     func() any
}

func graphedOf(id plan.ID, location string, tags map[string]string, draw func() any) graphed {
	return graphed{id.Key(), id, strings.ToLower(id.Type()), id.Name(), location, tags, draw}
}

// graphRow is the row of a resource. Types and resource groups are in lower
// case there, ids as they are.
func (q *request) graphRow(g graphed) kql.Row {
	doc := sync.OnceValue(func() map[string]any { return jsonOf(g.draw()) })
	row := make(kql.Row, len(graphColumns))
	row["id"], row["name"], row["type"], row["location"], row["tags"] = string(g.id), g.name, g.typ, g.location, nil
	row["tenantId"], row["subscriptionId"], row["resourceGroup"] = q.world.Tenant, q.world.Subscription, strings.ToLower(g.id.ResourceGroup())
	if len(g.tags) > 0 {
		all := make(map[string]any, len(g.tags))
		for k, v := range g.tags {
			all[k] = v
		}
		row["tags"] = all
	}
	for _, c := range laterColumns {
		row[c] = kql.NewLater(func() any {
			if v, ok := doc()[c]; ok || c != "kind" && c != "managedBy" {
				return v
			}
			return ""
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

func (q *request) graphResources(st *State, wants func(string) bool) []graphed {
	all := slices.Concat(q.graphNetworks(st, wants), q.graphGuests(wants), q.graphMachines(st, wants))
	for _, g := range q.graphMade(st) {
		if wants(g.typ) {
			all = append(all, g)
		}
	}
	return all
}

func (q *request) graphNetworks(st *State, wants func(string) bool) (all []graphed) {
	add := func(r world.Resource, draw func() any) {
		all = append(all, graphedOf(r.ID, r.Location, r.Tags, draw))
	}
	if wants(vnetType) {
		for _, v := range q.world.VNets {
			add(v.Resource, func() any { return q.vnet(st, v) })
		}
	}
	if wants(nsgType) {
		for _, n := range q.world.NSGs {
			add(n.Resource, func() any { return q.nsg(st, n) })
		}
	}
	if wants(nicType) {
		for _, n := range q.vmNICs {
			add(n.Resource, func() any { return q.nic(n) })
		}
	}
	if wants(publicIPType) {
		for _, p := range q.world.PublicIPs {
			add(p.Resource, func() any { return publicIP(p) })
		}
	}
	return all
}

func (q *request) graphGuests(wants func(string) bool) (all []graphed) {
	for _, g := range q.world.Gateways {
		if wants(g.ID.Type()) {
			all = append(all, graphedOf(g.ID, g.Location, g.Tags, func() any { return gateway(g) }))
		}
	}
	for _, e := range q.world.Endpoints {
		if wants(endpointType) {
			all = append(all, graphedOf(e.ID, e.Location, e.Tags, func() any { return endpoint(e) }))
		}
	}
	for _, a := range q.world.Accounts {
		if wants(accountType) {
			all = append(all, graphedOf(a.ID, a.Location, a.Tags, func() any { return q.account(a) }))
		}
	}
	return all
}

func (q *request) graphMachines(st *State, wants func(string) bool) (all []graphed) {
	q.indexExtensions(st)
	machines, extensions := wants(vmType), wants(vmType+"/extensions")
	for _, v := range q.world.VMs {
		if machines {
			all = append(all, graphedOf(v.ID, v.Location, v.Tags, func() any { return q.graphVM(st, v) }))
		}
		if !extensions {
			continue
		}
		for _, e := range q.extensionsOf(st, v) {
			all = append(all, graphedOf(e.ID, e.Location, e.Tags, func() any { return e.doc(q.now) }))
		}
	}
	if wants(scaleSetType) {
		for _, s := range q.world.ScaleSets {
			all = append(all, graphedOf(s.ID, s.Location, s.Tags, func() any { return q.scaleSet(st, s) }))
		}
	}
	return all
}

// graphVM is a machine with its state, which Graph keeps beside what ARM shows.
func (q *request) graphVM(st *State, v *world.VM) any {
	doc := jsonOf(q.vm(st, v))
	object(doc, "properties")["extended"] = map[string]any{"instanceView": map[string]any{
		"computerName": v.Name, "osName": v.OS,
		"powerState": map[string]any{"code": "PowerState/" + v.Power, "displayStatus": "VM " + v.Power, "level": "Info"},
	}}
	return doc
}

// graphMade are the resources that clients made.
func (q *request) graphMade(st *State) (all []graphed) {
	for _, w := range st.Watchers {
		if there(w.Gone, q.now) {
			all = append(all, graphedOf(w.ID, w.Location, w.Tags, func() any { return q.watcherDoc(st, w) }))
		}
	}
	for _, l := range st.FlowLogs {
		w := st.watcher(l.ID.Parent(), q.now)
		if w != nil && there(l.Gone, q.now) {
			all = append(all, graphedOf(l.ID, l.Location, l.Tags, func() any { return q.flowLogDoc(st, w, l) }))
		}
	}
	for _, m := range st.Made {
		if there(m.Gone, q.now) && m.Location != "" && m.Type != groupType {
			all = append(all, graphedOf(m.ID, m.Location, m.tags(), func() any { return q.madeDoc(st, m) }))
		}
	}
	return all
}

// graphContainers are the subscription and its resource groups.
func (q *request) graphContainers(st *State) []graphed {
	sub := graphedOf(plan.ID("/subscriptions/"+q.world.Subscription), "", nil, func() any {
		return map[string]any{"properties": map[string]any{"state": "Enabled"}}
	})
	sub.name, sub.typ = q.world.Name, "microsoft.resources/subscriptions"
	all := []graphed{sub}
	for _, g := range q.world.Groups {
		all = append(all, graphedOf(g.ID, g.Location, g.Tags, func() any { return groupDoc(g) }))
	}
	for _, m := range st.allMade(groupType, q.now) {
		all = append(all, graphedOf(m.ID, m.Location, m.tags(), func() any { return q.madeDoc(st, m) }))
	}
	for i := range all[1:] {
		all[i+1].typ = "microsoft.resources/subscriptions/resourcegroups"
	}
	return all
}
