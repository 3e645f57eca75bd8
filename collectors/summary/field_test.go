package summary

import (
	"flowctl/collectors/aggregate"
	"net/netip"
	"slices"
	"testing"

	"flowctl/collectors/flow"
	"flowctl/plan"
	"flowctl/plan/question"
)

// twoOfAll is an inventory in which one machine has two interfaces, in two
// VNets of one region.
func twoOfAll() *plan.Inventory {
	const group = "/subscriptions/s/resourceGroups/rg/providers/"
	inv := &plan.Inventory{}
	for i, name := range []string{"one", "two"} {
		vnet := plan.ID(group + "Microsoft.Network/virtualNetworks/" + name)
		prefix := netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(i), 0, 0}), 16)
		region := []string{"westeurope", "WestEurope"}[i]
		inv.VNets = append(inv.VNets, plan.VNet{ID: vnet, Location: region, Prefixes: []netip.Prefix{prefix},
			Subnets: []plan.Subnet{{ID: vnet + "/subnets/default", Prefixes: []netip.Prefix{prefix}}}})
		inv.NICs = append(inv.NICs, plan.NIC{
			ID: plan.ID(group + "Microsoft.Network/networkInterfaces/nic-" + name), MAC: []string{macA, macB}[i], Location: region,
			Addresses: []netip.Addr{netip.AddrFrom4([4]byte{10, byte(i), 0, 4})}, Subnets: []plan.ID{vnet + "/subnets/default"},
			VM: group + "Microsoft.Compute/virtualMachines/vm",
		})
	}
	return inv
}

// TestOneLineAValue wants of every field that no two lines read the same.
func TestOneLineAValue(t *testing.T) {
	want := map[string]int{"service": 3, "source.vm": 1, "source.nic": 2, "source.vnet": 2, "source.region": 1, "port": 5}
	for _, f := range question.Fields() {
		q := Compile(question.Question{Name: f.Name, By: []string{f.Name}, Top: 1000})
		doc, err := Of(twoTalk(), Options{Inventories: []*plan.Inventory{twoOfAll()}, Questions: []*Question{q}})
		if err != nil {
			t.Fatal(err)
		}
		var texts []string
		for _, r := range doc.Asks[0].Rows {
			texts = append(texts, r.Key[0])
		}
		if once := slices.Compact(slices.Sorted(slices.Values(texts))); len(once) < len(texts) {
			t.Errorf("%s: %q", f.Name, texts)
		}
		if n := want[f.Name]; n > 0 && len(texts) != n {
			t.Errorf("%s: %q, want %d", f.Name, texts, n)
		}
	}
}

// twoTalk has both interfaces speak DNS over UDP and TCP, HTTP/3, and what has
// no name.
func twoTalk() *aggregate.Table {
	names := flow.NewNames()
	table := aggregate.New(names)
	for i, mac := range []string{macA, macB} {
		for _, to := range []struct {
			proto uint8
			port  uint16
		}{{protoUDP, 53}, {protoTCP, 53}, {protoUDP, 443}, {protoTCP, 40001}, {protoTCP, 40002}, {47, 0}} {
			k := flow.Key{Src: flow.Addr4(10<<24 | uint32(i)<<16 | 4), Dst: flow.Addr4(20 << 24), SrcPort: 50000, DstPort: to.port, Proto: to.proto}
			table.Add(0, flow.Batch{observation{point: mac, direction: flow.Outbound, packets: 1}.record(names, k)})
		}
	}
	return table
}
