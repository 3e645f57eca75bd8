package resolve

import (
	"github.com/hashicorp/hcl/v2"

	"flowctl/plan"
)

// Unselected says as findings what the file of an investigation that was started
// selects no more. Finished: its run is over.
func Unselected(diags hcl.Diagnostics, finished bool) []plan.Finding {
	var out []plan.Finding
	then := " What was started goes on to its end and is collected."
	if finished {
		then = " The run is over, and its results stay."
	}
	for _, d := range diags {
		f := plan.Finding{Code: plan.NotSelected, Severity: plan.Warning, Summary: d.Summary, Detail: d.Detail + then}
		if d.Severity != hcl.DiagError {
			f.Severity, f.Detail = plan.Info, d.Detail
		}
		if d.Subject != nil {
			f.File, f.Line = d.Subject.Filename, d.Subject.Start.Line
		}
		out = append(out, f)
	}
	return out
}
