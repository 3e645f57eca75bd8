package arm

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// builder makes resources in a group of its own.
type builder struct {
	*cloud
	group string // path
}

func newBuilder(t *testing.T) *builder {
	t.Helper()
	b := &builder{cloud: newCloud(t)}
	b.group = b.sub + "/resourceGroups/rg-made"
	b.want(b.do("PUT", b.group, `{"location":"westeurope","tags":{"a":"b"}}`), 201, "group")
	return b
}

func (b *builder) id(provider, kind, name string) string {
	return b.group + "/providers/Microsoft." + provider + "/" + kind + "/" + name
}

// put makes a resource and returns it as it is when that is done.
func (b *builder) put(id, body string) answer {
	b.Helper()
	a := b.do("PUT", id, body)
	for at := a.h.Get("Location"); a.code == 202; a = b.do("GET", at, "") { // a storage account
		_ = b.clock.Sleep(b.Context(), networkWriteTime)
	}
	if a.code != 200 && a.code != 201 {
		b.Fatalf("PUT %s: %d %s", id, a.code, a.text)
	}
	if a.h.Get("Azure-AsyncOperation") != "" {
		if op := b.settle(a); op.at("status") != "Succeeded" {
			b.Fatalf("PUT %s: %s", id, op.text)
		}
	}
	return b.want(b.do("GET", id, ""), 200, id)
}

func (b *builder) drop(id string) {
	b.Helper()
	a := b.do("DELETE", id, "")
	if a.code == 202 {
		b.settle(a)
	} else if a.code != 200 {
		b.Fatalf("DELETE %s: %d %s", id, a.code, a.text)
	}
	b.want(b.do("GET", id, ""), 404, id)
	b.want(b.do("DELETE", id, ""), 204, id)
}

// stack is what the tests make: all that a capture and a flow log need.
type stack struct{ vnet, subnet, nsg, nic, vm, account string }

func (b *builder) stack() stack {
	b.Helper()
	s := stack{vnet: b.id("Network", "virtualNetworks", "v"), nsg: b.id("Network", "networkSecurityGroups", "g"),
		nic: b.id("Network", "networkInterfaces", "n"), vm: b.id("Compute", "virtualMachines", "m"),
		account: b.id("Storage", "storageAccounts", "madeaccount")}
	s.subnet = s.vnet + "/subnets/s"
	b.put(s.nsg, `{"location":"West Europe","properties":{"securityRules":[{"name":"in","properties":{"priority":100,"direction":"Inbound","access":"Allow",
		"protocol":"Tcp","sourcePortRange":"*","destinationPortRange":"443","sourceAddressPrefix":"*","destinationAddressPrefix":"*"}}]}}`)
	b.put(s.vnet, `{"location":"westeurope","properties":{"addressSpace":{"addressPrefixes":["10.9.0.0/16"]}}}`)
	b.put(s.subnet, fmt.Sprintf(`{"properties":{"addressPrefix":"10.9.1.0/24","networkSecurityGroup":{"id":%q}}}`, s.nsg))
	b.put(s.nic, fmt.Sprintf(`{"location":"westeurope","properties":{"ipConfigurations":[{"name":"internal","properties":{"subnet":{"id":%q}}}]}}`, s.subnet))
	b.put(s.vm, fmt.Sprintf(`{"location":"westeurope","properties":{"hardwareProfile":{"vmSize":"Standard_B1s"},
		"osProfile":{"computerName":"m","linuxConfiguration":{}},"networkProfile":{"networkInterfaces":[{"id":%q}]}}}`, s.nic))
	b.put(s.account, `{"location":"westeurope","kind":"StorageV2","sku":{"name":"Standard_LRS"},"properties":{}}`)
	return s
}

func TestMadeResourcesAreShownFilledIn(t *testing.T) {
	b := newBuilder(t)
	s := b.stack()
	tests := map[string]struct {
		id, path string
		want     any
	}{
		"region":   {s.nsg, "location", "westeurope"},
		"state":    {s.vnet, "properties.provisioningState", "Succeeded"},
		"prefix":   {s.subnet, "properties.addressPrefix", "10.9.1.0/24"},
		"policies": {s.subnet, "properties.privateEndpointNetworkPolicies", "Disabled"},
		"machine":  {s.nic, "properties.virtualMachine.id", s.vm},
		"endpoint": {s.account, "properties.primaryEndpoints.blob", "https://madeaccount.blob.core.windows.net/"},
		"tier":     {s.account, "sku.tier", "Standard"},
		"no tags":  {s.account, "tags", nil},
	}
	for name, tt := range tests {
		if a := b.do("GET", tt.id, ""); a.at(tt.path) != tt.want {
			t.Errorf("%s: %v, want %v", name, a.at(tt.path), tt.want)
		}
	}
	for text, id := range map[string]string{
		`"privateIPAddress":"10.9.1.4"`: s.nic, `"macAddress":"60-45-BD-`: s.nic,
		`"AllowVnetInBound"`: s.nsg, `"` + s.subnet + `"`: s.vnet, s.nic + "/ipConfigurations/internal": s.subnet,
		`"corsRules":[]`: s.account + "/blobServices/default", `"days":7`: s.account + "/fileServices/default",
	} {
		if a := b.do("GET", id, ""); !strings.Contains(a.text, text) {
			t.Errorf("%s lacks %s:\n%s", id, text, a.text)
		}
	}
	if keys := b.want(b.do("POST", s.account+"/listKeys", ""), 200, "keys"); !strings.Contains(keys.text, "key1") {
		t.Errorf("keys %s", keys.text)
	}
	for _, list := range []string{b.group + "/resources", b.sub + "/resources"} {
		if a := b.want(b.do("GET", list+"?api-version=2024-05-01&$filter=resourceType+eq+'Microsoft.Network/virtualNetworks'+and+name+eq+'v'", ""), 200, list); !strings.Contains(a.text, s.vnet) {
			t.Errorf("%s: %s", list, a.text)
		}
	}
}

// TestPutBackWhatWasGot: clients read, change and write the whole.
func TestPutBackWhatWasGot(t *testing.T) {
	b := newBuilder(t)
	s := b.stack()
	for _, id := range []string{s.nsg, s.vnet, s.subnet, s.nic, s.vm, s.account, b.group} {
		before := b.do("GET", id, "")
		after := b.put(id, before.text)
		delete(before.doc, "etag")
		delete(after.doc, "etag")
		x, y := stripped(t, before.doc), stripped(t, after.doc)
		if x != y {
			t.Errorf("%s changed:\n%s\n%s", id, x, y)
		}
	}
	b.put(s.vnet+"/subnets/t", `{"properties":{"addressPrefix":"10.9.2.0/24"}}`)
	moved := b.put(s.nic, strings.ReplaceAll(b.do("GET", s.nic, "").text, s.subnet, s.vnet+"/subnets/t"))
	if !strings.Contains(moved.text, `"privateIPAddress":"10.9.2.4"`) {
		t.Errorf("moved to another subnet: %s", moved.text)
	}
	b.drop(s.vm)
	b.drop(s.nic)
	for id, stale := range map[string]string{s.subnet: "ipConfigurations", s.vnet: "ipConfigurations"} {
		if a := b.do("GET", id, ""); strings.Contains(a.text, stale) {
			t.Errorf("%s still has the interface: %s", id, a.text)
		}
	}
	a := b.want(b.do("PATCH", s.account, `{"properties":{"allowSharedKeyAccess":false},"tags":{"x":"y"}}`), 200, "patch")
	if a.at("properties.allowSharedKeyAccess") != false || a.at("tags.x") != "y" || a.at("kind") != "StorageV2" {
		t.Errorf("patched: %s", a.text)
	}
}

// stripped is a document without the etags in it.
func stripped(t *testing.T, doc any) string {
	t.Helper()
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			delete(v, "etag")
			for _, x := range v {
				walk(x)
			}
		case []any:
			for _, x := range v {
				walk(x)
			}
		}
	}
	walk(doc)
	text, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestMadeResourcesRefuse(t *testing.T) {
	b := newBuilder(t)
	s := b.stack()
	vnet := func(more string) string {
		return `{"location":"westeurope","properties":{"addressSpace":{"addressPrefixes":["10.9.0.0/16"]}` + more + `}}`
	}
	nic := func(address string) string {
		return fmt.Sprintf(`{"location":"westeurope","properties":{"ipConfigurations":[{"name":"c","properties":{"privateIPAllocationMethod":"Static",
			"privateIPAddress":%q,"subnet":{"id":%q}}}]}}`, address, s.subnet)
	}
	tests := map[string]struct {
		method, id, body string
		status           int
		code             string
	}{
		"no location":     {"PUT", b.id("Network", "virtualNetworks", "x"), `{"properties":{}}`, 400, "LocationRequired"},
		"no such region":  {"PUT", b.id("Network", "virtualNetworks", "x"), `{"location":"moon"}`, 400, "LocationNotAvailableForResourceType"},
		"no address":      {"PUT", b.id("Network", "virtualNetworks", "x"), `{"location":"eastus"}`, 400, "InvalidRequestFormat"},
		"bad prefix":      {"PUT", b.id("Network", "virtualNetworks", "x"), strings.Replace(vnet(""), "/16", "/99", 1), 400, "InvalidAddressPrefixFormat"},
		"moved":           {"PUT", s.vnet, strings.Replace(vnet(""), "westeurope", "eastus", 1), 409, "InvalidResourceLocation"},
		"no group":        {"PUT", strings.Replace(s.vnet, "rg-made", "rg-none", 1), vnet(""), 404, "ResourceGroupNotFound"},
		"no parent":       {"PUT", b.id("Network", "virtualNetworks", "none/subnets/s"), `{"properties":{"addressPrefix":"10.9.1.0/24"}}`, 404, "ParentResourceNotFound"},
		"outside":         {"PUT", s.vnet + "/subnets/t", `{"properties":{"addressPrefix":"10.8.1.0/24"}}`, 400, "NetcfgInvalidSubnet"},
		"overlap":         {"PUT", s.vnet + "/subnets/t", `{"properties":{"addressPrefix":"10.9.1.128/25"}}`, 400, "NetcfgSubnetRangesOverlap"},
		"no NSG":          {"PUT", s.vnet + "/subnets/t", `{"properties":{"addressPrefix":"10.9.2.0/24","networkSecurityGroup":{"id":"/none"}}}`, 400, "InvalidResourceReference"},
		"priority":        {"PUT", s.nsg + "/securityRules/t", `{"properties":{"priority":99,"direction":"Inbound","access":"Allow"}}`, 400, "SecurityRuleInvalidPriority"},
		"priority taken":  {"PUT", s.nsg + "/securityRules/t", `{"properties":{"priority":100,"direction":"Inbound","access":"Deny"}}`, 400, "SecurityRuleConflict"},
		"no subnet":       {"PUT", b.id("Network", "networkInterfaces", "x"), `{"location":"westeurope","properties":{"ipConfigurations":[{"name":"c"}]}}`, 400, "InvalidResourceReference"},
		"not in subnet":   {"PUT", b.id("Network", "networkInterfaces", "x"), nic("10.9.2.4"), 400, "PrivateIPAddressNotInSubnet"},
		"address taken":   {"PUT", b.id("Network", "networkInterfaces", "x"), nic("10.9.1.4"), 400, "PrivateIPAddressInUse"},
		"no IP address":   {"PUT", b.id("Network", "networkInterfaces", "x"), nic("ten"), 400, "InvalidIPAddress"},
		"subnet in use":   {"DELETE", s.subnet, "", 400, "InUseSubnetCannotBeDeleted"},
		"VNet in use":     {"DELETE", s.vnet, "", 400, "InUseSubnetCannotBeDeleted"},
		"VNet loses it":   {"PUT", s.vnet, vnet(`,"subnets":[]`), 400, "InUseSubnetCannotBeDeleted"},
		"NSG in use":      {"DELETE", s.nsg, "", 400, "InUseNetworkSecurityGroupCannotBeDeleted"},
		"NIC in use":      {"DELETE", s.nic, "", 400, "NicInUse"},
		"account name":    {"PUT", b.id("Storage", "storageAccounts", "No-Name"), `{"location":"westeurope","sku":{"name":"Standard_LRS"}}`, 400, "AccountNameInvalid"},
		"account taken":   {"PUT", b.id("Storage", "storageAccounts", b.account.Name), `{"location":"westeurope","sku":{"name":"Standard_LRS"}}`, 409, "StorageAccountAlreadyTaken"},
		"the world":       {"DELETE", string(b.subnet.ID), "", 400, "InUseSubnetCannotBeDeleted"},
		"the world moved": {"PUT", string(b.vnet.ID), strings.Replace(vnet(""), "westeurope", "eastus", 1), 409, "InvalidResourceLocation"},
		"below the world": {"PUT", string(b.vnet.ID) + "/subnets/t", `{"properties":{"addressPrefix":"192.0.2.0/24"}}`, 400, "NetcfgInvalidSubnet"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if a := b.do(tt.method, tt.id, tt.body); a.code != tt.status || a.errorCode() != tt.code {
				t.Errorf("%d %s, want %d %s\n%s", a.code, a.errorCode(), tt.status, tt.code, a.text)
			}
		})
	}
}

func TestMadeResourcesAreRecorded(t *testing.T) {
	b := newBuilder(t)
	s := b.stack()
	log := b.watcher + "/flowLogs/made"
	a := b.put(log, fmt.Sprintf(`{"location":"westeurope","properties":{"targetResourceId":%q,"storageId":%q,"enabled":true}}`, s.vnet, s.account))
	if a.at("properties.targetResourceGuid") == "" || !strings.Contains(b.do("GET", s.vnet, "").text, log) {
		t.Errorf("flow log %s", a.text)
	}
	capture := b.watcher + "/packetCaptures/made"
	body := fmt.Sprintf(`{"properties":{"target":%q,"storageLocation":{"storageId":%q}}}`, s.vm, s.account)
	if a := b.do("PUT", capture, body); a.errorCode() != "NetworkWatcherAgentNotInstalled" {
		t.Errorf("without the agent: %d %s", a.code, a.text)
	}
	b.settle(b.do("PUT", s.vm+"/extensions/agent", `{"location":"westeurope","properties":{"publisher":"Microsoft.Azure.NetworkWatcher","type":"NetworkWatcherAgentLinux","typeHandlerVersion":"1.4"}}`))
	b.put(capture, body)
	b.settle(b.do("POST", capture+"/stop", ""))
	if a := b.do("POST", capture+"/queryStatus", ""); a.at("packetCaptureStatus") != "Stopped" {
		t.Errorf("status %s", a.text)
	}
	b.drop(s.vm)
	b.drop(s.nic)
	b.drop(s.vnet)
	b.want(b.do("GET", log, ""), 404, "the flow log of a VNet that is gone")
}

func TestAGroupGoesWithAllThatIsInIt(t *testing.T) {
	b := newBuilder(t)
	s := b.stack()
	nw := b.id("Network", "networkWatchers", "own")
	b.want(b.do("PUT", nw, `{"location":"westeurope"}`), 400, "a second watcher in the region")
	b.want(b.do("PUT", nw, `{"location":"westus2"}`), 201, "watcher")
	a := b.want(b.do("DELETE", b.group, ""), 202, "delete")
	if a.h.Get("Azure-AsyncOperation") != "" {
		t.Errorf("the deletion of a group has an operation: %v", a.h)
	}
	for at := a.h.Get("Location"); a.code == 202; a = b.do("GET", at, "") {
		_ = b.clock.Sleep(t.Context(), networkWriteTime)
	}
	b.want(a, 200, "result")
	for _, id := range []string{b.group, s.vnet, s.vm, s.account, nw} {
		b.want(b.do("GET", id, ""), 404, id)
	}
}
