package azure

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"flowctl/plan"

	"github.com/google/go-cmp/cmp"
)

func TestStatusOfACapture(t *testing.T) {
	location := func(w *answer, id string) {
		w.status = http.StatusAccepted
		w.header.Set("Location", "https://management.azure.com/subscriptions/"+sub+"/providers/Microsoft.Network/locations/westeurope/operationResults/"+id)
	}
	stopped := `{"name":"one","id":"x","captureStartTime":"2026-03-17T03:37:35.4291019Z","packetCaptureStatus":"Stopped","stopReason":"TimeExceeded","packetCaptureError":[]}`
	tests := map[string]struct {
		status  func(*answer)
		results []string // bodies of the Location, empty: 202
		fail    func(string, int) *fault
		want    plan.Recording
		err     string
	}{
		"stopped": {
			status: func(w *answer) { w.body = stopped },
			want: plan.Recording{State: plan.CaptureStopped, StopReason: "TimeExceeded",
				Started: time.Date(2026, 3, 17, 3, 37, 35, 429101900, time.UTC)},
		},
		"asked through the agent": {
			status:  func(w *answer) { location(w, "s") },
			results: []string{"", stopped},
			want: plan.Recording{State: plan.CaptureStopped, StopReason: "TimeExceeded",
				Started: time.Date(2026, 3, 17, 3, 37, 35, 429101900, time.UTC)},
		},
		"agent died": {
			status: func(w *answer) {
				w.body = `{"packetCaptureStatus":"Error","packetCaptureError":["AgentStopped","StorageFailed"]}`
			},
			want: plan.Recording{State: plan.CaptureError, Errors: []string{"AgentStopped", "StorageFailed"}},
		},
		"empty body":       {status: func(w *answer) {}, want: plan.Recording{State: plan.CaptureUnknown}},
		"null":             {status: func(w *answer) { w.body = "null" }, want: plan.Recording{State: plan.CaptureUnknown}},
		"operation's body": {status: func(w *answer) { w.body = `{"status":"Succeeded"}` }, want: plan.Recording{State: plan.CaptureUnknown}},
		"busy at first": {
			status: func(w *answer) { w.body = `{"packetCaptureStatus":"Running"}` },
			fail:   nth("POST querystatus", 1, fault{status: 429, after: "2"}),
			want:   plan.Recording{State: plan.CaptureRunning},
		},
		"agent does not answer": {
			status: func(w *answer) { w.refuse(400, "AgentNotReachable", "no answer") },
			want:   plan.Recording{State: plan.CaptureUnknown},
			err:    "ask for the state of packet capture one: 400 AgentNotReachable: no answer",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			a := newARM()
			p, _ := newTestProvider(t, a)
			r := started(t, p, a)
			a.status, a.fail = tt.status, tt.fail
			a.results = tt.results
			got, err := p.Status(context.Background(), r)
			check(t, err, tt.err)
			want := r
			want.State, want.StopReason, want.Started, want.Errors = tt.want.State, tt.want.StopReason, tt.want.Started, tt.want.Errors
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("recording (-want +got)\n%s", diff)
			}
		})
	}
}

func TestStatusOfWhatIsGone(t *testing.T) {
	for _, m := range []plan.Mechanism{plan.FlowLog, plan.PacketCapture} {
		p, _ := newTestProvider(t, newARM())
		id := plan.ID(fmt.Sprintf("%s/%s/one", watcher, map[plan.Mechanism]string{plan.FlowLog: "flowLogs", plan.PacketCapture: "packetCaptures"}[m]))
		_, err := p.Status(context.Background(), plan.Recording{ID: id, Mechanism: m})
		if !errors.Is(err, plan.ErrNotFound) {
			t.Errorf("%s: error %v, want one that is ErrNotFound", m, err)
		}
	}
}

func TestASubscriptionThatIsNotFoundDoesNotMakeARecordingGone(t *testing.T) {
	a := newARM()
	p, _ := newTestProvider(t, a)
	a.fail = always("GET", fault{status: 404, code: "SubscriptionNotFound"})
	_, err := p.Status(context.Background(), plan.Recording{ID: watcher + "/flowLogs/one", Mechanism: plan.FlowLog})
	check(t, err, "404 SubscriptionNotFound")
	if errors.Is(err, plan.ErrNotFound) {
		t.Error("the error says that the flow log is gone")
	}
}

func TestRecordingsOfAnotherSubscriptionAreRefused(t *testing.T) {
	p, _ := newTestProvider(t, newARM())
	_, err := p.Status(context.Background(), plan.Recording{
		ID: "/subscriptions/other/resourceGroups/g/providers/Microsoft.Network/networkWatchers/w/flowLogs/one", Mechanism: plan.FlowLog,
	})
	check(t, err, "one is in subscription other")
	err = p.Remove(context.Background(), plan.Recording{ID: "nonsense", Mechanism: plan.FlowLog})
	check(t, err, "not the id of a child of a Network Watcher")
}
