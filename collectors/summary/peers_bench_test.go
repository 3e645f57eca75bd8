package summary

import (
	"fmt"
	"net/netip"
	"testing"

	"flowctl/collectors/aggregate"
	"flowctl/collectors/flow"
	"flowctl/plan"
)

// BenchmarkPeers answers for conversations with the internet of a machine in a VNet
// that has peers: their number should not be felt.
func BenchmarkPeers(b *testing.B) {
	for _, peers := range []int{0, 500} {
		b.Run(fmt.Sprintf("peers=%d", peers), func(b *testing.B) {
			inv, names := hubAndSpokes(peers), flow.NewNames()
			batch := outbound(names, 200_000)
			for b.Loop() {
				b.StopTimer()
				t := aggregate.New(names)
				t.Add(0, batch)
				b.StartTimer()
				if _, err := Of(t, Options{Inventories: []*plan.Inventory{inv}}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// outbound are flows from 10.0.0.4 to as many addresses of the internet.
func outbound(names *flow.Names, n int) flow.Batch {
	var batch flow.Batch
	for i := range uint32(n) {
		batch = append(batch, flow.Record{
			Key:   flow.Key{Src: flow.Addr4(10<<24 | 4), Dst: flow.Addr4(52<<24 | i), SrcPort: 40000, DstPort: 443, Proto: protoTCP},
			First: 1, Last: 2, Sent: flow.Count{Packets: 1, IPBytes: 100}, Measured: flow.Packets | flow.IPBytes,
			Direction: flow.Outbound, State: flow.Continue, Point: names.Of(macA),
		})
	}
	return batch
}

// hubAndSpokes is a VNet with as many peers of four subnets each.
func hubAndSpokes(peers int) *plan.Inventory {
	const below = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/"
	hub := plan.VNet{ID: below + "virtualNetworks/hub", Prefixes: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/16")}}
	hub.Subnets = []plan.Subnet{{ID: hub.ID + "/subnets/a", Prefixes: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/24")}}}
	var spokes []plan.VNet
	for i := range peers {
		prefix := func(at, bits int) netip.Prefix {
			return netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(1 + i/250), byte(i % 250), byte(at)}), bits)
		}
		v := plan.VNet{ID: plan.ID(fmt.Sprintf("%svirtualNetworks/spoke%d", below, i)), Prefixes: []netip.Prefix{prefix(0, 24)}}
		for k := range 4 {
			v.Subnets = append(v.Subnets, plan.Subnet{ID: v.ID + plan.ID(fmt.Sprintf("/subnets/s%d", k)), Prefixes: []netip.Prefix{prefix(64*k, 26)}})
		}
		hub.Peerings = append(hub.Peerings, plan.Peering{Remote: v.ID, State: "Connected"})
		spokes = append(spokes, v)
	}
	nic := plan.NIC{ID: below + "networkInterfaces/n", MAC: macA, Subnets: []plan.ID{hub.Subnets[0].ID}, Addresses: []netip.Addr{netip.MustParseAddr("10.0.0.4")}}
	return &plan.Inventory{VNets: append([]plan.VNet{hub}, spokes...), NICs: []plan.NIC{nic}}
}
