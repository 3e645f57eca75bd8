package resolve

import (
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"

	"flowctl/plan"
)

func TestUnselected(t *testing.T) {
	got := Unselected(hcl.Diagnostics{{Severity: hcl.DiagError, Summary: "No target", Detail: "There is no vm x.", Subject: &hcl.Range{Filename: "a.hcl", Start: hcl.Pos{Line: 7}}}}, false)
	if len(got) != 1 || got[0].Code != plan.NotSelected || got[0].Severity != plan.Warning || got[0].Line != 7 || !strings.Contains(got[0].Detail, "goes on to its end") {
		t.Errorf("%+v", got)
	}
}
