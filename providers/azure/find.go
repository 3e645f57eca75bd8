package azure

import (
	"context"
	"fmt"
	"strings"

	"flowctl/plan"
)

// found are the versions in which single things are looked for.
var found = map[string]string{
	"microsoft.operationalinsights/workspaces":  "2023-09-01",
	"microsoft.compute/virtualmachines":         "2026-04-01",
	"microsoft.compute/virtualmachinescalesets": "2026-04-01",
	"microsoft.network/virtualnetworks":         "2025-05-01",
	"microsoft.network/virtualnetworks/subnets": "2025-05-01",
	"microsoft.network/networkinterfaces":       "2025-05-01",
}

var _ plan.Finder = (*Provider)(nil)

// Find tells whether something is there; plan.ErrNotFound if it is not.
func (p *Provider) Find(ctx context.Context, id plan.ID) error {
	version, ok := found[strings.ToLower(id.Type())]
	if !ok {
		return fmt.Errorf("look for %s: flowctl does not know the type %s", id.Name(), id.Type())
	}
	var doc idOf
	return p.getInto(ctx, string(id), version, &doc)
}
