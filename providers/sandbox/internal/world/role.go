package world

import (
	"maps"
	"slices"
	"strings"

	"flowctl/plan"
)

// Role is what the caller may do at a scope and below it. A world without
// roles lets everybody do everything.
type Role struct {
	Name  string
	Scope plan.ID
	plan.Permission
}

// Covers reports whether the role is assigned at scope or above it.
func (r *Role) Covers(scope plan.ID) bool {
	return scope.Is(r.Scope) || strings.HasPrefix(scope.Key(), r.Scope.Key()+"/")
}

// Allows reports whether the role permits an action or, with data, a data
// action. What one role excludes another may permit.
func (r *Role) Allows(action string, data bool) bool {
	yes, no := r.Actions, r.NotActions
	if data {
		yes, no = r.DataActions, r.NotDataActions
	}
	matches := func(pattern string) bool { return Matches(pattern, action) }
	return slices.ContainsFunc(yes, matches) && !slices.ContainsFunc(no, matches)
}

const blobServices = "Microsoft.Storage/storageAccounts/blobServices/"

// common are actions that most of Azure's roles for one service have.
var common = []string{"Microsoft.Authorization/*/read", "Microsoft.Insights/alertRules/*", "Microsoft.ResourceHealth/availabilityStatuses/read",
	"Microsoft.Resources/deployments/*", "Microsoft.Resources/subscriptions/resourceGroups/read", "Microsoft.Support/*"}

// BuiltinRoles are the roles of Azure that a world can name, as the page
// "Azure built-in roles" of Azure's documentation lists their permissions.
func BuiltinRoles() map[string]plan.Permission {
	with := func(actions ...string) []string { return slices.Concat(common, actions) }
	return map[string]plan.Permission{
		"Owner": {Actions: []string{"*"}},
		"Contributor": {Actions: []string{"*"}, NotActions: []string{"Microsoft.Authorization/*/Delete", "Microsoft.Authorization/*/Write",
			"Microsoft.Authorization/elevateAccess/Action", "Microsoft.Blueprint/blueprintAssignments/write",
			"Microsoft.Blueprint/blueprintAssignments/delete", "Microsoft.Compute/galleries/share/action",
			"Microsoft.Purview/consents/write", "Microsoft.Purview/consents/delete",
			"Microsoft.Resources/deploymentStacks/manageDenySetting/action", "Microsoft.Subscription/cancel/action",
			"Microsoft.Subscription/enable/action"}},
		"Reader":                    {Actions: []string{"*/read"}},
		"User Access Administrator": {Actions: []string{"*/read", "Microsoft.Authorization/*", "Microsoft.Support/*"}},
		"Network Contributor":       {Actions: with("Microsoft.Network/*")},
		"Storage Account Contributor": {Actions: with("Microsoft.Insights/diagnosticSettings/*",
			"Microsoft.Network/virtualNetworks/subnets/joinViaServiceEndpoint/action", "Microsoft.Storage/storageAccounts/*")},
		"Virtual Machine Contributor": {Actions: with("Microsoft.Compute/availabilitySets/*", "Microsoft.Compute/locations/*",
			"Microsoft.Compute/virtualMachines/*", "Microsoft.Compute/virtualMachineScaleSets/*", "Microsoft.Compute/cloudServices/*",
			"Microsoft.Compute/disks/write", "Microsoft.Compute/disks/read", "Microsoft.Compute/disks/delete", "Microsoft.DevTestLab/schedules/*",
			"Microsoft.Network/applicationGateways/backendAddressPools/join/action", "Microsoft.Network/loadBalancers/backendAddressPools/join/action",
			"Microsoft.Network/loadBalancers/inboundNatPools/join/action", "Microsoft.Network/loadBalancers/inboundNatRules/join/action",
			"Microsoft.Network/loadBalancers/probes/join/action", "Microsoft.Network/loadBalancers/read", "Microsoft.Network/locations/*",
			"Microsoft.Network/networkInterfaces/*", "Microsoft.Network/networkSecurityGroups/join/action", "Microsoft.Network/networkSecurityGroups/read",
			"Microsoft.Network/publicIPAddresses/join/action", "Microsoft.Network/publicIPAddresses/read", "Microsoft.Network/virtualNetworks/read",
			"Microsoft.Network/virtualNetworks/subnets/join/action", "Microsoft.RecoveryServices/locations/*",
			"Microsoft.RecoveryServices/Vaults/backupFabrics/backupProtectionIntent/write",
			"Microsoft.RecoveryServices/Vaults/backupFabrics/protectionContainers/protectedItems/*/read",
			"Microsoft.RecoveryServices/Vaults/backupFabrics/protectionContainers/protectedItems/read",
			"Microsoft.RecoveryServices/Vaults/backupFabrics/protectionContainers/protectedItems/write",
			"Microsoft.RecoveryServices/Vaults/backupPolicies/read", "Microsoft.RecoveryServices/Vaults/backupPolicies/write",
			"Microsoft.RecoveryServices/Vaults/read", "Microsoft.RecoveryServices/Vaults/usages/read", "Microsoft.RecoveryServices/Vaults/write",
			"Microsoft.SerialConsole/serialPorts/connect/action", "Microsoft.SqlVirtualMachine/*",
			"Microsoft.Storage/storageAccounts/listKeys/action", "Microsoft.Storage/storageAccounts/read")},
		"Reader and Data Access": {Actions: []string{"Microsoft.Storage/storageAccounts/listKeys/action",
			"Microsoft.Storage/storageAccounts/ListAccountSas/action", "Microsoft.Storage/storageAccounts/read"}},
		"Storage Account Key Operator Service Role": {Actions: []string{"Microsoft.Storage/storageAccounts/listkeys/action",
			"Microsoft.Storage/storageAccounts/regeneratekey/action"}},
		"Storage Blob Data Reader": {Actions: []string{blobServices + "containers/read", blobServices + "generateUserDelegationKey/action"},
			DataActions: []string{blobServices + "containers/blobs/read"}},
		"Storage Blob Data Contributor": {Actions: []string{blobServices + "containers/delete", blobServices + "containers/read",
			blobServices + "containers/write", blobServices + "generateUserDelegationKey/action"},
			DataActions: []string{blobServices + "containers/blobs/delete", blobServices + "containers/blobs/read",
				blobServices + "containers/blobs/write", blobServices + "containers/blobs/move/action", blobServices + "containers/blobs/add/action"}},
		"Storage Blob Data Owner": {Actions: []string{blobServices + "containers/*", blobServices + "generateUserDelegationKey/action"},
			DataActions: []string{blobServices + "containers/blobs/*"}},
	}
}

// roles reads what the caller may do.
func (b *builder) roles() {
	known := BuiltinRoles()
	for _, s := range b.spec.Roles {
		r := &Role{Name: s.Name, Scope: plan.ID("/subscriptions/" + b.w.Subscription), Permission: plan.Permission{
			Actions: s.Actions, NotActions: s.NotActions, DataActions: s.DataActions, NotDataActions: s.NotDataActions}}
		if s.Scope != "" {
			r.Scope = b.scope(s.Body, "scope", s.Scope)
		}
		own := s.Actions != nil || s.NotActions != nil || s.DataActions != nil || s.NotDataActions != nil
		builtin, ok := known[s.Name]
		switch {
		case ok && own:
			b.errorf(s.Body, "", "Azure's own role", "%q is a role of Azure. Give your own one another name, or leave out its actions.", s.Name)
		case ok:
			r.Permission = builtin
		case !own:
			b.unknown(s.Body, "", "role of Azure", s.Name, slices.Sorted(maps.Keys(known)))
		}
		b.actions(s, r)
		b.w.Roles = append(b.w.Roles, r)
	}
}

// actions checks the form of what a role permits.
func (b *builder) actions(s roleSpec, r *Role) {
	for attr, all := range map[string][]string{"actions": s.Actions, "not_actions": s.NotActions, "data_actions": s.DataActions, "not_data_actions": s.NotDataActions} {
		for _, a := range all {
			if a != "*" && (!strings.Contains(a, "/") || strings.ContainsAny(a, " \t")) {
				b.errorf(s.Body, attr, "Invalid action", "%q is no action such as \"Microsoft.Network/networkWatchers/read\", \"Microsoft.Network/*\" or \"*\".", a)
			}
		}
	}
	if s.Actions == nil && s.DataActions == nil && s.NotActions != nil {
		b.errorf(s.Body, "not_actions", "Nothing to exclude from", "Role %q permits nothing. Add actions.", s.Name)
	}
}
