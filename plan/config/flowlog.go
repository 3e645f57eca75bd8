package config

import (
	"slices"
	"strings"

	"flowctl/plan"
	"flowctl/plan/syntax"
)

var flowLogSchema = schema{
	attrs: []string{"retention_days", "record_types"},
	blocks: map[string]rule{
		"filter":            {many: true},
		"traffic_analytics": {},
	},
}

// maxRetention is the most days that Azure's portal offers.
const maxRetention = 365

// recordTypes are the flow states by their names here, with Azure's letters.
var recordTypes = []struct{ name, letter string }{
	{"begin", "B"}, {"continue", "C"}, {"end", "E"}, {"deny", "D"},
}

// flowLog reads a flow_log block.
func (b block) flowLog() *FlowLog {
	flowLogSchema.check(b.Body, "flow_log", b.scope.problems)
	f := &FlowLog{Declared: true, Range: header(b.Block)}
	if days, ok := b.whole("retention_days", 0, maxRetention); ok {
		f.Spec.RetentionDays = int(days)
	}
	f.Spec.RecordTypes = b.recordTypes()
	f.RetentionRange, f.RecordTypesRange, f.FilterRange = b.at("retention_days"), b.at("record_types"), b.part("filter")
	f.Spec.Filter = b.flowFilter()
	for _, c := range b.Body.Blocks {
		if c.Type == "traffic_analytics" {
			f.Spec.TrafficAnalytics = b.inner(c).analytics()
		}
	}
	return f
}

// recordTypes returns the chosen states in Azure's form; all of them are the
// same as none chosen.
func (b block) recordTypes() string {
	items, _ := b.list("record_types")
	var names, letters []string
	for _, t := range recordTypes {
		names = append(names, t.name)
	}
	chosen := map[string]bool{}
	for _, i := range items {
		letter := strings.ToUpper(i.text)
		for _, t := range recordTypes {
			if strings.EqualFold(i.text, t.name) {
				letter = t.letter
			}
		}
		if !strings.Contains("BCED", letter) || len(letter) != 1 {
			b.scope.add("Unknown record type", i.at, "There is no record type %q. %s", i.text, syntax.Hint(i.text, names))
			continue
		}
		chosen[letter] = true
	}
	for _, t := range recordTypes {
		if chosen[t.letter] {
			letters = append(letters, t.letter)
		}
	}
	if len(letters) == len(recordTypes) {
		return ""
	}
	return strings.Join(letters, ",")
}

var analyticsSchema = schema{attrs: []string{"workspace_id", "interval"}}

const workspaceType = "Microsoft.OperationalInsights/workspaces"

// analytics reads a traffic_analytics block.
func (b block) analytics() *plan.TrafficAnalytics {
	analyticsSchema.check(b.Body, "traffic_analytics", b.scope.problems)
	ta := &plan.TrafficAnalytics{Interval: 60}
	if !b.has("workspace_id") {
		b.scope.add("Missing attribute", header(b.Block), "traffic_analytics needs workspace_id, the resource id of a Log Analytics workspace.")
	} else if s, ok := b.text("workspace_id"); ok && b.scope.resource(item{s, b.at("workspace_id")}, workspaceType, "workspace_id") {
		ta.Workspace = plan.ID(s)
	}
	if d, ok := b.duration("interval"); ok {
		ta.Interval = int(d.Minutes())
		if !slices.Contains([]string{"10m", "1h"}, short(d)) {
			b.scope.add("Invalid interval", b.at("interval"), "Traffic analytics runs every 10m or every 60m, not every %s.", short(d))
		}
	}
	return ta
}
