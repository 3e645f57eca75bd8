package arm

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

// deployed sends a template to be deployed in a group of its own.
func (c *cloud) template(resources, more string) string {
	return fmt.Sprintf(`{"properties":{"mode":"Incremental","template":{"$schema":"s","contentVersion":"1.0.0.0","resources":[%s]%s}}}`, resources, more)
}

func TestDeployment(t *testing.T) {
	c := newCloud(t)
	group := c.sub + "/resourceGroups/rg-deployed"
	c.want(c.do("PUT", group, fmt.Sprintf(`{"location":%q}`, c.vnet.Location)), 201, "group")
	const network = `"apiVersion":"2023-09-01","location":"[resourceGroup().location]"`
	text := c.template(`
		{"type":"Microsoft.Network/virtualNetworks/subnets","apiVersion":"2023-09-01","name":"v/late","dependsOn":["v"],"properties":{"addressPrefix":"10.200.2.0/24"}},
		{"type":"Microsoft.Network/virtualNetworks","name":"v",`+network+`,"dependsOn":["[resourceId('Microsoft.Network/networkSecurityGroups','g')]"],
			"properties":{"addressSpace":{"addressPrefixes":["10.200.0.0/16"]},"subnets":[{"name":"s","properties":{"addressPrefix":"10.200.1.0/24",
			"networkSecurityGroup":{"id":"[resourceId('Microsoft.Network/networkSecurityGroups','g')]"}}}]}},
		{"type":"Microsoft.Network/networkSecurityGroups","name":"g",`+network+`,"properties":{}}`,
		`,"outputs":{"space":{"type":"array","value":"[reference('v').addressSpace.addressPrefixes]"}}`)
	path := group + "/providers/Microsoft.Resources/deployments/d"
	a := c.want(c.do("PUT", path, text), 201, "deployment")
	if a.at("properties.provisioningState") != "Accepted" {
		t.Errorf("answer %s", a.text)
	}
	status := strings.TrimPrefix(a.h.Get("Azure-AsyncOperation"), "https://management.azure.com")
	if i := strings.Index(status, "/subscriptions/"); i > 0 {
		status = status[i:]
	}
	if got := c.want(c.do("GET", status, ""), 200, "status").at("status"); got != "Running" {
		t.Errorf("status %v", got)
	}
	c.clock.Sleep(t.Context(), time.Minute)
	if got := c.want(c.do("GET", status, ""), 200, "status").at("status"); got != "Succeeded" {
		t.Errorf("status %v", got)
	}
	a = c.want(c.do("GET", path, ""), 200, "deployment")
	if got := fmt.Sprint(a.at("properties.outputs.space.value")); got != "[10.200.0.0/16]" {
		t.Errorf("output %s", a.text)
	}
	c.want(c.do("GET", group+"/providers/Microsoft.Network/virtualNetworks/v/subnets/late", ""), 200, "a subnet that the template names first")
	if all, _ := c.names(c.sub + "/resources"); strings.Contains(strings.Join(all, " "), "deployments") {
		t.Error("a deployment is no resource of the subscription")
	}
	var ops struct {
		Value []struct{ Properties map[string]any }
	}
	if err := json.Unmarshal([]byte(c.want(c.do("GET", path+"/operations", ""), 200, "operations").text), &ops); err != nil || len(ops.Value) != 3 {
		t.Errorf("%d operations, %v", len(ops.Value), err)
	}
	c.want(c.do("DELETE", path, ""), 202, "delete")
	c.want(c.do("GET", path, ""), 404, "deleted")
	c.want(c.do("GET", group+"/providers/Microsoft.Network/virtualNetworks/v", ""), 200, "what it made stays")
}

func TestDeploymentFails(t *testing.T) {
	c := newCloud(t)
	path := c.sub + "/resourceGroups/" + c.vm.Group + "/providers/Microsoft.Resources/deployments/d"
	for name, tt := range map[string]struct{ text, code string }{
		"unknown variable": {c.template(`{"type":"Microsoft.Network/networkSecurityGroups","name":"[variables('x')]","apiVersion":"2023-09-01"}`, ""), "InvalidTemplate"},
		"needs itself":     {c.template(`{"type":"a.b/c","name":"x","apiVersion":"1","dependsOn":["y"]},{"type":"a.b/c","name":"y","apiVersion":"1","dependsOn":["x"]}`, ""), "InvalidTemplate"},
		"segments":         {c.template(`{"type":"a.b/c/d","name":"x","apiVersion":"1"}`, ""), "InvalidTemplate"},
		"no template":      {`{"properties":{"mode":"Incremental"}}`, "InvalidTemplate"},
		"complete":         {`{"properties":{"mode":"Complete","template":{}}}`, "InvalidDeploymentMode"},
	} {
		if a := c.do("PUT", path, tt.text); a.code != 400 || a.errorCode() != tt.code {
			t.Errorf("%s: %d %s", name, a.code, a.text)
		}
	}
	// What the provider refuses is told by the deployment.
	c.want(c.do("PUT", path, c.template(`{"type":"Microsoft.Network/virtualNetworks","name":"v","apiVersion":"2023-09-01","location":"atlantis","properties":{}}`, "")), 201, "accepted")
	a := c.want(c.do("GET", path, ""), 200, "deployment")
	if a.at("properties.provisioningState") != "Failed" || !strings.Contains(a.text, "LocationNotAvailableForResourceType") {
		t.Errorf("deployment %s", a.text)
	}
}
