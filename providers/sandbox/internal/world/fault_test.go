package world

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"flowctl/plan"
)

// with is a small world with more in it.
func with(t *testing.T, more string) *World {
	t.Helper()
	w, err := Parse("t.hcl", []byte(`name = "t"
epoch        = "2026-01-01T00:00:00Z"
seed         = 1
subscription = "11111111-2222-3333-4444-555555555555"
tenant       = "11111111-2222-3333-4444-555555555555"
regions      = ["westeurope"]
resource_group "rg" { region = "westeurope" }
vnet "v" {
  resource_group = "rg"
  address_space  = ["10.0.0.0/16"]
  subnet "s" { prefix = "10.0.1.0/24" }
}
`+more))
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestMatches(t *testing.T) {
	tests := []struct {
		pattern, name string
		want          bool
	}{
		{"flow_log.create", "flow_log.create", true},
		{"flow_log.create", "flow_log.created", false},
		{"flow_log.*", "flow_log.create", true},
		{"*.delete", "flow_log.delete", true},
		{"*.delete", "flow_log.deleted", false},
		{"*", "", true},
		{"", "x", false},
		{"a*b*c", "aXbXbc", true},
		{"a*b*c", "acb", false},
		{"ab*ba", "aba", false},
		{"Microsoft.Network/*", "microsoft.network/virtualNetworks/read", true},
		{"*/read", "Microsoft.Network/virtualNetworks/write", false},
		{"**", "anything", true},
	}
	for _, tt := range tests {
		if got := Matches(tt.pattern, tt.name); got != tt.want {
			t.Errorf("%q matches %q: %v", tt.pattern, tt.name, got)
		}
	}
}

func TestFaultsTakeDefaults(t *testing.T) {
	w := with(t, `
fault "busy" {
  operation = "flow_log.*"
  code      = "RetryableErrorDueToAnotherOperation"
  after     = "10m"
  until     = "2026-01-01T01:00:00Z"
}
fault "fails" {
  operation = "packet_capture.create"
  effect    = "fail"
}
fault "own" {
  operation = "*.read"
  status    = 418
  code      = "Teapot"
  message   = "Short and stout."
}`)
	busy, fails, own := w.Faults[0], w.Faults[1], w.Faults[2]
	if busy.Effect != Refuse || busy.Status != 429 || busy.Probability != 1 || busy.Message == "" {
		t.Errorf("busy: %+v", busy)
	}
	began := w.Epoch.Add(24 * time.Hour)
	if !busy.After.In(began).Equal(began.Add(10*time.Minute)) || !busy.Until.In(began).Equal(w.Epoch.Add(time.Hour)) {
		t.Errorf("busy from %v until %v", busy.After.In(began), busy.Until.In(began))
	}
	if fails.Code != "InternalServerError" || fails.Message == "" {
		t.Errorf("fails: %+v", fails)
	}
	if own.Status != 418 || own.Message != "Short and stout." {
		t.Errorf("own: %+v", own)
	}
}

func TestEffectsHitTheirOperations(t *testing.T) {
	tests := []struct {
		effect, pattern string
		hits, misses    string
	}{
		{Refuse, "*", "flow_log.read vm.list blob.get packet_capture.stop", "flow_log.record packet_capture.upload"},
		{Fail, "*.delete", "flow_log.delete packet_capture.delete network_watcher.delete", "vnet.delete"},
		{Never, "*", "flow_log.record packet_capture.upload", "flow_log.create blob.get"},
		{AgentStopped, "packet_capture.*", "packet_capture.create", "packet_capture.stop packet_capture.upload"},
	}
	for _, tt := range tests {
		f := &Fault{Effect: tt.effect, Operation: tt.pattern}
		for op := range strings.FieldsSeq(tt.hits) {
			if !f.Hits(op) {
				t.Errorf("%s on %s does not hit %s", tt.effect, tt.pattern, op)
			}
		}
		for op := range strings.FieldsSeq(tt.misses) {
			if f.Hits(op) {
				t.Errorf("%s on %s hits %s", tt.effect, tt.pattern, op)
			}
		}
	}
}

func TestRoles(t *testing.T) {
	w := with(t, `
role "Reader" {}
role "Network Contributor" { scope = "rg" }
role "mine" {
  scope        = "v"
  actions      = ["Microsoft.Network/*"]
  not_actions  = ["*/delete"]
  data_actions = []
}`)
	sub := plan.ID("/subscriptions/" + w.Subscription)
	reader, network, mine := w.Roles[0], w.Roles[1], w.Roles[2]
	if !reader.Scope.Is(sub) || !network.Scope.Is(sub+"/resourceGroups/rg") || !mine.Scope.Is(w.VNets[0].ID) {
		t.Errorf("scopes %s, %s, %s", reader.Scope, network.Scope, mine.Scope)
	}
	tests := []struct {
		role   *Role
		action string
		want   bool
	}{
		{reader, "Microsoft.Network/virtualNetworks/read", true},
		{reader, "Microsoft.Network/virtualNetworks/write", false},
		{network, "Microsoft.Network/networkWatchers/flowLogs/write", true},
		{network, "Microsoft.Storage/storageAccounts/listKeys/action", false},
		{mine, "Microsoft.Network/networkWatchers/flowLogs/write", true},
		{mine, "microsoft.network/networkWatchers/flowLogs/DELETE", false},
	}
	for _, tt := range tests {
		if got := tt.role.Allows(tt.action, false); got != tt.want {
			t.Errorf("%s allows %s: %v", tt.role.Name, tt.action, got)
		}
		if tt.role.Allows(tt.action, true) {
			t.Errorf("%s allows %s as a data action", tt.role.Name, tt.action)
		}
	}
	if !network.Covers(w.VNets[0].ID) || network.Covers(sub) || network.Covers(sub+"/resourceGroups/rg2") {
		t.Error("a role covers its scope and what is below it")
	}
}

func TestCheckFaults(t *testing.T) {
	served := []string{"flow_log.create", "vm.read", "packet_capture.create"}
	for operation, tt := range map[string]struct{ more, want string }{
		"flow_log.*":            {`code = "InternalServerError"`, ""},
		"*":                     {`effect = "never"`, ""},
		"flowlog.create":        {`code = "InternalServerError"`, "Unknown operation"},
		"vm.read":               {`effect = "fail"`, "Nothing to strike"},
		"packet_capture.upload": {`code = "InternalServerError"`, "Nothing to strike"},
	} {
		err := with(t, "fault \"f\" {\n operation = \""+operation+"\"\n "+tt.more+"\n}").CheckFaults(served)
		if got := fmt.Sprint(err); (err == nil) != (tt.want == "") || !strings.Contains(got, tt.want) {
			t.Errorf("%s: %v, want %q", operation, err, tt.want)
		}
	}
}
