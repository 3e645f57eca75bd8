package arm

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"flowctl/plan"
	"flowctl/providers/sandbox/internal/traffic"
)

func agentBody(os string) string {
	return fmt.Sprintf(`{"location":"westeurope","tags":{"flowctl":"yes"},"properties":{"publisher":"Microsoft.Azure.NetworkWatcher",`+
		`"type":"NetworkWatcherAgent%s","typeHandlerVersion":"1.4","autoUpgradeMinorVersion":true}}`, os)
}

func (c *cloud) captureOf(target, more string) string {
	return fmt.Sprintf(`{"properties":{"target":%q,"storageLocation":{"storageId":%q}%s}}`, c.path(target), c.path("stguests"), more)
}

func TestAgentOfAMachine(t *testing.T) {
	c := newWorld(t, "guests.hcl")
	at := c.path("vm-plain") + "/extensions/flowctl-agent"
	capture := func() answer { return c.do("PUT", c.watcher+"/packetCaptures/pc", c.captureOf("vm-plain", "")) }
	if a := capture(); a.errorCode() != "NetworkWatcherAgentNotInstalled" {
		t.Errorf("capture without an agent: %d %s", a.code, a.text)
	}
	a := c.want(c.do("PUT", at, agentBody("Linux")), 201, "install")
	if a.at("properties.provisioningState") != "Creating" {
		t.Errorf("installed %s", a.text)
	}
	if a := capture(); a.errorCode() != "NetworkWatcherAgentNotInstalled" {
		t.Errorf("capture while it is installed: %d %s", a.code, a.text)
	}
	if a := c.do("PUT", at, agentBody("Linux")); a.errorCode() != "AnotherOperationInProgress" {
		t.Errorf("a second time: %d %s", a.code, a.text)
	}
	c.settle(a)
	if got := c.do("GET", at, "").at("tags.flowctl"); got != "yes" {
		t.Errorf("tag %v", got)
	}
	c.settle(c.want(capture(), 201, "capture"))
	c.settle(c.want(c.do("DELETE", c.watcher+"/packetCaptures/pc", ""), 202, "delete the capture"))
	c.settle(c.want(c.do("DELETE", at, ""), 202, "uninstall"))
	c.want(c.do("GET", at, ""), 404, "gone")
	c.want(c.do("DELETE", at, ""), 204, "uninstall again")
	if a := capture(); a.errorCode() != "NetworkWatcherAgentNotInstalled" {
		t.Errorf("capture afterwards: %d %s", a.code, a.text)
	}
}

func TestAgentRefusals(t *testing.T) {
	c := newWorld(t, "guests.hcl")
	tests := map[string]struct {
		machine, body, code string
	}{
		"other system":  {"vm-windows", agentBody("Linux"), "VMExtensionIsNotSupported"},
		"never started": {"vm-new", agentBody("Linux"), "OperationNotAllowed"},
		"no type":       {"vm-plain", `{"properties":{"publisher":"x"}}`, "InvalidParameter"},
		"elsewhere":     {"vm-plain", strings.Replace(agentBody("Linux"), "westeurope", "northeurope", 1), "PropertyChangeNotAllowed"},
		"system of set": {"vmss-auto", agentBody("Linux"), "VMExtensionIsNotSupported"},
	}
	for name, tt := range tests {
		if a := c.do("PUT", c.path(tt.machine)+"/extensions/a", tt.body); a.errorCode() != tt.code {
			t.Errorf("%s: %d %s", name, a.code, a.text)
		}
	}
	none := c.sub + "/resourceGroups/rg/providers/Microsoft.Compute/virtualMachine"
	for _, path := range []string{none + "s/none/extensions/a", none + "ScaleSets/none/extensions/a"} {
		if a := c.do("PUT", path, agentBody("Linux")); a.errorCode() != "ParentResourceNotFound" {
			t.Errorf("%s: %d %s", path, a.code, a.text)
		}
	}
}

// TestAgentOfAScaleSet installs it in the model; instances of a set with
// manual upgrades have it once they are upgraded.
func TestAgentOfAScaleSet(t *testing.T) {
	c := newWorld(t, "guests.hcl")
	capture := func(name, set, more string) answer {
		return c.do("PUT", c.watcher+"/packetCaptures/"+name, c.captureOf(set, `,"targetType":"AzureVMSS"`+more))
	}
	needAgent := func(what string, a answer) {
		t.Helper()
		if a.errorCode() != "NetworkWatcherAgentNotInstalled" {
			t.Errorf("%s: %d %s", what, a.code, a.text)
		}
	}
	auto, manual := c.path("vmss-auto"), c.path("vmss-manual")
	needAgent("automatic", capture("a", "vmss-auto", ""))
	c.settle(c.want(c.do("PUT", auto+"/extensions/agent", agentBody("Windows")), 201, "install"))
	c.settle(c.want(capture("a", "vmss-auto", ""), 201, "capture"))
	c.settle(c.want(c.do("DELETE", c.watcher+"/packetCaptures/a", ""), 202, "delete it"))

	c.settle(c.want(c.do("PUT", manual+"/extensions/agent", agentBody("Linux")), 201, "install"))
	if all, _ := c.names(manual + "/extensions"); len(all) != 1 {
		t.Errorf("extensions %v", all)
	}
	needAgent("manual, not upgraded", capture("m", "vmss-manual", ""))
	latest := func(n string) any {
		return c.do("GET", manual+"/virtualMachines/"+n, "").at("properties.latestModelApplied")
	}
	if latest("0") != false {
		t.Error("instance 0 is as the model says before it was upgraded")
	}
	c.settle(c.want(c.do("POST", manual+"/manualupgrade", `{"instanceIds":["0"]}`), 202, "upgrade one"))
	needAgent("one of two upgraded", capture("m", "vmss-manual", ""))
	c.settle(c.want(capture("m", "vmss-manual", `,"scope":{"include":["0"]}`), 201, "capture of that one"))
	c.settle(c.want(c.do("DELETE", c.watcher+"/packetCaptures/m", ""), 202, "delete it"))
	c.settle(c.want(c.do("POST", manual+"/manualupgrade", `{"instanceIds":["*"]}`), 202, "upgrade all"))
	if latest("0") != true || latest("1") != true {
		t.Error("instances are not as the model says after they were upgraded")
	}
	c.settle(c.want(capture("m2", "vmss-manual", ""), 201, "capture of all"))
	c.settle(c.want(c.do("DELETE", c.watcher+"/packetCaptures/m2", ""), 202, "delete it"))

	c.settle(c.want(c.do("DELETE", manual+"/extensions/agent", ""), 202, "uninstall"))
	c.settle(c.want(c.do("POST", manual+"/manualupgrade", `{"instanceIds":["*"]}`), 202, "upgrade all"))
	needAgent("uninstalled", capture("m3", "vmss-manual", ""))
	c.want(c.do("POST", manual+"/manualupgrade", `{"instanceIds":["7"]}`), 400, "an instance that is not there")
	c.want(c.do("POST", manual+"/manualupgrade", `{}`), 400, "no instance")
}

// TestAgentStays looks at extensions from another process.
func TestAgentStays(t *testing.T) {
	w := newWorld(t, "guests.hcl").w
	dir, clock := t.TempDir(), &hands{now: w.Epoch}
	serve := func() *Server {
		srv, err := New(Options{World: w, Model: traffic.New(w), Clock: clock, Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		return srv
	}
	var at plan.ID
	for _, v := range w.VMs {
		if v.Name == "vm-plain" {
			at = v.ID + "/extensions/agent"
		}
	}
	if a := send(serve(), "PUT", string(at), agentBody("Linux")); a.code != 201 {
		t.Fatalf("install: %d %s", a.code, a.text)
	}
	_ = clock.Sleep(t.Context(), extensionWriteTime)
	if a := send(serve(), "GET", string(at), ""); a.code != 200 || a.at("properties.provisioningState") != "Succeeded" {
		t.Errorf("in another process: %d %s", a.code, a.text)
	}
}

// TestExtensionsOfAModel writes a scale set with another list of extensions, as
// `az vmss extension set` does: they come, are what captures need, and go.
// Recording cli-packet-capture-vmss: the model tells their names and settings
// only, a model without a list changes none, and an image that is left out stays.
func TestExtensionsOfAModel(t *testing.T) {
	c := newCloud(t)
	set := c.w.ScaleSets[0]
	id := string(set.ID)
	model := func(extensions any) string {
		doc := c.want(c.do("GET", id, ""), 200, "GET").doc
		profile := object(doc, "properties", "virtualMachineProfile")
		delete(object(profile, "storageProfile"), "imageReference")
		delete(profile, "extensionProfile")
		if extensions != nil {
			profile["extensionProfile"] = map[string]any{"extensions": extensions}
		}
		raw, _ := json.Marshal(doc)
		return string(raw)
	}
	write := func(extensions any) answer {
		c.settle(c.want(c.do("PUT", id, model(extensions)), 200, "PUT"))
		return c.want(c.do("GET", id, ""), 200, "GET")
	}
	agent := map[string]any{"name": "watcher", "properties": map[string]any{
		"publisher": "Microsoft.Azure.NetworkWatcher", "type": "NetworkWatcherAgent" + set.OS, "typeHandlerVersion": "1.4", "autoUpgradeMinorVersion": true}}
	listed := func(a answer) string {
		raw, _ := json.Marshal(object(a.doc, "properties", "virtualMachineProfile", "extensionProfile")["extensions"])
		return string(raw)
	}
	a := write([]any{agent})
	if got := listed(a); strings.Count(got, `"name"`) != 1 || strings.Contains(got, "provisioningState") || !strings.Contains(got, `"watcher"`) {
		t.Errorf("after a list of one: %s", got)
	}
	if text(a.doc, "properties", "virtualMachineProfile", "storageProfile", "imageReference", "offer") == "" {
		t.Errorf("the image went: %s", a.text)
	}
	if one := c.do("GET", id+"/extensions/watcher", ""); one.at("properties.provisioningState") != "Succeeded" {
		t.Errorf("the extension itself: %s", one.text)
	}
	if got := listed(write(nil)); !strings.Contains(got, `"watcher"`) {
		t.Errorf("after a model without a list: %s", got)
	}
	if a := write([]any{}); listed(a) != "null" || c.do("GET", id+"/extensions/watcher", "").code != 404 {
		t.Errorf("after an empty list: %s", listed(a))
	}
	if a := c.do("PUT", id, model([]any{map[string]any{"name": "x"}})); a.code != 400 {
		t.Errorf("without a publisher: %d %s", a.code, a.text)
	}
}
