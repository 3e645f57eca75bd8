package azure

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"flowctl/plan"
)

// difference names the first setting that Azure kept otherwise than it was
// sent, as "target is … and not …"; empty if it kept all. Settings that were
// left to Azure are not compared, nor are tags that a policy adds. Changing
// the target of a flow log is known to have succeeded without effect.
func difference(s plan.Session, r plan.Recording) string {
	fields := []field{
		{"target", s.Target.ID.Key(), r.Target.Key()},
		{"storage account", s.Storage.Key(), r.Storage.Key()},
	}
	switch {
	case s.FlowLog != nil && r.FlowLog != nil:
		fields = append(fields, flowLogFields(s, r)...)
	case s.Capture != nil && r.Capture != nil:
		fields = append(fields, captureFields(s.Target.ID, *s.Capture, *r.Capture)...)
	}
	for _, f := range fields {
		if f.sent != f.kept {
			return fmt.Sprintf("%s is %q and not %q", f.name, f.kept, f.sent)
		}
	}
	return ""
}

// field is one setting as it was sent and as it was kept, in comparable form.
type field struct{ name, sent, kept string }

func flowLogFields(s plan.Session, r plan.Recording) []field {
	sent, kept := *s.FlowLog, *r.FlowLog
	out := []field{
		{"location", region(&s.Target.Location), r.Location},
		{"enabled", "true", fmt.Sprint(r.Enabled)},
		{"retention days", fmt.Sprint(sent.RetentionDays), fmt.Sprint(kept.RetentionDays)},
		{"record types", recordTypes(sent.RecordTypes), recordTypes(kept.RecordTypes)},
		{"filter", condensed(sent.Filter), condensed(kept.Filter)},
		{"traffic analytics", analyticsText(sent.TrafficAnalytics), analyticsText(kept.TrafficAnalytics)},
	}
	for _, k := range slices.Sorted(maps.Keys(s.Tags)) {
		out = append(out, field{"tag " + k, s.Tags[k], r.Tags[k]})
	}
	return out
}

func captureFields(target plan.ID, sent, kept plan.CaptureSpec) []field {
	out := []field{
		{"bytes per packet", fmt.Sprint(sent.BytesPerPacket), fmt.Sprint(kept.BytesPerPacket)},
		{"filters", filterText(sent.Filters), filterText(kept.Filters)},
		{"included instances", instanceText(target, sent.Include), instanceText(target, kept.Include)},
		{"excluded instances", instanceText(target, sent.Exclude), instanceText(target, kept.Exclude)},
		{"local path", sent.LocalPath, kept.LocalPath},
		{"ring", ringText(sent.Ring), ringText(kept.Ring)},
	}
	if sent.Ring != nil {
		return out
	}
	if sent.Duration > 0 {
		out = append(out, field{"duration", fmt.Sprint(seconds(sent.Duration)), fmt.Sprint(seconds(kept.Duration))})
	}
	if sent.MaxBytes > 0 {
		out = append(out, field{"maximum of bytes", fmt.Sprint(sent.MaxBytes), fmt.Sprint(kept.MaxBytes)})
	}
	return out
}

func instanceText(set plan.ID, names []string) string {
	return strings.ToLower(strings.Join(instances(set, names), ","))
}

// condensed is a filter expression without what the service does not heed.
func condensed(filter string) string {
	return strings.ToLower(strings.Join(strings.Fields(filter), ""))
}

func analyticsText(ta *plan.TrafficAnalytics) string {
	if ta == nil {
		return "off"
	}
	return fmt.Sprintf("%s every %d minutes", ta.Workspace.Key(), ta.Interval)
}

func ringText(r *plan.Ring) string {
	if r == nil {
		return "none"
	}
	return fmt.Sprintf("%d files of %d bytes, %d s", r.Files, r.FileSize, seconds(r.Duration))
}

func filterText(filters []plan.CaptureFilter) string {
	var out []string
	for _, f := range filters {
		protocol := strings.ToLower(f.Protocol)
		if protocol == "any" {
			protocol = ""
		}
		out = append(out, strings.Join([]string{protocol, f.LocalAddress, f.LocalPort, f.RemoteAddress, f.RemotePort}, " "))
	}
	return strings.Join(out, "; ")
}
