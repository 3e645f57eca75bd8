package arm

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"flowctl/plan"
	"flowctl/providers/sandbox/internal/traffic"
	"flowctl/providers/sandbox/internal/world"
)

// newWorld is a cloud over a world of testdata.
func newWorld(t *testing.T, file string) *cloud {
	t.Helper()
	w, err := world.Load(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	return cloudOf(t, w, 5)
}

func cloudOf(t *testing.T, w *world.World, page int) *cloud {
	t.Helper()
	c := &cloud{T: t, w: w, clock: &hands{now: w.Epoch}, sub: "/subscriptions/" + w.Subscription}
	srv, err := New(Options{World: w, Model: traffic.New(w), Clock: c.clock, PageSize: page})
	if err != nil {
		t.Fatal(err)
	}
	c.srv = srv
	if len(w.Watchers) > 0 {
		c.watcher = string(w.Watchers[0].ID)
	}
	if len(w.VNets) > 0 {
		c.vnet = w.VNets[0]
	}
	if len(w.Accounts) > 0 {
		c.account = w.Accounts[0]
	}
	if len(w.VMs) > 0 {
		c.vm = w.VMs[0]
	}
	return c
}

// path is the id of the world's resource of that name.
func (c *cloud) path(name string) string {
	c.Helper()
	for _, r := range c.srv.byID {
		if id := resourceID(r); id.Name() == name {
			return string(id)
		}
	}
	c.Fatalf("the world has no %s", name)
	return ""
}

func resourceID(r any) plan.ID {
	switch r := r.(type) {
	case *world.VNet:
		return r.ID
	case *world.VM:
		return r.ID
	case *world.NIC:
		return r.ID
	case *world.StorageAccount:
		return r.ID
	case *world.Subnet:
		return r.ID
	case *world.ScaleSet:
		return r.ID
	case *world.NSG:
		return r.ID
	}
	return ""
}

func (c *cloud) register() {
	c.Helper()
	c.want(c.do("POST", c.sub+"/providers/Microsoft.Insights/register", ""), 200, "register")
	_ = c.clock.Sleep(c.Context(), registrationTime)
}

func TestRegistration(t *testing.T) {
	c := newWorld(t, "guarded.hcl")
	path := c.sub + "/providers/microsoft.insights"
	state := func() any { return c.want(c.do("GET", path, ""), 200, "provider").at("registrationState") }
	if got := state(); got != "NotRegistered" {
		t.Errorf("state %v", got)
	}
	a := c.do("PUT", c.watcher+"/flowLogs/a", c.flowLog(c.vnet.ID, ""))
	if a.code != 409 || a.errorCode() != "MissingSubscriptionRegistration" {
		t.Errorf("flow log without registration: %d %s", a.code, a.text)
	}
	if got := c.want(c.do("POST", path+"/register", ""), 200, "register").at("registrationState"); got != "Registering" {
		t.Errorf("after register %v", got)
	}
	_ = c.clock.Sleep(c.Context(), registrationTime-time.Second)
	if got := state(); got != "Registering" {
		t.Errorf("shortly after %v", got)
	}
	_ = c.clock.Sleep(c.Context(), time.Second)
	if got := state(); got != "Registered" {
		t.Errorf("in the end %v", got)
	}
	c.want(c.do("PUT", c.watcher+"/flowLogs/a", c.flowLog(c.vnet.ID, "")), 201, "flow log")
	if got := c.want(c.do("POST", path+"/register", ""), 200, "again").at("registrationState"); got != "Registered" {
		t.Errorf("registered again: %v", got)
	}
	c.want(c.do("POST", path+"/unregister", ""), 200, "unregister")
	_ = c.clock.Sleep(c.Context(), registrationTime)
	if got := state(); got != "NotRegistered" {
		t.Errorf("after unregister %v", got)
	}
}

func TestLocksAreListed(t *testing.T) {
	c := newWorld(t, "guarded.hcl")
	const locks = "/providers/Microsoft.Authorization/locks"
	tests := map[string]struct{ path, want string }{
		"subscription":      {c.sub + locks, "frozen keep stone"},
		"its scope":         {c.sub + locks + "?api-version=2024-05-01&$filter=atScope()", ""},
		"group":             {c.sub + "/resourceGroups/rg-locked" + locks, "frozen"},
		"other group":       {c.sub + "/resourceGroups/rg-free" + locks, "keep stone"},
		"other group alone": {c.sub + "/resourceGroups/rg-free" + locks + "?api-version=2024-05-01&$filter=atScope()", ""},
		"resource":          {c.path("vm-locked") + locks, "frozen"},
		"child":             {c.path("vnet-locked") + "/subnets/snet" + locks, "frozen"},
	}
	for name, tt := range tests {
		all, _ := c.names(tt.path)
		if got := strings.Join(all, " "); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
	a := c.want(c.do("GET", c.path("vm-free")+locks+"/keep", ""), 200, "lock")
	if a.at("properties.level") != "CanNotDelete" || a.at("type") != "Microsoft.Authorization/locks" {
		t.Errorf("lock %s", a.text)
	}
	c.want(c.do("GET", c.sub+locks+"/nothing", ""), 404, "a lock that is not there")
	c.want(c.do("GET", c.sub+"/resourceGroups/rg-free/providers/Microsoft.Compute/virtualMachines/none"+locks, ""), 404, "locks of nothing")
}

func TestLocksAct(t *testing.T) {
	c := newWorld(t, "guarded.hcl")
	c.register()
	account := func(name string) string { return fmt.Sprintf(`,"storageId":%q`, c.path(name)) }
	capture := func(vm, storage string) string {
		return fmt.Sprintf(`{"properties":{"target":%q,"storageLocation":{"storageId":%q}}}`, c.path(vm), c.path(storage))
	}
	tests := []struct {
		name, method, path, body string
		status                   int
		by                       string // scope in the message
	}{
		{"flow log on a locked target", "PUT", c.watcher + "/flowLogs/a", c.flowLog(plan.ID(c.path("vnet-locked")), ""), 409, "/resourceGroups/rg-locked'"},
		{"capture on a locked machine", "PUT", c.watcher + "/packetCaptures/a", capture("vm-locked", "stfree"), 409, "/resourceGroups/rg-locked'"},
		{"capture into a locked account", "PUT", c.watcher + "/packetCaptures/a", capture("vm-free", "stlocked"), 409, "/storageAccounts/stlocked'"},
		{"keys of a locked account", "POST", c.path("stlocked") + "/listKeys", "", 409, "/storageAccounts/stlocked'"},
		{"lifecycle of a locked account", "DELETE", c.path("stlocked") + "/managementPolicies/default", "", 409, "/storageAccounts/stlocked'"},
		{"retention in a locked account", "PUT", c.watcher + "/flowLogs/a", c.flowLog(c.vnet.ID, `,"retentionPolicy":{"days":3,"enabled":true}`+account("stlocked")), 409, "stlocked'"},
		{"deletion of a locked extension", "DELETE", c.path("vm-free") + "/extensions/AzureNetworkWatcherExtension", "", 409, "/virtualMachines/vm-free'"},
		{"deletion of what holds it", "DELETE", c.sub + "/resourceGroups/rg-free", "", 409, "/virtualMachines/vm-free'"},
		{"capture on a machine that must stay", "PUT", c.watcher + "/packetCaptures/a", capture("vm-free", "stfree"), 201, ""},
		{"reading", "GET", c.path("vm-locked"), "", 200, ""},
	}
	for _, tt := range tests {
		a := c.do(tt.method, tt.path, tt.body)
		if a.code != tt.status || tt.by != "" && (a.errorCode() != "ScopeLocked" || !strings.Contains(a.text, tt.by)) {
			t.Errorf("%s: %d %s", tt.name, a.code, a.text)
		}
	}
}

func TestLocksComeAndGo(t *testing.T) {
	c := newWorld(t, "guarded.hcl")
	c.register()
	lock := plan.ID(c.watcher) + "/providers/Microsoft.Authorization/locks/mine"
	body := `{"properties":{"level":"readonly","notes":"n"}}`
	c.want(c.do("PUT", string(lock), body), 201, "lock the watcher")
	c.want(c.do("PUT", string(lock), body), 200, "lock it again")
	if a := c.do("PUT", c.watcher+"/flowLogs/a", c.flowLog(c.vnet.ID, "")); a.errorCode() != "ScopeLocked" {
		t.Errorf("flow log below a locked watcher: %d %s", a.code, a.text)
	}
	c.want(c.do("PUT", string(lock), `{"properties":{"level":"Never"}}`), 400, "a level that is none")
	c.want(c.do("DELETE", string(lock), ""), 200, "unlock")
	c.want(c.do("DELETE", string(lock), ""), 204, "unlock again")
	c.want(c.do("PUT", c.watcher+"/flowLogs/a", c.flowLog(c.vnet.ID, "")), 201, "flow log")
}

func TestAccountGuards(t *testing.T) {
	c := newWorld(t, "guarded.hcl")
	tests := []struct {
		path  string
		wants map[string]any
	}{
		{c.path("stguarded"), map[string]any{
			"properties.publicNetworkAccess": "Enabled", "properties.networkAcls.defaultAction": "Deny", "properties.networkAcls.bypass": "AzureServices, Metrics",
			"properties.immutableStorageWithVersioning.enabled":                                                  true,
			"properties.immutableStorageWithVersioning.immutabilityPolicy.immutabilityPeriodSinceCreationInDays": 90.0,
			"properties.immutableStorageWithVersioning.immutabilityPolicy.state":                                 "Unlocked"}},
		{c.path("stclosed"), map[string]any{"properties.publicNetworkAccess": "Disabled", "properties.networkAcls.bypass": "None"}},
		{c.path("stfree"), map[string]any{"properties.publicNetworkAccess": "Enabled", "properties.networkAcls.defaultAction": "Allow",
			"properties.networkAcls.bypass": "AzureServices", "properties.immutableStorageWithVersioning": nil}},
		{c.path("stguarded") + "/blobServices/default", map[string]any{"properties.isVersioningEnabled": true, "properties.deleteRetentionPolicy.days": 7.0}},
		{c.path("stguarded") + "/blobServices/default/containers/evidence", map[string]any{"properties.hasLegalHold": true, "properties.hasImmutabilityPolicy": true,
			"properties.immutabilityPolicy.properties.state": "Locked"}},
		{c.path("stguarded") + "/blobServices/default/containers/plain", map[string]any{"properties.hasLegalHold": false}},
		{c.path("stguarded") + "/blobServices/default/containers/evidence/immutabilityPolicies/default", map[string]any{
			"properties.immutabilityPeriodSinceCreationInDays": 365.0, "properties.allowProtectedAppendWrites": true}},
	}
	for _, tt := range tests {
		a := c.want(c.do("GET", tt.path, ""), 200, tt.path)
		for at, want := range tt.wants {
			if got := a.at(at); got != want {
				t.Errorf("%s: %s is %v, want %v", tt.path, at, got, want)
			}
		}
	}
	a := c.do("GET", c.path("stguarded"), "")
	if !strings.Contains(a.text, `"value":"203.0.113.0/24"`) || !strings.Contains(a.text, `virtualNetworks/vnet-free/subnets/snet"`) {
		t.Errorf("no rules in %s", a.text)
	}
	if all, _ := c.names(c.path("stguarded") + "/blobServices/default/containers"); strings.Join(all, " ") != "evidence plain" {
		t.Errorf("containers %v", all)
	}
	c.want(c.do("GET", c.path("stfree")+"/blobServices/default/containers/none", ""), 404, "a container that is not there")
}
