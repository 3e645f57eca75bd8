// Package policy holds plans against what must hold for all of them, whoever wrote their
// files: conditions in the language itself, over the values of a plan. What fails is a
// finding at the line of the file that is to be changed; what cannot be evaluated fails.
package policy

import (
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"flowctl/plan"
	"flowctl/plan/config"
)

// Input is a plan with what policies can ask about it.
type Input struct {
	Config  *config.Investigation
	Plan    plan.Plan
	Indexes map[string]*plan.Index // of inventories, by alias
}

// Check returns what of the policies does not hold for a plan.
func Check(policies []config.Policy, in Input) []plan.Finding {
	var out []plan.Finding
	value := in.Value()
	for _, p := range policies {
		out = append(out, check(p, in, value)...)
	}
	return out
}

func check(p config.Policy, in Input, value cty.Value) []plan.Finding {
	vars := map[string]cty.Value{"plan": value}
	if p.Each == nil {
		return one(p, in, vars, cty.NilVal)
	}
	list, diags := p.Each.Value(config.PolicyContext(vars))
	if diags.HasErrors() || !list.IsKnown() || list.IsNull() || !list.CanIterateElements() {
		return []plan.Finding{broken(p, in, diags, "for_each is no list")}
	}
	var out []plan.Finding
	for it := list.ElementIterator(); it.Next(); {
		_, v := it.Element()
		vars["each"] = cty.ObjectVal(map[string]cty.Value{"value": v})
		out = append(out, one(p, in, vars, v)...)
	}
	return out
}

// one is what of a policy does not hold for the plan, or for one thing of it.
func one(p config.Policy, in Input, vars map[string]cty.Value, each cty.Value) []plan.Finding {
	ctx := config.PolicyContext(vars)
	holds, diags := p.Condition.Value(ctx)
	switch {
	case diags.HasErrors(), holds.IsNull(), !holds.IsKnown(), holds.Type() != cty.Bool:
		return []plan.Finding{broken(p, in, diags, "its condition is neither true nor false")}
	case holds.True():
		return nil
	}
	text := "it does not hold"
	if m, diags := p.Message.Value(ctx); !diags.HasErrors() && m.IsKnown() && !m.IsNull() && m.Type() == cty.String {
		text = m.AsString()
	}
	f := finding(p, in, "Policy is not kept", fmt.Sprintf("%s. Policy %q (%s:%d).", strings.TrimSuffix(text, "."), p.Name, p.Range.Filename, p.Range.Start.Line))
	f.Severity = p.Severity
	about(&f, in, each)
	return []plan.Finding{f}
}

// about makes f one of the watch and target that it is about, and of its line.
func about(f *plan.Finding, in Input, each cty.Value) {
	if each == cty.NilVal || !each.Type().IsObjectType() || !each.Type().HasAttribute("watch") || !each.Type().HasAttribute("target") {
		return
	}
	f.Watch, f.Target = each.GetAttr("watch").AsString(), plan.ID(each.GetAttr("target").GetAttr("id").AsString())
	for _, w := range in.Config.Watches {
		if w.Address() == f.Watch {
			f.File, f.Line = w.Range.Filename, w.Range.Start.Line
		}
	}
}

func finding(p config.Policy, in Input, summary, detail string) plan.Finding {
	at := in.Config.Range
	if at.Filename == "" { // it is in the file no more
		at = p.Range
	}
	return plan.Finding{Code: plan.PolicyNotKept, Severity: plan.Error, Summary: summary, Detail: detail, File: at.Filename, Line: at.Start.Line}
}

// broken says that a policy cannot be evaluated, which is not to hold.
func broken(p config.Policy, in Input, diags hcl.Diagnostics, why string) plan.Finding {
	if diags.HasErrors() {
		why = strings.TrimSuffix(diags[0].Summary+": "+diags[0].Detail, ".")
		if diags[0].Detail == "" {
			why = diags[0].Summary
		}
	}
	f := finding(p, in, "Policy cannot be evaluated", fmt.Sprintf("Policy %q: %s. Correct it; what cannot be evaluated does not hold.", p.Name, why))
	f.File, f.Line = p.Range.Filename, p.Range.Start.Line
	return f
}
