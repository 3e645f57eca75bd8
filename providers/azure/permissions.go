package azure

import (
	"context"
	"fmt"

	"flowctl/plan"
)

// permission is what one role assignment lets the caller do
// (Microsoft.Authorization/permissions, API version 2022-04-01).
type permission struct {
	Actions        []string `json:"actions"`
	NotActions     []string `json:"notActions"`
	DataActions    []string `json:"dataActions"`
	NotDataActions []string `json:"notDataActions"`
}

const permissionsVersion = "2022-04-01"

// Permissions are what the caller may do at a scope: a subscription, resource
// group or resource. Azure adds up the roles that are assigned at the scope
// and above it, to the caller and to groups that hold the caller.
func (p *Provider) Permissions(ctx context.Context, scope plan.ID) ([]plan.Permission, error) {
	at := p.address(string(scope)+"/providers/Microsoft.Authorization/permissions", permissionsVersion)
	out, err := listOf(ctx, p, "permissions", at, func(r *permission) plan.Permission { return plan.Permission(*r) })
	if err != nil {
		return nil, fmt.Errorf("read what the caller may do at %s: %w", scope, err)
	}
	return out, nil
}
