package azure

import (
	"context"
	"fmt"
	"strings"

	"flowctl/plan"
)

// found are the versions in which things are looked for that no list has.
var found = map[string]string{"microsoft.operationalinsights/workspaces": "2023-09-01"}

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
