package arm

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"sync"

	"flowctl/plan"
	"flowctl/providers/sandbox/internal/kql"
)

// graphColumns are those of the table Resources; what the second half holds is
// drawn only for the rows that a query asks for it.
var (
	graphColumns = []string{"id", "name", "type", "tenantId", "kind", "location", "resourceGroup", "subscriptionId", "managedBy", "sku", "plan",
		"properties", "tags", "identity", "zones", "extendedLocation"}
	laterColumns = []string{"kind", "managedBy", "sku", "plan", "properties", "identity", "zones", "extendedLocation"}
)

// graphTable is a table of Resource Graph with the types that are wanted of some
// subscriptions, in the order of ids; nil if it is none that the sandbox has.
func (q *request) graphTable(st *State, name string, within func(plan.ID) bool, wants func(string) bool) *kql.Table {
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
	all = slices.DeleteFunc(all, func(g graphed) bool { return !within(g.id) })
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
	sub, _ := q.world.SubscriptionOf(g.id)
	row["tenantId"], row["subscriptionId"], row["resourceGroup"] = sub.Tenant, sub.ID, strings.ToLower(g.id.ResourceGroup())
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

func (q *request) graphResources(st *State, wants func(string) bool) (all []graphed) {
	for _, k := range kinds() {
		if !k.located || k.name == groupType || !wants(k.name) {
			continue
		}
		for _, m := range q.ofType(st, k.name) {
			draw := func() any { return q.draw(st, m) }
			if k.graph != nil {
				draw = func() any { return k.graph(q, st, m) }
			}
			all = append(all, graphedOf(m.ID, m.Location, m.tags(), draw))
		}
	}
	for _, g := range slices.Concat(q.graphExtensions(st, wants), q.graphWatchers(st)) {
		if wants(g.typ) {
			all = append(all, g)
		}
	}
	return all
}

func (q *request) graphExtensions(st *State, wants func(string) bool) (all []graphed) {
	q.indexExtensions(st)
	if !wants(vmType + "/extensions") {
		return nil
	}
	for _, v := range q.live(st).VMs {
		for _, e := range q.extensionsOf(st, v) {
			all = append(all, graphedOf(e.ID, e.Location, e.Tags, func() any { return e.doc(q.now) }))
		}
	}
	return all
}

// graphVM is a machine with its state, which Graph keeps beside what ARM shows.
func (q *request) graphVM(st *State, m *Resource) any {
	doc := jsonOf(q.draw(st, m))
	v := m.vm()
	object(doc, "properties")["extended"] = map[string]any{"instanceView": map[string]any{
		"computerName": v.Name, "osName": v.OS,
		"powerState": map[string]any{"code": "PowerState/" + v.Power, "displayStatus": "VM " + v.Power, "level": "Info"},
	}}
	return doc
}

// graphWatchers are the watchers and their flow logs.
func (q *request) graphWatchers(st *State) (all []graphed) {
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
	return all
}

// graphContainers are the subscriptions and their resource groups.
func (q *request) graphContainers(st *State) (all []graphed) {
	for _, s := range q.world.Subscriptions {
		sub := graphedOf(plan.ID("/subscriptions/"+s.ID), "", nil, func() any {
			return map[string]any{"properties": map[string]any{"state": "Enabled"}}
		})
		sub.name, sub.typ = s.Name, "microsoft.resources/subscriptions"
		all = append(all, sub)
	}
	for _, m := range q.ofType(st, groupType) {
		group := graphedOf(m.ID, m.Location, m.tags(), func() any { return q.draw(st, m) })
		group.typ = "microsoft.resources/subscriptions/resourcegroups"
		all = append(all, group)
	}
	return all
}
