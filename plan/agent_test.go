package plan

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestAgentTellsItself takes an agent by what Azure keeps of it, and nothing
// else.
func TestAgentTellsItself(t *testing.T) {
	const compute = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/"
	inv := Investigation{Name: "egress-spike", Owner: "netops@example.com"}
	for kind, machine := range map[string]ID{"vm": compute + "virtualMachines/db", "vmss": compute + "virtualMachineScaleSets/web"} {
		s := Session{Target: Target{Kind: kind, ID: machine}, InstallAgent: "Linux", Deadline: time.Date(2026, 11, 12, 14, 0, 0, 0, time.UTC)}
		want := AgentFor(inv, s)
		tags := want.Tags()
		if kind == "vmss" {
			tags = nil
			want.Owner = ""
		}
		got, ok := ParseAgent(want.ID, tags)
		want.OS = ""
		if diff := cmp.Diff(want, got); diff != "" || !ok {
			t.Errorf("%s: ok %v (-want +got):\n%s", kind, ok, diff)
		}
	}
}

func TestOthersAreNoAgents(t *testing.T) {
	const id = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/db/extensions/" + AgentName
	tests := map[string]struct {
		id   ID
		tags map[string]string
	}{
		"no tags":          {id, nil},
		"no end":           {id, map[string]string{TagInvestigation: "x"}},
		"not a time":       {id, map[string]string{TagInvestigation: "x", TagExpires: "soon"}},
		"no investigation": {id, map[string]string{TagExpires: "2026-11-12T14:00:00Z"}},
		"of a scale set":   {"/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/virtualMachineScaleSets/web/extensions/" + AgentName, nil},
	}
	for name, tt := range tests {
		if a, ok := ParseAgent(tt.id, tt.tags); ok {
			t.Errorf("%s: taken for %+v", name, a)
		}
	}
}
