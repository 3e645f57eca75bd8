package azure

import (
	"slices"
	"strings"
	"testing"

	"flowctl/plan"
)

// TestMend sets a flow log back that somebody changed: in its place where Azure can, made anew
// where it logs something else, and never said to be done where it is not.
func TestMend(t *testing.T) {
	const other = "/subscriptions/" + sub + "/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/other"
	tests := map[string]struct {
		change func(props, tags map[string]any) // what somebody else did
		set    func(*fakeARM)
		writes string // PUT and DELETE in their order
		err    string // part of it; empty: none
	}{
		"switched off": {
			change: func(props, _ map[string]any) { props["enabled"] = false }, writes: "PUT",
		},
		"other record types": {
			change: func(props, _ map[string]any) { props["recordTypes"] = "D" }, writes: "PUT",
		},
		"retargeted": {
			change: func(props, _ map[string]any) { props["targetResourceId"] = other }, writes: "DELETE PUT",
		},
		"a tag of theirs": {
			change: func(props, tags map[string]any) { props["enabled"], tags["cost"], tags["Owner"] = false, "7", "me" }, writes: "PUT",
		},
		"refused": {
			change: func(props, _ map[string]any) { props["enabled"] = false },
			set:    func(a *fakeARM) { a.fail = always("PUT", fault{status: 403, code: "AuthorizationFailed"}) },
			writes: "PUT", err: "set back flow log one: 403 AuthorizationFailed",
		},
		"kept otherwise": {
			change: func(props, _ map[string]any) { props["enabled"] = false },
			set:    func(a *fakeARM) { a.onPut = func(p map[string]any) { p["enabled"] = false } },
			writes: "PUT", err: "still switched off",
		},
		"busy once": {
			change: func(props, _ map[string]any) { props["enabled"] = false },
			set: func(a *fakeARM) {
				a.fail = nth("PUT", 1, fault{status: 409, code: "AnotherOperationInProgress"})
			},
			writes: "PUT PUT",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			a := newARM()
			p, _ := newTestProvider(t, a)
			s := testSession(plan.FlowLog)
			r, err := p.Start(t.Context(), s)
			if err != nil {
				t.Fatal(err)
			}
			there := a.resources[r.ID.Key()]
			tt.change(there["properties"].(map[string]any), there["tags"].(map[string]any))
			a.requests, a.seen = nil, map[string]int{}
			if tt.set != nil {
				tt.set(a)
			}
			got, err := p.Mend(t.Context(), r, s)
			reads := func(what string) bool { return what == "GET" }
			if writes := strings.Join(slices.DeleteFunc(strings.Fields(a.sequence()), reads), " "); writes != tt.writes {
				t.Errorf("writes %q of %q, want %q", writes, a.sequence(), tt.writes)
			}
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Fatalf("error %v, want %q", err, tt.err)
				}
				return
			}
			if err != nil || !got.Enabled || difference(s, got) != "" {
				t.Fatalf("%+v, %v", got, err)
			}
			now := a.resources[r.ID.Key()]
			tags := now["tags"].(map[string]any)
			if props := now["properties"].(map[string]any); props["enabled"] != true || !strings.EqualFold(props["targetResourceId"].(string), string(vnetID)) {
				t.Errorf("kept %v", props)
			}
			if tags["owner"] != "netops" || tags["Owner"] != nil || name == "a tag of theirs" && tags["cost"] != "7" {
				t.Errorf("tags %v", tags)
			}
		})
	}
}

// TestMendIsForFlowLogs: a capture cannot be set back, and what is gone is no flow log to write.
func TestMendIsForFlowLogs(t *testing.T) {
	a := newARM()
	p, _ := newTestProvider(t, a)
	r := started(t, p, a)
	if _, err := p.Mend(t.Context(), r, testSession(plan.PacketCapture)); err == nil || !strings.Contains(err.Error(), "it is no flow log") {
		t.Errorf("a capture: %v", err)
	}
	gone := plan.Recording{ID: plan.ID(watcher + "/flowLogs/one"), Mechanism: plan.FlowLog}
	if _, err := p.Mend(t.Context(), gone, testSession(plan.FlowLog)); err == nil || a.seen["PUT"] > 0 {
		t.Errorf("one that is gone: %v, %d writes", err, a.seen["PUT"])
	}
}
