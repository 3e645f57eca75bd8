package price

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"

	"flowctl/plan/servicetag"
)

// place is a region with its prices as a price sheet of one column each has them:
// the oracle knows neither zones nor meters. A price below 0 is none.
type place struct {
	name, continent     string
	out, isp            float64 // to the internet
	side                float64 // of a global peering
	region, continental float64 // to another region, to another continent
}

var sheet = []place{
	{"westeurope", "Europe", 0.087, 0.08, 0.035, 0.02, 0.05},
	{"northeurope", "Europe", 0.087, 0.08, 0.035, 0.02, 0.05},
	{"eastus", "America", 0.087, 0.08, 0.035, 0.02, 0.05},
	{"canadacentral", "America", 0.087, 0.08, 0.035, 0.02, 0.05},
	{"mexicocentral", "America", 0.087, 0.08, 0.035, 0.02, 0.05},
	{"japaneast", "Asia", 0.12, 0.11, 0.09, 0.08, 0.08},
	{"southeastasia", "Asia", 0.12, 0.11, 0.09, 0.08, 0.08},
	{"jioindiawest", "Asia", 0.12, 0.11, 0.035, 0.08, 0.08},
	{"taiwannorth", "Asia", none, none, none, 0.08, 0.08},
	{"malaysiawest", "Asia", none, none, 0.09, 0.08, 0.08},
	{"australiaeast", "Oceania", 0.12, 0.11, 0.09, 0.08, 0.08},
	{"australiacentral", "Oceania", 0.12, 0.11, 0.035, 0.08, 0.08},
	{"newzealandnorth", "Oceania", none, none, 0.09, 0.08, 0.08},
	{"qatarcentral", "Middle East and Africa", 0.12, 0.11, 0.035, 0.08, 0.08},
	{"uaenorth", "Middle East and Africa", 0.181, 0.12, 0.16, 0.08, 0.08},
	{"southafricanorth", "Middle East and Africa", 0.181, 0.12, 0.16, 0.08, 0.08},
	{"brazilsouth", "South America", 0.181, 0.12, 0.16, 0.16, 0.16},
	{"chilecentral", "South America", none, none, 0.16, 0.16, 0.16},
	{"austriaeast", "Europe", none, none, 0.035, 0.02, 0.05},
	{"belgiumcentral", "Europe", none, none, 0.035, 0.02, 0.05},
	{"denmarkeast", "Europe", none, none, 0.035, 0.02, 0.05},
}

// ways between two regions by public addresses: what the sheet says.
func (p place) to(o place) (class string, price float64) {
	switch {
	case p.name == o.name:
		return "same-region", 0
	case p.continent == o.continent:
		return "inter-region", p.region
	}
	return "inter-continent", p.continental
}

// sum adds prices, of which any may be none.
func sum(prices ...float64) float64 {
	total := 0.0
	for _, p := range prices {
		if p < 0 {
			return none
		}
		total += p
	}
	return total
}

// dice makes pairs of a kind.
type dice struct {
	*rand.Rand
	a, b place
}

func (d dice) when(price float64) (bool, float64) {
	if d.IntN(2) == 0 {
		return false, 0
	}
	return true, price
}

func (d dice) public(p place) End {
	service := []string{"Storage", "Sql", "AzureCloud", "AppService", "AzureKeyVault"}[d.IntN(5)]
	return End{Address: netip.AddrFrom4([4]byte{20, byte(d.IntN(256)), byte(d.IntN(256)), 9}), Place: servicetag.Place{Tag: service + "." + p.name, Service: service, Region: p.name}}
}

func (d dice) stranger() End {
	return End{Address: netip.AddrFrom4([4]byte{8, byte(d.IntN(256)), 8, 8}), Place: servicetag.Place{Tag: "internet"}}
}

func (d dice) private() End {
	return End{Address: netip.AddrFrom4([4]byte{10, byte(d.IntN(256)), byte(d.IntN(256)), 9})}
}

// made is a pair with what the oracle says of it.
type made struct {
	bytes Bytes
	class string
	price float64
}

// kinds are the kinds of pairs, each a straight line from what is known to the price.
var kinds = map[string]func(dice) made{
	"one network": func(d dice) made {
		m := made{Bytes{From: vm("v", d.a.name), To: vm("v", d.a.name), Answer: d.IntN(2) == 0}, "same-vnet", 0}
		balanced, more := d.when(0.005)
		m.bytes.Way.Balanced, m.price = balanced, more
		if zones := [2]string{fmt.Sprint(d.IntN(4)), fmt.Sprint(d.IntN(4))}; zones[0] != "0" && zones[1] != "0" {
			m.bytes.From.Zone, m.bytes.To.Zone = zones[0], zones[1]
			if zones[0] != zones[1] {
				m.class = "zone"
			}
		}
		return m
	},
	"peered": func(d dice) made {
		m := made{Bytes{From: vm("v", d.a.name), To: vm("w", d.b.name), Way: Way{Peered: true}, Answer: d.IntN(2) == 0}, "peering", 0.02}
		if d.a.name != d.b.name {
			m.class, m.price = "peering-global", sum(d.a.side, d.b.side)
		}
		return m
	},
	"by a hub's firewall": func(d dice) made {
		fw, more := d.when(0.016)
		m := made{Bytes{From: vm("v", d.a.name), To: vm("w", d.a.name), Way: Way{Appliance: &ThroughAppliance{VNet: "hub", Region: d.b.name, Firewall: fw}}}, "peering", 0.04 + more}
		if d.a.name != d.b.name {
			m.class, m.price = "peering-global", sum(d.a.side, d.b.side, d.b.side, d.a.side, more)
		}
		return m
	},
	"by VPN gateways": func(d dice) made {
		m := made{Bytes{From: vm("v", d.a.name), To: vm("w", d.b.name), Way: site("v", d.a.name)}, "vpn-vnet", 0}
		if d.a.name != d.b.name {
			m.price = d.a.side
		}
		return m
	},
	"to a site by VPN": func(d dice) made {
		m := made{Bytes{From: vm("v", d.a.name), To: office, Way: site("v", d.a.name)}, "internet", d.a.out}
		if spoke, more := d.when(0.01); spoke {
			m.bytes.Way.Gateway.VNet, m.price = "hub", sum(d.a.out, more)
		}
		return m
	},
	"from a site": func(d dice) made {
		m := made{Bytes{From: office, To: vm("v", d.a.name), Way: site("v", d.a.name)}, "free-ingress", 0}
		if d.IntN(2) == 0 {
			m.bytes.Way.Gateway.Circuit = &ThroughCircuit{}
		}
		if spoke, more := d.when(0.01); spoke {
			m.bytes.Way.Gateway.VNet, m.price = "hub", more
		}
		return m
	},
	"by a circuit": func(d dice) made {
		zone := d.IntN(3)
		m := made{Bytes{From: vm("v", d.a.name), To: office, Way: circuit("v", ThroughCircuit{Family: "MeteredData", Zone: zone + 1})}, "er-metered", []float64{0.025, 0.05, 0.14}[zone]}
		if d.IntN(2) == 0 {
			m.bytes.Way.Gateway.Circuit.Local, m.class, m.price = true, "er-unlimited", 0
		}
		return m
	},
	"to Azure": func(d dice) made {
		m := made{bytes: Bytes{From: vm("v", d.a.name), To: d.public(d.b)}}
		m.class, m.price = d.a.to(d.b)
		d.nat(&m, &m.bytes.From, &m.bytes.To)
		return m
	},
	"from Azure": func(d dice) made {
		m := made{bytes: Bytes{From: d.public(d.b), To: vm("v", d.a.name), Answer: true}}
		m.class, m.price = d.b.to(d.a)
		d.nat(&m, &m.bytes.To, &m.bytes.From)
		return m
	},
	"to the internet": func(d dice) made {
		m := made{Bytes{From: vm("v", d.a.name), To: d.stranger()}, "internet", d.a.out}
		switch d.IntN(4) {
		case 0:
			m.bytes.From.Exit = Exit{Public: true, ISP: true}
			m.class, m.price = "internet-isp", d.a.isp
		case 1:
			m.bytes.From.Exit = Exit{NAT: true, Public: d.IntN(2) == 0}
			if m.bytes.Answer = d.IntN(2) == 0; !m.bytes.Answer {
				m.price = sum(m.price, 0.045)
			}
		case 2:
			m.bytes.From.Exit.Balancer = true
			m.price = sum(m.price, 0.005)
		}
		return m
	},
	"from the internet": func(d dice) made {
		m := made{Bytes{From: d.stranger(), To: vm("v", d.a.name)}, "free-ingress", 0}
		m.bytes.Answer, m.price = d.when(0.045)
		m.bytes.To.Exit.NAT = true
		return m
	},
	"to a private endpoint": func(d dice) made {
		m := made{Bytes{From: vm("v", d.a.name), To: endpointIn("w", d.b.name, d.b.name), Way: Way{Peered: true}}, "private-endpoint", 0}
		_, more := d.a.to(d.b)
		m.price = 0.01 + more
		return m
	},
	"from a private endpoint to a resource elsewhere": func(d dice) made {
		m := made{Bytes{From: endpointIn("v", d.a.name, d.b.name), To: vm("v", d.a.name)}, "private-endpoint", 0}
		_, more := d.b.to(d.a)
		m.price = 0.01 + more
		return m
	},
	"not routed": func(d dice) made {
		to := []string{"224.0.0.1", "239.1.2.3", "ff02::1", "ff05::2", "255.255.255.255", "169.254.1.1", "127.0.0.1", "0.0.0.0", "fe80::1"}
		return made{Bytes{From: vm("v", d.a.name), To: at(to[d.IntN(len(to))])}, "none", 0}
	},
	"not explained": func(d dice) made {
		tell := []Bytes{
			{From: vm("v", d.a.name), To: d.private()},
			{From: d.private(), To: vm("v", d.a.name)},
			{From: vm("v", d.a.name), To: vm("w", d.b.name)},
			{From: vm("v", d.a.name), To: vm("w", d.b.name), Way: circuit("v", ThroughCircuit{Local: true})},
			{From: vm("v", d.a.name), To: at("203.0.113.7")},
			{From: d.private(), To: d.stranger()},
			{From: vm("v", d.a.name), To: d.private(), Way: site("v", d.a.name)},
		}
		return made{tell[d.IntN(len(tell))], "unknown", none}
	},
}

// nat puts a NAT gateway on the way, or past it.
func (d dice) nat(m *made, machine, remote *End) {
	switch d.IntN(3) {
	case 0:
		machine.Exit.NAT = true
		if remote.Place.Service == "Storage" && m.class == "same-region" {
			machine.Exit.Services = []string{"Storage"} // otherwise it is not known
			return
		}
		m.price += 0.045
	case 1:
		machine.Exit = Exit{NAT: true, Services: []string{"Other", remote.Place.Service}}
	}
}

// TestKinds prices generated pairs of each kind.
func TestKinds(t *testing.T) {
	book := Open(nil)
	for _, name := range slices.Sorted(maps.Keys(kinds)) {
		kind := kinds[name]
		t.Run(name, func(t *testing.T) {
			random := rand.New(rand.NewPCG(14, uint64(len(name))))
			for range 1000 {
				m := kind(dice{random, sheet[random.IntN(len(sheet))], sheet[random.IntN(len(sheet))]})
				q := book.Of(m.bytes)
				if q.Class.String() != m.class {
					t.Errorf("class %s, want %s: %+v", q.Class, m.class, m.bytes)
				}
				if checkPrice(t, &q, m.price, m.price); t.Failed() {
					t.Fatalf("of %+v", m.bytes)
				}
			}
		})
	}
}

// TestLessKnown takes facts away from pairs that have an exact price: what comes out
// then is no price, or a range that the price lies in. So nothing stands for what
// is not known.
func TestLessKnown(t *testing.T) {
	book := Open(nil)
	forget := map[string]func(*Bytes){
		"the region of the sender":    func(b *Bytes) { b.From.Region, b.From.Place.Region = "", "" },
		"the region of the receiver":  func(b *Bytes) { b.To.Region, b.To.Place.Region = "", "" },
		"both regions":                func(b *Bytes) { b.From.Region, b.To.Region, b.From.Place.Region, b.To.Place.Region = "", "", "", "" },
		"the tag of the sender":       func(b *Bytes) { b.From.Place = servicetag.Place{} },
		"the tag of the receiver":     func(b *Bytes) { b.To.Place = servicetag.Place{} },
		"the network of the sender":   func(b *Bytes) { b.From.VNet, b.From.Region = "", "" },
		"how networks are connected":  func(b *Bytes) { b.Way = Way{Balanced: b.Way.Balanced} },
		"that it is no other network": func(b *Bytes) { b.From.Premises, b.To.Premises = false, false },
		"which circuit": func(b *Bytes) {
			if g := b.Way.Gateway; g != nil && g.Circuit != nil {
				b.Way.Gateway = &ThroughGateway{VNet: g.VNet, Region: g.Region, Circuit: &ThroughCircuit{}}
			}
		},
	}
	random := rand.New(rand.NewPCG(15, 1))
	for _, name := range slices.Sorted(maps.Keys(kinds)) {
		kind := kinds[name]
		if name == "not routed" || name == "to a private endpoint" {
			continue // these rest on none of it
		}
		for range 500 {
			m := kind(dice{random, sheet[random.IntN(len(sheet))], sheet[random.IntN(len(sheet))]})
			q := book.Of(m.bytes)
			want, ok := q.Price()
			if !ok || !want.Exact() {
				continue
			}
			for what, f := range forget {
				less := m.bytes
				if g := less.Way.Gateway; g != nil {
					own := *g
					own.Region = "" // a gateway's region is that of what it is forgotten of
					less.Way.Gateway = &own
				}
				f(&less)
				now := book.Of(less)
				got, ok := now.Price()
				if ok && (want.Low < got.Low-1e-9 || want.High > got.High+1e-9) {
					t.Fatalf("%s costs %v, without %s %v\n%+v", name, want, what, got, less)
				}
			}
		}
	}
}

// TestOpenerDoesNotCount: the same bytes cost the same whoever opened the flow,
// unless a NAT gateway or an outbound rule is on the way of what a machine opened.
func TestOpenerDoesNotCount(t *testing.T) {
	book := Open(nil)
	random := rand.New(rand.NewPCG(16, 1))
	for _, name := range slices.Sorted(maps.Keys(kinds)) {
		kind := kinds[name]
		for range 200 {
			m := kind(dice{random, sheet[random.IntN(len(sheet))], sheet[random.IntN(len(sheet))]})
			m.bytes.From.Exit, m.bytes.To.Exit = Exit{}, Exit{}
			a := book.Of(m.bytes)
			m.bytes.Answer = !m.bytes.Answer
			b := book.Of(m.bytes)
			x, okX := a.Price()
			y, okY := b.Price()
			if a.Class != b.Class || okX != okY || math.Abs(x.Low-y.Low)+math.Abs(x.High-y.High) > 1e-9 {
				t.Fatalf("%s: %s %v as opened by the one end, %s %v by the other: %+v", name, &a, x, &b, y, m.bytes)
			}
		}
	}
}
