package config

import (
	"time"

	"flowctl/plan"
)

var monitorSchema = schema{
	attrs: []string{"reason", "owner", "ticket", "every", "zone", "keep", "compare", "create_watchers", "dictionary"},
	blocks: map[string]rule{
		"storage":   {many: true},
		"watch":     {labels: []string{"kind", "name"}, many: true},
		"summarize": {labels: []string{"name"}, many: true},
		"budget":    {},
		"report":    {},
		"moved":     {many: true},
		"expect":    {labels: []string{"name"}, many: true},
	},
}

func schemaOf(typ string) schema {
	if typ == "monitor" {
		return monitorSchema
	}
	return investigationSchema
}

var comparisons = []string{string(plan.WithPrevious), string(plan.WithLastWeek)}

// monitor reads what makes a standing watch of an investigation.
func (b block) monitor(inv *Investigation) {
	m := &plan.Monitor{Every: plan.Day}
	inv.Monitor, inv.MonitorRange, inv.WindowRange = m, b.at("every"), b.at("every")
	switch every, ok := b.duration("every"); {
	case ok:
		m.Every = every
	case !b.has("every") && !monitorSchema.misspelt(b.Body, "every"):
		b.scope.add("Missing period", header(b.Block), "%s needs every, the length of a period that is reported, such as every = \"24h\".", title(b.Block))
	}
	if zone, ok := b.text("zone"); ok {
		if _, err := time.LoadLocation(zone); err != nil || zone == "" || zone == "Local" {
			b.scope.add("Unknown time zone", b.at("zone"), "%q is no time zone of the IANA data base. Write one such as \"Europe/Berlin\", or leave it out: periods then begin by UTC.", zone)
		} else if zone != "UTC" {
			m.Zone = zone
		}
	}
	if with, ok := b.one("compare", "Unknown comparison", comparisons); ok {
		m.Compare = plan.Comparison(with)
	}
	if err := m.Check(); err != nil {
		b.scope.add("Invalid period", b.at("every"), "%s.", sentence(err.Error()))
	}
	if keep, ok := b.duration("keep"); ok {
		if m.Keep = keep; keep < 2*m.Every {
			b.scope.add("Invalid keep", b.at("keep"), "Results are kept for %s, and a period is %s: the one that the next is compared with would be gone. Keep them for twice as long at least, or leave keep out: they stay for ever.", short(keep), short(m.Every))
		}
	}
}

func sentence(s string) string {
	if s == "" || s[0] < 'a' || s[0] > 'z' {
		return s
	}
	return string(s[0]-'a'+'A') + s[1:]
}

// standing refuses what a monitor cannot do.
func (l *loader) standing(inv *Investigation) {
	inv.Window = inv.Monitor.Every // of what is asked at once
	for i, s := range inv.Summaries {
		if inv.Monitor.Compare != "" && len(s.By) > 0 {
			inv.Summaries[i].Compare = Previous
		}
	}
	for _, w := range inv.Watches {
		if w.Capture != nil {
			l.add("Capture without an end", w.Capture.Range, "A packet capture has a time box by nature: Azure ends it after five hours at most, and its file is there only then. A monitor has no end. Log the machine's interfaces with flow_log {} in place of it, or capture in an investigation.")
		}
		if f := w.FlowLog; f != nil && f.Spec.RetentionDays > 0 {
			least := inv.Monitor.Every + plan.Late
			if kept := time.Duration(f.Spec.RetentionDays) * plan.Day; kept < least {
				l.add("Retention is too short", f.RetentionRange, "Azure deletes the records after %s, and those of a period are read %s after its begin at the latest: every and %s in which records come late. Keep them for %d days at least, or leave retention_days out: 0 keeps them.",
					short(kept), short(least), short(plan.Late), int((least+plan.Day-1)/plan.Day))
			}
		}
	}
}
