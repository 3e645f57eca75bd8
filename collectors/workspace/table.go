package workspace

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"flowctl/collectors/flow"
)

// table is one of a workspace.
type table struct {
	name     string
	kind     flow.Kind
	versions string                  // of schemas that are read, one character each; empty if there are none
	read     func(*rows, *row) error // nil if it holds no flows
	holds    string                  // what it holds in place of flows
	told     func(r *row) bool       // reports whether a row that names no table is of it
}

// tables are those that are known, in the order in which rows are tried.
func tables() []table {
	has := func(c column) func(*row) bool {
		return func(r *row) bool { return r.slots[c].column == c }
	}
	suffixed := func(c column) func(*row) bool {
		return func(r *row) bool { return r.slots[c].suffixed }
	}
	return []table{
		{name: "AzureNetworkAnalyticsIPDetails_CL", holds: ipDetails, told: suffixed(colOwner)},
		{name: "NTAIpDetails", holds: ipDetails, told: has(colOwner)},
		{name: "NTATopologyDetails", holds: "resources that discovery found", told: has(colResourceType)},
		{name: "NTARuleRecommendation", holds: "rules that are recommended, of flows that NTANetAnalytics has", told: has(colRecommended)},
		{name: "NTAInsights", holds: "scores of anomalies"},
		{name: "VMBoundPort", holds: "listening ports, whose bytes VMConnection has", told: has(colWildcard)},
		{name: "VMComputer", holds: "machines", told: has(colSystem)},
		{name: "VMConnection", kind: flow.AgentTable, read: (*rows).connection, told: has(colEstablished)},
		{name: "WireData", kind: flow.AgentTable, read: (*rows).wire, told: has(colRemotePort)},
		{name: "AzureNetworkAnalytics_CL", kind: flow.TrafficAnalytics, versions: "12", read: (*rows).analytics, told: suffixed(colDirection)},
		{name: "NTANetAnalytics", kind: flow.TrafficAnalytics, versions: "3", read: (*rows).analytics, told: has(colStatus)},
	}
}

// tableOf is the table of a row: the one that it names, or that has its columns.
// There is no name if it is of none.
func (r *rows) tableOf(row *row) table {
	name := row.value(colType)
	for _, t := range r.tables {
		if strings.EqualFold(t.name, name) || name == "" && t.told != nil && t.told(row) {
			return t
		}
	}
	return table{name: name}
}

const ipDetails = "owners and places of public addresses"

// describe says what tables and schemas were read, and what the rest holds.
func (d *document) describe() {
	src := d.in.Source
	src.Bytes = d.off
	var parts []string
	parts = append(parts, slices.Sorted(slices.Values(d.tables))...)
	if v := slices.Sorted(maps.Keys(d.versions)); len(v) > 0 {
		parts = append(parts, "schema "+strings.Join(v, ", "))
	}
	for _, name := range slices.Sorted(maps.Keys(d.seen)) {
		what := shown(name)
		for _, t := range tables() {
			if t.name == name {
				what += ", " + t.holds
			}
		}
		src.Remark("table-without-flows", what, d.seen[name])
		parts = append(parts, fmt.Sprintf("%s: no flows", what))
	}
	if d.form != "" {
		parts = append(parts, d.form)
	}
	src.Detail = strings.Join(parts, ", ")
	if len(d.tables) == 0 {
		return
	}
	if text, ok := limits[d.total]; ok && d.form != "data export" {
		src.Remark("row-limit", text, 1)
	}
	if d.form == formAz {
		src.Remark("partial-errors-lost", "", 1)
	}
}
