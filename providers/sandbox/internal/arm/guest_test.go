package arm

import (
	"fmt"
	"strings"
	"testing"

	"flowctl/plan"
)

func TestSubnetGuests(t *testing.T) {
	c := newWorld(t, "guests.hcl")
	vnet := c.path("vnet")
	tests := map[string]string{
		"/subnets/snet-web":      `"serviceName":"Microsoft.Web/serverFarms"`,
		"/subnets/snet-agw":      `"applicationGatewayIPConfigurations":[{"id":"` + c.sub + `/resourceGroups/rg/providers/Microsoft.Network/applicationGateways/agw/`,
		"/subnets/GatewaySubnet": `virtualNetworkGateways/vgw/ipConfigurations/default"`,
		"/subnets/snet-vm":       `"privateEndpoints":[{"id":"` + c.sub + `/resourceGroups/rg/providers/Microsoft.Network/privateEndpoints/pe-blob"`,
	}
	for path, want := range tests {
		if a := c.want(c.do("GET", vnet+path, ""), 200, path); !strings.Contains(a.text, want) {
			t.Errorf("%s: no %s in %s", path, want, a.text)
		}
	}
	network := c.sub + "/providers/Microsoft.Network/"
	for path, want := range map[string]string{
		network + "applicationGateways": "agw", network + "privateEndpoints": "pe-blob", network + "bastionHosts": "",
		c.sub + "/resourceGroups/rg/providers/Microsoft.Network/virtualNetworkGateways": "vgw",
	} {
		if all, _ := c.names(path); strings.Join(all, " ") != want {
			t.Errorf("%s: %v, want %s", path, all, want)
		}
	}
	e := c.do("GET", c.sub+"/resourceGroups/rg/providers/Microsoft.Network/privateEndpoints/pe-blob", "")
	if !strings.Contains(e.text, `"privateLinkServiceId":"`+c.path("stguests")) {
		t.Errorf("private endpoint %s", e.text)
	}
	for key := range c.srv.byID {
		if a := c.do("GET", key, ""); a.code != 200 || !plan.ID(a.at("id").(string)).Is(plan.ID(key)) {
			t.Errorf("%s: %d %s", key, a.code, a.text)
		}
	}
}

func TestLooseEnds(t *testing.T) {
	c := newWorld(t, "guests.hcl")
	for name, machine := range map[string]string{"nic-new": "vm-new", "nic-loose": "", "nic-plain": "vm-plain"} {
		a := c.want(c.do("GET", c.path(name), ""), 200, name)
		vm, _ := a.at("properties.virtualMachine.id").(string)
		if mac := a.at("properties.macAddress"); plan.ID(vm).Name() != machine || (mac == nil) != (machine != "vm-plain") {
			t.Errorf("%s: MAC %v, machine %q", name, mac, vm)
		}
	}
	a := c.do("GET", c.path("vm-bare"), "")
	if nics, _ := a.at("properties.networkProfile").(map[string]any)["networkInterfaces"].([]any); len(nics) != 0 {
		t.Errorf("vm-bare has %v", nics)
	}
	flex := c.do("GET", c.sub+"/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/vmss-flex_0", "")
	if set, _ := flex.at("properties.virtualMachineScaleSet.id").(string); !plan.ID(set).Is(plan.ID(c.path("vmss-flex"))) {
		t.Errorf("machine of a flexible set: %s", flex.text)
	}
	if mode := c.do("GET", c.path("vmss-flex"), "").at("properties.orchestrationMode"); mode != "Flexible" {
		t.Errorf("mode %v", mode)
	}
}

func TestNSGFlowLogs(t *testing.T) {
	c := newWorld(t, "guests.hcl")
	a := c.want(c.do("GET", c.watcher+"/flowLogs/old", ""), 200, "an old flow log")
	if !strings.HasSuffix(a.at("properties.targetResourceId").(string), "/networkSecurityGroups/nsg-old") {
		t.Errorf("flow log %s", a.text)
	}
	body := c.flowLog(plan.ID(c.path("nsg-old")), "")
	if a := c.do("PUT", c.watcher+"/flowLogs/new", body); a.errorCode() != "NsgFlowLogCreationBlocked" {
		t.Errorf("a new one: %d %s", a.code, a.text)
	}
	c.settle(c.want(c.do("PUT", c.watcher+"/flowLogs/old", body), 200, "the old one changed"))
	c.settle(c.want(c.do("DELETE", c.watcher+"/flowLogs/old", ""), 202, "the old one deleted"))
}

func TestWatcherIsMade(t *testing.T) {
	c := newWorld(t, "guests.hcl")
	if all, _ := c.names(c.sub + "/providers/Microsoft.Network/networkWatchers"); len(all) != 1 {
		t.Fatalf("watchers %v", all)
	}
	at := c.sub + "/resourceGroups/rg-north/providers/Microsoft.Network/networkWatchers/nw"
	c.want(c.do("PUT", at, `{"location":"North Europe","properties":{}}`), 201, "a watcher where there is none")
	c.want(c.do("PUT", at, `{"location":"northeurope","tags":{"a":"b"}}`), 200, "the same again")
	if a := c.do("PUT", at+"2", `{"location":"northeurope"}`); a.errorCode() != "NetworkWatcherCountLimitReached" {
		t.Errorf("a second one: %d %s", a.code, a.text)
	}
	used := c.do("GET", c.sub+"/providers/Microsoft.Network/locations/northeurope/usages", "")
	if !strings.Contains(used.text, `"currentValue":1,"id":"`+c.sub+`/providers/Microsoft.Network/locations/northeurope/usages/NetworkWatchers","limit":1`) {
		t.Errorf("usages %s", used.text)
	}
	c.settle(c.want(c.do("DELETE", at, ""), 202, "delete it"))
}

func TestQuotas(t *testing.T) {
	c := newWorld(t, "guests.hcl")
	body := fmt.Sprintf(`{"properties":{"target":%q,"storageLocation":{"storageId":%q}}}`, c.path("vmss-flex_0"), c.path("stguests"))
	c.settle(c.want(c.do("PUT", c.watcher+"/packetCaptures/one", body), 201, "the last capture that fits"))
	a := c.do("PUT", c.watcher+"/packetCaptures/two", body)
	if a.code != 400 || !strings.Contains(a.text, "3 of at most 3 PacketCaptures in region westeurope") {
		t.Errorf("one too many: %d %s", a.code, a.text)
	}
	c.want(c.do("GET", c.sub+"/providers/Microsoft.Network/locations/nowhere/usages", ""), 400, "a region that is none")
}

func TestPolicies(t *testing.T) {
	c := newWorld(t, "guests.hcl")
	const assignments = "/providers/Microsoft.Authorization/policyAssignments"
	north := c.sub + "/resourceGroups/rg-north"
	for path, want := range map[string]string{
		c.sub + assignments: "make-logs no-logs", north + assignments: "make-logs no-logs",
		c.path("vnet") + assignments: "make-logs",
		north + assignments + "?api-version=2024-05-01&$filter=atExactScope()":                                                   "no-logs",
		c.sub + assignments + "?api-version=2024-05-01&$filter=atScope()":                                                        "make-logs",
		"/providers/Microsoft.Authorization/policyDefinitions":                                                                   strings.Join(builtinNames(c), " "),
		c.sub + "/providers/Microsoft.Authorization/policyDefinitions":                                                           "no-logs " + strings.Join(builtinNames(c), " "),
		c.sub + "/providers/Microsoft.Authorization/policyDefinitions?api-version=2023-04-01&$filter=policyType%20eq%20'Custom'": "no-logs",
		c.sub + "/providers/Microsoft.Authorization/policySetDefinitions":                                                        "",
	} {
		if all, _ := c.names(path); strings.Join(all, " ") != want {
			t.Errorf("%s: %v, want %s", path, all, want)
		}
	}
	a := c.want(c.do("GET", c.sub+assignments+"/make-logs", ""), 200, "assignment")
	if a.at("properties.parameters.effect.value") != "DeployIfNotExists" {
		t.Errorf("assignment %s", a.text)
	}
	d := c.want(c.do("GET", a.at("properties.policyDefinitionId").(string), ""), 200, "its definition")
	if d.at("properties.policyType") != "BuiltIn" || d.at("properties.policyRule.then.details.type") != "Microsoft.Network/networkWatchers/flowLogs" {
		t.Errorf("definition %s", d.text)
	}
	c.want(c.do("GET", c.sub+assignments+"/none", ""), 404, "no assignment")
	c.want(c.do("GET", "/providers/Microsoft.Authorization/policyDefinitions/none", ""), 404, "no definition")

	at := north + "/providers/Microsoft.Network/networkWatchers/nw"
	c.want(c.do("PUT", at, `{"location":"northeurope"}`), 201, "watcher")
	body := fmt.Sprintf(`{"properties":{"targetResourceId":%q,"storageId":%q}}`, c.path("vnet-north"), c.path("stnorth"))
	if a := c.do("PUT", at+"/flowLogs/a", body); a.code != 403 || a.errorCode() != "RequestDisallowedByPolicy" {
		t.Errorf("a flow log that a policy forbids: %d %s", a.code, a.text)
	}
}

func builtinNames(c *cloud) (all []string) {
	a := c.do("GET", "/providers/Microsoft.Authorization/policyDefinitions?api-version=2024-05-01&$top=100", "")
	for _, d := range a.doc["value"].([]any) {
		all = append(all, d.(map[string]any)["name"].(string))
	}
	return all
}
