package summary

import (
	"flowctl/collectors/aggregate"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowctl/collectors/flow"
	"flowctl/plan"
)

// observation is one record in a test of counting once.
type observation struct {
	point     string
	direction flow.Direction
	from, to  int64 // seconds
	packets   uint64
	capture   bool
	state     flow.State
}

func (s observation) record(names *flow.Names, k flow.Key) flow.Record {
	r := flow.Record{
		Key: k, Point: names.Of(s.point), Direction: s.direction, State: s.state,
		First: testStart + s.from*1e9, Last: testStart + s.to*1e9,
		Measured: flow.Packets | flow.IPBytes, Sent: flow.Count{Packets: s.packets, IPBytes: 100 * s.packets},
		Encryption: flow.NotEncrypted,
	}
	if s.state == flow.StateUnknown {
		r.State = flow.Continue
	}
	if s.capture {
		r.Class = flow.Capture
		r.Measured |= flow.FrameBytes
		r.Sent.FrameBytes = 114 * s.packets
		r.Encryption = flow.EncryptionUnknown
	}
	if r.State == flow.Deny {
		r.Measured, r.Sent = 0, flow.Count{}
	}
	return r
}

// The machines of the tests: two in one VNet, a third in a VNet that is not
// connected and uses the same addresses, and one that forwards.
const (
	macA, macB, macOther, macRouter = "000000000001", "000000000002", "000000000003", "000000000004"
)

func inventory() *plan.Inventory {
	addr := netip.MustParseAddr
	vnet := func(name string) plan.ID {
		return plan.ID("/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/" + name)
	}
	nic := func(mac, vm, vn, ip string) plan.NIC {
		return plan.NIC{
			ID: plan.ID("/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/networkInterfaces/nic-" + vm), MAC: mac, Location: "westeurope",
			Addresses: []netip.Addr{addr(ip)}, Subnets: []plan.ID{vnet(vn) + "/subnets/default"},
			VM: plan.ID("/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/" + vm),
		}
	}
	net := func(name string, peer plan.ID) plan.VNet {
		v := plan.VNet{ID: vnet(name), Location: "westeurope", Prefixes: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/16")}}
		v.Subnets = []plan.Subnet{{ID: vnet(name) + "/subnets/default", Prefixes: v.Prefixes}}
		if peer != "" {
			v.Prefixes = []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16")}
			v.Subnets[0].Prefixes = v.Prefixes
			v.Peerings = []plan.Peering{{Remote: peer, State: "Connected"}}
		}
		return v
	}
	hub := net("hub", vnet("spoke"))
	spoke := net("spoke", "")
	spoke.Peerings = []plan.Peering{{Remote: vnet("hub"), State: "Connected"}}
	return &plan.Inventory{
		VNets: []plan.VNet{hub, spoke, net("island", "")},
		NICs: []plan.NIC{
			nic(macA, "vm-a", "spoke", "10.0.0.4"), nic(macB, "vm-b", "spoke", "10.0.0.5"),
			nic(macOther, "vm-other", "island", "10.0.0.4"), nic(macRouter, "vm-router", "hub", "10.1.0.4"),
		},
		NSGs: []plan.NSG{{ID: "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/networkSecurityGroups/nsg-a", GUID: "AAAA-BBBB"}},
	}
}

func TestOnce(t *testing.T) {
	in, out := flow.Inbound, flow.Outbound
	tests := map[string]struct {
		seen      []observation
		inventory bool
		packets   uint64
		merged    uint64 // packets left out
		denied    uint64
	}{
		"one point is summed":                {[]observation{{point: macA, direction: out, packets: 5}, {point: macA, direction: out, from: 60, to: 60, packets: 7}}, false, 12, 0, 0},
		"both ends":                          {[]observation{{point: macA, direction: out, packets: 10}, {point: macB, direction: in, packets: 9}}, false, 10, 9, 0},
		"both ends, stamps a little apart":   {[]observation{{point: macA, direction: out, packets: 10}, {point: macB, direction: in, from: 1, to: 1, packets: 9}}, false, 10, 9, 0},
		"flow log and capture":               {[]observation{{point: macA, direction: out, to: 600, packets: 100}, {point: "vm-a", from: 100, to: 200, packets: 30, capture: true}}, false, 100, 30, 0},
		"two captures at once":               {[]observation{{point: "a.pcap", to: 60, packets: 10, capture: true}, {point: "b.pcap", from: 30, to: 90, packets: 20, capture: true}}, false, 20, 10, 0},
		"two captures of one packet":         {[]observation{{point: "a.pcap", packets: 1, capture: true}, {point: "b.pcap", packets: 1, capture: true}}, false, 1, 1, 0},
		"captures one after another":         {[]observation{{point: "1.pcap", to: 60, packets: 10, capture: true}, {point: "2.pcap", from: 60, to: 90, packets: 20, capture: true}}, false, 30, 0, 0},
		"long capture against two short":     {[]observation{{point: "1.pcap", to: 60, packets: 10, capture: true}, {point: "2.pcap", from: 60, to: 90, packets: 20, capture: true}, {point: "long.pcap", to: 90, packets: 25, capture: true}}, false, 30, 25, 0},
		"allowed at one end, denied at both": {[]observation{{point: macA, direction: out, packets: 4}, {point: macA, direction: out, state: flow.Deny}, {point: macB, direction: in, state: flow.Deny}}, false, 4, 0, 1},
		"same address in another VNet":       {[]observation{{point: macA, direction: out, packets: 10}, {point: macOther, direction: out, packets: 6}}, true, 16, 0, 0},
		"same address, unknown to be so":     {[]observation{{point: macA, direction: out, packets: 10}, {point: macOther, direction: out, packets: 6}}, false, 10, 6, 0},
		"three hops":                         {[]observation{{point: macA, direction: out, packets: 10}, {point: macRouter, direction: in, packets: 11}, {point: macRouter, direction: out, packets: 10}, {point: macB, direction: in, packets: 9}}, true, 11, 29, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			names := flow.NewNames()
			k := flow.Key{Src: flow.AddrOf(netip.MustParseAddr("10.0.0.4")), Dst: flow.AddrOf(netip.MustParseAddr("10.0.0.5")), SrcPort: 50000, DstPort: 443, Proto: protoTCP}
			table := aggregate.New(names)
			for _, s := range tt.seen {
				table.Add(0, flow.Batch{s.record(names, k)})
			}
			var o Options
			if tt.inventory {
				o.Inventories = []*plan.Inventory{inventory()}
			}
			doc, err := Of(table, o)
			if err != nil {
				t.Fatal(err)
			}
			var line uint64
			for _, s := range doc.Timeline.Steps {
				line += s.Packets.N
			}
			got := []uint64{doc.Total.Packets.N, doc.Merged.Packets.N, doc.Total.Denied.N, line, doc.Services.Total.Packets.N}
			if diff := cmp.Diff([]uint64{tt.packets, tt.merged, tt.denied, tt.packets, tt.packets}, got); diff != "" {
				t.Errorf("packets, merged, denied, in the timeline, in services (-want +got):\n%s", diff)
			}
		})
	}
}

// TestRulesOfBothEnds checks that a conversation that counts once is with
// the rule of either end.
func TestRulesOfBothEnds(t *testing.T) {
	names := flow.NewNames()
	k := flow.Key{Src: flow.AddrOf(netip.MustParseAddr("10.0.0.4")), Dst: flow.AddrOf(netip.MustParseAddr("10.0.0.5")), SrcPort: 50000, DstPort: 443, Proto: protoTCP}
	a := observation{point: macA, direction: flow.Outbound, packets: 10}.record(names, k)
	a.Rule, a.ACL = names.Of("out"), names.Of("aaaa-bbbb")
	b := observation{point: macB, direction: flow.Inbound, packets: 9}.record(names, k)
	b.Rule = names.Of("in")
	table := aggregate.New(names)
	table.Add(0, flow.Batch{a, b})
	doc, err := Of(table, Options{Inventories: []*plan.Inventory{inventory()}})
	if err != nil {
		t.Fatal(err)
	}
	type rule struct {
		Key     []string
		Packets uint64
	}
	var got []rule
	for _, r := range doc.Rules.Rows {
		got = append(got, rule{r.Key, r.Packets.N})
	}
	want := []rule{{[]string{"allowed", "out", "nsg-a", "outbound"}, 10}, {[]string{"allowed", "in", "", "inbound"}, 9}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rules (-want +got):\n%s", diff)
	}
	if doc.Rules.Total.Packets.N != 10 {
		t.Errorf("rules together have %d packets, want 10", doc.Rules.Total.Packets.N)
	}
}
