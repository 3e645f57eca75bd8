package preflight

import (
	"cmp"
	"slices"
	"strings"

	"flowctl/plan"
	"flowctl/plan/config"
)

// Need is one thing that the caller must be allowed to do.
type Need struct {
	Action string  // as Azure names operations
	Data   bool    // a data action
	Scope  plan.ID // the subscription, group or resource to do it at
	Read   bool    // it only reads: that it is missing shows when it is tried
}

// access makes the needs of one scope.
func access(scope plan.ID, actions ...string) []Need {
	var out []Need
	for _, a := range actions {
		out = append(out, Need{Action: a, Scope: scope})
	}
	return out
}

// What each step needs, from Azure's page "Azure RBAC permissions required to
// use Network Watcher capabilities" unless said otherwise.
var (
	logActions = []string{
		"Microsoft.Network/networkWatchers/flowLogs/write",
		"Microsoft.Network/networkWatchers/flowLogs/delete",
	}
	captureActions = []string{
		"Microsoft.Network/networkWatchers/packetCaptures/write",
		"Microsoft.Network/networkWatchers/packetCaptures/delete",
		"Microsoft.Network/networkWatchers/packetCaptures/stop/action",
		"Microsoft.Network/networkWatchers/packetCaptures/queryStatus/action",
	}
	storageActions = []string{
		"Microsoft.Storage/storageAccounts/listServiceSas/action",
		"Microsoft.Storage/storageAccounts/listAccountSas/action",
		"Microsoft.Storage/storageAccounts/listKeys/action",
	}
	// policyActions restore the lifecycle rules that a retention changes.
	policyActions = []string{"Microsoft.Storage/storageAccounts/managementPolicies/write"}
	// watcherActions make a Network Watcher, and its group if that is not there.
	watcherActions   = []string{"Microsoft.Network/networkWatchers/write", "Microsoft.Resources/subscriptions/resourceGroups/write"}
	workspaceActions = []string{
		"Microsoft.OperationalInsights/workspaces/read",
		"Microsoft.OperationalInsights/workspaces/sharedkeys/action",
		"Microsoft.Insights/dataCollectionRules/read", "Microsoft.Insights/dataCollectionRules/write", "Microsoft.Insights/dataCollectionRules/delete",
		"Microsoft.Insights/dataCollectionEndpoints/read", "Microsoft.Insights/dataCollectionEndpoints/write", "Microsoft.Insights/dataCollectionEndpoints/delete",
	}
	containersRead = "Microsoft.Storage/storageAccounts/blobServices/containers/read"
	blobsRead      = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read"
)

// KeepNeeds lists what it takes to keep blobs of flowctl's own in an account: what
// is to be undone and remembered beside the data, or the state.
func KeepNeeds(account plan.ID) []Need {
	out := access(account, containersRead, "Microsoft.Storage/storageAccounts/blobServices/containers/write")
	for _, a := range []string{"read", "write", "delete"} {
		out = append(out, Need{Action: "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/" + a, Data: true, Scope: account})
	}
	return out
}

// readActions are what a plan reads of a subscription.
var readActions = []string{
	"Microsoft.Authorization/*/read",
	"Microsoft.Compute/virtualMachineScaleSets/extensions/read",
	"Microsoft.Compute/virtualMachineScaleSets/networkInterfaces/read",
	"Microsoft.Compute/virtualMachineScaleSets/read",
	"Microsoft.Compute/virtualMachineScaleSets/virtualMachines/instanceView/read",
	"Microsoft.Compute/virtualMachineScaleSets/virtualMachines/networkInterfaces/read",
	"Microsoft.Compute/virtualMachineScaleSets/virtualMachines/read",
	"Microsoft.Compute/virtualMachines/extensions/read",
	"Microsoft.Compute/virtualMachines/instanceView/read",
	"Microsoft.Compute/virtualMachines/read",
	"Microsoft.Network/locations/operationResults/read",
	"Microsoft.Network/locations/operations/read",
	"Microsoft.Network/locations/usages/read",
	"Microsoft.Network/networkInterfaces/read",
	"Microsoft.Network/networkSecurityGroups/read",
	"Microsoft.Network/networkWatchers/flowLogs/read",
	"Microsoft.Network/networkWatchers/packetCaptures/queryStatus/read",
	"Microsoft.Network/networkWatchers/packetCaptures/read",
	"Microsoft.Network/networkWatchers/read",
	"Microsoft.Network/privateEndpoints/read",
	"Microsoft.Network/routeTables/read",
	"Microsoft.Network/virtualNetworks/read",
	"Microsoft.Network/virtualNetworks/subnets/read",
	"Microsoft.ResourceGraph/resources/read",
	"Microsoft.Resources/subscriptions/providers/read",
	"Microsoft.Resources/subscriptions/read",
	"Microsoft.Resources/subscriptions/resourceGroups/read",
	"Microsoft.Storage/storageAccounts/managementPolicies/read",
	"Microsoft.Storage/storageAccounts/read",
}

// Needs lists what the changes of a plan need, by scope and action.
func Needs(in Input) []Need {
	c := newChecker(in)
	var all []Need
	for _, inv := range in.Inventories {
		for _, a := range readActions {
			all = append(all, Need{Action: a, Scope: subscriptionScope(inv.Subscription), Read: true})
		}
	}
	for _, ch := range in.Plan.Changes {
		all = append(all, c.needs(ch)...)
	}
	slices.SortFunc(all, func(a, b Need) int {
		return cmp.Or(strings.Compare(a.Scope.Key(), b.Scope.Key()), strings.Compare(a.Action, b.Action))
	})
	return slices.CompactFunc(all, func(a, b Need) bool { return a.Scope.Is(b.Scope) && a.Action == b.Action && a.Data == b.Data })
}

func subscriptionScope(id string) plan.ID { return plan.ID("/subscriptions/" + id) }

// RoleNeeds lists what the file needs over a whole run, whatever of it was done
// before.
func RoleNeeds(in Input) []Need {
	fresh := in
	fresh.Plan.Changes = nil
	var kept []Need
	for _, ch := range in.Plan.Changes {
		if in.Config.Past && ch.Action == plan.Leave { // nothing is made, and nothing of it is read
			continue
		}
		if ch.Session != nil && ch.Action != plan.Reuse {
			s := *ch.Session
			if w, ok := watchOf(in, s); ok && s.Capture != nil && w.Capture != nil && w.Capture.InstallAgent && s.InstallAgent == "" {
				s.InstallAgent = "any"
			}
			rec := plan.Recording{ID: s.Watcher + "/x/x", Mechanism: s.Mechanism, Storage: s.Storage}
			kept = append(kept, KeepNeeds(s.Storage)...)
			fresh.Plan.Changes = append(fresh.Plan.Changes, plan.Change{Action: plan.Create, Session: &s}, plan.Change{Action: plan.Finish, Session: &s, Recording: &rec})
			continue
		}
		fresh.Plan.Changes = append(fresh.Plan.Changes, ch)
	}
	out := append(Needs(fresh), kept...)
	if in.Config.CreateWatchers {
		for _, inv := range in.Inventories {
			out = append(out, access(subscriptionScope(inv.Subscription), watcherActions...)...)
		}
	}
	return out
}

func watchOf(in Input, s plan.Session) (config.Watch, bool) {
	for _, w := range in.Config.Watches {
		if w.Address() == s.Watches[0] {
			return w, true
		}
	}
	return config.Watch{}, false
}

// needs lists what one change needs.
func (c *checker) needs(ch plan.Change) []Need {
	switch ch.Action {
	case plan.Create, plan.Replace, plan.Update:
		return append(c.starts(ch.Session), c.collects(ch.Session.Storage)...)
	case plan.Keep, plan.Finish:
		return append(removes(*ch.Recording), c.collects(ch.Recording.Storage)...)
	case plan.Delete:
		return removes(*ch.Recording)
	case plan.Reuse:
		if ch.Recording.InWorkspace() {
			return access(ch.Recording.ID.Parent(), "Microsoft.OperationalInsights/workspaces/query/read", "Microsoft.OperationalInsights/workspaces/query/NTANetAnalytics/read")
		}
		return c.collects(ch.Recording.Storage)
	}
	return nil
}

// removes is what it takes to end a recording.
func removes(r plan.Recording) []Need {
	if r.Mechanism == plan.PacketCapture {
		return access(r.ID.Parent(), captureActions[1:]...)
	}
	return access(r.ID.Parent(), logActions[1:]...)
}

// collects is what it takes to read blobs.
func (c *checker) collects(storage plan.ID) []Need {
	return append(access(storage, containersRead), Need{Action: blobsRead, Data: true, Scope: storage})
}

// starts is what it takes to make a session.
func (c *checker) starts(s *plan.Session) []Need {
	watcher := s.Watcher
	var out []Need
	if s.CreateWatcher { // it is not there to be asked about
		watcher = subscriptionScope(s.Watcher.Subscription()) + plan.ID("/resourceGroups/"+s.Watcher.ResourceGroup())
		out = append(out, access(watcher, watcherActions...)...)
	}
	out = append(out, access(s.Storage, storageActions...)...)
	if s.Mechanism == plan.PacketCapture {
		return append(append(out, access(watcher, captureActions...)...), machineNeeds(s)...)
	}
	out = append(out, access(watcher, logActions...)...)
	if s.FlowLog.RetentionDays > 0 {
		out = append(out, access(s.Storage, policyActions...)...)
	}
	if ta := s.FlowLog.TrafficAnalytics; ta != nil {
		out = append(out, access(ta.Workspace, workspaceActions...)...)
	}
	return out
}

// machineNeeds is what it takes on a machine that is captured.
func machineNeeds(s *plan.Session) []Need {
	typ := "Microsoft.Compute/virtualMachines"
	if strings.EqualFold(s.Target.Kind, "vmss") {
		typ = "Microsoft.Compute/virtualMachineScaleSets"
	}
	out := access(s.Target.ID, typ+"/write")
	if s.InstallAgent != "" {
		out = append(out, access(s.Target.ID, typ+"/extensions/write", typ+"/extensions/delete")...)
	}
	return out
}
