package operation

import (
	"context"
	"time"

	"github.com/zclconf/go-cty/cty"

	"flowctl/collectors/summary"
	"flowctl/plan"
	"flowctl/plan/policy"
)

// What tests of files (flowctl test) can ask about: plans as policies see them, answers,
// and what records in Azure. What was not measured is null.

// PlanValue is a plan of this operation.
func (op *Operation) PlanValue(p plan.Plan) cty.Value {
	return policy.Input{Config: op.investigation(p.Investigation.Name), Plan: p, Indexes: op.indexes()}.Value()
}

// Recorders are the flow logs and captures that Azure has now, somebody else's among them.
func Recorders(ctx context.Context, s Settings, src Source) (cty.Value, error) {
	op, err := Open(ctx, s, src)
	if err != nil {
		return cty.EmptyTupleVal, err
	}
	var list []cty.Value
	for _, r := range op.allRecordings() {
		tags := map[string]cty.Value{}
		for k, v := range r.Tags {
			tags[k] = cty.StringVal(v)
		}
		_, ours := plan.ParseName(r.ID.Name())
		list = append(list, cty.ObjectVal(map[string]cty.Value{
			"id": cty.StringVal(string(r.ID)), "name": cty.StringVal(r.ID.Name()), "mechanism": cty.StringVal(string(r.Mechanism)), "enabled": cty.BoolVal(r.Enabled),
			"target": cty.StringVal(string(r.Target)), "storage": cty.StringVal(string(r.Storage)), "tags": cty.ObjectVal(tags),
			"ours": cty.BoolVal(ours),
		}))
	}
	return cty.TupleVal(list), nil
}

// Value is what was answered of one investigation, or of one period of a monitor.
func (r Result) Value() cty.Value {
	asked, expected, codes := map[string]cty.Value{}, map[string]cty.Value{}, []cty.Value{}
	for i := range r.Answer.Doc.Asks {
		a := &r.Answer.Doc.Asks[i]
		asked[a.Name] = answerValue(a)
	}
	for _, e := range r.Answer.Doc.Expectations {
		expected[e.Name] = cty.ObjectVal(map[string]cty.Value{"outcome": cty.StringVal(e.Outcome), "message": cty.StringVal(e.Message)})
	}
	for _, c := range r.Answer.Doc.Coverage {
		codes = append(codes, cty.ObjectVal(map[string]cty.Value{"code": cty.StringVal(c.Code), "text": cty.StringVal(c.Text)}))
	}
	return cty.ObjectVal(map[string]cty.Value{
		"name": cty.StringVal(r.Name), "start": momentValue(r.Start), "end": momentValue(r.Ends), "summary": cty.ObjectVal(asked),
		"expect": cty.ObjectVal(expected), "coverage": cty.TupleVal(codes),
	})
}

func answerValue(a *summary.Answer) cty.Value {
	var rows []cty.Value
	for i := range a.Rows {
		v := volumes(&a.Rows[i])
		for k, field := range a.By {
			if k < len(a.Rows[i].Key) {
				v[field] = cty.StringVal(a.Rows[i].Key[k])
			}
		}
		rows = append(rows, cty.ObjectVal(v))
	}
	v := volumes(&a.Total)
	v["outcome"], v["groups"], v["rows"] = cty.StringVal(a.Outcome), cty.NumberUIntVal(a.Groups), cty.TupleVal(rows)
	return cty.ObjectVal(v)
}

func volumes(r *summary.Row) map[string]cty.Value {
	return map[string]cty.Value{"flows": cty.NumberUIntVal(r.Flows), "packets": figure(r.Packets), "bytes": figure(r.IPBytes), "denied": figure(r.Denied)}
}

func figure(f summary.Figure) cty.Value {
	if !f.Known {
		return cty.NullVal(cty.Number)
	}
	return cty.NumberUIntVal(f.N)
}

func momentValue(t time.Time) cty.Value {
	if t.IsZero() {
		return cty.NullVal(cty.String)
	}
	return cty.StringVal(t.UTC().Format(time.RFC3339))
}
