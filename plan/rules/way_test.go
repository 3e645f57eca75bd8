package rules

import (
	"net/netip"
	"strings"
	"testing"

	"flowctl/plan"
)

const sub = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/"

// network has a client and a server in one VNet, a peer, and a table that sends all else
// to an appliance.
func network() []*plan.Inventory {
	prefix := netip.MustParsePrefix
	allow := func(port string) []plan.Rule {
		return []plan.Rule{{Name: "in", Priority: 100, Direction: Inbound, Access: "Allow", Protocol: "Tcp", Sources: []string{"VirtualNetwork"}, Destinations: []string{"*"}, Ports: []string{port}},
			{Name: "tag", Priority: 200, Direction: Inbound, Access: "Allow", Protocol: "*", Sources: []string{"Storage"}, Destinations: []string{"*"}, Ports: []string{"*"}},
			{Name: "rest", Priority: 300, Direction: Inbound, Access: "Deny", Protocol: "*", Sources: []string{"*"}, Destinations: []string{"*"}, Ports: []string{"*"}}}
	}
	return []*plan.Inventory{{
		VNets: []plan.VNet{{ID: sub + "virtualNetworks/v", Prefixes: []netip.Prefix{prefix("10.0.0.0/16")},
			Subnets:  []plan.Subnet{{ID: sub + "virtualNetworks/v/subnets/a", RouteTable: sub + "routeTables/rt"}, {ID: sub + "virtualNetworks/v/subnets/b", NSG: sub + "networkSecurityGroups/web"}},
			Peerings: []plan.Peering{{Remote: sub + "virtualNetworks/p", State: "Connected", Prefixes: []netip.Prefix{prefix("10.9.0.0/16")}}}}},
		NICs: []plan.NIC{{ID: sub + "networkInterfaces/a", VM: "/x/virtualMachines/client", Addresses: []netip.Addr{addr(1, 4)}, Subnets: []plan.ID{sub + "virtualNetworks/v/subnets/a"}},
			{ID: sub + "networkInterfaces/b", VM: "/x/virtualMachines/server", Addresses: []netip.Addr{addr(2, 4)}, Subnets: []plan.ID{sub + "virtualNetworks/v/subnets/b"}}},
		NSGs:        []plan.NSG{{ID: sub + "networkSecurityGroups/web", Rules: allow("443")}},
		RouteTables: []plan.RouteTable{{ID: sub + "routeTables/rt", Routes: []plan.Route{{Name: "all", Prefix: "0.0.0.0/0", Hop: "VirtualAppliance", To: "10.9.0.4"}}}},
	}}
}

// TestExplain checks which rule and which route are said to decide.
func TestExplain(t *testing.T) {
	tests := map[string]struct {
		from, to string
		port     uint16
		rule     string
		route    string
		passes   Answer
	}{
		"let pass":           {"client", "server", 443, "in", "VnetLocal", Yes},
		"refused":            {"client", "server", 22, "rest", "VnetLocal", No},
		"peer":               {"client", "10.9.0.7", 22, "", "VNetPeering", Yes},
		"internet":           {"client", "8.8.8.8", 53, "", "VirtualAppliance", Yes},
		"no way":             {"server", "10.77.0.1", 22, "", "None", No},
		"tag without a list": {"8.8.8.8", "server", 22, "rest", Beyond, Unknown},
	}
	for name, tt := range tests {
		invs := network()
		from, err := FindEnd(invs, tt.from)
		if err != nil {
			t.Fatal(err)
		}
		to, err := FindEnd(invs, tt.to)
		if err != nil {
			t.Fatal(err)
		}
		w := Explain(invs, nil, from, to, Tuple{Protocol: "TCP", Port: tt.port})
		rule := ""
		for _, s := range w.Steps {
			if s.Rule != nil {
				rule = s.Rule.Name
			}
		}
		if rule != tt.rule || w.Route.Type != tt.route || w.Route.Prefix == "" && tt.route != Beyond || w.Passes() != tt.passes {
			t.Errorf("%s: rule %q, route %+v, passes %d", name, rule, w.Route, w.Passes())
		}
	}
	lost := network()
	lost[0].RouteTables = nil
	from, _ := FindEnd(lost, "client")
	to, _ := FindEnd(lost, "8.8.8.8")
	if w := Explain(lost, nil, from, to, Tuple{Protocol: "TCP", Port: 53}); w.Passes() != Unknown {
		t.Errorf("a table that was not read says %+v", w.Route)
	}
	if _, err := FindEnd(lost, "nobody"); err == nil || !strings.Contains(err.Error(), "nobody") {
		t.Errorf("nobody is %v", err)
	}
}
