package policy

import (
	"strings"

	"github.com/zclconf/go-cty/cty"

	"flowctl/plan"
)

// Value is a plan as policies see it. Every attribute is there always: null where there is
// none, so that a condition on it does not depend on what the file has.
func (in Input) Value() cty.Value {
	p := in.Plan
	i := p.Investigation
	kind, every, keep := "investigation", cty.NullVal(cty.Number), cty.NullVal(cty.Number)
	window := cty.NumberFloatVal(i.Window.Hours())
	if m := i.Monitor; m != nil {
		kind, window = "monitor", cty.NullVal(cty.Number)
		every = cty.NumberFloatVal(m.Every.Hours())
		if m.Keep > 0 {
			keep = cty.NumberFloatVal(m.Keep.Hours() / 24)
		}
	}
	var changes, findings []cty.Value
	for _, c := range p.Changes {
		changes = append(changes, in.change(c))
	}
	for _, f := range p.Findings {
		findings = append(findings, cty.ObjectVal(map[string]cty.Value{"code": cty.StringVal(f.Code), "severity": cty.StringVal(string(f.Severity)), "watch": cty.StringVal(f.Watch)}))
	}
	return cty.ObjectVal(map[string]cty.Value{
		"kind": cty.StringVal(kind), "name": cty.StringVal(i.Name), "reason": cty.StringVal(i.Reason), "owner": cty.StringVal(i.Owner), "ticket": cty.StringVal(i.Ticket),
		"window_hours": window, "every_hours": every, "keep_days": keep, "max_total_bytes": cty.NumberIntVal(i.MaxTotalBytes),
		"removed": cty.BoolVal(p.Removed), "changes": cty.TupleVal(changes), "findings": cty.TupleVal(findings), "cost": cost(p.Cost),
	})
}

// change is one change. What is neither a capture nor a flow log has null there.
func (in Input) change(c plan.Change) cty.Value {
	watch, kind, storage := "", "", plan.ID("")
	capture, log := cty.NullVal(cty.DynamicPseudoType), cty.NullVal(cty.DynamicPseudoType)
	provider := ""
	if s := c.Session; s != nil {
		watch, kind, storage, provider = s.Watches[0], s.Target.Kind, s.Storage, s.Target.Provider
		if s.Capture != nil && c.Action != plan.Reuse {
			capture = captured(*s.Capture)
		}
		if s.FlowLog != nil && c.Action != plan.Reuse {
			log = logged(*s.FlowLog)
		}
	}
	id := c.Target()
	return cty.ObjectVal(map[string]cty.Value{
		"action": cty.StringVal(c.Action.Word()), "starts": cty.BoolVal(c.Action == plan.Create || c.Action == plan.Replace || c.Action == plan.Update),
		"mechanism": cty.StringVal(string(c.Mechanism())), "watch": cty.StringVal(watch), "storage": cty.StringVal(string(storage)),
		"target": cty.ObjectVal(map[string]cty.Value{
			"id": cty.StringVal(string(id)), "name": cty.StringVal(id.Name()), "kind": cty.StringVal(kind),
			"resource_group": cty.StringVal(id.ResourceGroup()), "subscription": cty.StringVal(id.Subscription()), "tags": texts(in.tags(provider, id)),
		}),
		"capture": capture, "flow_log": log,
	})
}

func captured(c plan.CaptureSpec) cty.Value {
	snap := cty.NullVal(cty.Number) // whole packets
	if c.BytesPerPacket > 0 {
		snap = cty.NumberIntVal(c.BytesPerPacket)
	}
	return cty.ObjectVal(map[string]cty.Value{
		"minutes": cty.NumberFloatVal(c.Duration.Minutes()), "max_bytes": cty.NumberIntVal(c.MaxBytes), "bytes_per_packet": snap,
		"headers_only": cty.BoolVal(c.BytesPerPacket > 0 && c.BytesPerPacket <= headers), "filters": cty.NumberIntVal(int64(len(c.Filters))), "local_path": cty.StringVal(c.LocalPath),
	})
}

// headers is how many bytes of a packet are its headers, with options and tunnels.
const headers = 128

func logged(f plan.FlowLogSpec) cty.Value {
	workspace := ""
	if f.TrafficAnalytics != nil {
		workspace = string(f.TrafficAnalytics.Workspace)
	}
	return cty.ObjectVal(map[string]cty.Value{
		"retention_days": cty.NumberIntVal(int64(f.RetentionDays)), "record_types": cty.StringVal(f.RecordTypes), "filter": cty.StringVal(f.Filter), "workspace_id": cty.StringVal(workspace),
	})
}

func cost(e *plan.Estimate) cty.Value {
	if e == nil {
		return cty.NullVal(cty.DynamicPseudoType)
	}
	return cty.ObjectVal(map[string]cty.Value{"total": cty.NumberFloatVal(e.Total), "currency": cty.StringVal(e.Currency), "complete": cty.BoolVal(e.Complete)})
}

// tags are those of a target as the inventory has them, with their names in lower case.
func (in Input) tags(provider string, id plan.ID) map[string]string {
	x := in.Indexes[provider]
	if x == nil {
		return nil
	}
	key := id.Key()
	switch {
	case x.VMs[key] != nil:
		return x.VMs[key].Tags
	case x.ScaleSets[key] != nil:
		return x.ScaleSets[key].Tags
	case x.VNets[key] != nil:
		return x.VNets[key].Tags
	case x.NICs[key] != nil:
		return x.NICs[key].Tags
	}
	return nil
}

func texts(m map[string]string) cty.Value {
	if len(m) == 0 {
		return cty.MapValEmpty(cty.String)
	}
	vals := map[string]cty.Value{}
	for k, v := range m {
		vals[strings.ToLower(k)] = cty.StringVal(v)
	}
	return cty.MapVal(vals)
}
