package azure

import (
	"context"
	"errors"
	"strings"
	"testing"

	"flowctl/plan"
)

func TestRemove(t *testing.T) {
	tests := map[string]struct {
		set      func(*fakeARM)
		gone     bool // before
		sequence string
		err      string
	}{
		"plain":              {sequence: "DELETE GET"},
		"gone already":       {gone: true, sequence: "DELETE GET"},
		"404":                {set: func(a *fakeARM) { a.fail = always("DELETE", fault{status: 404, code: "ResourceNotFound"}) }, gone: true, sequence: "DELETE GET"},
		"throttled":          {set: func(a *fakeARM) { a.fail = nth("DELETE", 1, fault{status: 429, after: "3"}) }, sequence: "DELETE DELETE GET"},
		"500 with effect":    {set: func(a *fakeARM) { a.fail = nth("DELETE", 1, fault{status: 500, effect: true}) }, sequence: "DELETE GET GET"},
		"500 without effect": {set: func(a *fakeARM) { a.fail = nth("DELETE", 1, fault{status: 500}) }, sequence: "DELETE GET DELETE GET"},
		"operation failed":   {set: func(a *fakeARM) { a.fail = nth("DELETE", 1, fault{opCode: "InternalServerError"}) }, sequence: "DELETE GET DELETE GET"},
		"success without effect": {
			set:      func(a *fakeARM) { a.fail = nth("DELETE", 1, fault{idle: true}) },
			sequence: "DELETE" + strings.Repeat(" GET", 11) + " DELETE GET",
		},
		"locked": {
			set:      func(a *fakeARM) { a.fail = always("DELETE", fault{status: 409, code: "ScopeLocked"}) },
			sequence: "DELETE", err: "remove packet capture one: 409 ScopeLocked: It did not work.",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			a := newARM()
			p, _ := newTestProvider(t, a)
			r := started(t, p, a)
			if tt.gone {
				clear(a.resources)
			}
			if tt.set != nil {
				tt.set(a)
			}
			check(t, p.Remove(context.Background(), r), tt.err)
			if got := a.sequence(); got != tt.sequence {
				t.Errorf("requests\n got %s\nwant %s", got, tt.sequence)
			}
			if left := len(a.resources) > 0; left != (tt.err != "") {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

// started returns a running capture and forgets the requests it took.
func started(t *testing.T, p *Provider, a *fakeARM) plan.Recording {
	t.Helper()
	r, err := p.Start(context.Background(), testSession(plan.PacketCapture))
	if err != nil {
		t.Fatal(err)
	}
	a.requests, a.seen = nil, map[string]int{}
	return r
}

func TestStop(t *testing.T) {
	stopped := func(w *answer) { w.body = `{"packetCaptureStatus":"Stopped","stopReason":"Manual"}` }
	running := func(w *answer) { w.body = `{"packetCaptureStatus":"Running"}` }
	tests := map[string]struct {
		set      func(*fakeARM)
		sequence string
		err      string
	}{
		"plain":     {sequence: "POST stop"},
		"throttled": {set: func(a *fakeARM) { a.fail = nth("POST stop", 1, fault{status: 429}) }, sequence: "POST stop POST stop"},
		"500 though it ended": {
			set: func(a *fakeARM) {
				a.fail, a.status = always("POST stop", fault{status: 500, code: "InternalServerError"}), stopped
			},
			sequence: "POST stop POST querystatus",
		},
		"operation failed though it ended": {
			set:      func(a *fakeARM) { a.fail, a.status = always("POST stop", fault{opCode: "AgentStopped"}), stopped },
			sequence: "POST stop POST querystatus",
		},
		"500 once": {
			set:      func(a *fakeARM) { a.fail, a.status = nth("POST stop", 1, fault{status: 500}), running },
			sequence: "POST stop POST querystatus POST stop",
		},
		"refused": {
			set: func(a *fakeARM) {
				a.fail, a.status = always("POST stop", fault{status: 403, code: "AuthorizationFailed"}), running
			},
			sequence: "POST stop POST querystatus", err: "stop packet capture one: 403 AuthorizationFailed",
		},
		"gone": {
			set:      func(a *fakeARM) { clear(a.resources) },
			sequence: "POST stop", err: "404 ResourceNotFound",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			a := newARM()
			p, _ := newTestProvider(t, a)
			r := started(t, p, a)
			if tt.set != nil {
				tt.set(a)
			}
			check(t, p.Stop(context.Background(), r), tt.err)
			if got := a.sequence(); got != tt.sequence {
				t.Errorf("requests\n got %s\nwant %s", got, tt.sequence)
			}
		})
	}
}

// TestStopSwitchesAFlowLogOff, and its Traffic Analytics with it, and leaves all
// else as it is.
func TestStopSwitchesAFlowLogOff(t *testing.T) {
	a := newARM()
	p, clock := newTestProvider(t, a)
	id := plan.ID(watcher + "/flowLogs/one")
	a.resources[id.Key()] = map[string]any{"id": string(id), "location": "westeurope", "tags": map[string]any{plan.TagExpires: "2030-01-01T00:00:00Z", "cost": "7"}, "properties": map[string]any{
		"targetResourceId": "/t", "storageId": "/s", "enabled": true, "provisioningState": "Succeeded", "recordTypes": "B,E",
		"flowAnalyticsConfiguration": map[string]any{"networkWatcherFlowAnalyticsConfiguration": map[string]any{"enabled": true, "workspaceResourceId": "/w"}}}}
	r := plan.Recording{ID: id, Mechanism: plan.FlowLog}
	for range 2 { // stopping one that is off is no error
		if err := p.Stop(context.Background(), r); err != nil {
			t.Fatal(err)
		}
	}
	if got := a.seen["PUT"]; got != 1 {
		t.Errorf("%d writes, want one", got)
	}
	kept := a.resources[id.Key()]
	props, tags := kept["properties"].(map[string]any), kept["tags"].(map[string]any)
	analytics := props["flowAnalyticsConfiguration"].(map[string]any)["networkWatcherFlowAnalyticsConfiguration"].(map[string]any)
	if props["enabled"] != false || analytics["enabled"] != false || analytics["workspaceResourceId"] != "/w" || props["recordTypes"] != "B,E" || props["storageId"] != "/s" || tags["cost"] != "7" {
		t.Errorf("kept %v, tags %v", props, tags)
	}
	if tags[plan.TagExpires] == "2030-01-01T00:00:00Z" || clock.Now().IsZero() {
		t.Errorf("the tag that says when it ends still says %v", tags[plan.TagExpires])
	}
}

// TestStartRefusesWhatIsTooLate: nothing is written at or after the deadline.
func TestStartRefusesWhatIsTooLate(t *testing.T) {
	a := newARM()
	p, clock := newTestProvider(t, a)
	s := plan.Session{Name: "one", Mechanism: plan.FlowLog, Watcher: watcher, Target: plan.Target{ID: "/t", Location: "westeurope"}, Storage: "/s", FlowLog: &plan.FlowLogSpec{}, Deadline: clock.Now()}
	if _, err := p.Start(context.Background(), s); !errors.Is(err, plan.ErrTooLate) || a.seen["PUT"] != 0 {
		t.Errorf("%v after %d writes, want ErrTooLate after none", err, a.seen["PUT"])
	}
}
