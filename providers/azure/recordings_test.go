package azure

import (
	"context"
	"strings"
	"testing"
	"time"

	"flowctl/plan"

	azfake "github.com/Azure/azure-sdk-for-go/sdk/azcore/fake"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/network/armnetwork/v9"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/network/armnetwork/v9/fake"
	"github.com/google/go-cmp/cmp"
)

// newFakeNetwork serves lists on the SDK's own fake: two pages of flow logs,
// a capture, and one watcher that may not be read.
func newFakeNetwork() *fake.ServerFactory {
	var srv fake.ServerFactory
	srv.FlowLogsServer.NewListPager = func(_, watcher string, _ *armnetwork.FlowLogsClientListOptions) (resp azfake.PagerResponder[armnetwork.FlowLogsClientListResponse]) {
		if watcher == "closed" {
			resp.AddResponseError(403, "AuthorizationFailed")
			return
		}
		resp.AddPage(200, logPage("z", "a"), nil)
		resp.AddPage(200, logPage("m"), nil)
		return
	}
	srv.PacketCapturesServer.NewListPager = func(_, watcher string, _ *armnetwork.PacketCapturesClientListOptions) (resp azfake.PagerResponder[armnetwork.PacketCapturesClientListResponse]) {
		if watcher == "closed" {
			resp.AddResponseError(403, "AuthorizationFailed")
			return
		}
		resp.AddPage(200, armnetwork.PacketCapturesClientListResponse{PacketCaptureListResult: armnetwork.PacketCaptureListResult{
			Value: []*armnetwork.PacketCaptureResult{{ID: to.Ptr("/c")}, nil},
		}}, nil)
		return
	}
	return &srv
}

func logPage(names ...string) (page armnetwork.FlowLogsClientListResponse) {
	for _, n := range names {
		page.Value = append(page.Value, &armnetwork.FlowLog{ID: to.Ptr("/" + n), Location: to.Ptr("West Europe")})
	}
	return page
}

func TestRecordings(t *testing.T) {
	p, _ := newTestProvider(t, fake.NewServerFactoryTransport(newFakeNetwork()))
	closed := plan.ID(strings.Replace(watcher, "NetworkWatcher_westeurope", "closed", 1))
	got, err := p.Recordings(context.Background(), []plan.Watcher{{ID: closed, Location: "eastus"}, {ID: watcher, Location: "westeurope"}})
	var ids []string
	for _, r := range got {
		ids = append(ids, string(r.ID)+" "+r.Location)
	}
	if diff := cmp.Diff([]string{"/a westeurope", "/c westeurope", "/m westeurope", "/z westeurope"}, ids); diff != "" {
		t.Errorf("recordings (-want +got)\n%s", diff)
	}
	want := "list flow logs of watcher closed: 403 AuthorizationFailed\nlist packet captures of watcher closed: 403 AuthorizationFailed"
	if err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

func TestFlowLogRecording(t *testing.T) {
	enabled := armnetwork.TrafficAnalyticsProperties{NetworkWatcherFlowAnalyticsConfiguration: &armnetwork.TrafficAnalyticsConfigurationProperties{
		Enabled: to.Ptr(true), WorkspaceID: to.Ptr("guid"), WorkspaceResourceID: to.Ptr("/ws"),
	}}
	dashes := armnetwork.TrafficAnalyticsProperties{NetworkWatcherFlowAnalyticsConfiguration: &armnetwork.TrafficAnalyticsConfigurationProperties{
		Enabled: to.Ptr(false), WorkspaceID: to.Ptr("-"), WorkspaceRegion: to.Ptr("-"), WorkspaceResourceID: to.Ptr("-"),
	}}
	tests := map[string]struct {
		in   *armnetwork.FlowLogPropertiesFormat
		want plan.FlowLogSpec
	}{
		"nothing":             {nil, plan.FlowLogSpec{}},
		"empty":               {&armnetwork.FlowLogPropertiesFormat{}, plan.FlowLogSpec{}},
		"retention":           {&armnetwork.FlowLogPropertiesFormat{RetentionPolicy: &armnetwork.RetentionPolicyParameters{Days: to.Ptr[int32](7), Enabled: to.Ptr(true)}}, plan.FlowLogSpec{RetentionDays: 7}},
		"retention off":       {&armnetwork.FlowLogPropertiesFormat{RetentionPolicy: &armnetwork.RetentionPolicyParameters{Days: to.Ptr[int32](7), Enabled: to.Ptr(false)}}, plan.FlowLogSpec{}},
		"types":               {&armnetwork.FlowLogPropertiesFormat{RecordTypes: to.Ptr("e, B")}, plan.FlowLogSpec{RecordTypes: "B,E"}},
		"all types":           {&armnetwork.FlowLogPropertiesFormat{RecordTypes: to.Ptr("D,E,C,B")}, plan.FlowLogSpec{}},
		"analytics":           {&armnetwork.FlowLogPropertiesFormat{FlowAnalyticsConfiguration: &enabled}, plan.FlowLogSpec{TrafficAnalytics: &plan.TrafficAnalytics{Workspace: "/ws", Interval: 60}}},
		"analytics {}":        {&armnetwork.FlowLogPropertiesFormat{FlowAnalyticsConfiguration: &armnetwork.TrafficAnalyticsProperties{}}, plan.FlowLogSpec{}},
		"analytics of dashes": {&armnetwork.FlowLogPropertiesFormat{FlowAnalyticsConfiguration: &dashes}, plan.FlowLogSpec{}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := flowLogRecording(&armnetwork.FlowLog{Properties: tt.in})
			if diff := cmp.Diff(&tt.want, got.FlowLog); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// What is sent for a session reads back as that session's settings, so that a
// plan made right after it finds nothing to do.
func TestCapturesReadBackAsTheyWereAsked(t *testing.T) {
	specs := map[string]plan.CaptureSpec{
		"plain": {Duration: 10 * time.Minute, MaxBytes: 1 << 20, BytesPerPacket: 128},
		"whole packets and filters": {Duration: time.Hour, MaxBytes: 1 << 30,
			Filters: []plan.CaptureFilter{{Protocol: "UDP", LocalPort: "53"}, {RemoteAddress: "10.0.0.1-10.0.0.9"}}},
		"local":     {Duration: time.Hour, MaxBytes: 1 << 30, LocalPath: "/var/captures/a.cap"},
		"ring":      {Duration: 2 * time.Hour, MaxBytes: 40 << 20, Ring: &plan.Ring{Files: 4, FileSize: 10 << 20, Duration: 2 * time.Hour}, LocalPath: "/var/captures/a.cap"},
		"instances": {Duration: time.Hour, MaxBytes: 1 << 30, Include: []string{"0", "3"}},
	}
	for name, spec := range specs {
		t.Run(name, func(t *testing.T) {
			s := plan.Session{Mechanism: plan.PacketCapture, Target: plan.Target{Kind: "vmss", ID: vmID}, Storage: account, Capture: &spec}
			body, err := captureBody(s)
			if err != nil {
				t.Fatal(err)
			}
			wire, err := body.MarshalJSON()
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(wire), "continuousCapture") != (spec.Ring != nil) {
				t.Errorf("continuousCapture does not go with the ring: %s", wire)
			}
			var back armnetwork.PacketCaptureResult
			if err := back.UnmarshalJSON(wire); err != nil {
				t.Fatal(err)
			}
			r := captureRecording(&back)
			if diff := cmp.Diff(&spec, r.Capture); diff != "" {
				t.Errorf("settings (-want +got)\n%s", diff)
			}
			if d := difference(s, r); d != "" {
				t.Errorf("kept %s", d)
			}
		})
	}
}

func TestDifference(t *testing.T) {
	log, pc := testSession(plan.FlowLog), testSession(plan.PacketCapture)
	kept := func(s plan.Session, change func(*plan.Recording)) plan.Recording {
		r := plan.Recording{Target: s.Target.ID, Storage: plan.ID(strings.ToUpper(string(s.Storage))), Location: "westeurope", Enabled: true, Tags: map[string]string{"flowctl": "egress", "owner": "netops", "policy": "added"}}
		if s.FlowLog != nil {
			spec := *s.FlowLog
			r.FlowLog = &spec
		} else {
			spec := *s.Capture
			r.Capture = &spec
		}
		change(&r)
		return r
	}
	tests := map[string]struct {
		s      plan.Session
		change func(*plan.Recording)
		want   string
	}{
		"none, of a log":     {log, func(r *plan.Recording) { r.FlowLog.Filter = "DSTPORT = 443" }, ""},
		"none, of a capture": {pc, func(r *plan.Recording) {}, ""},
		"target":             {log, func(r *plan.Recording) { r.Target = "/x" }, `target is "/x" and not`},
		"storage":            {log, func(r *plan.Recording) { r.Storage = "" }, `storage account is ""`},
		"location":           {log, func(r *plan.Recording) { r.Location = "eastus" }, `location is "eastus" and not "westeurope"`},
		"enabled":            {log, func(r *plan.Recording) { r.Enabled = false }, `enabled is "false" and not "true"`},
		"tag":                {log, func(r *plan.Recording) { delete(r.Tags, "owner") }, `tag owner is "" and not "netops"`},
		"retention":          {log, func(r *plan.Recording) { r.FlowLog.RetentionDays = 7 }, `retention days is "7" and not "0"`},
		"types":              {log, func(r *plan.Recording) { r.FlowLog.RecordTypes = "" }, `record types is "" and not "B,E"`},
		"filter":             {log, func(r *plan.Recording) { r.FlowLog.Filter = "" }, `filter is "" and not "dstport=443"`},
		"analytics": {log, func(r *plan.Recording) {
			r.FlowLog.TrafficAnalytics = &plan.TrafficAnalytics{Workspace: "/w", Interval: 10}
		}, `traffic analytics is "/w every 10 minutes" and not "off"`},
		"duration": {pc, func(r *plan.Recording) { r.Capture.Duration = 5 * time.Hour }, `duration is "18000" and not "600"`},
		"size":     {pc, func(r *plan.Recording) { r.Capture.MaxBytes = 1 << 30 }, "maximum of bytes"},
		"bytes":    {pc, func(r *plan.Recording) { r.Capture.BytesPerPacket = 0 }, `bytes per packet is "0" and not "128"`},
		"filters":  {pc, func(r *plan.Recording) { r.Capture.Filters = nil }, `filters is "" and not "tcp`},
		"ring":     {pc, func(r *plan.Recording) { r.Capture.Ring = &plan.Ring{} }, "ring is"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := difference(tt.s, kept(tt.s, tt.change))
			if tt.want == "" && got != "" || !strings.Contains(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
