package resolve

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowctl/plan"
	"flowctl/plan/config"
)

var noon = time.Date(2026, 11, 12, 12, 0, 0, 0, time.UTC)

const (
	group   = plan.ID("/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg/providers/")
	network = group + "Microsoft.Network/"
	compute = group + "Microsoft.Compute/"
	hub     = network + "virtualNetworks/hub"
	web     = hub + "/subnets/web"
)

func inventory() *plan.Inventory {
	const we, ne = "westeurope", "northeurope"
	return &plan.Inventory{
		Subscription: "11111111-2222-3333-4444-555555555555",
		VNets: []plan.VNet{
			{ID: hub, Location: we, Tags: map[string]string{"env": "prod"}, Subnets: []plan.Subnet{{ID: web, NSG: network + "networkSecurityGroups/nsg-web"}}},
			{ID: network + "virtualNetworks/far", Location: ne, Subnets: []plan.Subnet{{ID: network + "virtualNetworks/far/subnets/a"}}},
			{ID: network + "virtualNetworks/lost", Location: "japaneast"},
		},
		NICs: []plan.NIC{
			{ID: network + "networkInterfaces/nic-1", Location: we, MAC: "000D3A000001", Subnets: []plan.ID{web}, VM: compute + "virtualMachines/vm-1"},
			{ID: network + "networkInterfaces/nic-s0", Location: we, MAC: "000D3A000002", Subnets: []plan.ID{web}, VM: compute + "virtualMachineScaleSets/set/virtualMachines/0"},
		},
		NSGs: []plan.NSG{
			{ID: network + "networkSecurityGroups/nsg-web", Location: we, GUID: "g-web", Subnets: []plan.ID{web}},
			{ID: network + "networkSecurityGroups/nsg-idle", Location: we, GUID: "g-idle"},
		},
		VMs: []plan.VM{
			{ID: compute + "virtualMachines/vm-1", Location: we, Tags: map[string]string{"role": "db"}, OS: "Linux", Power: "running", Agent: true, NICs: []plan.ID{network + "networkInterfaces/nic-1"}},
			{ID: compute + "virtualMachines/vm-off", Location: we, Tags: map[string]string{"role": "db"}, OS: "Linux", Power: "deallocated", Agent: true},
			{ID: compute + "virtualMachines/vm-bare", Location: we, Tags: map[string]string{"role": "bare"}, OS: "Windows", Power: "running", NICs: []plan.ID{network + "networkInterfaces/nic-bare"}},
			{ID: compute + "virtualMachines/vm-alone", Location: we, OS: "Linux", Power: "running", Agent: true},
		},
		ScaleSets: []plan.ScaleSet{
			{ID: compute + "virtualMachineScaleSets/set", Location: we, OS: "Linux", Agent: true, Instances: []plan.Instance{{ID: compute + "virtualMachineScaleSets/set/virtualMachines/0", Number: "0", Power: "running"}}},
		},
		Accounts: []plan.StorageAccount{
			{ID: group + "Microsoft.Storage/storageAccounts/we", Location: "West Europe", SKU: "Standard_LRS", SharedKey: true},
			{ID: group + "Microsoft.Storage/storageAccounts/fast", Location: we, SKU: "Premium_LRS", SharedKey: true},
			{ID: group + "Microsoft.Storage/storageAccounts/ne", Location: ne, SKU: "Standard_LRS", SharedKey: false},
		},
		Watchers: []plan.Watcher{{ID: network + "networkWatchers/we", Location: we}, {ID: network + "networkWatchers/ne", Location: ne}},
	}
}

// watch is a watch with the defaults that config gives its kind.
func watch(kind, name string, s config.Selector) config.Watch {
	w := config.Watch{Kind: kind, Name: name, Provider: "azure", Select: s}
	if kind == config.VM || kind == config.VMSS {
		w.Capture = &config.Capture{Spec: plan.CaptureSpec{Duration: time.Hour, MaxBytes: 1 << 20}}
	} else {
		w.FlowLog = &config.FlowLog{}
	}
	return w
}

// query is a watch by a query that answered ids.
func query(kind string, ids ...plan.ID) config.Watch {
	return watch(kind, "q", config.Selector{Query: "Resources", IDs: ids})
}

func named1(names ...string) config.Selector {
	return config.Selector{Names: names, ResourceGroup: "RG"}
}

func TestInvestigation(t *testing.T) {
	onNIC := watch(config.VM, "a", named1("vm-1"))
	onNIC.Capture, onNIC.FlowLog = nil, &config.FlowLog{}
	setNICs := watch(config.VMSS, "a", named1("set"))
	setNICs.Capture, setNICs.FlowLog = nil, &config.FlowLog{}
	filtered := watch(config.VNet, "b", named1("hub"))
	filtered.FlowLog = &config.FlowLog{Spec: plan.FlowLogSpec{Filter: "dstPort=443"}}

	installing := watch(config.VM, "a", named1("vm-bare"))
	installing.Capture.InstallAgent = true
	onBare := watch(config.VM, "a", named1("vm-alone"))
	onBare.Capture, onBare.FlowLog = nil, &config.FlowLog{}

	tests := map[string]struct {
		watches  []config.Watch
		agent    string   // state of the agent of vm-1
		create   bool     // create_watchers
		drop     bool     // there are no watchers
		storage  []string // names of accounts; none: chosen
		sessions []string // mechanism target watches
		findings []string // severity code target
		diags    []string
	}{
		"vnet by name":            {watches: []config.Watch{watch(config.VNet, "a", named1("HUB"))}, sessions: []string{"flow_log hub vnet.a"}},
		"vnet by id, other case":  {watches: []config.Watch{watch(config.VNet, "a", config.Selector{IDs: []plan.ID{plan.ID(strings.ToUpper(string(hub)))}})}, sessions: []string{"flow_log hub vnet.a"}},
		"subnet":                  {watches: []config.Watch{watch(config.Subnet, "a", config.Selector{Names: []string{"web"}, VNet: "hub", ResourceGroup: "rg"})}, sessions: []string{"flow_log web subnet.a"}},
		"vm by tag, one off":      {watches: []config.Watch{watch(config.VM, "a", config.Selector{Tags: map[string]string{"ROLE": "db"}})}, sessions: []string{"packet_capture vm-1 vm.a"}, findings: []string{"warning vm-not-running vm-off"}},
		"vm without agent":        {watches: []config.Watch{watch(config.VM, "a", named1("vm-bare"))}, findings: []string{"error agent-missing vm-bare"}},
		"agent that failed":       {watches: []config.Watch{watch(config.VM, "a", named1("vm-1"))}, agent: "Failed", sessions: []string{"packet_capture vm-1 vm.a"}, findings: []string{"warning agent-failed vm-1"}},
		"agent that changes":      {watches: []config.Watch{watch(config.VM, "a", named1("vm-1"))}, agent: "Deleting", sessions: []string{"packet_capture vm-1 vm.a"}, findings: []string{"warning agent-changing vm-1"}},
		"agent is being made":     {watches: []config.Watch{installingOn("vm-1")}, agent: "Creating", sessions: []string{"packet_capture vm-1 vm.a installing Linux"}},
		"vnet nobody reads":       {watches: []config.Watch{watch(config.VNet, "a", config.Selector{IDs: []plan.ID{plan.ID(strings.Replace(string(hub), "1111", "9999", 1))}})}, diags: []string{"No target: which no provider of the file reads (azure reads"}},
		"vm without interface":    {watches: []config.Watch{watch(config.VM, "a", named1("vm-alone"))}, findings: []string{"error vm-without-nic vm-alone"}},
		"flow log without one":    {watches: []config.Watch{onBare}, findings: []string{"error vm-without-nic vm-alone"}},
		"agent is installed":      {watches: []config.Watch{installing}, sessions: []string{"packet_capture vm-bare vm.a installing Windows"}},
		"watcher is created":      {watches: []config.Watch{watch(config.VNet, "a", named1("hub"))}, create: true, drop: true, sessions: []string{"flow_log hub vnet.a creating NetworkWatcher_westeurope"}},
		"no storage":              {watches: []config.Watch{watch(config.VNet, "a", named1("lost"))}, create: true, findings: []string{"error storage-missing lost"}},
		"query":                   {watches: []config.Watch{query(config.VNet, hub)}, sessions: []string{"flow_log hub vnet.q"}},
		"query, twice the same":   {watches: []config.Watch{query(config.VNet, hub, plan.ID(strings.ToUpper(string(hub))))}, sessions: []string{"flow_log hub vnet.q"}},
		"query, another kind":     {watches: []config.Watch{query(config.VNet, hub, web)}, sessions: []string{"flow_log hub vnet.q"}, diags: []string{"Wrong resource type: returns 1 resources that are not a vnet"}},
		"query, nothing":          {watches: []config.Watch{query(config.VNet)}, diags: []string{"No target: the query returns nothing that can be watched (0 rows)"}},
		"query, gone":             {watches: []config.Watch{query(config.VNet, hub, network+"virtualNetworks/old")}, sessions: []string{"flow_log hub vnet.q"}, findings: []string{"warning query-stale old"}},
		"query, elsewhere":        {watches: []config.Watch{query(config.VNet, hub, plan.ID(strings.Replace(string(hub), "1111", "9999", 1)))}, sessions: []string{"flow_log hub vnet.q"}, findings: []string{"warning query-outside hub"}},
		"flow log on a vm":        {watches: []config.Watch{onNIC}, sessions: []string{"flow_log nic-1 vm.a"}},
		"scale set":               {watches: []config.Watch{watch(config.VMSS, "a", named1("set"))}, sessions: []string{"packet_capture set vmss.a"}},
		"flow log on a scale set": {watches: []config.Watch{setNICs}, sessions: []string{"flow_log web vmss.a"}},
		"nsg":                     {watches: []config.Watch{watch(config.NSG, "a", named1("nsg-web"))}, sessions: []string{"flow_log web nsg.a"}},
		"nsg in a watched vnet":   {watches: []config.Watch{watch(config.NSG, "a", named1("nsg-web")), watch(config.VNet, "b", named1("hub"))}, sessions: []string{"flow_log hub vnet.b,nsg.a"}},
		"nsg, vnet log is filtered": {watches: []config.Watch{watch(config.NSG, "a", named1("nsg-web")), filtered},
			sessions: []string{"flow_log hub vnet.b", "flow_log web nsg.a"}},
		"nsg on nothing":       {watches: []config.Watch{watch(config.NSG, "a", named1("nsg-idle"))}, findings: []string{"error nsg-unused nsg-idle"}},
		"two watches, one log": {watches: []config.Watch{watch(config.VNet, "a", named1("hub")), watch(config.VNet, "b", named1("hub"))}, sessions: []string{"flow_log hub vnet.a,vnet.b"}},
		"conflict":             {watches: []config.Watch{watch(config.VNet, "a", named1("hub")), filtered}, sessions: []string{"flow_log hub vnet.a"}, diags: []string{"Conflicting flow logs"}},
		"no such vnet":         {watches: []config.Watch{watch(config.VNet, "a", named1("hug"))}, diags: []string{"No target: Did you mean hub"}},
		"no such tag":          {watches: []config.Watch{watch(config.VM, "a", config.Selector{Tags: map[string]string{"role": "DB"}})}, diags: []string{`No target: no vm of 4 in the subscription has the tags role="DB"`}},
		"no watcher":           {watches: []config.Watch{watch(config.VNet, "a", named1("lost"))}, findings: []string{"error watcher-missing lost"}},
		"region of storage":    {watches: []config.Watch{watch(config.VNet, "a", named1("hub", "far"))}, storage: []string{"we"}, sessions: []string{"flow_log hub vnet.a"}, findings: []string{"warning storage-region far"}},
		"premium":              {watches: []config.Watch{watch(config.VNet, "a", named1("hub"))}, storage: []string{"fast"}, findings: []string{"error storage-premium hub"}},
		"no such account":      {watches: []config.Watch{watch(config.VNet, "a", named1("hub"))}, storage: []string{"none"}, diags: []string{"No storage account"}},
		"account is chosen":    {watches: []config.Watch{watch(config.VNet, "a", named1("far"))}, sessions: []string{"flow_log far vnet.a"}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			inv := &config.Investigation{Name: "spike", Owner: "o", Window: 2 * time.Hour, Watches: tc.watches}
			for _, s := range tc.storage {
				inv.Storage = append(inv.Storage, config.Storage{AccountID: group + plan.ID("Microsoft.Storage/storageAccounts/"+s)})
			}
			inv.CreateWatchers = tc.create
			all := inventory()
			for i := range all.VMs {
				if all.VMs[i].ID.Name() == "vm-1" {
					all.VMs[i].AgentIs = tc.agent
				}
			}
			if tc.drop {
				all.Watchers = nil
			}
			res, diags := Investigation(inv, map[string]*plan.Inventory{"azure": all}, noon)
			var sessions, findings []string
			for _, s := range res.Sessions {
				text := fmt.Sprintf("%s %s %s", s.Mechanism, s.Target.ID.Name(), strings.Join(s.Watches, ","))
				if s.InstallAgent != "" {
					text += " installing " + s.InstallAgent
				}
				if s.CreateWatcher {
					text += " creating " + s.Watcher.Name()
				}
				sessions = append(sessions, text)
			}
			for _, f := range res.Findings {
				findings = append(findings, fmt.Sprintf("%s %s %s", f.Severity, f.Code, f.Target.Name()))
			}
			if diff := cmp.Diff(tc.sessions, sessions); diff != "" {
				t.Errorf("sessions (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tc.findings, findings); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
			if len(diags) != len(tc.diags) {
				t.Fatalf("%d diagnostics, want %d: %v", len(diags), len(tc.diags), diags)
			}
			for i, d := range diags {
				summary, detail, _ := strings.Cut(tc.diags[i], ": ")
				if d.Summary != summary || !strings.Contains(d.Detail, detail) {
					t.Errorf("diagnostic %q: %q, want %q", d.Summary, d.Detail, tc.diags[i])
				}
			}
		})
	}
}

func TestCaptureNeedsSharedKeys(t *testing.T) {
	inv := inventory()
	inv.Accounts[0].SharedKey = false
	res, diags := Investigation(&config.Investigation{
		Name: "spike", Window: time.Hour, Watches: []config.Watch{watch(config.VM, "a", named1("vm-1"))},
		Storage: []config.Storage{{AccountID: inv.Accounts[0].ID}},
	}, map[string]*plan.Inventory{"azure": inv}, noon)
	if len(diags) != 0 || len(res.Findings) != 1 || res.Findings[0].Code != "storage-shared-key" {
		t.Errorf("findings %+v, diagnostics %v; want storage-shared-key", res.Findings, diags)
	}
}

func TestWindowIsOver(t *testing.T) {
	res, _ := Investigation(&config.Investigation{Name: "spike", End: noon.Add(-time.Minute)}, nil, noon)
	if len(res.Findings) != 1 || res.Findings[0].Code != plan.WindowOver || !plan.Blocking(res.Findings) {
		t.Errorf("findings %v, want one that says the window is over", res.Findings)
	}
}

func TestWithin(t *testing.T) {
	recs := []plan.Recording{{Target: web}, {Target: network + "networkInterfaces/nic-1"}, {Target: hub}}
	Within(inventory(), recs)
	want := [][]plan.ID{{hub}, {web, hub}, nil}
	for i, r := range recs {
		if diff := cmp.Diff(want[i], r.Within); diff != "" {
			t.Errorf("%s (-want +got):\n%s", r.Target.Name(), diff)
		}
	}
}

// installingOn captures a machine and may install its agent.
func installingOn(name string) config.Watch {
	w := watch(config.VM, "a", named1(name))
	c := *w.Capture
	c.InstallAgent = true
	w.Capture = &c
	return w
}
