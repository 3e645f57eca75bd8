package azure

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"flowctl/plan"

	"github.com/google/go-cmp/cmp"
)

// sentTo is a fakeARM that keeps what PUT sends, and has a workspace.
type sentTo struct {
	*fakeARM
	body      string
	workspace string // body of the answer
}

func (s *sentTo) Do(req *http.Request) (*http.Response, error) {
	if strings.Contains(req.URL.Path, "/workspaces/") {
		w := &answer{status: http.StatusOK, header: http.Header{}, body: s.workspace}
		if s.workspace == "" || req.URL.RawQuery != "api-version=2023-09-01" {
			w.refuse(http.StatusNotFound, "ResourceNotFound", "No workspace.")
		}
		return w.response(req), nil
	}
	if req.Method == http.MethodPut {
		var b strings.Builder
		body := req.Body
		req.Body = teeBody(body, &b)
		resp, err := s.fakeARM.Do(req)
		s.body = b.String()
		return resp, err
	}
	return s.fakeARM.Do(req)
}

func TestWhatIsSent(t *testing.T) {
	ta := testSession(plan.FlowLog)
	ta.FlowLog = &plan.FlowLogSpec{RetentionDays: 7, TrafficAnalytics: &plan.TrafficAnalytics{
		Workspace: group + "Microsoft.OperationalInsights/workspaces/ws", Interval: 10,
	}}
	set := testSession(plan.PacketCapture)
	set.Target.Kind, set.Capture.Filters = "vmss", nil
	set.Capture.Include = []string{"3"}
	ring := testSession(plan.PacketCapture)
	ring.Capture = &plan.CaptureSpec{LocalPath: "/var/captures/a.cap", Ring: &plan.Ring{Files: 4, FileSize: 1 << 20, Duration: 2 * 3600 * 1e9}}
	tests := map[string]struct {
		s    plan.Session
		want string
	}{
		"flow log": {testSession(plan.FlowLog), `{"location":"westeurope","tags":{"flowctl":"egress","owner":"netops"},"properties":{
			"targetResourceId":"` + vnetID + `","storageId":"` + account + `","enabled":true,
			"format":{"type":"JSON","version":2},"retentionPolicy":{"days":0,"enabled":false},
			"recordTypes":"B,E","enabledFilteringCriteria":"dstPort=443"}}`},
		"traffic analytics": {ta, `{"location":"westeurope","tags":{"flowctl":"egress","owner":"netops"},"properties":{
			"targetResourceId":"` + vnetID + `","storageId":"` + account + `","enabled":true,
			"format":{"type":"JSON","version":2},"retentionPolicy":{"days":7,"enabled":true},
			"flowAnalyticsConfiguration":{"networkWatcherFlowAnalyticsConfiguration":{"enabled":true,"workspaceId":"guid-of-ws",
			"workspaceRegion":"northeurope","workspaceResourceId":"` + group + `Microsoft.OperationalInsights/workspaces/ws","trafficAnalyticsInterval":10}}}}`},
		"capture": {testSession(plan.PacketCapture), `{"properties":{"target":"` + vmID + `","targetType":"AzureVM","bytesToCapturePerPacket":128,
			"totalBytesPerSession":268435456,"timeLimitInSeconds":600,"storageLocation":{"storageId":"` + account + `"},
			"filters":[{"protocol":"TCP","remotePort":"443"},{"localIPAddress":"10.0.0.4"}]}}`},
		"scale set": {set, `{"properties":{"target":"` + vmID + `","targetType":"AzureVMSS","scope":{"include":["3"],"exclude":[]},"bytesToCapturePerPacket":128,
			"totalBytesPerSession":268435456,"timeLimitInSeconds":600,"storageLocation":{"storageId":"` + account + `"}}}`},
		"ring": {ring, `{"properties":{"target":"` + vmID + `","targetType":"AzureVM","bytesToCapturePerPacket":0,"continuousCapture":true,
			"captureSettings":{"fileCount":4,"fileSizeInBytes":1048576,"sessionTimeLimitInSeconds":7200},
			"storageLocation":{"storageId":"` + account + `","localPath":"/var/captures/a.cap"}}}`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			a := &sentTo{fakeARM: newARM(), workspace: `{"location":"northeurope","properties":{"customerId":"guid-of-ws"}}`}
			p, _ := newTestProvider(t, a)
			if _, err := p.Start(context.Background(), tt.s); err != nil {
				t.Fatal(err)
			}
			var want, got any
			if err := json.Unmarshal([]byte(tt.want), &want); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal([]byte(a.body), &got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("body (-want +got)\n%s", diff)
			}
		})
	}
}

func TestAnUnknownWorkspaceIsSaid(t *testing.T) {
	a := &sentTo{fakeARM: newARM()}
	p, _ := newTestProvider(t, a)
	s := testSession(plan.FlowLog)
	s.FlowLog.TrafficAnalytics = &plan.TrafficAnalytics{Workspace: group + "Microsoft.OperationalInsights/workspaces/ws", Interval: 10}
	_, err := p.Start(context.Background(), s)
	check(t, err, "start flow log one on hub: read workspace ws for traffic analytics: 404 ResourceNotFound: No workspace.")
	if len(a.resources) != 0 {
		t.Error("a flow log was made")
	}
}
