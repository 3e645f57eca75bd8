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

	for version, want := range map[string]string{"2022-01-01": "kind allowPort25Out hostedWorkloads enableAcceleratedNetworking", "2020-04-01": "hostedWorkloads enableAcceleratedNetworking",
		"2018-01-01": "enableAcceleratedNetworking", "2016-03-30": ""} { // nic, nw-watcher-python, vm-redeploy-show, nw-next-hop-2017
		a := c.want(c.do("GET", nic+"?api-version="+version, ""), 200, version)
		var got []string
		for _, name := range []string{"kind", "allowPort25Out", "hostedWorkloads", "enableAcceleratedNetworking"} {
			if strings.Contains(a.text, `"`+name+`":`) {
				got = append(got, name)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("interface of %s has %v, want %s", version, got, want)
		}
	}

	// public-ip, vnet-peering, permissions
	a = c.want(c.do("PUT", group+"publicIPAddresses/members", fmt.Sprintf(`{"location":%q,"properties":{"dnsSettings":{"domainNameLabel":"woot1"}}}`, c.vnet.Location)), 201, "public address")
	if a.at("properties.dnsSettings.fqdn") != "woot1."+c.vnet.Location+".cloudapp.azure.com" {
		t.Errorf("public address: %s", a.text)
	}
	a = c.want(c.do("GET", string(c.w.VNets[0].Peerings[0].ID), ""), 200, "peering")
	if a.at("properties.resourceGuid") == nil || !strings.Contains(a.text, `"routeServiceVips":{}`) {
		t.Errorf("peering: %s", a.text)
	}
	if a := c.do("GET", c.sub+"/providers/Microsoft.Authorization/permissions?api-version=2015-07-01", ""); a.text != `{"value":[{"actions":["*"],"notActions":[]}]}` {
		t.Errorf("permissions of 2015: %s", a.text)
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

// TestInstanceViews: of a machine that a client made, the view has its own
// disks and the system of its image (recordings vm-put-patch-python and
// nw-diagnostics); a disk in an account is no managed one (nw-effective-2017).
func TestInstanceViews(t *testing.T) {
	c := newCloud(t)
	make := func(name, image, disk string) answer {
		group := c.sub + "/resourceGroups/" + c.vnet.Group
		nic := group + "/providers/Microsoft.Network/networkInterfaces/nic-" + name
		c.finish(c.want(c.do("PUT", nic, fmt.Sprintf(`{"location":%q,"properties":{"ipConfigurations":[{"name":"a","properties":{"subnet":{"id":%q}}}]}}`, c.vnet.Location, c.vnet.Subnets[0].ID)), 201, "interface"))
		vm := group + "/providers/Microsoft.Compute/virtualMachines/" + name
		c.finish(c.want(c.do("PUT", vm, fmt.Sprintf(`{"location":%q,"properties":{"hardwareProfile":{"vmSize":"Standard_D2s_v5"},"storageProfile":{"imageReference":%s,"osDisk":%s,
			"dataDisks":[{"lun":0,"name":"data0","createOption":"Empty","diskSizeGB":8}]},"networkProfile":{"networkInterfaces":[{"id":%q}]}}}`, c.vnet.Location, image, disk, nic)), 201, "machine"))
		return c.want(c.do("GET", vm+"?$expand=instanceView&api-version=2024-07-01", ""), 200, "view")
	}
	a := make("win", `{"publisher":"MicrosoftWindowsServer","offer":"WindowsServer","sku":"2016-Datacenter","version":"latest"}`, `{"name":"disk0","createOption":"FromImage"}`)
	for _, want := range []string{`"osName":"Windows Server 2016 Datacenter","osVersion":"Microsoft Windows NT 10.0.14393.0"`, `"disks":[{"name":"disk0",`, `{"name":"data0",`, `"managedDisk"`} {
		if !strings.Contains(a.text, want) {
			t.Errorf("no %s in %s", want, a.text)
		}
	}
	a = make("lin", `{"publisher":"Canonical","offer":"UbuntuServer","sku":"18.04-LTS","version":"latest"}`,
		`{"name":"old","createOption":"FromImage","vhd":{"uri":"https://stcontosonetweu.blob.core.windows.net/vhds/old.vhd"}}`)
	if !strings.Contains(a.text, `"osName":"ubuntu","osVersion":"18.04"`) || strings.Contains(a.text, `"managedDisk"`) {
		t.Errorf("a machine whose disk is in an account: %s", a.text)
	}
}

// TestARowIsEnough: of a type of which there is a row and nothing else,
// everything that clients do with resources works.
func TestARowIsEnough(t *testing.T) {
	c := newCloud(t)
	const typ = "Microsoft.Network/ipGroups"
	group := c.sub + "/resourceGroups/" + c.vnet.Group
	path := group + "/providers/" + typ + "/offices"
	c.finish(c.want(c.do("PUT", path, fmt.Sprintf(`{"location":%q,"tags":{"a":"b"},"properties":{"ipAddresses":["192.0.2.0/24"]}}`, c.vnet.Location)), 201, "made"))
	a := c.want(c.do("PATCH", path, `{"tags":{"a":"c"}}`), 200, "patched")
	if a.at("tags.a") != "c" || a.at("properties.resourceGuid") == nil || a.h.Get("Azure-AsyncOperation") == "" {
		t.Errorf("patched: %v %s", a.h, a.text)
	}
	c.finish(a)
	for _, list := range []string{c.sub + "/providers/" + typ, group + "/providers/" + typ, group + "/resources?api-version=2024-05-01&$filter=resourceType+eq+'" + typ + "'"} {
		if all, _ := c.names(list); len(all) != 1 || all[0] != "offices" {
			t.Errorf("%s: %v", list, all)
		}
	}
	if a := c.do("POST", "/providers/Microsoft.ResourceGraph/resources?api-version=2022-10-01", `{"query":"resources | where type =~ '`+typ+`' | project name, tags"}`); !strings.Contains(a.text, `"offices"`) {
		t.Errorf("Resource Graph: %s", a.text)
	}
	if a := c.do("GET", c.sub+"/providers/Microsoft.Network", ""); !strings.Contains(a.text, `"resourceType":"ipGroups"`) {
		t.Error("the provider does not have the type")
	}
	lock := path + "/providers/Microsoft.Authorization/locks/keep"
	c.want(c.do("PUT", lock, `{"properties":{"level":"CanNotDelete"}}`), 201, "lock")
	if a := c.do("DELETE", path, ""); a.errorCode() != "ScopeLocked" {
		t.Errorf("deleted under a lock: %d %s", a.code, a.text)
	}
	c.want(c.do("DELETE", lock, ""), 200, "lifted")
	c.want(c.do("DELETE", path, ""), 202, "deleted")
	_ = c.clock.Sleep(t.Context(), time.Minute)
	c.want(c.do("GET", path, ""), 404, "gone")
}
