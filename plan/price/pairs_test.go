package price

import (
	"fmt"
	"math"
	"net/netip"
	"strings"
	"testing"

	"flowctl/plan"
	"flowctl/plan/servicetag"
)

// The ends and ways of the pairs below.

func vm(vnet, at string) End {
	return End{Address: netip.MustParseAddr("10.0.0.4"), VNet: vnet, Region: at}
}

func zoned(e End, zone string) End { e.Zone = zone; return e }

func leaving(e End, x Exit) End { e.Exit = x; return e }

func tagged(tag, service, at string) End {
	return End{Address: netip.MustParseAddr("20.1.2.3"), Place: servicetag.Place{Tag: tag, Service: service, Region: at}}
}

func storage(at string) End { return tagged("Storage."+at, "Storage", at) }
func cloud(at string) End   { return tagged("AzureCloud."+at, "AzureCloud", at) }

func endpointIn(vnet, at, target string) End {
	e := vm(vnet, at)
	e.Endpoint = &PrivateEndpoint{Target: target}
	return e
}

func at(address string) End { return End{Address: netip.MustParseAddr(address)} }

var (
	outside   = End{Address: netip.MustParseAddr("8.8.8.8"), Place: servicetag.Place{Tag: servicetag.Internet}}
	office    = End{Address: netip.MustParseAddr("192.168.7.7"), Premises: true}
	entra     = tagged("AzureActiveDirectory", "AzureActiveDirectory", "")
	doorEdge  = tagged("AzureFrontDoor.Frontend", "AzureFrontDoor.Frontend", "")
	doorAsks  = tagged("AzureFrontDoor.Backend", "AzureFrontDoor.Backend", "eastus2")
	exchange  = tagged("EOPExternalPublishedIPs", "EOPExternalPublishedIPs", "")
	consumers = End{Address: netip.MustParseAddr("10.0.9.5"), VNet: "a", Region: "westeurope", Service: true}
)

const we, ne, eus, jpe, sea, bs, zan = "westeurope", "northeurope", "eastus", "japaneast", "southeastasia", "brazilsouth", "southafricanorth"

func peered() Way { return Way{Peered: true} }

func site(vnet, at string) Way { return Way{Gateway: &ThroughGateway{VNet: vnet, Region: at}} }

func circuit(vnet string, c ThroughCircuit) Way {
	return Way{Gateway: &ThroughGateway{VNet: vnet, Region: we, Circuit: &c}}
}

func firewall(vnet string) Way {
	return Way{Appliance: &ThroughAppliance{VNet: vnet, Region: we, Firewall: true}}
}

// none is the price where there is none.
const none = -1

// pair is one row: what goes from one end to another, and what comes out.
type pair struct {
	n        int
	what     string
	bytes    Bytes
	class    string
	low, up  float64
	payments string // payer and price of each charge
}

// Classes, payers and prices of these pairs are from Microsoft's price pages and
// documentation and readings of the Retail Prices API up to 2026-11 (virtual
// networks, bandwidth, VPN Gateway, ExpressRoute, Private Link, NAT Gateway, Load
// Balancer, Azure Firewall, Front Door).
func pairs() []pair {
	nat := Exit{NAT: true}
	local, unlimited := ThroughCircuit{Local: true}, ThroughCircuit{Family: "UnlimitedData"}
	metered := func(zone int) ThroughCircuit { return ThroughCircuit{Family: "MeteredData", Zone: zone} }
	return []pair{
		{1, "machines of a subnet", Bytes{From: vm("a", we), To: vm("a", we)}, "same-vnet", 0, 0, ""},
		{2, "machines of two subnets", Bytes{From: vm("a", we), To: vm("a", we), Answer: true}, "same-vnet", 0, 0, ""},
		{3, "machines of two zones", Bytes{From: zoned(vm("a", we), "1"), To: zoned(vm("a", we), "2")}, "zone", 0, 0, ""},
		{4, "peered", Bytes{From: vm("a", we), To: vm("b", we), Way: peered()}, "peering", 0.02, 0.02, "sender 0.01, receiver 0.01"},
		{5, "peered, back", Bytes{From: vm("b", we), To: vm("a", we), Way: peered(), Answer: true}, "peering", 0.02, 0.02, "sender 0.01, receiver 0.01"},
		{6, "peered, two zones", Bytes{From: zoned(vm("a", we), "1"), To: zoned(vm("b", we), "2"), Way: peered()}, "peering", 0.02, 0.02, "sender 0.01, receiver 0.01"},
		{7, "peered with another subscription's, known by its id", Bytes{From: vm("/subscriptions/1/a", we), To: vm("/subscriptions/2/b", we), Way: peered()}, "peering", 0.02, 0.02, "sender 0.01, receiver 0.01"},
		{8, "spokes by the hub's firewall", Bytes{From: vm("a", we), To: vm("b", we), Way: firewall("hub")}, "peering", 0.056, 0.056, "sender 0.01, appliance 0.01, appliance 0.01, receiver 0.01, firewall 0.016"},
		{9, "spokes by the hub's machine", Bytes{From: vm("a", we), To: vm("b", we), Way: Way{Appliance: &ThroughAppliance{VNet: "hub", Region: we}}}, "peering", 0.04, 0.04, "sender 0.01, appliance 0.01, appliance 0.01, receiver 0.01"},
		{10, "global peering", Bytes{From: vm("a", we), To: vm("b", ne), Way: peered()}, "peering-global", 0.07, 0.07, "sender 0.035, receiver 0.035"},
		{11, "global peering, zone 1 to 2", Bytes{From: vm("a", we), To: vm("b", jpe), Way: peered()}, "peering-global", 0.125, 0.125, "sender 0.035, receiver 0.09"},
		{12, "global peering, zone 2 to 1", Bytes{From: vm("b", jpe), To: vm("a", we), Way: peered()}, "peering-global", 0.125, 0.125, "sender 0.09, receiver 0.035"},
		{13, "global peering in zone 2", Bytes{From: vm("a", jpe), To: vm("b", sea), Way: peered()}, "peering-global", 0.18, 0.18, "sender 0.09, receiver 0.09"},
		{14, "global peering, zone 1 to 3", Bytes{From: vm("a", eus), To: vm("b", bs), Way: peered()}, "peering-global", 0.195, 0.195, "sender 0.035, receiver 0.16"},
		{15, "global peering in zone 3", Bytes{From: vm("a", bs), To: vm("b", zan), Way: peered()}, "peering-global", 0.32, 0.32, "sender 0.16, receiver 0.16"},
		{16, "VPN gateways of a region", Bytes{From: vm("a", we), To: vm("b", we), Way: site("a", we)}, "vpn-vnet", 0, 0, ""},
		{17, "VPN gateways of two regions", Bytes{From: vm("a", we), To: vm("b", eus), Way: site("a", we)}, "vpn-vnet", 0.035, 0.035, "gateway 0.035"},
		{18, "VPN gateways, from zone 2", Bytes{From: vm("a", jpe), To: vm("b", we), Way: site("a", jpe)}, "vpn-vnet", 0.09, 0.09, "gateway 0.09"},
		{19, "to a site by VPN", Bytes{From: vm("a", we), To: office, Way: site("a", we)}, "internet", 0.087, 0.087, "gateway 0.087"},
		{20, "from a site by VPN", Bytes{From: office, To: vm("a", we), Way: site("a", we)}, "free-ingress", 0, 0, ""},
		{21, "spoke to a site by the hub's VPN", Bytes{From: vm("spoke", we), To: office, Way: site("hub", we)}, "internet", 0.097, 0.097, "gateway 0.087, spoke 0.01"},
		{22, "site to a spoke by the hub's VPN", Bytes{From: office, To: vm("spoke", we), Way: site("hub", we)}, "free-ingress", 0.01, 0.01, "spoke 0.01"},
		{23, "to a P2S client", Bytes{From: vm("a", jpe), To: office, Way: site("a", jpe), Answer: true}, "internet", 0.12, 0.12, "gateway 0.12"},
		{24, "metered circuit, zone 1", Bytes{From: vm("a", we), To: office, Way: circuit("a", metered(1))}, "er-metered", 0.025, 0.025, "circuit 0.025"},
		{25, "metered circuit, zone 2", Bytes{From: vm("a", we), To: office, Way: circuit("a", metered(2))}, "er-metered", 0.05, 0.05, "circuit 0.05"},
		{26, "unlimited circuit", Bytes{From: vm("a", we), To: office, Way: circuit("a", unlimited)}, "er-unlimited", 0, 0, ""},
		{27, "local circuit", Bytes{From: vm("a", we), To: office, Way: circuit("a", local)}, "er-unlimited", 0, 0, ""},
		{28, "in by a circuit", Bytes{From: office, To: vm("a", we), Way: circuit("a", metered(1))}, "free-ingress", 0, 0, ""},
		{29, "spoke by the hub's unlimited circuit", Bytes{From: vm("spoke", we), To: office, Way: circuit("hub", unlimited)}, "er-unlimited", 0.01, 0.01, "spoke 0.01"},
		{30, "to storage of the region", Bytes{From: vm("a", we), To: storage(we)}, "same-region", 0, 0, ""},
		{31, "from storage of the region", Bytes{From: storage(we), To: vm("a", we), Answer: true}, "same-region", 0, 0, ""},
		{32, "by a service endpoint", Bytes{From: leaving(vm("a", we), Exit{Services: []string{"Storage"}}), To: storage(we)}, "same-region", 0, 0, ""},
		{33, "to a database of the region", Bytes{From: vm("a", we), To: tagged("Sql.WestEurope", "Sql", we)}, "same-region", 0, 0, ""},
		{34, "to storage of the continent", Bytes{From: vm("a", we), To: storage(ne)}, "inter-region", 0.02, 0.02, "sender 0.02"},
		{35, "from storage of the continent", Bytes{From: storage(ne), To: vm("a", we), Answer: true}, "inter-region", 0.02, 0.02, "sender 0.02"},
		{36, "to storage of another continent", Bytes{From: vm("a", we), To: storage(eus)}, "inter-continent", 0.05, 0.05, "sender 0.05"},
		{37, "in Asia", Bytes{From: vm("a", jpe), To: storage(sea)}, "inter-region", 0.08, 0.08, "sender 0.08"},
		{38, "from Asia", Bytes{From: vm("a", jpe), To: storage(we)}, "inter-continent", 0.08, 0.08, "sender 0.08"},
		{39, "from South America", Bytes{From: vm("a", bs), To: storage(eus)}, "inter-continent", 0.16, 0.16, "sender 0.16"},
		{40, "to a machine's public address", Bytes{From: vm("a", "australiaeast"), To: cloud("australiasoutheast")}, "inter-region", 0.08, 0.08, "sender 0.08"},
		{41, "to somebody's machine of the region", Bytes{From: vm("a", we), To: cloud(we)}, "same-region", 0, 0, ""},
		{42, "to Entra ID in no region", Bytes{From: vm("a", we), To: entra}, "azure-anywhere", 0, 0.05, "sender 0-0.05"},
		{43, "to an edge of Front Door", Bytes{From: vm("a", we), To: doorEdge}, "azure-anywhere", 0, 0.087, "sender 0-0.087"},
		{44, "an origin answers Front Door", Bytes{From: vm("a", we), To: doorAsks, Answer: true}, "front-door", 0, 0, ""},
		{45, "to a private endpoint", Bytes{From: vm("a", we), To: endpointIn("a", we, we)}, "private-endpoint", 0.01, 0.01, "endpoint 0.01"},
		{46, "from a private endpoint", Bytes{From: endpointIn("a", we, we), To: vm("a", we), Answer: true}, "private-endpoint", 0.01, 0.01, "endpoint 0.01"},
		{47, "to a private endpoint in the hub", Bytes{From: vm("spoke", we), To: endpointIn("hub", we, ""), Way: peered()}, "private-endpoint", 0.01, 0.01, "endpoint 0.01"},
		{48, "to a private endpoint of another continent", Bytes{From: vm("a", jpe), To: endpointIn("b", we, we), Way: peered()}, "private-endpoint", 0.09, 0.09, "endpoint 0.01, sender 0.08"},
		{49, "to a resource of another region", Bytes{From: vm("a", we), To: endpointIn("a", we, ne)}, "private-endpoint", 0.03, 0.03, "endpoint 0.01, sender 0.02"},
		// 50 is TestTiers.
		{51, "from a site to a private endpoint", Bytes{From: office, To: endpointIn("hub", we, we), Way: circuit("hub", unlimited)}, "private-endpoint", 0.01, 0.01, "endpoint 0.01"},
		{52, "consumers of a private link service", Bytes{From: consumers, To: vm("a", we)}, "none", 0.005, 0.005, "load-balancer 0.005"},
		{53, "to the internet, zone 1", Bytes{From: vm("a", we), To: outside}, "internet", 0.087, 0.087, "sender 0.087"},
		{54, "to the internet, zone 2", Bytes{From: vm("a", jpe), To: outside}, "internet", 0.12, 0.12, "sender 0.12"},
		{55, "to the internet, zone 3", Bytes{From: vm("a", bs), To: outside}, "internet", 0.181, 0.181, "sender 0.181"},
		{56, "routing preference Internet", Bytes{From: leaving(vm("a", we), Exit{Public: true, ISP: true}), To: outside}, "internet-isp", 0.08, 0.08, "sender 0.08"},
		{57, "routing preference Internet, to Azure", Bytes{From: leaving(vm("a", we), Exit{Public: true, ISP: true}), To: storage(ne)}, "inter-region", 0.02, 0.02, "sender 0.02"},
		{58, "from the internet", Bytes{From: outside, To: vm("a", we)}, "free-ingress", 0, 0, ""},
		{59, "answers to the internet", Bytes{From: vm("a", we), To: outside, Answer: true}, "internet", 0.087, 0.087, "sender 0.087"},
		{60, "to the internet by a NAT gateway", Bytes{From: leaving(vm("a", we), nat), To: outside}, "internet", 0.132, 0.132, "sender 0.087, nat-gateway 0.045"},
		{61, "answers through a NAT gateway", Bytes{From: outside, To: leaving(vm("a", we), nat), Answer: true}, "free-ingress", 0.045, 0.045, "nat-gateway 0.045"},
		{62, "past a NAT gateway by a service endpoint", Bytes{From: leaving(vm("a", we), Exit{NAT: true, Services: []string{"Storage"}}), To: storage(we)}, "same-region", 0, 0, ""},
		{63, "to Azure by a NAT gateway", Bytes{From: leaving(vm("a", we), nat), To: cloud(we)}, "same-region", 0.045, 0.045, "nat-gateway 0.045"},
		{64, "NAT gateway before a public address", Bytes{From: leaving(vm("a", we), Exit{NAT: true, Public: true, ISP: true}), To: outside}, "internet", 0.132, 0.132, "sender 0.087, nat-gateway 0.045"},
		{64, "answers leave by the public address", Bytes{From: leaving(vm("a", we), Exit{NAT: true, Public: true}), To: outside, Answer: true}, "internet", 0.087, 0.087, "sender 0.087"},
		{65, "by an outbound rule", Bytes{From: leaving(vm("a", we), Exit{Balancer: true}), To: outside}, "internet", 0.092, 0.092, "sender 0.087, load-balancer 0.005"},
		{66, "from the internet by a load balancer", Bytes{From: outside, To: vm("a", we), Way: Way{Balanced: true}}, "free-ingress", 0.005, 0.005, "load-balancer 0.005"},
		{67, "by an internal load balancer", Bytes{From: vm("a", we), To: vm("a", we), Way: Way{Balanced: true}}, "same-vnet", 0.005, 0.005, "load-balancer 0.005"},
		{68, "to the internet by a firewall of the network", Bytes{From: vm("a", we), To: outside, Way: firewall("a")}, "internet", 0.103, 0.103, "firewall 0.087, firewall 0.016"},
		{69, "spoke to the internet by the hub's firewall", Bytes{From: vm("spoke", we), To: outside, Way: firewall("hub")}, "internet", 0.123, 0.123, "firewall 0.087, sender 0.01, appliance 0.01, firewall 0.016"},
		{70, "application gateway to its backend", Bytes{From: vm("a", we), To: vm("a", we)}, "same-vnet", 0, 0, ""},
		{71, "application gateway to a client", Bytes{From: vm("a", we), To: outside, Answer: true}, "internet", 0.087, 0.087, "sender 0.087"},
		{72, "to Bastion", Bytes{From: vm("a", we), To: vm("a", we), Answer: true}, "same-vnet", 0, 0, ""},
		{73, "to Azure's DNS", Bytes{From: vm("a", we), To: at("168.63.129.16")}, "platform", 0, 0, ""},
		{74, "to the metadata service", Bytes{From: vm("a", we), To: at("169.254.169.254")}, "platform", 0, 0, ""},
		{75, "multicast", Bytes{From: vm("a", we), To: at("224.0.0.251")}, "none", 0, 0, ""},
		{75, "multicast of IPv6", Bytes{From: vm("a", we), To: at("ff02::fb")}, "none", 0, 0, ""},
		{75, "broadcast", Bytes{From: vm("a", we), To: at("255.255.255.255")}, "none", 0, 0, ""},
		{75, "link-local", Bytes{From: vm("a", we), To: at("169.254.9.9")}, "none", 0, 0, ""},
		{76, "pods of two nodes", Bytes{From: vm("a", we), To: vm("a", we)}, "same-vnet", 0, 0, ""},
		{77, "to an address that nothing explains", Bytes{From: vm("a", we), To: at("10.250.0.9")}, "unknown", none, none, ""},
		{78, "spokes of a virtual hub", Bytes{From: vm("a", we), To: vm("b", we), Way: Way{Hub: true}}, "vwan-hub", 0.02, 0.06, "hub 0.02, sender 0-0.02, receiver 0-0.02"},
		{79, "to Microsoft 365", Bytes{From: vm("a", we), To: exchange}, "internet", 0, 0.087, "sender 0-0.087"},
		{80, "to the internet from Mexico", Bytes{From: vm("a", "mexicocentral"), To: outside}, "internet", 0.087, 0.087, "sender 0.087"},
		{81, "to the internet from Chile", Bytes{From: vm("a", "chilecentral"), To: outside}, "internet", none, none, "sender ?"},
		{81, "to the internet from Austria", Bytes{From: vm("a", "austriaeast"), To: outside}, "internet", none, none, "sender ?"},
		{81, "to the internet from Belgium", Bytes{From: vm("a", "belgiumcentral"), To: outside}, "internet", none, none, "sender ?"},
	}
}

func TestPairs(t *testing.T) {
	book := Open(nil)
	seen := map[int]bool{50: true}
	for _, p := range pairs() {
		seen[p.n] = true
		t.Run(fmt.Sprint(p.n, " ", p.what), func(t *testing.T) {
			q := book.Of(p.bytes)
			if q.Class.String() != p.class {
				t.Errorf("class %s, want %s", q.Class, p.class)
			}
			if got := payments(&q); got != p.payments {
				t.Errorf("paid by %q, want %q", got, p.payments)
			}
			checkPrice(t, &q, p.low, p.up)
		})
	}
	for n := 1; n <= 81; n++ {
		if !seen[n] {
			t.Errorf("no pair %d", n)
		}
	}
}

func checkPrice(t *testing.T, q *Quote, low, up float64) {
	t.Helper()
	r, ok := q.Price()
	switch {
	case low == none && ok:
		t.Errorf("%s costs %v, want no price", q, r)
	case low == none && len(q.Notes) == 0:
		t.Errorf("%s has no price, and nothing says why", q)
	case low == none:
	case !ok || math.Abs(r.Low-low) > 1e-9 || math.Abs(r.High-up) > 1e-9:
		t.Errorf("%s costs %v, %v; want %v to %v", q, r, ok, low, up)
	case !r.Exact() && len(q.Notes) == 0:
		t.Errorf("%s costs %v, and nothing says why", q, r)
	}
}

// payments are who pays how much, in the order of the charges.
func payments(q *Quote) string {
	var out []string
	for _, c := range q.Charges {
		text := fmt.Sprintf("%s %v", c.Payer, c.Price.Low)
		if !c.Known {
			text = string(c.Payer) + " ?"
		} else if !c.Price.Exact() {
			text += fmt.Sprintf("-%v", c.Price.High)
		}
		out = append(out, text)
	}
	return strings.Join(out, ", ")
}

// TestTiers prices what an account uses, pair 50 among it: each direction of private
// endpoints has tiers of its own.
func TestTiers(t *testing.T) {
	to, from := Bytes{From: vm("a", we), To: endpointIn("a", we, we)}, Bytes{From: endpointIn("a", we, we), To: vm("a", we)}
	out := Bytes{From: vm("a", we), To: outside}
	tests := map[string]struct {
		meter plan.Meter
		used  float64
		bytes Bytes
		want  float64
	}{
		"2 PB through endpoints":           {plan.EndpointIn, 2e6, to, 0.006},
		"2 PB the other way":               {plan.EndpointIn, 2e6, from, 0.01},
		"beyond 5 PB":                      {plan.EndpointOut, 5e6, from, 0.004},
		"the allowance is not taken off":   {plan.Egress, 0, out, 0.087},
		"the last GB of the first tier":    {plan.Egress, 10334, out, 0.087},
		"the first GB of the second tier":  {plan.Egress, 10335, out, 0.083},
		"the last tier, as long as it may": {plan.Egress, 1e9, out, 0.05},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			book := Open(nil)
			book.Used = map[plan.Meter]float64{tt.meter: tt.used}
			q := book.Of(tt.bytes)
			checkPrice(t, &q, tt.want, tt.want)
		})
	}
}
