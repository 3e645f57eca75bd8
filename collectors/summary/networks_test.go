package summary

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"

	"flowctl/collectors/flow"
	"flowctl/collectors/flow/flowtest"
	"flowctl/plan"
)

// TestNetworks compares what the tries say of addresses with what a walk over
// all prefixes says, for inventories and addresses by chance.
func TestNetworks(t *testing.T) {
	for seed := range flowtest.Seeds(40) {
		r := rand.New(rand.NewPCG(seed, 1))
		inv := networksByChance(r)
		p := newLocator([]*plan.Inventory{inv})
		for range 300 {
			ip := netip.AddrFrom4([4]byte{10, byte(r.IntN(3)), byte(r.IntN(8)), byte(r.IntN(256))})
			from := int32(r.IntN(len(p.vnets)))
			a := flow.AddrOf(ip)
			if got, want := p.find(a, from, 0), walk(inv, ip, from); got != want {
				t.Fatalf("seed %d: %s from VNet %d: %+v, want %+v", seed, ip, from, got, want)
			}
			if got, want := p.remote(a, from), from > 0 && remoteOf(inv, ip, from); got != want {
				t.Fatalf("seed %d: %s is remote to VNet %d: %t", seed, ip, from, got)
			}
		}
	}
}

// networksByChance makes VNets that may overlap, of which those that are peered do not,
// each with two subnets.
func networksByChance(r *rand.Rand) *plan.Inventory {
	inv := &plan.Inventory{}
	id := func(i int) plan.ID {
		return plan.ID(fmt.Sprintf("/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/v%d", i))
	}
	for i := range 2 + r.IntN(6) {
		bits := 20 + r.IntN(5)
		q := netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(r.IntN(3)), byte(r.IntN(8)), 0}), bits).Masked()
		v := plan.VNet{ID: id(i), Prefixes: []netip.Prefix{q}}
		for k := range 2 {
			b := q.Addr().As4()
			b[3] = byte(k * 128)
			v.Subnets = append(v.Subnets, plan.Subnet{ID: id(i) + plan.ID(fmt.Sprintf("/subnets/s%d", k)), Prefixes: []netip.Prefix{netip.PrefixFrom(netip.AddrFrom4(b), 25)}})
		}
		if r.IntN(3) == 0 {
			v.Peerings = append(v.Peerings, plan.Peering{Remote: "/elsewhere", State: "Connected", Prefixes: []netip.Prefix{netip.MustParsePrefix("10.2.4.0/22")}})
		}
		inv.VNets = append(inv.VNets, v)
	}
	for i := range inv.VNets {
		held := inv.VNets[i].Prefixes
		for k := range inv.VNets {
			q := inv.VNets[k].Prefixes
			if k != i && r.IntN(2) == 0 && !overlap(held, q) {
				held = append(held[:len(held):len(held)], q...)
				inv.VNets[i].Peerings = append(inv.VNets[i].Peerings, plan.Peering{Remote: id(k), State: "Connected"})
			}
		}
	}
	return inv
}

func overlap(a, b []netip.Prefix) bool {
	for _, p := range a {
		for _, q := range b {
			if p.Overlaps(q) {
				return true
			}
		}
	}
	return false
}

// walk is where an address belongs, by a look at every VNet.
func walk(inv *plan.Inventory, ip netip.Addr, from int32) location {
	var found []int32
	for i, v := range inv.VNets {
		n := int32(i + 1)
		near := from == 0 || n == from
		if from != 0 {
			for _, q := range inv.VNets[from-1].Peerings {
				near = near || q.Remote == v.ID
			}
		}
		if near && holds(v.Prefixes, ip) {
			found = append(found, n)
		}
	}
	if len(found) != 1 {
		return location{}
	}
	for k, s := range inv.VNets[found[0]-1].Subnets {
		if holds(s.Prefixes, ip) {
			return location{0, 2*(found[0]-1) + int32(k) + 1, found[0]}
		}
	}
	return location{0, 0, found[0]}
}

func remoteOf(inv *plan.Inventory, ip netip.Addr, from int32) bool {
	for _, q := range inv.VNets[from-1].Peerings {
		if q.Remote == "/elsewhere" && holds(q.Prefixes, ip) {
			return true
		}
	}
	return false
}
