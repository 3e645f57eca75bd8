package arm

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestMembersByVersion: what each api-version was recorded to have, and what a
// write shows before it is done.
func TestMembersByVersion(t *testing.T) {
	c := newCloud(t)
	group := c.sub + "/resourceGroups/" + c.vnet.Group + "/providers/Microsoft.Network/"
	vnet := group + "virtualNetworks/members"
	c.finish(c.want(c.do("PUT", vnet, fmt.Sprintf(`{"location":%q,"properties":{"addressSpace":{"addressPrefixes":["10.77.0.0/16"]},"subnets":[{"name":"s","properties":{"addressPrefix":"10.77.1.0/24"}}]}}`, c.vnet.Location)), 201, "network"))
	tests := []struct{ recording, path, version, has, hasNot string }{
		{"vnet", vnet, "2022-01-01", `"enableDdosProtection":false`, "enableVmProtection"},
		{"nw-watcher-python", vnet, "2020-04-01", `"enableVmProtection":false`, `"serviceEndpoints"`},
		{"vnet-peering", vnet, "2017-06-01", `"dhcpOptions"`, "Protection"},
		{"subnet-service-endpoints", vnet + "/subnets/s", "2022-01-01", `"privateEndpointNetworkPolicies":"Disabled"`, `"serviceEndpoints"`},
		{"vm-put-patch-python", vnet + "/subnets/s", "2020-04-01", `"privateEndpointNetworkPolicies":"Enabled"`, `"serviceEndpoints"`},
	}
	for _, tt := range tests {
		a := c.want(c.do("GET", tt.path+"?api-version="+tt.version, ""), 200, tt.recording)
		if !strings.Contains(a.text, tt.has) || strings.Contains(a.text, tt.hasNot) {
			t.Errorf("%s: %s of %s: want %s and no %s in\n%s", tt.recording, tt.path, tt.version, tt.has, tt.hasNot, a.text)
		}
	}

	// subnet-service-endpoints, storage-account-network-rules
	body := `{"properties":{"addressPrefix":"10.77.1.0/24","serviceEndpoints":[{"service":"Microsoft.Storage"}]}}`
	a := c.want(c.do("PUT", vnet+"/subnets/s", body), 200, "service endpoint")
	if !strings.Contains(a.text, `"serviceEndpoints":[{"provisioningState":"Updating","service":"Microsoft.Storage","locations":["*"]}]`) {
		t.Errorf("service endpoint while it is made: %s", a.text)
	}
	c.finish(a)
	if a := c.do("GET", vnet+"/subnets/s", ""); !strings.Contains(a.text, `"provisioningState":"Succeeded","service":"Microsoft.Storage"`) {
		t.Errorf("service endpoint: %s", a.text)
	}

	// nic: a write is shown as done, and a label has a whole name
	nic := group + "networkInterfaces/members"
	a = c.want(c.do("PUT", nic, fmt.Sprintf(`{"location":%q,"properties":{"dnsSettings":{"internalDnsNameLabel":"web"},"ipConfigurations":[{"name":"a","properties":{"subnet":{"id":%q}}}]}}`,
		c.vnet.Location, vnet+"/subnets/s")), 201, "interface")
	suffix := fmt.Sprint(a.at("properties.dnsSettings.internalDomainNameSuffix"))
	if a.at("properties.provisioningState") != "Succeeded" || a.h.Get("Azure-AsyncOperation") == "" || a.at("properties.dnsSettings.internalFqdn") != "web."+suffix {
		t.Errorf("interface: %v %s", a.h, a.text)
	}

	// nsg: application security groups have no GUID
	a = c.want(c.do("PUT", group+"applicationSecurityGroups/members", fmt.Sprintf(`{"location":%q}`, c.vnet.Location)), 201, "application security group")
	if a.at("properties.resourceGuid") != nil {
		t.Errorf("application security group: %s", a.text)
	}
}

// TestCapturesByVersion: net-packet-capture-2017, net-fluent-packet-capture-2018,
// cli-packet-capture-vm-2020 and cli-packet-capture-vm.
func TestCapturesByVersion(t *testing.T) {
	c := newCloud(t)
	path := c.watcher + "/packetCaptures/members"
	c.settle(c.want(c.do("PUT", path, c.capture(c.vm.ID, "")), 201, "capture"))
	for version, want := range map[string]string{"2017-06-01": "", "2018-02-01": "", "2019-06-01": "type", "2020-06-01": "type", "2022-01-01": "type scope targetType"} {
		for _, at := range []string{path, c.watcher + "/packetCaptures"} {
			a := c.want(c.do("GET", at+"?api-version="+version, ""), 200, version)
			var got []string
			for _, name := range []string{"type", "scope", "targetType"} {
				if strings.Contains(a.text, `"`+name+`":`) {
					got = append(got, name)
				}
			}
			if strings.Join(got, " ") != want {
				t.Errorf("%s of %s has %v, want %s", at, version, got, want)
			}
		}
	}
	_ = c.clock.Sleep(t.Context(), time.Minute)
	if a := c.want(c.do("POST", path+"/queryStatus", ""), 202, "status"); a.h.Get("Retry-After") != "10" {
		t.Errorf("a status that is on its way: %v", a.h)
	}
}
