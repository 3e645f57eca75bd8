package config

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowctl/plan"
)

// TestDefaults wants of each block that says nothing, or little, what it then means.
func TestDefaults(t *testing.T) {
	first := func(src string) Investigation { return *load(t, src, Inputs{}).Investigations[0] }
	headers := plan.CaptureSpec{Duration: 2 * time.Hour, MaxBytes: 1 << 30, BytesPerPacket: 128}
	with := func(change func(*plan.CaptureSpec)) plan.CaptureSpec {
		c := headers
		change(&c)
		return c
	}
	for name, tt := range map[string]struct {
		src  string
		want plan.CaptureSpec
	}{
		"a machine":                 {small, headers},
		"an empty block":            {inCapture(""), headers},
		"a short window":            {windowed("10m"), with(func(c *plan.CaptureSpec) { c.Duration = 10 * time.Minute })},
		"the longest":               {windowed("5h"), with(func(c *plan.CaptureSpec) { c.Duration = 5 * time.Hour })},
		"whole packets":             {inCapture("bytes_per_packet = 0"), with(func(c *plan.CaptureSpec) { c.BytesPerPacket = 0 })},
		"a duration":                {inCapture(`duration = "90s"`), with(func(c *plan.CaptureSpec) { c.Duration = 90 * time.Second })},
		"a long window, a duration": {strings.Replace(inCapture(`duration = "5h"`), `"2h"`, `"2d"`, 1), with(func(c *plan.CaptureSpec) { c.Duration = 5 * time.Hour })},
		"a ring": {inRing(""), with(func(c *plan.CaptureSpec) {
			c.Ring, c.MaxBytes = &plan.Ring{Files: 10, FileSize: 100 << 20, Duration: 2 * time.Hour}, 1000<<20
		})},
		"a ring of a week": {strings.Replace(inRing("files = 3\nfile_size = \"1MB\""), `"2h"`, `"7d"`, 1), with(func(c *plan.CaptureSpec) {
			c.Ring, c.MaxBytes, c.Duration = &plan.Ring{Files: 3, FileSize: 1e6, Duration: 7 * day}, 3e6, 7*day
		})},
		"a ring with an end": {inRing(`duration = "1h"`), with(func(c *plan.CaptureSpec) {
			c.Ring, c.MaxBytes, c.Duration = &plan.Ring{Files: 10, FileSize: 100 << 20, Duration: time.Hour}, 1000<<20, time.Hour
		})},
		"instances":             {strings.Replace(inCapture(`include = ["0", "3"]`), `"vm" "db"`, `"vmss" "db"`, 1), with(func(c *plan.CaptureSpec) { c.Include = []string{"0", "3"} })},
		"one instance left out": {strings.Replace(inCapture(`exclude = "7"`), `"vm" "db"`, `"vmss" "db"`, 1), with(func(c *plan.CaptureSpec) { c.Exclude = []string{"7"} })},
	} {
		w := first(tt.src).Watches[0]
		if w.FlowLog != nil || w.Capture == nil {
			t.Fatalf("%s: %+v", name, w)
		}
		if diff := cmp.Diff(tt.want, w.Capture.Spec); diff != "" || w.Capture.Declared != strings.Contains(tt.src, "packet_capture") {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	const workspace = "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/g/providers/Microsoft.OperationalInsights/workspaces/w"
	for body, want := range map[string]plan.FlowLogSpec{
		"":                                {},
		"retention_days = 7":              {RetentionDays: 7},
		"record_types = [\"end\", \"B\"]": {RecordTypes: "B,E"},
		"record_types = [\"deny\", \"begin\", \"end\", \"continue\"]":                      {},
		"record_types = \"deny\"":                                                          {RecordTypes: "D"},
		"filter {\nprotocol = \"tcp\"\n}":                                                  {Filter: "Protocol=TCP"},
		"traffic_analytics {\nworkspace_id = \"" + workspace + "\"\n}":                     {TrafficAnalytics: &plan.TrafficAnalytics{Workspace: workspace, Interval: 60}},
		"traffic_analytics {\nworkspace_id = \"" + workspace + "\"\ninterval = \"10m\"\n}": {TrafficAnalytics: &plan.TrafficAnalytics{Workspace: workspace, Interval: 10}},
		"traffic_analytics {\nworkspace_id = \"" + workspace + "\"\ninterval = \"60m\"\n}": {TrafficAnalytics: &plan.TrafficAnalytics{Workspace: workspace, Interval: 60}},
	} {
		w := first(inFlowLog(body)).Watches[0]
		if diff := cmp.Diff(want, w.FlowLog.Spec); diff != "" || w.Capture != nil || !w.FlowLog.Declared {
			t.Errorf("flow_log { %s } (-want +got):\n%s", body, diff)
		}
	}
	for _, kind := range []string{VNet, NIC, NSG, VM, VMSS} {
		w := first(strings.Replace(small, `"vm" "db"`, `"`+kind+`" "db"`, 1)).Watches[0]
		if capture := kind == VM || kind == VMSS; (w.Capture != nil) != capture || (w.FlowLog != nil) == capture || ResourceType(kind) == "" {
			t.Errorf("%s: %+v", kind, w)
		}
	}
	inv := first(small)
	if diff := cmp.Diff([]string{Markdown, JSON}, inv.Report.Formats); diff != "" || inv.Budget != nil || inv.Window != 2*time.Hour || !inv.Start.IsZero() || inv.CreateWatchers || inv.MaxTotalBytes != 0 {
		t.Errorf("%+v %s", inv, diff)
	}
	inv = first(strings.Replace(small, `window = "2h"`, "start = \"2026-11-21T14:00:00+02:00\"\nend = \"2026-11-21T13:30:00Z\"", 1))
	if inv.Window != 90*time.Minute || inv.Start.Format(time.RFC3339) != "2026-11-21T12:00:00Z" || inv.End.Format(time.RFC3339) != "2026-11-21T13:30:00Z" {
		t.Errorf("%v from %v to %v", inv.Window, inv.Start, inv.End)
	}
	for body, want := range map[string]int{"": 20, "by = \"port\"": 20, "by = \"time(5m)\"": 288, "by = [\"port\", \"day\"]": 288, "by = \"hour\"\ntop = 3": 3} {
		s := first(inSummary(body)).Summaries[0]
		if s.Top != want || s.Question.Top != want || s.Question.Where != nil || s.Condition != "" {
			t.Errorf("summarize { %s }: %+v", body, s)
		}
	}
	state := load(t, inState(`container = "abc"`), Inputs{}).State
	if state.Type != BlobState || state.History != 20 || state.Prefix != "" || state.Passphrase+state.Key != "" {
		t.Errorf("%+v", state)
	}
	if local := load(t, small+"state \"local\" { }\n", Inputs{}).State; local.Type != LocalState {
		t.Errorf("%+v", local)
	}
	const guid = "11111111-2222-3333-4444-555555555555"
	azure := load(t, inAzure(named("subscription_id", strings.ToUpper(guid))), Inputs{}).Providers[0]
	if azure.Alias != Azure || azure.SubscriptionID != guid || azure.Environment != "public" || azure.Credential != "default" || azure.MetadataHost != "" {
		t.Errorf("%+v", azure)
	}
	sandbox := load(t, inSandbox(""), Inputs{}).Providers[0]
	if sandbox.Alias != Sandbox || sandbox.Clock != nil || sandbox.Seed != nil || sandbox.World != "" || sandbox.SubscriptionID != "" {
		t.Errorf("%+v", sandbox)
	}
	if d := first(inInvestigation(`dictionary = { "10.9.0.7" = "b", "10.8.0.0/16" = "a", "fd00::1" = "c" }`)).Dictionary; len(d) != 3 || d[0].Name != "a" || d[1].Prefix.String() != "10.9.0.7/32" || d[2].Prefix.String() != "fd00::1/128" {
		t.Errorf("%+v", d)
	}
}

// TestSeveralProviders wants each watch to say which of several it uses, in either form,
// and one provider to need no word.
func TestSeveralProviders(t *testing.T) {
	const two = "provider \"sandbox\" {\nalias = \"east\"\n}\nprovider \"sandbox\" {\nalias = \"west\"\nsubscription_id = \"11111111-2222-3333-4444-555555555555\"\n}\n"
	for line, want := range map[string]string{
		"provider = sandbox.west": "west", `provider = "west"`: "west", "provider = sandbox.east": "east", `provider = sandbox["west"]`: "west", `provider = "${"we"}st"`: "west",
	} {
		if got := load(t, inWatch("tags = { role = \"db\" }\n"+line)+two, Inputs{}).Investigations[0].Watches[0].Provider; got != want {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
	}
	for line, want := range map[string]string{
		"": "No provider chosen: There are 2 providers (east, west), so each watch must choose one: write provider = sandbox.east.", "provider = sandbox.north": "Unknown provider", "provider = sandbox": "Unknown provider",
		"provider = azure.west": "Unknown provider", `provider = "nord"`: "Unknown provider", "provider = 7": "Unknown provider", "provider = var.x": "Unknown variable",
	} {
		if got := says(t, inWatch("tags = { role = \"db\" }\n"+line)+two, Inputs{}); !strings.HasPrefix(got, want) {
			t.Errorf("%q: %s, want %s", line, got, want)
		}
	}
	if got := load(t, small+"provider \"sandbox\" {\nalias = \"only\"\n}\n", Inputs{}).Investigations[0].Watches[0].Provider; got != "only" {
		t.Errorf("the only one is %q", got)
	}
	cfg := load(t, inWatch("tags = { role = \"db\" }\nprovider = sandbox.west")+two, Inputs{})
	if cfg.Providers[1].SameWorld != "east" || cfg.Providers[0].SameWorld != "" {
		t.Errorf("worlds %+v", cfg.Providers)
	}
}
