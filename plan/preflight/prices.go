package preflight

import (
	"maps"
	"strings"

	"flowctl/plan"
	"flowctl/plan/config"
)

// Defaults are flowctl's own prices: Azure's retail prices in USD. Those of
// Network Watcher and of storage (US regions, locally redundant, hot) are from
// Infracost's reference outputs, which are made with the Retail Prices API;
// those of egress from there for zone 2, and from price overviews for zones 1
// and 3. Accounts with an agreement pay others.
func Defaults() plan.Prices {
	p := plan.Prices{
		Currency: config.DefaultCurrency,
		Source:   "Azure retail prices, by Infracost",
		Date:     "2026-08-21",
		Meters: map[plan.Meter]float64{
			plan.NetworkLogs: 0.50, plan.Analytics60: 2.30, plan.Analytics10: 3.50, plan.CaptureCheck: 0.001,
			plan.StoredGBMonth: 0.0208, plan.WriteOperation: 0.055, plan.ReadOperation: 0.0044, plan.Egress: 0.087,
		},
		Regions: map[string]map[plan.Meter]float64{},
	}
	for price, regions := range egress {
		for r := range strings.FieldsSeq(regions) {
			p.Regions[r] = map[plan.Meter]float64{plan.Egress: price}
		}
	}
	return p
}

// egress is the price of a GB to the internet, first tier, in regions outside
// of zone 1.
var egress = map[float64]string{
	0.12: "japaneast japanwest koreacentral koreasouth eastasia southeastasia australiaeast australiasoutheast australiacentral " +
		"australiacentral2 centralindia southindia westindia jioindiawest jioindiacentral newzealandnorth indonesiacentral malaysiawest",
	0.181: "brazilsouth brazilsoutheast southafricanorth southafricawest uaenorth uaecentral",
}

// prices are those that the file names, or flowctl's own.
func (c *checker) prices() plan.Prices {
	if b := c.Config.Budget; b != nil && b.Prices != nil {
		p := *b.Prices
		p.Regions = map[string]map[plan.Meter]float64{}
		for name, meters := range b.Prices.Regions {
			p.Regions[region(name)] = maps.Clone(meters)
		}
		return p
	}
	return Defaults()
}

// region is a region's name without blanks, in lower case.
func region(name string) string { return strings.ToLower(strings.ReplaceAll(name, " ", "")) }
