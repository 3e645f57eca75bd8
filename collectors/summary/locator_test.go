package summary

import (
	"flowctl/collectors/aggregate"
	"net/netip"
	"testing"

	"flowctl/collectors/flow"
	"flowctl/plan"
)

func addr(s string) flow.Addr { return flow.AddrOf(netip.MustParseAddr(s)) }

// TestPlaces checks names and scopes of addresses as seen from VNet spoke,
// from the island that is connected to nothing, and from nowhere known.
func TestPlaces(t *testing.T) {
	p := newLocator([]*plan.Inventory{inventory()})
	tests := map[string]struct {
		addr, from string
		vm, subnet string
		scope      string
	}{
		"own VNet":                 {"10.0.0.5", macA, "vm-b", "spoke/default", "vnet"},
		"own VNet, no machine":     {"10.0.9.9", macA, "", "spoke/default", "vnet"},
		"peered":                   {"10.1.0.4", macA, "vm-router", "hub/default", "peered"},
		"twice, from the spoke":    {"10.0.0.4", macB, "vm-a", "spoke/default", "vnet"},
		"twice, from the island":   {"10.0.0.4", macOther, "vm-other", "island/default", "vnet"},
		"twice, from nowhere":      {"10.0.0.4", "", "", "", "private"},
		"once, from nowhere":       {"10.1.0.4", "", "vm-router", "hub/default", "private"},
		"not connected":            {"10.1.0.4", macOther, "", "", "private"},
		"elsewhere":                {"10.200.0.1", macA, "", "", "private"},
		"internet":                 {"20.1.2.3", macA, "", "", "internet"},
		"internet, from nowhere":   {"2603:1020::1", "", "", "", "internet"},
		"wire server":              {"168.63.129.16", macA, "", "", "platform"},
		"metadata service":         {"169.254.169.254", "", "", "", "platform"},
		"multicast":                {"224.0.0.251", macA, "", "", "private"},
		"machine of the same MACs": {"10.0.0.4", macA, "vm-a", "spoke/default", "vnet"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			from := p.nics[p.byMAC[tt.from]].vnet
			a := addr(tt.addr)
			at := p.find(a, from, 0)
			vm, subnet, scope := vmOfNIC(p, at.nic), p.subnets[at.subnet].name, scopes[p.scope(a, at, from)]
			if vm != tt.vm || subnet != tt.subnet || scope != tt.scope {
				t.Errorf("%q %q %q, want %q %q %q", vm, subnet, scope, tt.vm, tt.subnet, tt.scope)
			}
		})
	}
}

func TestACLNames(t *testing.T) {
	p := newLocator([]*plan.Inventory{inventory()})
	for text, want := range map[string]string{
		"aaaa-bbbb": "nsg-a",
		"/SUBSCRIPTIONS/S/RESOURCEGROUPS/RG/PROVIDERS/MICROSOFT.NETWORK/NETWORKSECURITYGROUPS/NSG-A":       "nsg-a",
		"/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/networkSecurityGroups/nsg-unknown": "nsg-unknown",
		"00000000-0000-0000-0000-000000000000":                                                             "00000000-0000-0000-0000-000000000000",
		"unspecified":                                                                                      "unspecified",
		"":                                                                                                 "",
	} {
		if got := p.acl(text); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

// TestCaptureOfMachine checks that the direction in a capture follows from
// whose it is, and that its names are those of the machine.
func TestCaptureOfMachine(t *testing.T) {
	names := flow.NewNames()
	p := newLocator([]*plan.Inventory{inventory()})
	k := aggregate.Context{Point: names.Of("vm-b"), Class: aggregate.Capture, Verdict: aggregate.UnknownVerdict,
		Target: names.Of("/subscriptions/s/resourceGroups/RG/providers/Microsoft.Compute/virtualMachines/VM-B")}
	var s enriched
	for _, tt := range []struct {
		src, dst  string
		direction flow.Direction
		peer      string
	}{
		{"10.0.0.5", "20.0.0.1", flow.Outbound, "20.0.0.1"},
		{"20.0.0.1", "10.0.0.5", flow.Inbound, "20.0.0.1"},
		{"10.0.0.9", "20.0.0.1", flow.DirectionUnknown, "20.0.0.1"},
		{"20.0.0.1", "10.0.0.9", flow.DirectionUnknown, "20.0.0.1"},
	} {
		r := &aggregate.Row{Key: aggregate.Key{Src: addr(tt.src), Dst: addr(tt.dst)}}
		s.fill(r, aggregate.FrameBytes{}, pointOf(k, names, p), p)
		peer, _ := s.far()
		if s.direction != tt.direction || peer != addr(tt.peer) || vmText(p, s.point.vm) != "vm-b" {
			t.Errorf("%s → %s: %s, peer %s, at %q", tt.src, tt.dst, s.direction, peer, vmText(p, s.point.vm))
		}
	}
}
