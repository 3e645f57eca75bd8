package azure

import (
	"context"

	"flowctl/plan"
)

// routeTable is a Microsoft.Network/routeTables (API version 2024-05-01).
type routeTable struct {
	ID         plan.ID `json:"id"`
	Properties struct {
		Routes []struct {
			Name       string `json:"name"`
			Properties struct {
				Prefix string `json:"addressPrefix"`
				Hop    string `json:"nextHopType"`
				To     string `json:"nextHopIpAddress"`
			} `json:"properties"`
		} `json:"routes"`
	} `json:"properties"`
}

// readRouteTables reads the routes that users made; those of Azure follow from the networks.
func (p *Provider) readRouteTables(ctx context.Context, inv *plan.Inventory) (err error) {
	at := p.address(p.inSubscription("/providers/Microsoft.Network/routeTables"), networkVersion)
	inv.RouteTables, err = listOf(ctx, p, "route tables", at, func(t *routeTable) plan.RouteTable {
		out := plan.RouteTable{ID: t.ID}
		for _, r := range t.Properties.Routes {
			out.Routes = append(out.Routes, plan.Route{Name: r.Name, Prefix: r.Properties.Prefix, Hop: r.Properties.Hop, To: r.Properties.To})
		}
		return out
	})
	byID(inv.RouteTables, func(t plan.RouteTable) plan.ID { return t.ID })
	return err
}
