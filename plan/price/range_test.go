package price

import (
	"slices"
	"strings"
	"testing"

	"flowctl/plan"
	"flowctl/plan/region"
	"flowctl/plan/servicetag"
)

// TestRanges are pairs of which something that counts is not known: a range, or no
// price, and why.
func TestRanges(t *testing.T) {
	nowhere := func(e End) End { e.Region, e.Place.Region = "", ""; return e }
	tests := map[string]struct {
		bytes   Bytes
		class   string
		low, up float64
		why     string
	}{
		"a peered network of which only the id is known": {Bytes{From: vm("a", we), To: vm("b", ""), Way: peered()}, "peering", 0.02, 0.195, "region of a peered network"},
		"a VPN network in no known region":               {Bytes{From: vm("a", jpe), To: vm("b", ""), Way: site("a", jpe)}, "vpn-vnet", 0, 0.09, "in one region nobody pays"},
		"a circuit of another subscription":              {Bytes{From: vm("a", we), To: office, Way: circuit("a", ThroughCircuit{Zone: 1})}, "er-unknown", 0, 0.025, "metered is not known"},
		"a circuit of which nothing is known":            {Bytes{From: vm("a", we), To: office, Way: circuit("a", ThroughCircuit{})}, "er-unknown", 0, 0.14, "metered is not known"},
		"a metered circuit somewhere":                    {Bytes{From: vm("a", we), To: office, Way: circuit("a", ThroughCircuit{Family: "MeteredData"})}, "er-metered", 0.025, 0.14, "zone of the circuit"},
		"a metered circuit from a private endpoint":      {Bytes{From: endpointIn("a", we, we), To: office, Way: circuit("a", ThroughCircuit{Family: "MeteredData", Zone: 1})}, "private-endpoint", 0.035, 0.035, ""},
		"a private endpoint asked from nowhere":          {Bytes{From: at("10.9.9.9"), To: endpointIn("a", we, we)}, "private-endpoint", none, none, "no inventory explains"},
		"a private endpoint over three regions":          {Bytes{From: vm("a", jpe), To: endpointIn("b", we, eus)}, "private-endpoint", 0.09, 0.14, "different regions"},
		"storage of the region behind a NAT gateway":     {Bytes{From: leaving(vm("a", we), Exit{NAT: true}), To: storage(we)}, "same-region", 0, 0.045, "service endpoint"},
		"storage in no known region":                     {Bytes{From: vm("a", bs), To: nowhere(storage(we))}, "azure-anywhere", 0, 0.16, "region is not known"},
		"from Entra ID in no region":                     {Bytes{From: entra, To: vm("a", we)}, "azure-anywhere", 0, 0.16, "region is not known"},
		"a region that no table has":                     {Bytes{From: vm("a", we), To: storage("marsnorth")}, "azure-anywhere", 0.02, 0.05, "region is not known"},
		"from an edge of Front Door":                     {Bytes{From: doorEdge, To: vm("a", we)}, "azure-anywhere", none, none, "meters of its own"},
		"Front Door asks an origin":                      {Bytes{From: doorAsks, To: vm("a", we)}, "front-door", none, none, "meters of its own"},
		"from Microsoft 365":                             {Bytes{From: exchange, To: vm("a", we)}, "free-ingress", 0, 0, ""},
		"virtual hubs of two regions":                    {Bytes{From: vm("a", we), To: vm("b", ne), Way: Way{Hub: true}}, "vwan-hub", none, none, "several regions"},
		"to the internet from nowhere":                   {Bytes{From: vm("a", ""), To: outside}, "internet", none, none, "region that it leaves"},
		"peered with a network in no zone":               {Bytes{From: vm("a", we), To: vm("b", "taiwannorth"), Way: peered()}, "peering-global", none, none, "no price of global_peering_gb in taiwannorth"},
		"one zone by two sources":                        {Bytes{From: vm("a", we), To: vm("b", "jioindiawest"), Way: peered()}, "peering-global", 0.07, 0.07, "zone 1 or 2"},
		"a zone by one source":                           {Bytes{From: vm("a", we), To: vm("b", "denmarkeast"), Way: peered()}, "peering-global", 0.07, 0.07, "one source alone"},
		"a meter in doubt":                               {Bytes{From: vm("a", zan), To: outside}, "internet", 0.181, 0.181, "0.12"},
		"a meter of zone 1 in doubt":                     {Bytes{From: vm("a", "israelcentral"), To: outside}, "internet", 0.087, 0.087, "zone 3"},
		"no meter for the default routing":               {Bytes{From: vm("a", "polandcentral"), To: outside}, "internet", 0.087, 0.087, "no meter of egress"},
		"a spoke of a hub elsewhere":                     {Bytes{From: vm("spoke", we), To: office, Way: site("hub", jpe)}, "internet", 0.155, 0.155, ""},
		"a site behind the hub's firewall":               {Bytes{From: office, To: vm("spoke", we), Way: Way{Gateway: &ThroughGateway{VNet: "hub", Region: we}, Appliance: firewall("hub").Appliance}}, "free-ingress", 0.036, 0.036, ""},
		"IPsec over a circuit":                           {Bytes{From: vm("a", we), To: office, Way: circuit("a", ThroughCircuit{Family: "MeteredData", Zone: 1})}, "er-metered", 0.025, 0.025, ""},
		"public addresses inside of a network":           {Bytes{From: vm("a", we), To: End{Address: outside.Address, VNet: "a", Region: we, Place: outside.Place}}, "same-vnet", 0, 0, ""},
		"between public addresses of Azure":              {Bytes{From: cloud(we), To: storage(ne)}, "inter-region", 0.02, 0.02, ""},
		"between two strangers":                          {Bytes{From: outside, To: outside}, "unknown", none, none, "whose address"},
		"an address that no list was asked of":           {Bytes{From: vm("a", we), To: at("203.0.113.9")}, "unknown", none, none, "whose address"},
	}
	book := Open(nil)
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			q := book.Of(tt.bytes)
			if q.Class.String() != tt.class {
				t.Errorf("class %s, want %s", q.Class, tt.class)
			}
			checkPrice(t, &q, tt.low, tt.up)
			if notes := strings.Join(q.Notes, "; "); !strings.Contains(notes, tt.why) {
				t.Errorf("it says %q, want %q", notes, tt.why)
			}
		})
	}
}

// TestGiven: prices of a file stand for all others, in any spelling of regions, and
// what it leaves out has none.
func TestGiven(t *testing.T) {
	book := Open(&plan.Prices{
		Currency: "EUR", Source: "our agreement", Date: "2026-11-01",
		Meters:  map[plan.Meter]plan.Rate{plan.Egress: plan.Flat(0.05)},
		Regions: map[string]map[plan.Meter]plan.Rate{"Germany West Central": {plan.Egress: plan.Flat(0.04)}, "chilec": {plan.Egress: plan.Flat(0.2)}},
	})
	for at, want := range map[string]float64{"germanywc": 0.04, "westeurope": 0.05, "chilecentral": 0.2} {
		q := book.Of(Bytes{From: vm("a", at), To: outside})
		if checkPrice(t, &q, want, want); len(q.Notes) > 0 {
			t.Errorf("%s: doubts of other prices are said: %v", at, q.Notes)
		}
	}
	q := book.Of(Bytes{From: vm("a", we), To: vm("b", we), Way: peered()})
	checkPrice(t, &q, none, none)
}

// TestOwnBook: no region has a price of egress but those that meters put in a zone,
// and every price belongs to a meter.
func TestOwnBook(t *testing.T) {
	own := Own()
	for name, want := range map[string]float64{
		"westeurope": 0.087, "qatarcentral": 0.12, "brazilsouth": 0.181, "uaenorth": 0.181,
		"chilecentral": none, "austriaeast": none, "belgiumcentral": none, "denmarkeast": none, "taiwannorth": none, "taiwannorthwest": none,
		"newzealandnorth": none, "indonesiacentral": none, "malaysiawest": none, "marsnorth": none, "": none,
	} {
		got, ok := own.In(name, plan.Egress)
		if !ok {
			got = none
		}
		if got != want {
			t.Errorf("egress of %q is %v, want %v", name, got, want)
		}
	}
	named := map[plan.Meter]bool{}
	for _, m := range plan.Meters() {
		if named[m] {
			t.Errorf("meter %s is listed twice", m)
		}
		_, everywhere := own.Meters[m]
		_, here := own.In("westeurope", m)
		if named[m] = true; !everywhere && !here {
			t.Errorf("no price of %s", m)
		}
	}
	for name := range own.Regions {
		if region.Name(name) != name {
			t.Errorf("region %s is spelled %s", name, region.Name(name))
		}
	}
}

func TestNames(t *testing.T) {
	classes := Classes()
	if slices.Contains(classes, "") || len(slices.Compact(slices.Sorted(slices.Values(classes)))) != len(classes) {
		t.Errorf("classes are %q", classes)
	}
	book := Open(nil)
	q := book.Of(Bytes{From: leaving(vm("spoke", we), Exit{NAT: true}), To: outside})
	if q.String() != "internet + nat-gateway" {
		t.Errorf("it reads %s", &q)
	}
	q = book.Of(Bytes{From: vm("spoke", we), To: End{Address: outside.Address, Place: servicetag.Place{Tag: "internet"}}, Way: firewall("hub")})
	if q.String() != "internet + peering + firewall" {
		t.Errorf("it reads %s", &q)
	}
}
