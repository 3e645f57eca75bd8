package policy

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/hcl/v2"

	"flowctl/plan"
	"flowctl/plan/config"
)

const vm = plan.ID("/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/vm-1")

// input is a plan of two changes: a capture of a machine with a tag, and a flow log.
func input() Input {
	inv := &config.Investigation{Name: "spike", Range: hcl.Range{Filename: "i.hcl", Start: hcl.Pos{Line: 1}},
		Watches: []config.Watch{{Kind: "vm", Name: "a", Range: hcl.Range{Filename: "i.hcl", Start: hcl.Pos{Line: 7}}}}}
	box := &plan.Inventory{VMs: []plan.VM{{ID: vm, Tags: map[string]string{"Data": "personal"}}}}
	return Input{Config: inv, Indexes: map[string]*plan.Index{"azure": box.Index()}, Plan: plan.Plan{
		Investigation: plan.Investigation{Name: "spike", Reason: "r", Owner: "o", Window: 90 * time.Minute},
		Changes: []plan.Change{
			{Action: plan.Create, Session: &plan.Session{Watches: []string{"vm.a"}, Mechanism: plan.PacketCapture, Target: plan.Target{Kind: "vm", ID: vm, Provider: "azure"}, Capture: &plan.CaptureSpec{Duration: time.Minute}}},
			{Action: plan.Keep, Session: &plan.Session{Watches: []string{"vnet.b"}, Mechanism: plan.FlowLog, Target: plan.Target{Kind: "vnet", ID: "/v"}, FlowLog: &plan.FlowLogSpec{RetentionDays: 7}}},
		},
		Cost: &plan.Estimate{Total: 12, Currency: "USD"},
	}}
}

func load(t *testing.T, text string) []config.Policy {
	t.Helper()
	path := filepath.Join(t.TempDir(), "p.hcl")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	list, _, diags := config.LoadPolicies([]string{path})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	return list
}

func TestCheck(t *testing.T) {
	tests := map[string]struct {
		body string
		want string // of the detail; empty if it holds
		line int
	}{
		"holds":               {`condition = plan.window_hours == 1.5`, "", 0},
		"of the plan":         {`condition = plan.ticket != ""`, "no", 1},
		"of each":             {"for_each = plan.changes\n condition = each.value.capture == null", "no", 7},
		"tags":                {"for_each = [for c in plan.changes : c if c.starts]\n condition = lookup(each.value.target.tags, \"data\", \"\") == \"\"", "no", 7},
		"whole packets":       {"for_each = [for c in plan.changes : c if c.capture != null]\n condition = each.value.capture.headers_only", "no", 7},
		"cost":                {`condition = plan.cost.total < 10`, "no", 1},
		"incomplete":          {`condition = plan.cost.complete`, "no", 1},
		"of nothing":          {"for_each = []\n condition = false", "", 0},
		"null is not true":    {`condition = plan.every_hours`, "neither true nor false", -1},
		"null is not less":    {`condition = plan.every_hours < 3`, "cannot be evaluated", -1},
		"no such attribute":   {`condition = plan.colour == "red"`, "cannot be evaluated", -1},
		"a text is no answer": {`condition = "yes"`, "neither true nor false", -1},
		"no list":             {"for_each = plan.name\n condition = true", "no list", -1},
	}
	for name, tt := range tests {
		got := Check(load(t, "policy \"p\" {\n message = \"no\"\n"+tt.body+"\n}\n"), input())
		switch {
		case tt.want == "" && len(got) == 0:
		case len(got) != 1 || tt.want == "" || !strings.Contains(got[0].Detail, tt.want) || got[0].Code != plan.PolicyNotKept || got[0].Severity != plan.Error:
			t.Errorf("%s: %+v, want %q", name, got, tt.want)
		case tt.line > 0 && (got[0].Line != tt.line || got[0].File != "i.hcl"):
			t.Errorf("%s: at %s:%d, want line %d", name, got[0].File, got[0].Line, tt.line)
		case tt.line < 0 && !strings.HasSuffix(got[0].File, "p.hcl"):
			t.Errorf("%s: at %s, want the policy's file", name, got[0].File)
		}
	}
}

func TestSeverity(t *testing.T) {
	got := Check(load(t, "policy \"p\" {\n condition = false\n message = \"${plan.name} is ${plan.reason}\"\n severity = \"warning\"\n}\n"), input())
	if len(got) != 1 || got[0].Severity != plan.Warning || !strings.HasPrefix(got[0].Detail, "spike is r. Policy \"p\"") {
		t.Errorf("%+v", got)
	}
}

// TestLoad refuses what no policy can be, with its line.
func TestLoad(t *testing.T) {
	tests := map[string]string{
		"policy \"p\" {\n message = \"m\"\n}":                                                                            "needs condition",
		"policy \"p\" {\n condition = true\n}":                                                                           "needs message",
		"policy \"p\" {\n condition = c0.tags == \"\"\n message = \"m\"\n}":                                              `not "c0"`,
		"policy \"p\" {\n condition = each.value == 1\n message = \"m\"\n}":                                              "with for_each only",
		"policy \"p\" {\n condition = nosuch(plan.name)\n message = \"m\"\n}":                                            "nosuch",
		"policy \"p\" {\n condition = true\n message = \"m\"\n severity = \"fatal\"\n}":                                  "fatal",
		"policy \"p\" {\n condition = true\n message = \"m\"\n when = 1\n}":                                              `no attribute "when"`,
		"investigation \"i\" {}":                                                                                         "investigation",
		"policy \"p\" {\n condition = true\n message = \"m\"\n}\npolicy \"p\" {\n condition = true\n message = \"m\"\n}": "second policy",
	}
	for text, want := range tests {
		path := filepath.Join(t.TempDir(), "p.hcl")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, diags := config.LoadPolicies([]string{path}); !diags.HasErrors() || !strings.Contains(diags.Error(), want) {
			t.Errorf("%s\n%v, want %q", text, diags, want)
		}
	}
}
