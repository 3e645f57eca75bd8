package price

import (
	"fmt"
	"maps"

	"flowctl/plan"
	"flowctl/plan/region"
)

// Currency is that of flowctl's own prices.
const Currency = "USD"

// Book is a list of prices, by which quotes are made.
type Book struct {
	plan.Prices
	own bool
}

// Open returns the book of some prices; flowctl's own if they are nil.
func Open(p *plan.Prices) Book {
	if p == nil {
		return Book{Own(), true}
	}
	given := *p
	given.Regions = map[string]map[plan.Meter]plan.Rate{}
	for name, meters := range p.Regions {
		given.Regions[region.Name(name)] = maps.Clone(meters)
	}
	return Book{given, false}
}

// Own are flowctl's own prices: Azure's retail prices in USD, of the first tier that
// is paid. Those of Network Watcher and of storage (US regions, locally redundant,
// hot) are from Infracost's reference outputs, which are made with the Retail Prices
// API, as are those of peering, NAT gateways, load balancers, firewalls and virtual
// hubs. Those of egress are from readings of that API for West Europe, Korea Central,
// Brazil South and North Europe (2026-06 to 2026-09), and its zones from its meters.
// Those between continents are from Skyplane's reading of the bandwidth page.
// Accounts with an agreement pay others.
//
// A region in no zone has no price: regions with meters of their own, and those of
// which no source says it.
func Own() plan.Prices {
	flat := plan.Flat
	p := plan.Prices{
		Currency: Currency,
		Source:   "Azure retail prices, by Infracost and readings of the Retail Prices API",
		Date:     "2026-09-24",
		Meters: map[plan.Meter]plan.Rate{
			plan.NetworkLogs: flat(0.50), plan.Analytics60: flat(2.30), plan.Analytics10: flat(3.50), plan.CaptureCheck: flat(0.001),
			plan.StoredGBMonth: flat(0.0208), plan.WriteOperation: flat(0.055), plan.ReadOperation: flat(0.0044),
			plan.PeeringBytes: flat(0.01), plan.EndpointIn: endpoint, plan.EndpointOut: endpoint,
			plan.CircuitZone1: flat(0.025), plan.CircuitZone2: flat(0.05), plan.CircuitZone3: flat(0.14),
			plan.NATBytes: flat(0.045), plan.BalancerBytes: flat(0.005), plan.FirewallBytes: flat(0.016), plan.HubBytes: flat(0.02),
		},
		Regions: map[string]map[plan.Meter]plan.Rate{},
	}
	for name, r := range region.All() {
		p.Regions[name] = regional(r)
	}
	return p
}

// regional are the prices that differ between regions.
func regional(r region.Region) map[plan.Meter]plan.Rate {
	meters := map[plan.Meter]plan.Rate{
		plan.InterRegion:    plan.Flat(between[r.Continent].near),
		plan.InterContinent: plan.Flat(between[r.Continent].far),
	}
	if r.Egress > 0 {
		meters[plan.Egress], meters[plan.ISPEgress] = egress[r.Egress-1], isp[r.Egress-1]
	}
	if zone := peeringZone(r); zone > 0 {
		meters[plan.GlobalPeering], meters[plan.VPNBytes] = global[zone-1], global[zone-1]
	}
	return meters
}

// peeringZone is the zone as the FAQ of the price page has it, and where that is
// silent as the other source says.
func peeringZone(r region.Region) int {
	if r.Peering > 0 {
		return r.Peering
	}
	return r.Peering2
}

// The prices of a GB by zone. The steps of egress are those of the API: its free
// 100 GB shift the later ones. Of some zones only the first price is confirmed.
var (
	egress = [3]plan.Rate{
		{{From: 100, Price: 0.087}, {From: 10335, Price: 0.083}, {From: 51295, Price: 0.07}, {From: 153695, Price: 0.05}},
		{{From: 100, Price: 0.12}, {From: 10335, Price: 0.085}, {From: 51295, Price: 0.082}, {From: 153695, Price: 0.08}},
		{{From: 100, Price: 0.181}},
	}
	isp = [3]plan.Rate{
		{{From: 100, Price: 0.08}, {From: 10100, Price: 0.065}, {From: 50100, Price: 0.06}, {From: 150100, Price: 0.04}},
		{{From: 100, Price: 0.11}},
		{{From: 100, Price: 0.12}},
	}
	global   = [3]plan.Rate{plan.Flat(0.035), plan.Flat(0.09), plan.Flat(0.16)}
	endpoint = plan.Rate{{From: 0, Price: 0.01}, {From: 1_000_000, Price: 0.006}, {From: 5_000_000, Price: 0.004}}
)

// between are the prices of a GB to another region, by the continent that it leaves:
// to the same and to another one.
var between = map[string]struct{ near, far float64 }{
	"NA": {0.02, 0.05}, "EU": {0.02, 0.05}, "AS": {0.08, 0.08}, "OC": {0.08, 0.08}, "ME": {0.08, 0.08}, "SA": {0.16, 0.16},
}

// doubt says where sources of flowctl's own prices disagree, or only one has it;
// empty where nothing is known against a price.
func (b Book) doubt(name string, m plan.Meter) string {
	r, ok := region.Of(name)
	if !b.own || !ok {
		return ""
	}
	switch m {
	case plan.Egress, plan.ISPEgress:
		return egressDoubt(r, m)
	case plan.GlobalPeering, plan.VPNBytes:
		switch {
		case r.Peering == 0 && r.Peering2 > 0:
			return fmt.Sprintf("one source alone has %s in a zone of peering", r.Name)
		case r.Peering != r.Peering2 && r.Peering2 > 0:
			return fmt.Sprintf("sources put %s in zone %d or %d of peering; %d is taken", r.Name, r.Peering, r.Peering2, r.Peering)
		}
	}
	return ""
}

func egressDoubt(r region.Region, m plan.Meter) string {
	switch {
	case m == plan.Egress && r.ISPOnly:
		return fmt.Sprintf("%s has no meter of egress over Microsoft's network; that of zone 1 is taken", r.Name)
	case r.Name == "israelcentral":
		return "meters put israelcentral in zone 1 of egress, the price page in zone 3; 1 is taken"
	case r.Egress == 3 && r.Continent == "ME":
		return fmt.Sprintf("meters have egress of %s at 0.181, the price page of 2022 at 0.12", r.Name)
	}
	return ""
}

// most is the highest price that a meter has anywhere.
func (b Book) most(m plan.Meter) (float64, bool) {
	high, ok := b.In("", m)
	for name := range b.Regions {
		if p, has := b.In(name, m); has {
			high, ok = max(high, p), true
		}
	}
	return high, ok
}
