package arm

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"flowctl/plan"
	"flowctl/providers/sandbox/internal/world"
)

func TestLifeOfAFlowLog(t *testing.T) {
	c := newCloud(t)
	path := c.watcher + "/flowLogs/Mine"
	before := c.do("GET", c.watcher, "").at("etag")

	put := c.want(c.do("PUT", path+"?api-version=2024-05-01", c.flowLog(c.vnet.ID, `,"format":{"version":2}`)), 201, "create")
	if put.at("properties.provisioningState") != "Updating" || put.h.Get("Location") != "" || put.h.Get("Retry-After") != "10" ||
		put.h.Get("Azure-AsyncNotification") != "Enabled" {
		t.Errorf("create: %v\n%s", put.h, put.text)
	}
	op, err := url.Parse(put.h.Get("Azure-AsyncOperation"))
	if err != nil || op.Host != "management.azure.com" || op.Query().Get("api-version") != "2024-05-01" ||
		!strings.HasPrefix(op.Path, c.sub+"/providers/Microsoft.Network/locations/"+c.vnet.Location+"/operations/") {
		t.Errorf("operation at %v", op)
	}
	if got := c.do("GET", op.String(), ""); got.text != `{"status":"InProgress"}` {
		t.Errorf("operation says %s", got.text)
	}
	if got := c.settle(put); got.text != `{"status":"Succeeded"}` {
		t.Errorf("operation ends with %s", got.text)
	}

	got := c.want(c.do("GET", strings.ToLower(path), ""), 200, "read")
	for at, want := range map[string]any{
		"name": "Mine", "type": "Microsoft.Network/networkWatchers/flowLogs", "location": c.vnet.Location, "id": path,
		"properties.provisioningState": "Succeeded", "properties.targetResourceGuid": c.vnet.GUID, "properties.enabled": true,
		"properties.format.type": "JSON", "properties.format.version": 2.0,
		"properties.retentionPolicy.days": 0.0, "properties.retentionPolicy.enabled": false, "tags": nil, "identity": nil,
		"properties.enabledFilteringCriteria": "", "properties.recordTypes": nil,
	} {
		if got.at(at) != want {
			t.Errorf("%s is %v, want %v", at, got.at(at), want)
		}
	}
	if !strings.Contains(got.text, `"flowAnalyticsConfiguration":{}`) {
		t.Errorf("no empty flowAnalyticsConfiguration in %s", got.text)
	}
	watcher := c.do("GET", c.watcher, "")
	if got.at("etag") != watcher.at("etag") || got.h.Get("ETag") != "" || got.at("etag") == before {
		t.Errorf("etag %v, header %q, watcher's %v, before %v", got.at("etag"), got.h.Get("ETag"), watcher.at("etag"), before)
	}
	if back := c.do("GET", string(c.vnet.ID), ""); !strings.Contains(back.text, path) {
		t.Errorf("the target does not refer to its flow log")
	}

	update := c.want(c.do("PUT", path, strings.Replace(got.text, `"enabled":true`, `"enabled":false`, 1)), 200, "update")
	c.settle(update)
	if c.do("GET", path, "").at("properties.enabled") != false {
		t.Errorf("the update is not there")
	}
	patch := c.want(c.do("PATCH", path, `{"tags":{"a":"b"}}`), 200, "patch")
	if patch.at("tags.a") != "b" || patch.h.Get("Azure-AsyncOperation") != "" {
		t.Errorf("patch: %s", patch.text)
	}

	del := c.want(c.do("DELETE", path, ""), 202, "delete")
	if del.h.Get("Content-Length") != "0" || del.h.Get("Azure-AsyncOperation") == "" || del.h.Get("Location") == "" || del.h.Get("Retry-After") != "10" {
		t.Errorf("delete: %v", del.h)
	}
	if strings.Replace(del.h.Get("Location"), "operationResults", "operations", 1) != del.h.Get("Azure-AsyncOperation") {
		t.Errorf("operation %q and result %q differ", del.h.Get("Azure-AsyncOperation"), del.h.Get("Location"))
	}
	if c.want(c.do("GET", path, ""), 200, "while deleted").at("properties.provisioningState") != "Deleting" {
		t.Errorf("not Deleting while deleted")
	}
	c.want(c.do("GET", del.h.Get("Location"), ""), 202, "early result")
	c.settle(del)
	if res := c.want(c.do("GET", del.h.Get("Location"), ""), 204, "result"); res.text != "" {
		t.Errorf("result of a deletion: %q", res.text)
	}
	c.want(c.do("GET", path, ""), 404, "after deletion")
	c.want(c.do("DELETE", path, ""), 204, "second deletion")
}

func TestFlowLogRuns(t *testing.T) {
	c := newCloud(t)
	path := c.watcher + "/flowLogs/a"
	put := func(body string) { c.settle(c.do("PUT", path, body)); _ = c.clock.Sleep(t.Context(), time.Hour) }
	put(c.flowLog(c.vnet.ID, ""))
	put(c.flowLog(c.vnet.ID, `,"retentionPolicy":{"days":3,"enabled":true}`)) // changes nothing that is recorded
	put(c.flowLog(c.vnet.ID, `,"recordTypes":"B,E"`))
	put(strings.Replace(c.flowLog(c.vnet.ID, ""), "true", "false", 1))
	put(c.flowLog(c.subnet.ID, ""))
	c.settle(c.do("DELETE", path, ""))
	put(c.flowLog(c.vnet.ID, ""))
	st, err := c.srv.State()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, l := range st.FlowLogs {
		for _, r := range l.Runs {
			if l.ID.Is(plan.ID(path)) {
				got = append(got, fmt.Sprintf("%s %s %v", r.Target.Name(), r.RecordTypes, r.Until.IsZero()))
			}
		}
	}
	v, s := c.vnet.Name, c.subnet.Name
	if want := []string{v + "  false", v + " B,E false", s + "  false", v + "  true"}; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("runs %q, want %q", got, want)
	}
}

func TestFlowLogRefusals(t *testing.T) {
	c := newCloud(t)
	c.settle(c.want(c.do("PUT", c.watcher+"/flowLogs/first", c.flowLog(c.subnet.ID, "")), 201, "first"))
	nsg := c.w.NSGs[0].ID
	far := c.accountWith(func(a *world.StorageAccount) bool { return a.Location != c.vnet.Location }).ID
	premium := c.accountWith(func(a *world.StorageAccount) bool { return strings.HasPrefix(a.SKU, "Premium") }).ID
	var farNet plan.ID
	for _, v := range c.w.VNets {
		if v.Location != c.vnet.Location {
			farNet = v.ID
		}
	}
	body := c.flowLog(c.vnet.ID, "")
	with := func(old, text string) string { return strings.Replace(body, old, text, 1) }
	store := func(id plan.ID) string { return with(string(c.account.ID), string(id)) }
	target := func(id plan.ID) string { return with(string(c.vnet.ID), string(id)) }
	tests := map[string]struct {
		path, body string
		status     int
		code       string
	}{
		"no json":           {"/flowLogs/a", "{", 400, "InvalidRequestContent"},
		"wrong type":        {"/flowLogs/a", `{"properties":7}`, 400, "InvalidRequestContent"},
		"no target":         {"/flowLogs/a", `{"properties":{}}`, 400, "InvalidRequestFormat"},
		"no storage":        {"/flowLogs/a", store(""), 400, "InvalidRequestFormat"},
		"name":              {"/flowLogs/-a", body, 400, "InvalidResourceName"},
		"long name":         {"/flowLogs/" + strings.Repeat("a", 81), body, 400, "InvalidResourceName"},
		"no watcher":        {"x/flowLogs/a", body, 404, "ParentResourceNotFound"},
		"nsg":               {"/flowLogs/a", target(nsg), 400, "NsgFlowLogCreationBlocked"},
		"unknown target":    {"/flowLogs/a", target(c.vnet.ID + "x"), 400, "InvalidResourceReference"},
		"vm":                {"/flowLogs/a", target(c.vm.ID), 400, "InvalidRequestFormat"},
		"far target":        {"/flowLogs/a", target(farNet), 400, "InvalidResourceReference"},
		"location":          {"/flowLogs/a", with(`"location":"`, `"location":"x`), 400, "InvalidResourceLocation"},
		"far storage":       {"/flowLogs/a", store(far), 400, "StorageAccountNotInSameRegion"},
		"premium":           {"/flowLogs/a", store(premium), 400, "StorageAccountTypeNotSupported"},
		"unknown storage":   {"/flowLogs/a", store(far + "x"), 400, "StorageAccountNotFound"},
		"storage is a vnet": {"/flowLogs/a", store(c.vnet.ID), 400, "InvalidRequestFormat"},
		"second log":        {"/flowLogs/a", target(c.subnet.ID), 400, "CannotCreateMoreThanOneFlowLogPerTargetResource"},
		"record types":      {"/flowLogs/a", c.flowLog(c.vnet.ID, `,"recordTypes":"B,X"`), 400, "InvalidRequestFormat"},
		"filter too long":   {"/flowLogs/a", c.flowLog(c.vnet.ID, `,"enabledFilteringCriteria":"`+strings.Repeat("dstPort=443 || ", 70)+`dstPort=1"`), 400, "InvalidRequestFormat"},
		"parentheses":       {"/flowLogs/a", c.flowLog(c.vnet.ID, `,"enabledFilteringCriteria":"(dstPort=443)"`), 400, "InvalidRequestFormat"},
		"retention":         {"/flowLogs/a", c.flowLog(c.vnet.ID, `,"retentionPolicy":{"days":366,"enabled":true}`), 400, "InvalidRequestFormat"},
		"interval":          {"/flowLogs/a", c.flowLog(c.vnet.ID, `,"flowAnalyticsConfiguration":{"networkWatcherFlowAnalyticsConfiguration":{"enabled":true,"trafficAnalyticsInterval":7}}`), 400, "InvalidRequestFormat"},
		"version":           {"/flowLogs/a", c.flowLog(c.vnet.ID, `,"format":{"version":4}`), 400, "InvalidRequestFormat"},
	}
	for name, tt := range tests {
		if a := c.do("PUT", c.watcher+tt.path, tt.body); a.code != tt.status || a.errorCode() != tt.code {
			t.Errorf("%s: %d %q, want %d %q\n%s", name, a.code, a.errorCode(), tt.status, tt.code, a.text)
		}
	}
	if all, _ := c.names(c.watcher + "/flowLogs"); fmt.Sprint(all) != fmt.Sprint([]string{"soc-vnet-web", "first"}) && len(all) != 2 {
		t.Errorf("a refused flow log is there: %v", all)
	}
	c.want(c.do("PUT", c.watcher+"/flowLogs/a", body), 201, "the body without a fault")
}

func TestOneWriteAtATimePerWatcher(t *testing.T) {
	c := newCloud(t)
	put := c.want(c.do("PUT", c.watcher+"/flowLogs/a", c.flowLog(c.vnet.ID, "")), 201, "create")
	again := c.do("PUT", c.watcher+"/flowLogs/a", c.flowLog(c.vnet.ID, ""))
	if again.code != 409 || again.errorCode() != "AnotherOperationInProgress" {
		t.Errorf("same flow log: %d %s", again.code, again.text)
	}
	if running := c.do("GET", c.watcher, ""); !strings.Contains(running.text, `"runningOperationIds":["`) {
		t.Errorf("no running operation: %s", running.text)
	}
	for name, a := range map[string]answer{
		"other flow log": c.do("PUT", c.watcher+"/flowLogs/b", c.flowLog(c.subnet.ID, "")),
		"capture":        c.do("PUT", c.watcher+"/packetCaptures/b", c.capture(c.vm.ID, "")),
		"other deletion": c.do("DELETE", c.watcher+"/flowLogs/soc-vnet-web", ""),
	} {
		if a.code != 429 || a.errorCode() != "RetryableErrorDueToAnotherOperation" {
			t.Errorf("%s: %d %s", name, a.code, a.text)
		}
	}
	c.settle(put)
	c.want(c.do("PUT", c.watcher+"/flowLogs/b", c.flowLog(c.subnet.ID, "")), 201, "after the first has ended")
}

func TestWatchers(t *testing.T) {
	c := newCloud(t)
	id := plan.ID(c.watcher)
	group := c.sub + "/resourceGroups/" + id.ResourceGroup() + "/providers/Microsoft.Network/networkWatchers/"
	second := c.do("PUT", group+"second", `{"location":"`+strings.ToUpper(c.vnet.Location)+`","properties":{}}`)
	if second.code != 400 || second.errorCode() != "NetworkWatcherCountLimitReached" {
		t.Errorf("second watcher: %d %s", second.code, second.text)
	}
	if a := c.do("PUT", group+"second", `{"location":"mars"}`); a.errorCode() != "LocationNotAvailableForResourceType" {
		t.Errorf("a region that is none: %d %s", a.code, a.text)
	}
	a := c.want(c.do("PUT", c.watcher, `{"location":"`+c.vnet.Location+`","tags":{"a":"b"}}`), 200, "PUT of one that is there")
	// Recording java-network-watcher-crud: it says where its operation is, though it is done, and has no entity tag.
	if op := a.h.Get("Azure-AsyncOperation"); op == "" || c.do("GET", op, "").at("status") != "Succeeded" || a.h.Get("ETag") != "" || a.at("tags.a") != "b" {
		t.Errorf("PUT: %v %s", a.h, a.text)
	}
	c.settle(c.want(c.do("DELETE", c.watcher, ""), 202, "delete"))
	c.want(c.do("GET", c.watcher, ""), 404, "deleted")
	c.want(c.do("DELETE", c.watcher, ""), 204, "deleted twice")
	c.want(c.do("GET", c.watcher+"/flowLogs/soc-vnet-web", ""), 404, "flow log of a deleted watcher")
	c.want(c.do("PUT", group+"mine", `{"location":"`+c.vnet.Location+`"}`), 201, "another one")
	if all, _ := c.names(c.sub + "/providers/Microsoft.Network/networkWatchers"); len(all) != len(c.w.Watchers) {
		t.Errorf("watchers %v", all)
	}
}

func TestLegacyActions(t *testing.T) {
	c := newCloud(t)
	ask := func() answer {
		return c.want(c.do("POST", c.watcher+"/queryFlowLogStatus", `{"targetResourceId":"`+string(c.vnet.ID)+`"}`), 200, "query")
	}
	if got := ask(); got.at("properties.enabled") != false {
		t.Errorf("before: %s", got.text)
	}
	a := c.want(c.do("POST", c.watcher+"/configureFlowLog", fmt.Sprintf(
		`{"targetResourceId":%q,"properties":{"storageId":%q,"enabled":true}}`, c.vnet.ID, c.account.ID)), 202, "configure")
	c.settle(a)
	if got := c.want(c.do("GET", a.h.Get("Location"), ""), 200, "result"); got.at("properties.storageId") != string(c.account.ID) {
		t.Errorf("result %s", got.text)
	}
	if got := ask(); got.at("properties.enabled") != true {
		t.Errorf("after: %s", got.text)
	}
	c.want(c.do("GET", c.watcher+"/flowLogs/"+c.vnet.Name+"-"+c.vnet.Group+"-flowlog", ""), 200, "as a resource")
	nsg := c.do("POST", c.watcher+"/configureFlowLog", fmt.Sprintf(
		`{"targetResourceId":%q,"properties":{"storageId":%q,"enabled":true}}`, c.w.NSGs[0].ID, c.account.ID))
	if nsg.code != 400 && nsg.code != 429 {
		t.Errorf("NSG: %d %s", nsg.code, nsg.text)
	}
}

func TestStateIsShared(t *testing.T) {
	c, dir := newCloud(t), t.TempDir()
	one, two := open(t, dir, c.clock), open(t, dir, c.clock)
	path := c.watcher + "/flowLogs/a"
	if a := send(one, "PUT", path, c.flowLog(c.vnet.ID, "")); a.code != 201 {
		t.Fatalf("%d %s", a.code, a.text)
	}
	if a := send(two, "PUT", path, c.flowLog(c.vnet.ID, "")); a.errorCode() != "AnotherOperationInProgress" {
		t.Errorf("the other process does not see the operation: %d %s", a.code, a.text)
	}
	_ = c.clock.Sleep(t.Context(), time.Minute)
	for name, srv := range map[string]*Server{"same": one, "other": two, "later": open(t, dir, c.clock)} {
		if a := send(srv, "GET", path, ""); a.code != 200 || a.at("properties.provisioningState") != "Succeeded" {
			t.Errorf("%s process: %d %s", name, a.code, a.text)
		}
	}
	other := *c.w
	other.Name = "another"
	if _, err := New(Options{World: &other, Model: theModel, Clock: c.clock, Dir: dir}); err == nil || !strings.Contains(err.Error(), "remove the sandbox's folder") {
		t.Errorf("another world on the same folder: %v", err)
	}
}

// What a flow log has that its maker said nothing of, by api-version.
func TestFlowLogDefaults(t *testing.T) {
	for version, want := range map[string]struct {
		format string
		filter any
	}{"2022-01-01": {`"format":{"type":"JSON","version":1}`, nil}, "2024-01-01": {`"format":{"type":"FlowLogJSON","version":2}`, ""},
		"2025-03-01": {`"format":{"type":"FlowLogJSON","version":2}`, ""}} {
		c := newCloud(t)
		path := c.watcher + "/flowLogs/f?api-version=" + version
		put := c.want(c.do("PUT", path, c.flowLog(c.vnet.ID, "")), 201, version)
		if !strings.Contains(put.text, want.format) || strings.Contains(put.text, "enabledFilteringCriteria") {
			t.Errorf("%s: %s", version, put.text)
		}
		c.settle(put)
		if got := c.do("GET", path, ""); got.at("properties.enabledFilteringCriteria") != want.filter {
			t.Errorf("%s: %s", version, got.text)
		}
		sent := c.do("PUT", path, c.flowLog(c.vnet.ID, `,"enabledFilteringCriteria":""`))
		if sent.at("properties.enabledFilteringCriteria") != "" {
			t.Errorf("%s: an empty filter that was sent: %s", version, sent.text)
		}
	}
}

func TestIdentityOfAFlowLog(t *testing.T) {
	c := newCloud(t)
	path := c.watcher + "/flowLogs/f"
	const who = "/subscriptions/s/resourceGroups/r/providers/Microsoft.ManagedIdentity/userAssignedIdentities/u"
	body := strings.Replace(c.flowLog(c.vnet.ID, ""), "{", `{"identity":{"type":"UserAssigned","userAssignedIdentities":{"`+who+`":{}}},`, 1)
	put := c.want(c.do("PUT", path, body), 201, "create")
	if put.at("identity.type") != "userAssigned" || !strings.Contains(put.text, `"clientId":"","principalId":""`) {
		t.Errorf("while it is made: %s", put.text)
	}
	c.settle(put)
	if got := c.do("GET", path, ""); strings.Contains(got.text, `"clientId":""`) || got.at("identity.type") != "userAssigned" {
		t.Errorf("then: %s", got.text)
	}
}
