package summary

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowctl/collectors/flow"
	"flowctl/plan"
)

// TestNamesBelongToTimes wants of an address that one machine had after another the name of the
// one that had it when a flow was seen, of the time between the looks that found the one and
// the other none, unless the machine's own interface saw it, and none of all times together.
func TestNamesBelongToTimes(t *testing.T) {
	const group = "/subscriptions/s/resourceGroups/rg/providers/"
	vnet := plan.ID(group + "Microsoft.Network/virtualNetworks/hub")
	nic := func(name, mac, address string) plan.NIC {
		return plan.NIC{ID: plan.ID(group + "Microsoft.Network/networkInterfaces/nic-" + name), MAC: mac, VM: plan.ID(group + "Microsoft.Compute/virtualMachines/" + name),
			Addresses: []netip.Addr{netip.MustParseAddr(address)}, Subnets: []plan.ID{vnet + "/subnets/a"}}
	}
	look := func(second int64, nics ...plan.NIC) *plan.Inventory {
		p := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/16")}
		return &plan.Inventory{Read: time.Unix(0, testStart+second*1e9), NICs: nics, VNets: []plan.VNet{{ID: vnet, Prefixes: p, Subnets: []plan.Subnet{{ID: vnet + "/subnets/a", Prefixes: p}}}}}
	}
	client := nic("client", macA, "10.0.0.4")
	inv := look(3600, client, nic("new", macB, "10.0.0.5"))
	inv.Remember(look(600, client, nic("old", macOther, "10.0.0.5")))
	out, in := flow.Outbound, flow.Inbound
	for name, tt := range map[string]struct {
		seen []observation
		want map[string]uint64 // packets by machine
	}{
		"before the first look": {[]observation{{point: macA, direction: out, from: -60, to: -60, packets: 3}}, map[string]uint64{"old": 3}},
		"at the first look":     {[]observation{{point: macA, direction: out, from: 600, to: 600, packets: 3}}, map[string]uint64{"old": 3}},
		"between the looks":     {[]observation{{point: macA, direction: out, from: 1800, to: 1800, packets: 3}}, map[string]uint64{"": 3}},
		"between, by its own":   {[]observation{{point: macB, direction: in, from: 1800, to: 1800, packets: 3}}, map[string]uint64{"new": 3}},
		"before, by its own":    {[]observation{{point: macOther, direction: in, from: 700, to: 1700, packets: 3}}, map[string]uint64{"old": 3}},
		"after the last look":   {[]observation{{point: macA, direction: out, from: 4000, to: 4060, packets: 3}}, map[string]uint64{"new": 3}},
	} {
		names := flow.NewNames()
		var all flow.Batch
		for i, o := range tt.seen {
			all = append(all, o.record(names, keyOf("10.0.0.4", "10.0.0.5", uint16(5000+i))))
		}
		doc := documentOf(t, names, all, Options{Inventories: []*plan.Inventory{inv}}, asked(t, "", "", "destination.vm"))
		got := map[string]uint64{}
		for _, r := range doc.Asks[0].Rows {
			got[r.Key[0]] = r.Packets.N
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	names := flow.NewNames()
	one, other := observation{point: macA, direction: out, to: 60, packets: 3}, observation{point: macA, direction: out, from: 4000, to: 4060, packets: 4}
	doc := documentOf(t, names, flow.Batch{one.record(names, keyOf("10.0.0.4", "10.0.0.5", 5000)), other.record(names, keyOf("10.0.0.4", "10.0.0.5", 5001))}, Options{Inventories: []*plan.Inventory{inv}})
	for _, n := range doc.Names {
		if n.Address == "10.0.0.5" && n.VM != "" {
			t.Errorf("an address that two machines had is %s", n.VM)
		}
	}
}
