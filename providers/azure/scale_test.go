package azure

import (
	"encoding/json"
	"fmt"
	"net/http"
	"runtime"
	"runtime/metrics"
	"strconv"
	"strings"
	"sync"
	"testing"

	"flowctl/plan"

	azfake "github.com/Azure/azure-sdk-for-go/sdk/azcore/fake"
	"github.com/google/go-cmp/cmp"
)

// crowd is a subscription with many machines, whose lists have pages as
// Azure's do. Machines have one interface each, and one in two has the agent.
type crowd struct {
	vms, vnets int
	page       int
	byID       bool // extensions are listed by id only
	noGraph    bool // Resource Graph does not answer

	mu    sync.Mutex
	asked map[string]int
}

// Do answers one request.
func (c *crowd) Do(req *http.Request) (*http.Response, error) {
	kind := resourceType(req.URL.Path)
	if req.URL.Query().Has("statusOnly") {
		kind += "?statusOnly"
	}
	c.mu.Lock()
	c.asked[kind]++
	c.mu.Unlock()
	w := &answer{status: http.StatusOK, header: http.Header{}}
	if kind == "Microsoft.ResourceGraph/resources" {
		c.graph(w, req)
		return w.response(req), nil
	}
	if kind == "Microsoft.Compute/virtualMachines/extensions" {
		c.extensions(w, req)
		return w.response(req), nil
	}
	count, element := c.elements(kind)
	if element == nil {
		w.body = `{"value":[]}`
		return w.response(req), nil
	}
	from, _ := strconv.Atoi(req.URL.Query().Get("$skiptoken"))
	w.body = c.body(req, from, count, element)
	return w.response(req), nil
}

func (c *crowd) body(req *http.Request, from, count int, element func(int) string) string {
	var b strings.Builder
	b.WriteString(`{"value":[`)
	to := min(from+c.page, count)
	for i := from; i < to; i++ {
		if i > from {
			b.WriteByte(',')
		}
		b.WriteString(element(i))
	}
	b.WriteByte(']')
	if to < count {
		u := *req.URL
		q := u.Query()
		q.Set("$skiptoken", strconv.Itoa(to))
		u.RawQuery = q.Encode()
		fmt.Fprintf(&b, `,"nextLink":%q`, u.String())
	}
	b.WriteByte('}')
	return b.String()
}

func (c *crowd) elements(kind string) (int, func(int) string) {
	switch kind {
	case "Microsoft.Compute/virtualMachines":
		return c.vms, c.vm
	case "Microsoft.Compute/virtualMachines?statusOnly":
		return c.vms, c.status
	case "Microsoft.Network/networkInterfaces":
		return c.vms, c.nic
	case "Microsoft.Network/virtualNetworks":
		return c.vnets, c.vnet
	case "Microsoft.Network/networkSecurityGroups":
		return c.vnets, c.nsg
	}
	return 0, nil
}

// graph answers with the agents, up to a thousand at a time.
func (c *crowd) graph(w *answer, req *http.Request) {
	if c.noGraph {
		w.refuse(http.StatusForbidden, "AuthorizationFailed", "No.")
		return
	}
	var q graphQuery
	if err := json.NewDecoder(req.Body).Decode(&q); err != nil || q.Query != agentQuery {
		w.refuse(http.StatusBadRequest, "BadRequest", "Not this.")
		return
	}
	from, _ := strconv.Atoi(q.Options.SkipToken)
	var rows []string
	for i := from; i < min(from+2*graphTop, c.vms); i += 2 {
		rows = append(rows, c.extension(i, true))
	}
	w.body = `{"resultTruncated":"false","data":[` + strings.Join(rows, ",") + `]`
	if from+2*graphTop < c.vms {
		w.body += fmt.Sprintf(`,"$skipToken":"%d"`, from+2*graphTop)
	}
	w.body += "}"
}

// extensions answers with those of one machine.
func (c *crowd) extensions(w *answer, req *http.Request) {
	name := plan.ID(strings.TrimSuffix(req.URL.Path, "/extensions")).Name()
	n, _ := strconv.Atoi(strings.TrimPrefix(name, "vm-"))
	w.body = `{"value":[]}`
	if n%2 == 0 {
		w.body = `{"value":[` + c.extension(n, true) + `]}`
	}
}

func (c *crowd) id(kind string, i int) string { return fmt.Sprintf("%s%s-%05d", group, kind, i) }

func (c *crowd) extension(i int, typed bool) string {
	id := c.id("Microsoft.Compute/virtualMachines/vm", i) + "/extensions/AzureNetworkWatcherExtension"
	if !typed {
		return fmt.Sprintf(`{"id":%q}`, id)
	}
	return fmt.Sprintf(`{"name":"AzureNetworkWatcherExtension","id":%q,"type":"Microsoft.Compute/virtualMachines/extensions","location":"westeurope",
		"properties":{"autoUpgradeMinorVersion":true,"provisioningState":"Succeeded","publisher":"Microsoft.Azure.NetworkWatcher","type":"NetworkWatcherAgentLinux","typeHandlerVersion":"1.4"}}`, id)
}

func (c *crowd) vm(i int) string {
	extensions := ""
	if i%2 == 0 {
		extensions = `,"resources":[` + c.extension(i, !c.byID) + `]`
	}
	return fmt.Sprintf(`{"name":"vm-%05d","id":%q,"type":"Microsoft.Compute/virtualMachines","location":"westeurope","etag":"\"%d\"",
		"tags":{"role":"web","cost-center":"4711","owner":"platform@contoso.example","environment":"production"},
		"identity":{"type":"SystemAssigned","principalId":"0b1f6471-1bf0-4dda-aec3-cb9272f09590","tenantId":"72f988bf-86f1-41af-91ab-2d7cd011db47"},
		"properties":{"vmId":"a-%d","provisioningState":"Succeeded","timeCreated":"2025-06-01T10:11:12.1234567+00:00",
		"hardwareProfile":{"vmSize":"Standard_D4s_v5"},"additionalCapabilities":{"hibernationEnabled":false},
		"storageProfile":{"imageReference":{"publisher":"canonical","offer":"ubuntu-24_04-lts","sku":"server","version":"latest","exactVersion":"24.04.202506010"},
		"osDisk":{"osType":"Linux","name":"vm-%05d_OsDisk_1_0e1f","createOption":"FromImage","caching":"ReadWrite","managedDisk":{"storageAccountType":"Premium_LRS","id":%q},"deleteOption":"Delete","diskSizeGB":128},
		"dataDisks":[{"lun":0,"name":"data","createOption":"Attach","caching":"None","managedDisk":{"id":%q},"toBeDetached":false}],"diskControllerType":"SCSI"},
		"osProfile":{"computerName":"vm-%05d","adminUsername":"azureuser","linuxConfiguration":{"disablePasswordAuthentication":true,"ssh":{"publicKeys":[{"path":"/home/azureuser/.ssh/authorized_keys","keyData":"ssh-rsa %s"}]},
		"provisionVMAgent":true,"patchSettings":{"patchMode":"AutomaticByPlatform","assessmentMode":"AutomaticByPlatform"}},"secrets":[],"allowExtensionOperations":true,"requireGuestProvisionSignal":true},
		"securityProfile":{"uefiSettings":{"secureBootEnabled":true,"vTpmEnabled":true},"securityType":"TrustedLaunch"},
		"networkProfile":{"networkInterfaces":[{"id":%q,"properties":{"deleteOption":"Delete"}}]},
		"diagnosticsProfile":{"bootDiagnostics":{"enabled":true}}}%s}`,
		i, c.id("Microsoft.Compute/virtualMachines/vm", i), i, i, i, c.id("Microsoft.Compute/disks/os", i), c.id("Microsoft.Compute/disks/data", i), i,
		strings.Repeat("A", 372), c.id("Microsoft.Network/networkInterfaces/nic", i), extensions)
}

func (c *crowd) status(i int) string {
	return fmt.Sprintf(`{"name":"vm-%05d","id":%q,"type":"Microsoft.Compute/virtualMachines","location":"westeurope","properties":{"vmId":"a-%d","provisioningState":"Succeeded",
		"instanceView":{"computerName":"vm-%05d","osName":"ubuntu","osVersion":"24.04","vmAgent":{"vmAgentVersion":"2.11","statuses":[{"code":"ProvisioningState/succeeded","level":"Info","displayStatus":"Ready","message":"Guest Agent is running","time":"2026-11-01T00:00:00+00:00"}]},
		"disks":[{"name":"os","statuses":[{"code":"ProvisioningState/succeeded","level":"Info","displayStatus":"Provisioning succeeded","time":"2026-11-01T00:00:00+00:00"}]}],
		"statuses":[{"code":"ProvisioningState/succeeded","level":"Info","displayStatus":"Provisioning succeeded","time":"2026-11-01T00:00:00+00:00"},{"code":"PowerState/running","level":"Info","displayStatus":"VM running"}]}}}`,
		i, c.id("Microsoft.Compute/virtualMachines/VM", i), i, i)
}

func (c *crowd) nic(i int) string {
	id := c.id("Microsoft.Network/networkInterfaces/nic", i)
	return fmt.Sprintf(`{"name":"nic-%05d","id":%q,"etag":"W/\"x\"","type":"Microsoft.Network/networkInterfaces","location":"westeurope","tags":{"role":"web"},
		"properties":{"provisioningState":"Succeeded","resourceGuid":"7c9c0b9a","ipConfigurations":[{"name":"ipconfig1","id":"%s/ipConfigurations/ipconfig1","etag":"W/\"x\"","type":"Microsoft.Network/networkInterfaces/ipConfigurations",
		"properties":{"provisioningState":"Succeeded","privateIPAddress":"10.%d.%d.%d","privateIPAllocationMethod":"Dynamic","subnet":{"id":"%s/subnets/default"},"primary":true,"privateIPAddressVersion":"IPv4",
		"loadBalancerBackendAddressPools":[{"id":"%s/backendAddressPools/pool"}]}}],
		"dnsSettings":{"dnsServers":[],"appliedDnsServers":[],"internalDomainNameSuffix":"x.internal.cloudapp.net"},"macAddress":"00-0D-3A-%02X-%02X-%02X","enableAcceleratedNetworking":true,
		"vnetEncryptionSupported":false,"enableIPForwarding":false,"networkSecurityGroup":{"id":%q},"primary":true,"virtualMachine":{"id":%q},"hostedWorkloads":[],"tapConfigurations":[],"nicType":"Standard","auxiliaryMode":"None"}}`,
		i, id, id, i>>16, i>>8&255, i&255, c.id("Microsoft.Network/virtualNetworks/vnet", i%c.vnets), c.id("Microsoft.Network/loadBalancers/lb", i%c.vnets),
		i>>16, i>>8&255, i&255, c.id("Microsoft.Network/networkSecurityGroups/nsg", i%c.vnets), c.id("Microsoft.Compute/virtualMachines/vm", i))
}

func (c *crowd) vnet(i int) string {
	id := c.id("Microsoft.Network/virtualNetworks/vnet", i)
	var configs []string
	for n := i; n < c.vms; n += c.vnets {
		configs = append(configs, fmt.Sprintf(`{"id":"%s/ipConfigurations/ipconfig1"}`, c.id("Microsoft.Network/networkInterfaces/nic", n)))
	}
	return fmt.Sprintf(`{"name":"vnet-%05d","id":%q,"type":"Microsoft.Network/virtualNetworks","location":"westeurope","tags":{"env":"prod"},
		"properties":{"provisioningState":"Succeeded","addressSpace":{"addressPrefixes":["10.0.0.0/8"]},"subnets":[{"name":"default","id":"%s/subnets/default",
		"properties":{"provisioningState":"Succeeded","addressPrefix":"10.0.0.0/9","networkSecurityGroup":{"id":%q},"ipConfigurations":[%s],"delegations":[]}}],"virtualNetworkPeerings":[],"enableDdosProtection":false}}`,
		i, id, id, c.id("Microsoft.Network/networkSecurityGroups/nsg", i), strings.Join(configs, ","))
}

func (c *crowd) nsg(i int) string {
	id := c.id("Microsoft.Network/networkSecurityGroups/nsg", i)
	var rules []string
	for n := range 10 {
		rules = append(rules, fmt.Sprintf(`{"name":"rule-%d","id":"%s/securityRules/rule-%d","properties":{"provisioningState":"Succeeded","protocol":"TCP","sourcePortRange":"*","destinationPortRange":"443",
			"sourceAddressPrefix":"VirtualNetwork","destinationAddressPrefix":"*","access":"Allow","priority":%d,"direction":"Inbound"}}`, n, id, n, 100+n))
	}
	return fmt.Sprintf(`{"name":"nsg-%05d","id":%q,"location":"westeurope","properties":{"resourceGuid":"g-%d","securityRules":[%s],"defaultSecurityRules":[],
		"subnets":[{"id":"%s/subnets/default"}]}}`, i, id, i, strings.Join(rules, ","), c.id("Microsoft.Network/virtualNetworks/vnet", i))
}

func newCrowd(vms, vnets int) *crowd {
	return &crowd{vms: vms, vnets: vnets, page: 500, asked: map[string]int{}}
}

func (c *crowd) provider(t testing.TB) *Provider {
	t.Helper()
	p, err := New(Options{Subscription: sub, Credential: &azfake.TokenCredential{}, Transport: c, InProcess: true, Clock: newStepClock()})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func BenchmarkInventory(b *testing.B) {
	for _, byID := range []bool{false, true} {
		b.Run(fmt.Sprintf("vms=10000/vnets=500/byID=%v", byID), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c := newCrowd(10_000, 500)
				c.byID = byID
				p := c.provider(b)
				inv, err := p.Inventory(b.Context())
				if err != nil || len(inv.VMs) != 10_000 {
					b.Fatal(len(inv.VMs), err)
				}
				b.ReportMetric(float64(p.Calls()), "requests")
				runtime.GC()
				b.ReportMetric(live()/1e6, "MB-kept")
				runtime.KeepAlive(inv)
			}
		})
	}
}

// live is how many bytes of objects there are.
func live() float64 {
	s := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(s)
	return float64(s[0].Value.Uint64())
}

// The number of requests grows with pages, and with nothing else: here one of
// each list to 500 elements, twice that of machines, and of their extensions
// one to 1000 if the list does not show them.
func TestRequestsGrowWithPagesOnly(t *testing.T) {
	for _, byID := range []bool{false, true} {
		c := newCrowd(2000, 50)
		c.byID = byID
		p := c.provider(t)
		inv, err := p.Inventory(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]int{
			"Microsoft.Compute/virtualMachines": 4, "Microsoft.Compute/virtualMachines?statusOnly": 4,
			"Microsoft.Compute/virtualMachineScaleSets": 1, "Microsoft.Network/networkInterfaces": 4, "Microsoft.Network/virtualNetworks": 1,
			"Microsoft.Network/networkSecurityGroups": 1, "Microsoft.Network/networkWatchers": 1, "Microsoft.Storage/storageAccounts": 1,
		}
		if byID {
			want["Microsoft.ResourceGraph/resources"] = 1
		}
		if diff := cmp.Diff(want, c.asked); diff != "" {
			t.Errorf("requests, byID=%v (-want +got):\n%s", byID, diff)
		}
		agents := 0
		for i, v := range inv.VMs {
			if v.Agent {
				agents++
			}
			if v.Agent != (i%2 == 0) || v.Power != "running" || v.OS != "Linux" || len(v.NICs) != 1 {
				t.Fatalf("byID=%v: machine %d is %+v", byID, i, v)
			}
		}
		if len(inv.VMs) != 2000 || agents != 1000 {
			t.Errorf("byID=%v: %d machines, %d with the agent", byID, len(inv.VMs), agents)
		}
	}
}

// Where Resource Graph does not answer, each machine is asked.
func TestAgentsWithoutResourceGraph(t *testing.T) {
	c := newCrowd(2*few+2, 1)
	c.byID, c.noGraph = true, true
	inv, err := c.provider(t).Inventory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if n := c.asked["Microsoft.Compute/virtualMachines/extensions"]; n != 2*few+2 {
		t.Errorf("%d machines were asked, want all", n)
	}
	for i, v := range inv.VMs {
		if v.Agent != (i%2 == 0) {
			t.Errorf("machine %d has an agent: %v", i, v.Agent)
		}
	}
}
