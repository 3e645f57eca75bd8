package arm

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"flowctl/providers/sandbox/internal/world"
)

func TestLifeOfACapture(t *testing.T) {
	c := newCloud(t)
	path := c.watcher + "/packetCaptures/pc1"
	began := c.clock.Now()
	put := c.want(c.do("PUT", path, c.capture(c.vm.ID, `,"timeLimitInSeconds":60,"bytesToCapturePerPacket":64,"filters":[{"protocol":"TCP","localPort":"","remotePort":""}]`)), 201, "create")
	if put.at("properties.provisioningState") != "Updating" || put.h.Get("Azure-AsyncOperation") == "" || put.h.Get("Location") != "" {
		t.Errorf("create: %v\n%s", put.h, put.text)
	}
	status := func() answer { return c.statusOf(path) }
	if got := status().at("packetCaptureStatus"); got != "NotStarted" {
		t.Errorf("status %v while it is made", got)
	}
	c.settle(put)
	if took := c.clock.Now().Sub(began); took > 5*time.Second {
		t.Errorf("starting took %v", took)
	}
	got := c.want(c.do("GET", path, ""), 200, "read")
	for at, want := range map[string]any{
		"properties.provisioningState": "Succeeded", "properties.targetType": "AzureVM", "type": "Microsoft.Network/networkWatchers/packetCaptures",
		"properties.bytesToCapturePerPacket": 64.0, "properties.totalBytesPerSession": float64(1 << 30), "properties.timeLimitInSeconds": 60.0,
		"location": nil, "tags": nil, "properties.continuousCapture": nil,
	} {
		if got.at(at) != want {
			t.Errorf("%s is %v, want %v", at, got.at(at), want)
		}
	}
	if !strings.Contains(got.text, `"scope":{"include":[],"exclude":[]}`) || !strings.Contains(got.text, `"filters":[{"protocol":"TCP","localIPAddress":"","localPort":"","remoteIPAddress":"","remotePort":""}]`) {
		t.Errorf("defaults are missing: %s", got.text)
	}
	where := "https://" + c.account.Name + ".blob.core.windows.net/network-watcher-logs" + strings.ToLower(string(c.vm.ID)) +
		began.UTC().Format("/2006/01/02/packetcapture_15_04_05_") + fmt.Sprintf("%03d.cap", began.Nanosecond()/1e6)
	if p := got.at("properties.storageLocation.storagePath"); p != where {
		t.Errorf("storagePath %v, want %s", p, where)
	}
	running := status()
	if running.at("packetCaptureStatus") != "Running" || !strings.HasSuffix(running.at("captureStartTime").(string), "0000000Z") {
		t.Errorf("while it runs: %s", running.text)
	}
	_ = c.clock.Sleep(t.Context(), time.Minute)
	ended := status()
	if ended.at("packetCaptureStatus") != "Stopped" || ended.at("stopReason") != "TimeExceeded" || !strings.Contains(ended.text, `"packetCaptureError":[]`) {
		t.Errorf("after its time: %s", ended.text)
	}
	c.settle(c.want(c.do("POST", path+"/stop", ""), 202, "stop of one that has ended"))
	if got := status().at("stopReason"); got != "TimeExceeded" {
		t.Errorf("stopping afterwards made the reason %v", got)
	}
	del := c.want(c.do("DELETE", path, ""), 202, "delete")
	c.settle(del)
	c.want(c.do("GET", del.h.Get("Location"), ""), 204, "result")
	c.want(c.do("GET", path, ""), 404, "deleted")
	c.want(c.do("DELETE", path, ""), 204, "deleted twice")
	if list := c.do("GET", c.watcher+"/packetCaptures", ""); list.text != `{"value":[]}` {
		t.Errorf("list %s", list.text)
	}
}

func TestStoppingACapture(t *testing.T) {
	c := newCloud(t)
	path := c.watcher + "/packetCaptures/pc1"
	c.settle(c.want(c.do("PUT", path, c.capture(c.vm.ID, "")), 201, "create"))
	_ = c.clock.Sleep(t.Context(), 10*time.Second)
	began := c.clock.Now()
	stop := c.want(c.do("POST", path+"/stop", ""), 202, "stop")
	c.settle(stop)
	if took := c.clock.Now().Sub(began); took < 10*time.Second || took > 20*time.Second {
		t.Errorf("stopping took %v", took)
	}
	if res := c.want(c.do("GET", stop.h.Get("Location"), ""), 200, "result"); res.text != "null" {
		t.Errorf("result %q, want null", res.text)
	}
	if a := c.do("POST", path+"/queryStatus", ""); a.at("packetCaptureStatus") != "Stopped" || a.at("stopReason") != "Manual" {
		t.Errorf("status %s", a.text)
	}
}

func TestDeletingARunningCaptureEndsIt(t *testing.T) {
	c := newCloud(t)
	path := c.watcher + "/packetCaptures/pc1"
	c.settle(c.want(c.do("PUT", path, c.capture(c.vm.ID, "")), 201, "create"))
	_ = c.clock.Sleep(t.Context(), 30*time.Second)
	c.settle(c.want(c.do("DELETE", path, ""), 202, "delete"))
	st, err := c.srv.State()
	if err != nil {
		t.Fatal(err)
	}
	files := c.srv.Files(mustState(c.srv), st.Captures[0])
	if len(files) != 1 || files[0].Account != c.account.Name || files[0].Container != "network-watcher-logs" || files[0].Size <= 24 {
		t.Fatalf("files %+v", files)
	}
	if got := files[0].To.Sub(files[0].From); got < 25*time.Second || got > 35*time.Second {
		t.Errorf("the file holds %v", got)
	}
}

func TestCaptureOfAScaleSet(t *testing.T) {
	c := newCloud(t)
	set := c.w.ScaleSets[0]
	more := `,"targetType":"AzureVMSS","timeLimitInSeconds":5,"scope":{"exclude":["` + set.Instances[0].Number + `"]}`
	c.settle(c.want(c.do("PUT", c.watcher+"/packetCaptures/pc1", c.capture(set.ID, more)), 201, "create"))
	st, err := c.srv.State()
	if err != nil {
		t.Fatal(err)
	}
	files := c.srv.Files(mustState(c.srv), st.Captures[0])
	running := 0
	for _, i := range set.Instances[1:] {
		if i.Power == "running" {
			running++
		}
	}
	if len(files) != running {
		t.Errorf("%d files, want one for each of %d running instances", len(files), running)
	}
	for _, f := range files {
		if !strings.Contains(f.Name, "/virtualmachinescalesets/"+strings.ToLower(set.Name)+"/virtualmachines/") {
			t.Errorf("file %s", f.Name)
		}
	}
}

func TestCaptureRefusals(t *testing.T) {
	c := newCloud(t)
	c.settle(c.want(c.do("PUT", c.watcher+"/packetCaptures/taken", c.capture(c.vm.ID, "")), 201, "taken"))
	off := c.vmWith(func(v *world.VM) bool { return v.Power != "running" && v.Location == c.vnet.Location }).ID
	bare := c.vmWith(func(v *world.VM) bool { return !v.Agent && v.Power == "running" && v.Location == c.vnet.Location }).ID
	locked := c.accountWith(func(a *world.StorageAccount) bool { return !a.SharedKey }).ID
	premium := c.accountWith(func(a *world.StorageAccount) bool { return strings.HasPrefix(a.SKU, "Premium") }).ID
	far := c.accountWith(func(a *world.StorageAccount) bool { return a.Location != c.vnet.Location }).ID
	body := c.capture(c.vm.ID, "")
	at := func(location string) string {
		return fmt.Sprintf(`{"properties":{"target":%q,"storageLocation":%s}}`, c.vm.ID, location)
	}
	more := func(text string) string { return c.capture(c.vm.ID, ","+text) }
	tests := map[string]struct {
		name, body string
		status     int
		code       string
	}{
		"there already":    {"taken", body, 409, "PacketCaptureAlreadyExists"},
		"name":             {"a!", body, 400, "InvalidResourceName"},
		"no target":        {"a", `{"properties":{}}`, 400, "InvalidRequestFormat"},
		"unknown target":   {"a", c.capture(c.vm.ID+"x", ""), 400, "InvalidResourceReference"},
		"vnet":             {"a", c.capture(c.vnet.ID, ""), 400, "InvalidRequestFormat"},
		"off":              {"a", c.capture(off, ""), 400, "VMNotRunning"},
		"no agent":         {"a", c.capture(bare, ""), 400, "NetworkWatcherAgentNotInstalled"},
		"type":             {"a", more(`"targetType":"AzureVMSS"`), 400, "InvalidRequestFormat"},
		"scope of a vm":    {"a", more(`"scope":{"include":["0"]}`), 400, "InvalidRequestFormat"},
		"too long":         {"a", more(`"timeLimitInSeconds":18001`), 400, "InvalidRequestFormat"},
		"no time":          {"a", more(`"timeLimitInSeconds":0`), 400, "InvalidRequestFormat"},
		"too large":        {"a", more(`"totalBytesPerSession":4294967296`), 400, "InvalidRequestFormat"},
		"negative":         {"a", more(`"bytesToCapturePerPacket":-1`), 400, "InvalidRequestFormat"},
		"cidr in a filter": {"a", more(`"filters":[{"protocol":"TCP","remoteIPAddress":"10.0.0.0/8"}]`), 400, "InvalidRequestFormat"},
		"nowhere":          {"a", at(`{}`), 400, "InvalidRequestFormat"},
		"no .cap":          {"a", at(`{"filePath":"/var/captures/a.pcap"}`), 400, "InvalidRequestFormat"},
		"linux path":       {"a", at(`{"filePath":"/tmp/a.cap"}`), 400, "InvalidRequestFormat"},
		"local path":       {"a", at(`{"localPath":"/var/captures/a.cap"}`), 400, "InvalidRequestFormat"},
		"blob elsewhere":   {"a", at(fmt.Sprintf(`{"storageId":%q,"storagePath":"https://other.blob.core.windows.net/c/a.cap"}`, c.account.ID)), 400, "InvalidRequestFormat"},
		"locked":           {"a", at(fmt.Sprintf(`{"storageId":%q}`, locked)), 400, "StorageAccountKeyAccessDisabled"},
		"premium":          {"a", at(fmt.Sprintf(`{"storageId":%q}`, premium)), 400, "StorageAccountTypeNotSupported"},
		"far":              {"a", at(fmt.Sprintf(`{"storageId":%q}`, far)), 400, "StorageAccountNotInSameRegion"},
		"ring of files":    {"a", more(`"continuousCapture":true,"captureSettings":{"fileCount":10001}`), 400, "InvalidRequestFormat"},
		"path in a ring": {"a", fmt.Sprintf(`{"properties":{"target":%q,"continuousCapture":true,"storageLocation":{"filePath":"/var/captures/a.cap"}}}`, c.vm.ID),
			400, "InvalidRequestFormat"},
	}
	for name, tt := range tests {
		if a := c.do("PUT", c.watcher+"/packetCaptures/"+tt.name, tt.body); a.code != tt.status || a.errorCode() != tt.code {
			t.Errorf("%s: %d %q, want %d %q\n%s", name, a.code, a.errorCode(), tt.status, tt.code, a.text)
		}
	}
	c.want(c.do("PUT", c.watcher+"/packetCaptures/a", at(`{"filePath":"/var/captures/a.cap"}`)), 201, "a file on the machine")
}

func TestInstallingTheAgent(t *testing.T) {
	c := newCloud(t)
	bare := c.vmWith(func(v *world.VM) bool { return !v.Agent && v.Power == "running" })
	path := string(bare.ID) + "/extensions/nw"
	body := `{"location":"` + bare.Location + `","properties":{"publisher":"Microsoft.Azure.NetworkWatcher","type":"NetworkWatcherAgent` + bare.OS +
		`","typeHandlerVersion":"1.4","autoUpgradeMinorVersion":true}}`
	put := c.want(c.do("PUT", path, body), 201, "install")
	if !strings.Contains(put.h.Get("Azure-AsyncOperation"), "/providers/Microsoft.Compute/locations/") {
		t.Errorf("operation at %s", put.h.Get("Azure-AsyncOperation"))
	}
	if a := c.do("PUT", c.watcher+"/packetCaptures/a", c.capture(bare.ID, "")); a.errorCode() != "NetworkWatcherAgentNotInstalled" {
		t.Errorf("capture before the agent is there: %d %s", a.code, a.text)
	}
	for range 3 {
		_ = c.clock.Sleep(t.Context(), time.Minute)
	}
	if op := c.do("GET", put.h.Get("Azure-AsyncOperation"), ""); op.at("status") != "Succeeded" || op.at("endTime") == nil {
		t.Errorf("operation %s", op.text)
	}
	if all, _ := c.names(string(bare.ID) + "/extensions"); fmt.Sprint(all) != "[nw]" {
		t.Errorf("extensions %v", all)
	}
	c.settle(c.want(c.do("PUT", c.watcher+"/packetCaptures/a", c.capture(bare.ID, "")), 201, "capture"))
	c.settle(c.want(c.do("DELETE", path, ""), 202, "remove"))
	c.want(c.do("GET", path, ""), 404, "removed")
	c.want(c.do("DELETE", path, ""), 204, "removed twice")

	own := string(c.vm.ID) + "/extensions/" + agentName
	c.want(c.do("GET", own, ""), 200, "the world's agent")
	c.settle(c.want(c.do("DELETE", own, ""), 202, "remove the world's agent"))
	if a := c.do("PUT", c.watcher+"/packetCaptures/b", c.capture(c.vm.ID, "")); a.errorCode() != "NetworkWatcherAgentNotInstalled" {
		t.Errorf("capture without the world's agent: %d %s", a.code, a.text)
	}
	off := c.vmWith(func(v *world.VM) bool { return v.Power != "running" })
	if a := c.do("PUT", string(off.ID)+"/extensions/x", strings.ReplaceAll(body, "Agent"+bare.OS, "Agent"+off.OS)); a.code != 409 || a.errorCode() != "OperationNotAllowed" {
		t.Errorf("extension of a VM that is off: %d %s", a.code, a.text)
	}
}

func mustState(s *Server) *State {
	st, err := s.State()
	if err != nil {
		panic(err)
	}
	return st
}

// statusOf asks how a capture is: of one that runs the answer is 202 and where
// to ask again, which says the same.
func (c *cloud) statusOf(path string) answer {
	c.Helper()
	a := c.do("POST", path+"/queryStatus", "")
	if a.at("packetCaptureStatus") != "Running" {
		return c.want(a, 200, "status")
	}
	c.want(a, 202, "status")
	if again := c.want(c.do("GET", a.h.Get("Location"), ""), 200, "result of the status"); again.text != a.text {
		c.Errorf("%s and then %s", a.text, again.text)
	}
	return a
}

// Whatever a client calls the instances of a scale set by, the service answers
// with their ids and records the same machines.
func TestScopesAreIDs(t *testing.T) {
	c := newCloud(t)
	set := c.w.ScaleSets[0]
	first, last := set.Instances[0], set.Instances[len(set.Instances)-1]
	for label, scope := range map[string]string{
		"number": fmt.Sprintf(`{"include":[%q]}`, first.Number), "id": fmt.Sprintf(`{"include":[%q]}`, first.ID),
		"case": fmt.Sprintf(`{"include":[%q]}`, strings.ToUpper(string(first.ID))),
	} {
		path := c.watcher + "/packetCaptures/" + label
		a := c.want(c.do("PUT", path, c.capture(set.ID, `,"targetType":"AzureVMSS","scope":`+scope)), 201, label)
		if want := fmt.Sprintf(`"scope":{"include":[%q],"exclude":[]}`, first.ID); !strings.Contains(a.text, want) {
			t.Errorf("%s: %s", label, a.text)
		}
		c.settle(a)
		st := mustState(c.srv)
		if m := c.srv.machines(st, st.Captures[len(st.Captures)-1]); len(m) != 1 || m[0].id != first.ID {
			t.Errorf("%s records %v", label, m)
		}
	}
	a := c.do("PUT", c.watcher+"/packetCaptures/none", c.capture(set.ID, `,"targetType":"AzureVMSS","scope":{"include":["`+last.Number+`00"]}`))
	if a.code != 400 {
		t.Errorf("an instance that is not there: %d %s", a.code, a.text)
	}
}

// TestListsInCaptureFilters: a list of ports or addresses is taken and shown as it was
// put, with or without a semicolon at its end; what mixes lists and ranges is refused.
func TestListsInCaptureFilters(t *testing.T) {
	c := newCloud(t)
	for i, test := range []struct{ filter, refused string }{
		{`"protocol":"TCP","localIPAddress":"","localPort":"1433;5432","remoteIPAddress":"","remotePort":""`, ""},
		{`"protocol":"TCP","localIPAddress":"","localPort":"1433;5432;","remoteIPAddress":"10.1.2.4;10.1.2.5;","remotePort":""`, ""},
		{`"protocol":"Any","localIPAddress":"10.1.1.4-10.1.1.9","localPort":"","remoteIPAddress":"10.1.2.4;fd00::5","remotePort":"1-1023"`, ""},
		{`"protocol":"TCP","localPort":"1433;5432-5433"`, "localPort"},
		{`"protocol":"TCP","remoteIPAddress":"10.1.2.4;10.1.2.5-10.1.2.6"`, "remoteIPAddress"},
		{`"protocol":"TCP","localPort":"1433,5432"`, "localPort"},
		{`"protocol":"TCP","localPort":"65536"`, "localPort"},
		{`"protocol":"TCP","remoteIPAddress":"10.1.2.0/24"`, "remoteIPAddress"},
	} {
		path := fmt.Sprintf("%s/packetCaptures/pc%d", c.watcher, i)
		body := c.capture(c.vm.ID, `,"timeLimitInSeconds":60,"filters":[{`+test.filter+`}]`)
		if test.refused != "" {
			if got := c.want(c.do("PUT", path, body), 400, test.filter); !strings.Contains(got.text, test.refused) {
				t.Errorf("%s: %s", test.filter, got.text)
			}
			continue
		}
		c.settle(c.want(c.do("PUT", path, body), 201, test.filter))
		if got := c.do("GET", path, ""); !strings.Contains(got.text, `"filters":[{`+test.filter+`}]`) {
			t.Errorf("put %s, shown %s", test.filter, got.text)
		}
	}
}
