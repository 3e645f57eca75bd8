package preflight

import (
	"net/netip"
	"testing"
	"time"

	"github.com/hashicorp/hcl/v2"

	"flowctl/plan"
	"flowctl/plan/config"
)

var noon = time.Date(2026, 11, 12, 12, 0, 0, 0, time.UTC)

const (
	sub      = "11111111-2222-3333-4444-555555555555"
	group    = plan.ID("/subscriptions/" + sub + "/resourceGroups/rg/providers/")
	network  = group + "Microsoft.Network/"
	compute  = group + "Microsoft.Compute/"
	hub      = network + "virtualNetworks/hub"
	web      = hub + "/subnets/web"
	nic      = network + "networkInterfaces/nic-1"
	vm       = compute + "virtualMachines/vm-1"
	set      = compute + "virtualMachineScaleSets/set"
	account1 = group + "Microsoft.Storage/storageAccounts/logs"
	watcher  = plan.ID("/subscriptions/" + sub + "/resourceGroups/NetworkWatcherRG/providers/Microsoft.Network/networkWatchers/NetworkWatcher_westeurope")
	nsg      = network + "networkSecurityGroups/nsg-web"
)

// world is a plan over a subscription in which nothing is wrong: a flow log
// on a virtual network, and a capture of a machine in it.
type world struct {
	Input
	inv *plan.Inventory
}

func line(n int) hcl.Range {
	return hcl.Range{Filename: "a.hcl", Start: hcl.Pos{Line: n, Column: 1}, End: hcl.Pos{Line: n, Column: 9}}
}

func newWorld() *world {
	inv := inventory()
	vnet := config.Watch{Kind: config.VNet, Name: "hub", Provider: "azure", Range: line(10), SelectRange: line(11),
		FlowLog: &config.FlowLog{Declared: true, Range: line(12), RetentionRange: line(13), RecordTypesRange: line(14), FilterRange: line(15)}}
	db := config.Watch{Kind: config.VM, Name: "db", Provider: "azure", Range: line(20), SelectRange: line(21),
		Capture: &config.Capture{Declared: true, Range: line(22), DurationRange: line(23), SizeRange: line(24), PathRange: line(25), FilterRanges: []hcl.Range{line(26), line(27)}}}
	w := &world{inv: inv, Input: Input{
		Config: &config.Investigation{
			Name: "spike", Owner: "o@example.com", Window: time.Hour, Watches: []config.Watch{vnet, db},
			Storage: []config.Storage{{AccountID: account1, AccountRange: line(5)}}, Range: line(1), WindowRange: line(4),
			Summaries: []config.Summary{{Name: "all", Range: line(40)}},
		},
		Plan:        plan.Plan{Investigation: plan.Investigation{Name: "spike", Owner: "o@example.com", Window: time.Hour}, Made: noon, Ends: noon.Add(time.Hour)},
		Inventories: map[string]*plan.Inventory{"azure": inv},
	}}
	w.add(plan.Session{Watches: []string{"vnet.hub"}, Mechanism: plan.FlowLog, Target: plan.Target{Kind: config.VNet, ID: hub, Location: "westeurope", Provider: "azure"},
		Watcher: watcher, Storage: account1, FlowLog: &plan.FlowLogSpec{}})
	w.add(plan.Session{Watches: []string{"vm.db"}, Mechanism: plan.PacketCapture, Target: plan.Target{Kind: config.VM, ID: vm, Location: "westeurope", Provider: "azure"},
		Watcher: watcher, Storage: account1, Capture: &plan.CaptureSpec{Duration: time.Hour, MaxBytes: 1 << 30, BytesPerPacket: 128}})
	all := []plan.Permission{{Actions: []string{"*"}, DataActions: []string{"*"}}}
	w.Facts = Facts{Permissions: map[string][]plan.Permission{}, Lifecycles: map[string]plan.Lifecycle{account1.Key(): {Account: account1}}}
	for _, id := range []plan.ID{"/subscriptions/" + sub, watcher, account1, vm} {
		w.Facts.Permissions[id.Key()] = all
	}
	return w
}

func inventory() *plan.Inventory {
	const we = "westeurope"
	return &plan.Inventory{
		Provider: "azure", Subscription: sub, Tenant: "t",
		VNets: []plan.VNet{{ID: hub, Location: we, Prefixes: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/16")}, Encryption: "AllowUnencrypted",
			Subnets: []plan.Subnet{{ID: web, Prefixes: []netip.Prefix{netip.MustParsePrefix("10.0.1.0/24")}, NSG: nsg}}}},
		NICs: []plan.NIC{{ID: nic, Location: we, MAC: "000D3A000001", Addresses: []netip.Addr{netip.MustParseAddr("10.0.1.4")}, Subnets: []plan.ID{web}, VM: vm},
			{ID: network + "networkInterfaces/nic-s0", Location: we, MAC: "000D3A000002", Addresses: []netip.Addr{netip.MustParseAddr("10.0.1.5")}, Subnets: []plan.ID{web}, VM: set + "/virtualMachines/0"}},
		NSGs:      []plan.NSG{{ID: nsg, Location: we, GUID: "g", Subnets: []plan.ID{web}}},
		VMs:       []plan.VM{{ID: vm, Location: we, OS: "Linux", Power: "running", Agent: true, AgentOS: "Linux", NICs: []plan.ID{nic}}},
		ScaleSets: []plan.ScaleSet{{ID: set, Location: we, OS: "Linux", Agent: true, Instances: []plan.Instance{{ID: set + "/virtualMachines/0", Number: "0", Power: "running"}}}},
		Accounts: []plan.StorageAccount{{ID: account1, Location: we, SKU: "Standard_LRS", Kind: "StorageV2", SharedKey: true,
			Firewall: plan.Firewall{Public: "Enabled", Default: "Allow", Bypass: []string{"AzureServices"}}}},
		Watchers:   []plan.Watcher{{ID: watcher, Location: we}},
		Registered: map[string]string{"Microsoft.Insights": "Registered", "Microsoft.Network": "Registered", "Microsoft.Storage": "Registered", "Microsoft.Compute": "Registered"},
	}
}

// add adds a session that is to be made.
func (w *world) add(s plan.Session) *plan.Session {
	w.Plan.Changes = append(w.Plan.Changes, plan.Change{Action: plan.Create, Session: &s})
	return &s
}

func (w *world) log() *plan.Session            { return w.Plan.Changes[0].Session }
func (w *world) capture() *plan.Session        { return w.Plan.Changes[1].Session }
func (w *world) account() *plan.StorageAccount { return &w.inv.Accounts[0] }

// deny lets the caller do nothing but read at all scopes.
func (w *world) may(p ...plan.Permission) {
	for key := range w.Facts.Permissions {
		w.Facts.Permissions[key] = p
	}
}

// onNIC adds a flow log on the interface, as a watch of its own.
func (w *world) onNIC(spec plan.FlowLogSpec) {
	w.Config.Watches = append(w.Config.Watches, config.Watch{Kind: config.NIC, Name: "n", Provider: "azure", Range: line(30), SelectRange: line(31), FlowLog: &config.FlowLog{Range: line(32)}})
	w.add(plan.Session{Watches: []string{"nic.n"}, Mechanism: plan.FlowLog, Target: plan.Target{Kind: config.NIC, ID: nic, Location: "westeurope", Provider: "azure"},
		Within: []plan.ID{web, hub}, Watcher: watcher, Storage: account1, FlowLog: &spec})
}

// find returns the finding with a code.
func find(fs []plan.Finding, code string) (plan.Finding, bool) {
	for _, f := range fs {
		if f.Code == code {
			return f, true
		}
	}
	return plan.Finding{}, false
}

func TestNothingToSay(t *testing.T) {
	if fs := Check(newWorld().Input); len(fs) > 0 {
		t.Errorf("a world without fault has findings: %+v", fs)
	}
}
