package summary

import (
	"fmt"

	"github.com/hashicorp/hcl/v2"
)

// Ask is one summarize block: which flows, by what, how many rows.
type Ask struct {
	Name    string
	Where   hcl.Expression   // over flow.Fields; nil for all flows
	Context *hcl.EvalContext // for variables, locals and functions in Where
	By      []string         // names of flow.Fields; none for one row
	Top     int              // rows to show; 0 for the default
}

// Question is an Ask that is ready to be answered. It may be used for
// several documents.
type Question struct {
	name  string
	where test // nil for all flows
	by    []string
	top   int
}

// Compile makes a Question of a. It refuses what is not a condition over
// flow.Fields, with a diagnostic at the narrowest range.
func Compile(a Ask) (*Question, hcl.Diagnostics) {
	q := &Question{name: a.Name, by: a.By, top: a.Top}
	diags := checkBy(a)
	if a.Where == nil {
		return q, diags
	}
	c := compiler{ctx: a.Context}
	v := c.expr(a.Where)
	switch {
	case c.diags.HasErrors():
	case v.kind == booleanKind:
		q.where = v.boolean
	case v.kind != 0:
		c.refuse(a.Where.Range(), "Invalid condition",
			fmt.Sprintf("where must be true or false for a flow, but this is a %s. Compare it with a value, as in direction == \"outbound\".", v.kind))
	}
	return q, append(diags, c.diags...)
}

func checkBy(a Ask) hcl.Diagnostics {
	var diags hcl.Diagnostics
	for _, name := range a.By {
		if _, ok := lookupField(name); ok {
			continue
		}
		d := &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Unknown field", Detail: unknownField(name)}
		if a.Where != nil {
			d.Subject = a.Where.Range().Ptr()
		}
		diags = append(diags, d)
	}
	return diags
}

// groups returns what answers q.
func (q *Question) groups(n *naming) *groups {
	var where func(*enriched) bool
	if q.where != nil {
		where = func(s *enriched) bool { return q.where(n, s) }
	}
	return newGroups(q.name, q.top, where, q.by...)
}
