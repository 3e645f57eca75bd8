package preflight

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowctl/plan"
	"flowctl/plan/config"
)

// faults are ways in which the world without fault can be wrong, each with
// the finding that it must lead to. TestNothingToSay shows that none of them
// is there without.
var faults = map[string]struct {
	code string
	sev  plan.Severity
	line int    // in the file
	says string // a part of the detail
	do   func(*world)
}{
	"window": {plan.WindowTooShort, plan.Warning, 4, "only 4m are left", func(w *world) {
		w.Plan.Ends = noon.Add(4 * time.Minute)
		w.capture().Capture.Duration = 4 * time.Minute
	}},
	"window that begins later": {plan.WindowTooShort, plan.Warning, 4, "only 2m are left", func(w *world) {
		w.Config.Start, w.Plan.Ends, w.capture().Capture.Duration = noon.Add(time.Hour), noon.Add(62*time.Minute), time.Minute
	}},
	"capture ends early": {plan.CaptureShort, plan.Info, 23, "lasts 10m and the window 1h", func(w *world) { w.capture().Capture.Duration = 10 * time.Minute }},

	"agent is installed": {plan.AgentInstalled, plan.Info, 22, "the one for Linux", func(w *world) { w.capture().InstallAgent = "Linux" }},
	"agent of Windows":   {plan.AgentWrongOS, plan.Error, 22, "runs Linux and has the Network Watcher extension for Windows", func(w *world) { w.inv.VMs[0].AgentOS = "Windows" }},
	"node of AKS": {plan.AKSNode, plan.Warning, 22, "node pool of a Kubernetes cluster", func(w *world) {
		w.inv.ScaleSets[0].Tags = map[string]string{"aks-managed-poolName": "p"}
		w.capture().Target = plan.Target{Kind: config.VMSS, ID: set, Location: "westeurope", Provider: "azure"}
	}},
	"instance that is not there":   {plan.InstanceMissing, plan.Error, 22, "has no instance 7: it has 0", func(w *world) { w.capture().Capture.Include = []string{"0", "7"}; w.ofSet("") }},
	"no instance left":             {plan.InstanceMissing, plan.Error, 22, "no instance that is left", func(w *world) { w.capture().Capture.Exclude = []string{"0"}; w.ofSet("") }},
	"leaves out what is not there": {plan.InstanceMissing, plan.Warning, 22, "has no instance 7", func(w *world) { w.capture().Capture.Exclude = []string{"7"}; w.ofSet("Uniform") }},
	"number in a flexible set": {plan.InstanceMissing, plan.Error, 22, "go by their names, not by numbers", func(w *world) {
		w.capture().Capture.Include = []string{"1"}
		w.ofSet("Flexible")
	}},
	"way to storage": {plan.CaptureDenied, plan.Warning, 22, "Rule no-out of nsg-web denies the way from vm-1 to its storage account (TCP 443)", func(w *world) {
		w.rule(plan.Rule{Name: "no-out", Priority: 200, Direction: "Outbound", Access: "Deny", Protocol: "*", Sources: []string{"*"}, Destinations: []string{"Internet"}, Ports: []string{"*"}})
		w.rule(plan.Rule{Name: "platform", Priority: 100, Direction: "Outbound", Access: "Allow", Protocol: "Tcp", Sources: []string{"10.0.1.0/24"}, Destinations: []string{"168.63.129.16", "169.254.169.254"}, Ports: []string{"80", "8000-8100"}})
	}},
	"way to the platform": {plan.CaptureDenied, plan.Warning, 22, "168.63.129.16, the platform (TCP 8037)", func(w *world) {
		w.rule(plan.Rule{Name: "no-host", Priority: 200, Direction: "Outbound", Access: "Deny", Protocol: "TCP", Sources: []string{"VirtualNetwork"}, Destinations: []string{"168.63.129.16/32"}, Ports: []string{"*"}})
	}},
	"clock is off": {plan.ClockSkew, plan.Warning, 4, "is 3h behind Azure's", func(w *world) { w.inv.Skew = 3 * time.Hour }},
	"workspace that is not there": {plan.WorkspaceMissing, plan.Error, 12, "no Log Analytics workspace law in resource group rg", func(w *world) {
		const law = plan.ID("/subscriptions/" + sub + "/resourceGroups/rg/providers/Microsoft.OperationalInsights/workspaces/law")
		w.log().FlowLog.TrafficAnalytics = &plan.TrafficAnalytics{Workspace: law, Interval: 10}
		w.Facts.Gone = map[string]bool{law.Key(): true}
	}},
	"rule that stays":     {plan.LockedDelete, plan.Warning, 10, "The rule would stay and delete blobs", func(w *world) { w.log().FlowLog.RetentionDays = 7; w.lock(account1, "CanNotDelete") }},
	"copy on the machine": {plan.LocalCopy, plan.Info, 25, "/var/captures/a.cap", func(w *world) { w.capture().Capture.LocalPath = "/var/captures/a.cap" }},
	"path of Windows":     {plan.LocalPathOS, plan.Error, 25, "runs Linux", func(w *world) { w.capture().Capture.LocalPath = `C:\a.cap` }},
	"path of Linux": {plan.LocalPathOS, plan.Error, 25, "runs Windows", func(w *world) {
		w.inv.VMs[0].OS, w.inv.VMs[0].AgentOS = "Windows", "Windows"
		w.capture().Capture.LocalPath = "/var/captures/a.cap"
	}},
	"no MAC":                {plan.MACUnknown, plan.Warning, 12, "nic-1", func(w *world) { w.inv.NICs[0].MAC = "" }},
	"machine is off":        {plan.MachineOff, plan.Warning, 31, "is deallocated", func(w *world) { w.onNIC(plan.FlowLogSpec{}); w.inv.VMs[0].Power = "deallocated" }},
	"ring":                  {plan.Preview, plan.Info, 22, "continuous captures", func(w *world) { w.capture().Capture.Ring = &plan.Ring{Files: 1, FileSize: 1} }},
	"filter of a flow log":  {plan.Preview, plan.Info, 15, "filtering of flow logs", func(w *world) { w.log().FlowLog.Filter = "DstPort=443" }},
	"small capture":         {plan.CaptureSize, plan.Info, 24, "128 MiB would be full after 9m", func(w *world) { w.capture().Capture.MaxBytes = 128 << 20 }},
	"no continue":           {plan.RecordTypesBytes, plan.Warning, 14, "not documented", func(w *world) { w.log().FlowLog.RecordTypes = "B,E,D" }},
	"neither continue, end": {plan.RecordTypesBytes, plan.Warning, 14, "none at all", func(w *world) { w.log().FlowLog.RecordTypes = "B,D" }},

	"other tenant": {plan.StorageTenant, plan.Error, 5, "in tenant u", func(w *world) {
		w.Inventories["other"] = &plan.Inventory{Subscription: "s2", Tenant: "u", Accounts: w.inv.Accounts, Registered: map[string]string{}}
		w.inv.Accounts = nil
	}},
	"files":           {plan.StorageKind, plan.Error, 5, "FileStorage", func(w *world) { w.account().Kind = "FileStorage" }},
	"retention on v1": {plan.RetentionKind, plan.Error, 13, "of kind Storage.", func(w *world) { w.account().Kind, w.log().FlowLog.RetentionDays = "Storage", 7 }},
	"immutable":       {plan.StorageImmutable, plan.Error, 5, "immutability policy", func(w *world) { w.account().Immutable = true }},
	"no trusted": {plan.StorageFirewall, plan.Error, 5, "--bypass AzureServices", func(w *world) {
		w.account().Firewall = plan.Firewall{Default: "Deny", Bypass: []string{"None"}, Subnets: []plan.ID{web}}
	}},
	"perimeter":       {plan.StorageFirewall, plan.Warning, 5, "perimeter", func(w *world) { w.account().Firewall.Public = "SecuredByPerimeter" }},
	"subnet shut out": {plan.StorageUnreached, plan.Error, 5, "does not let the subnet of vm-1 in", func(w *world) { w.account().Firewall.Default = "Deny" }},
	"no public access": {plan.StorageUnreached, plan.Error, 5, "does not let", func(w *world) {
		w.account().Firewall = plan.Firewall{Public: "Disabled", Bypass: []string{"AzureServices"}, Subnets: []plan.ID{web}}
	}},
	"perhaps reached": {plan.StorageUnreached, plan.Warning, 5, "private endpoint near it", func(w *world) {
		w.account().Firewall.Default = "Deny"
		w.inv.VNets[0].Peerings = []plan.Peering{{Remote: network + "virtualNetworks/pe"}}
		w.inv.PrivateEndpoints = []plan.PrivateEndpoint{{ID: network + "privateEndpoints/pe", Subnet: network + "virtualNetworks/pe/subnets/a"}}
	}},
	"reader": {plan.StorageReader, plan.Warning, 5, "now 198.51.100.7, hub/web", func(w *world) {
		w.account().Firewall = plan.Firewall{Default: "Deny", Bypass: []string{"AzureServices"}, Subnets: []plan.ID{web}, IPs: []string{"198.51.100.7"}}
	}},
	"retention": {plan.LifecycleRewritten, plan.Warning, 13, "which has 0 rules", func(w *world) { w.log().FlowLog.RetentionDays = 7 }},
	"short retention": {plan.RetentionShort, plan.Warning, 13, "after 1 days", func(w *world) {
		w.log().FlowLog.RetentionDays, w.Plan.Ends, w.capture().Capture.Duration = 1, noon.Add(2*day), 2*day
	}},
	"full policy": {plan.LifecycleFull, plan.Error, 13, "has 100 of at most 100", func(w *world) { w.log().FlowLog.RetentionDays = 7; w.rules(100, plan.LifecycleRule{Name: "r"}) }},
	"nearly full": {plan.LifecycleFull, plan.Warning, 13, "has 95 of at most 100", func(w *world) { w.log().FlowLog.RetentionDays = 7; w.rules(95, plan.LifecycleRule{Name: "r"}) }},
	"deleting rule": {plan.LifecycleDeletes, plan.Warning, 5, `Rule "clean"`, func(w *world) {
		w.Plan.Ends, w.capture().Capture.Duration = noon.Add(2*day), 2*day
		w.rules(1, plan.LifecycleRule{Name: "clean", Enabled: true, DeleteDays: 1, Prefixes: []string{"insights-logs-"}})
	}},

	"read-only target":  {plan.LockedReadOnly, plan.Error, 10, "the target", func(w *world) { w.lock(hub, "ReadOnly") }},
	"read-only group":   {plan.LockedReadOnly, plan.Error, 10, "below which flow logs", func(w *world) { w.lock("/subscriptions/"+sub+"/resourceGroups/networkwatcherrg", "ReadOnly") }},
	"read-only account": {plan.LockedReadOnly, plan.Error, 10, "whose keys", func(w *world) { w.lock(account1, "ReadOnly") }},
	"locked for good":   {plan.LockedDelete, plan.Warning, 10, "cannot remove them", func(w *world) { w.lock("/subscriptions/"+sub, "CanNotDelete") }},
	"agent stays":       {plan.LockedDelete, plan.Warning, 20, "the agent that flowctl installs", func(w *world) { w.capture().InstallAgent = "Linux"; w.lock(vm, "CanNotDelete") }},
	"locked, going on": {plan.LockedDelete, plan.Warning, 10, "cannot remove them", func(w *world) {
		w.Plan.Changes[0].Action, w.Plan.Changes[0].Recording = plan.Keep, &plan.Recording{ID: watcher + "/flowLogs/x", Mechanism: plan.FlowLog, Storage: account1}
		w.lock(watcher, "ReadOnly")
		w.Plan.Changes = w.Plan.Changes[:1]
	}},
	"not registered":   {plan.ProviderUnregistered, plan.Error, 10, "Microsoft.Insights is NotRegistered", func(w *world) { w.inv.Registered = map[string]string{"microsoft.insights": "NotRegistered"} }},
	"being registered": {plan.ProviderUnregistered, plan.Warning, 10, "is being registered", func(w *world) { w.inv.Registered["Microsoft.Insights"] = "Registering" }},
	"analytics": {plan.ProviderUnregistered, plan.Error, 10, "Microsoft.OperationalInsights", func(w *world) {
		w.inv.Registered["Microsoft.OperationalInsights"] = "Unregistered"
		w.log().FlowLog.TrafficAnalytics = &plan.TrafficAnalytics{Interval: 60}
	}},
	"quota": {plan.QuotaExceeded, plan.Error, 20, "has 10 of at most 10", func(w *world) {
		w.inv.Quotas = []plan.Quota{{Name: "PacketCaptures", Location: "West Europe", Used: 10, Limit: 10}}
	}},
	"policy": {plan.PolicyFlowLog, plan.Warning, 12, "makes flow logs", func(w *world) {
		w.inv.Policies = []plan.Policy{{Scope: "/subscriptions/" + sub, Name: "p", Effect: "DeployIfNotExists"}}
	}},
	"policy that denies": {plan.PolicyFlowLog, plan.Warning, 12, "RequestDisallowedByPolicy", func(w *world) {
		w.inv.Policies = []plan.Policy{{Scope: "/providers/Microsoft.Management/managementGroups/m", Name: "p", Effect: "Deny"}}
	}},
	"watcher is created": {plan.WatcherCreated, plan.Info, 10, "in westeurope", func(w *world) { w.log().CreateWatcher = true }},
	"unread":             {plan.NotChecked, plan.Warning, 1, "private endpoints: 403 AuthorizationFailed", func(w *world) { w.inv.Unread = map[string]string{"private_endpoints": "403 AuthorizationFailed"} }},
	"unread facts":       {plan.NotChecked, plan.Warning, 1, "lifecycle rules of logs: 403", func(w *world) { w.Facts.Unread = map[string][]string{"azure": {"lifecycle rules of logs: 403"}} }},

	"inside, the same":     {plan.FlowLogOverlap, plan.Info, 30, "nothing is counted twice", func(w *world) { w.onNIC(plan.FlowLogSpec{}) }},
	"inside, not the same": {plan.FlowLogOverlap, plan.Warning, 30, "those of nic.n count", func(w *world) { w.onNIC(plan.FlowLogSpec{RecordTypes: "B,C,E"}) }},
	"takes from another":   {plan.FlowLogOverlap, plan.Warning, 30, `investigation "other" logs`, func(w *world) { w.onNIC(plan.FlowLogSpec{}); w.Plan.Changes = w.Plan.Changes[1:]; w.other(hub) }},
	"another takes":        {plan.FlowLogOverlap, plan.Warning, 10, "its records are missing here", func(w *world) { w.other(nic); w.Recordings[0].Within = []plan.ID{web, hub} }},
	"taken":                {plan.FlowLogTaken, plan.Error, 10, `investigation "other" until`, func(w *world) { w.other(hub) }},
	"less is asked for":    {plan.FlowLogFiltered, plan.Info, 10, "record types D", func(w *world) { w.log().FlowLog.RecordTypes = "D"; w.reuse(plan.FlowLogSpec{}) }},
	"partial":              {plan.FlowLogPartial, plan.Warning, 10, "somebody else's", func(w *world) { w.reuse(plan.FlowLogSpec{Filter: "DstPort=443"}) }},
	"switched off": {plan.FlowLogDisabled, plan.Error, 10, "switched off", func(w *world) {
		w.Recordings = []plan.Recording{{ID: watcher + "/flowLogs/corp", Mechanism: plan.FlowLog, Target: hub}}
	}},
	"name of somebody else": {plan.NameCollision, plan.Warning, 1, "of p@example.com", func(w *world) { w.orphan("p@example.com") }},
	"same name twice":       {plan.NameCollision, plan.Error, 10, "would get the same name", func(w *world) { w.add(*w.log()) }},
	"NSG flow log": {plan.NSGFlowLog, plan.Warning, 10, "30 September 2027", func(w *world) {
		w.Recordings = []plan.Recording{{ID: watcher + "/flowLogs/old", Mechanism: plan.FlowLog, Target: nsg, Enabled: true}}
	}},

	"private endpoint": {plan.PrivateEndpointBlind, plan.Warning, 10, "(pe)", func(w *world) {
		w.inv.PrivateEndpoints = []plan.PrivateEndpoint{{ID: network + "privateEndpoints/pe", Subnet: web}}
	}},
	"delegation": {plan.ServiceUnlogged, plan.Warning, 10, "App Service", func(w *world) { w.inv.VNets[0].Subnets[0].Delegations = []string{"Microsoft.Web/serverFarms"} }},
	"gateway": {plan.GatewayUnlogged, plan.Info, 10, "ExpressRoute", func(w *world) {
		w.inv.VNets[0].Subnets = append(w.inv.VNets[0].Subnets, plan.Subnet{ID: hub + "/subnets/GatewaySubnet"})
	}},
	"gateway itself": {plan.GatewayUnlogged, plan.Warning, 10, "ExpressRoute", func(w *world) {
		w.inv.VNets[0].Subnets[0].ID = hub + "/subnets/GatewaySubnet"
		w.log().Target.ID = hub + "/subnets/GatewaySubnet"
	}},
	"ICMP": {plan.ICMPUnlogged, plan.Warning, 40, `summarize "all"`, func(w *world) {
		w.Config.Summaries[0].Condition = `protocol == "ICMP"`
		w.Plan.Changes = w.Plan.Changes[:1]
	}},
	"encryption is off": {plan.EncryptionOff, plan.Info, 40, "not switched on in hub", func(w *world) { w.Config.Summaries[0].By = []string{"encryption"}; w.inv.VNets[0].Encryption = "" }},

	"budget":            {plan.BudgetExceeded, plan.Error, 50, "the limit is 0.01 USD", func(w *world) { w.limit(0.01, 1e6) }},
	"budget, not known": {plan.BudgetUnknown, plan.Warning, 50, "network_logs_gb (no flow log is there to look at", func(w *world) { w.limit(100, 0) }},

	"no permission":      {plan.PermissionMissing, plan.Error, 1, "flowLogs/write", func(w *world) { w.may(plan.Permission{Actions: []string{"*/read"}, DataActions: []string{"*"}}) }},
	"no data permission": {plan.PermissionMissing, plan.Error, 1, "the data action Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read", func(w *world) { w.may(plan.Permission{Actions: []string{"*"}}) }},

	"filter, no such address": {plan.FilterNeverMatches, plan.Error, 26, "vm-1 has no address in 10.0.9.0-10.0.9.255; it has 10.0.1.4: nothing would be recorded", func(w *world) { w.filter(plan.CaptureFilter{LocalAddress: "10.0.9.0-10.0.9.255"}) }},
	"filter, one of two":      {plan.FilterNeverMatches, plan.Warning, 27, "lets nothing through", func(w *world) { w.filter(plan.CaptureFilter{Protocol: "TCP"}, plan.CaptureFilter{RemotePort: "0"}) }},
	"filter, multicast":       {plan.FilterNeverMatches, plan.Error, 26, "No packet in a virtual network", func(w *world) { w.filter(plan.CaptureFilter{RemoteAddress: "224.0.0.1"}) }},
	"filter, itself":          {plan.FilterNeverMatches, plan.Error, 26, "of vm-1 itself", func(w *world) { w.filter(plan.CaptureFilter{RemoteAddress: "10.0.1.4"}) }},
	"filter, IPv6":            {plan.FilterNeverMatches, plan.Error, 26, "of the family", func(w *world) { w.filter(plan.CaptureFilter{RemoteAddress: "2001:db8::1"}) }},
	"filter, unknown network": {plan.FilterUnknownPeer, plan.Info, 26, "neither in the virtual network", func(w *world) { w.filter(plan.CaptureFilter{RemoteAddress: "10.200.0.4;10.200.0.5"}) }},
	"flow filter, outside":    {plan.FilterNeverMatches, plan.Error, 15, "10.9.0.0/16, 203.0.113.7 is outside", func(w *world) { w.log().FlowLog.Filter = "SrcIP=10.9.0.0/16 && DstIP=203.0.113.7" }},
	"flow filter, inbound":    {plan.FilterNeverMatches, plan.Warning, 15, "203.0.113.7 is outside", func(w *world) { w.log().FlowLog.Filter = "Direction=Inbound && DstIP=203.0.113.7 || Protocol=TCP" }},
	"flow filter, encrypted":  {plan.FilterNeverMatches, plan.Error, 15, "does not encrypt", func(w *world) { w.log().FlowLog.Filter = "Encryption=X"; w.inv.VNets[0].Encryption = "" }},
	"flow filter, denied":     {plan.FilterNeverMatches, plan.Error, 15, "leaves out denied", func(w *world) { w.log().FlowLog.Filter = "Action=Deny"; w.log().FlowLog.RecordTypes = "B,C,E" }},
}

func (w *world) lock(scope plan.ID, level string) {
	w.inv.Locks = []plan.Lock{{ID: scope + "/providers/Microsoft.Authorization/locks/l", Scope: scope, Level: level}}
}

func (w *world) rules(n int, r plan.LifecycleRule) {
	l := plan.Lifecycle{Account: account1}
	for range n {
		l.Rules = append(l.Rules, r)
	}
	w.Facts.Lifecycles[account1.Key()] = l
}

// other adds a flow log of another investigation.
func (w *world) other(target plan.ID) {
	name := plan.Name{Investigation: "other", Deadline: noon.Add(time.Hour), Fingerprint: "0123456789"}
	w.Recordings = []plan.Recording{{ID: watcher + plan.ID("/flowLogs/"+name.String()), Mechanism: plan.FlowLog, Target: target, Enabled: true}}
}

// reuse turns the first session into one that reads somebody's flow log.
func (w *world) reuse(spec plan.FlowLogSpec) {
	w.Plan.Changes[0].Action = plan.Reuse
	w.Plan.Changes[0].Recording = &plan.Recording{ID: watcher + "/flowLogs/corp", Mechanism: plan.FlowLog, Target: hub, Storage: account1, Enabled: true, FlowLog: &spec}
}

// orphan is a flow log with this investigation's name that the file does not
// ask for.
func (w *world) orphan(owner string) {
	name := plan.Name{Investigation: "spike", Deadline: noon, Fingerprint: "0123456789"}
	w.Recordings = append(w.Recordings, plan.Recording{
		ID: watcher + plan.ID("/flowLogs/"+name.String()), Mechanism: plan.FlowLog, Tags: map[string]string{plan.TagOwner: owner}})
}

func (w *world) limit(limit float64, rate int64) {
	w.Config.Budget = &config.Budget{Limit: limit, Currency: "USD", LogRate: rate, LimitRange: line(50)}
}

func (w *world) filter(fs ...plan.CaptureFilter) { w.capture().Capture.Filters = fs }

func TestFindings(t *testing.T) {
	for name, tc := range faults {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			tc.do(w)
			all := Check(w.Input)
			f, ok := find(all, tc.code)
			if !ok {
				t.Fatalf("no %s among %+v", tc.code, all)
			}
			if f.Severity != tc.sev || f.File != "a.hcl" || f.Line != tc.line || !strings.Contains(f.Detail, tc.says) {
				t.Errorf("%s %s on %s:%d: %s\nwant %s on line %d with %q", f.Severity, f.Code, f.File, f.Line, f.Detail, tc.sev, tc.line, tc.says)
			}
			for _, f := range all {
				checkForm(t, f)
			}
		})
	}
}

// checkForm holds every finding to the house's form.
func checkForm(t *testing.T, f plan.Finding) {
	t.Helper()
	if f.Summary == "" || strings.HasSuffix(f.Summary, ".") || len(strings.Fields(f.Summary)) > 7 {
		t.Errorf("%s: the summary is not a few words: %q", f.Code, f.Summary)
	}
	if strings.Contains(f.Detail, "%!") || strings.Contains(f.Detail, "  ") || f.Line == 0 {
		t.Errorf("%s: garbled or without a place: %+v", f.Code, f)
	}
}

// TestHarmless has what looks like a fault and is none.
func TestHarmless(t *testing.T) {
	for name, do := range map[string]func(*world){
		"own orphan":                      func(w *world) { w.orphan("o@example.com") },
		"disabled log of another":         func(w *world) { w.other(hub); w.Recordings[0].Enabled = false },
		"lock elsewhere":                  func(w *world) { w.lock(network+"virtualNetworks/hub2", "ReadOnly") },
		"delete lock on the target":       func(w *world) { w.lock(hub, "CanNotDelete") },
		"lock on the account, no removal": func(w *world) { w.lock(account1, "CanNotDelete") },
		"room in the quota": func(w *world) {
			w.inv.Quotas = []plan.Quota{{Name: "PacketCaptures", Location: "westeurope", Used: 9, Limit: 10}}
		},
		"interface of a private endpoint": func(w *world) {
			w.inv.NICs = append(w.inv.NICs, plan.NIC{ID: network + "networkInterfaces/pe.nic", Subnets: []plan.ID{web}})
		},
		"quota of another region": func(w *world) {
			w.inv.Quotas = []plan.Quota{{Name: "PacketCaptures", Location: "northeurope", Used: 10, Limit: 10}}
		},
		"policy that audits": func(w *world) {
			w.inv.Policies = []plan.Policy{{Scope: "/subscriptions/" + sub, Effect: "AuditIfNotExists"}}
		},
		"policy elsewhere": func(w *world) { w.inv.Policies = []plan.Policy{{Scope: "/subscriptions/s2", Effect: "Modify"}} },
		"NSG flow log elsewhere": func(w *world) {
			w.inv.NSGs[0].Subnets = nil
			w.Recordings = []plan.Recording{{ID: watcher + "/flowLogs/old", Mechanism: plan.FlowLog, Target: nsg}}
		},
		"private endpoint elsewhere": func(w *world) {
			w.inv.PrivateEndpoints = []plan.PrivateEndpoint{{ID: "pe", Subnet: network + "virtualNetworks/x/subnets/a"}}
		},
		"delegation that is logged": func(w *world) { w.inv.VNets[0].Subnets[0].Delegations = []string{"Microsoft.ApiManagement/service"} },
		"ICMP, a capture":           func(w *world) { w.Config.Summaries[0].Condition = `protocol == "ICMP"` },
		"encryption is on":          func(w *world) { w.Config.Summaries[0].Condition = `encryption != "X"` },
		"rule that deletes later":   func(w *world) { w.rules(1, plan.LifecycleRule{Enabled: true, DeleteDays: 1}) },
		"rule that is off":          func(w *world) { w.long(); w.rules(1, plan.LifecycleRule{DeleteDays: 1}) },
		"rule of another container": func(w *world) {
			w.long()
			w.rules(1, plan.LifecycleRule{Enabled: true, DeleteDays: 1, Prefixes: []string{"backup/"}})
		},
		"many rules, no retention": func(w *world) { w.rules(100, plan.LifecycleRule{}) },
		"filter that can match": func(w *world) {
			w.filter(plan.CaptureFilter{LocalAddress: "10.0.1.0-10.0.1.255", RemoteAddress: "8.8.8.8", RemotePort: "443"})
		},
		"remote in a peered network": func(w *world) {
			w.inv.VNets[0].Peerings = []plan.Peering{{Prefixes: w.inv.VNets[0].Prefixes}}
			w.filter(plan.CaptureFilter{RemoteAddress: "10.0.200.0-10.0.200.255"})
		},
		"addresses that are not known": func(w *world) { w.inv.NICs[0].Addresses = nil; w.filter(plan.CaptureFilter{LocalAddress: "10.9.9.9"}) },
		"within the budget":            func(w *world) { w.limit(100, 1e6) },
		"another owner, going on":      func(w *world) { w.Config.Owner = "p@example.com" },
		"least permissions":            func(w *world) { w.may(roleOf(w)) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			do(w)
			if fs := Check(w.Input); len(fs) > 0 {
				t.Errorf("findings %+v", fs)
			}
		})
	}
}

// long is a window of two days.
func (w *world) long() {
	w.Plan.Ends, w.capture().Capture.Duration, w.capture().Capture.MaxBytes = noon.Add(2*day), 2*day, 1<<40
}

// roleOf is what the custom role of a plan allows.
func roleOf(w *world) plan.Permission {
	r := Role("r", "", Needs(w.Input))
	return plan.Permission{Actions: r.Actions, DataActions: r.DataActions}
}

// ofSet makes the capture one of the scale set.
func (w *world) ofSet(mode string) {
	w.inv.ScaleSets[0].Orchestration = mode
	w.capture().Target = plan.Target{Kind: config.VMSS, ID: set, Location: "westeurope", Provider: "azure"}
}

// rule adds a rule to the security group of the machine's subnet.
func (w *world) rule(r plan.Rule) { w.inv.NSGs[0].Rules = append(w.inv.NSGs[0].Rules, r) }

// What cannot be told for certain of security rules is not said, and what does
// not concern the way out of the machine neither.
func TestRulesThatDenyNothing(t *testing.T) {
	deny := plan.Rule{Name: "r", Priority: 100, Direction: "Outbound", Access: "Deny", Protocol: "*", Sources: []string{"*"}, Destinations: []string{"*"}, Ports: []string{"*"}}
	tests := map[string]func(*plan.Rule){
		"inbound": func(r *plan.Rule) { r.Direction = "Inbound" },
		"default rule": func(r *plan.Rule) {
			r.Default, r.Ports = true, []string{"80", "8037"} // every machine reaches the platform
		},
		"UDP":                 func(r *plan.Rule) { r.Protocol = "Udp" },
		"another port":        func(r *plan.Rule) { r.Ports = []string{"22", "8080-9000", "81-442"} },
		"another source":      func(r *plan.Rule) { r.Sources = []string{"10.0.2.0/24"} },
		"application group":   func(r *plan.Rule) { r.Sources = []string{"/subscriptions/x/applicationSecurityGroups/a"} },
		"addresses":           func(r *plan.Rule) { r.Destinations = []string{"20.0.0.0/8", "203.0.113.7"} },
		"another tag":         func(r *plan.Rule) { r.Destinations = []string{"Sql.WestEurope"} },
		"allowed before":      func(r *plan.Rule) { r.Access = "Allow" },
		"no rule of the kind": func(r *plan.Rule) { r.Ports = nil },
	}
	for name, change := range tests {
		w, r := newWorld(), deny
		change(&r)
		w.rule(r)
		if f, ok := find(Check(w.Input), plan.CaptureDenied); ok {
			t.Errorf("%s: %s", name, f.Detail)
		}
	}
	w := newWorld()
	w.rule(deny)
	f, ok := find(Check(w.Input), plan.CaptureDenied)
	if !ok || !strings.Contains(f.Detail, "8037") || !strings.Contains(f.Detail, "443") {
		t.Errorf("everything is denied: %+v", f)
	}
}

// The same cause is said once, as severely as it was.
func TestOnce(t *testing.T) {
	fs := []plan.Finding{{Code: "a", Severity: plan.Info, Detail: "x", Watch: "1"}, {Code: "a", Severity: plan.Error, Detail: "x", Watch: "2"}, {Code: "a", Severity: plan.Info, Detail: "y", Watch: "1"}, {Code: "b", Severity: plan.Info, Detail: "x"}}
	got := Once(fs)
	if len(got) != 3 || got[0].Severity != plan.Error {
		t.Errorf("%+v", got)
	}
}

// What a role holds does not depend on what of the file was done already.
func TestRoleOfAnyMoment(t *testing.T) {
	role := func(change func(*world)) RoleDefinition {
		w := newWorld()
		w.Config.Watches[1].Capture.InstallAgent = true
		change(w)
		return Role("r", "", RoleNeeds(w.Input))
	}
	fresh := role(func(w *world) { w.capture().InstallAgent = "Linux" })
	if !slices.Contains(fresh.Actions, "Microsoft.Compute/virtualMachines/extensions/delete") || !slices.Contains(fresh.Actions, logActions[1]) {
		t.Errorf("actions %v", fresh.Actions)
	}
	for name, action := range map[string]plan.Action{"going on": plan.Keep, "over": plan.Finish, "collected": plan.Leave} {
		got := role(func(w *world) {
			for i := range w.Plan.Changes {
				c := &w.Plan.Changes[i]
				c.Action, c.Recording = action, &plan.Recording{ID: c.Session.ResourceID(), Mechanism: c.Session.Mechanism, Storage: c.Session.Storage}
			}
		})
		if diff := cmp.Diff(fresh, got); diff != "" {
			t.Errorf("%s (-fresh +got):\n%s", name, diff)
		}
	}
}
