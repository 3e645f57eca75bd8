package summary

import (
	"net/netip"
	"slices"

	"github.com/gaissmai/bart"
)

// networks finds what an address belongs to by the longest prefix that holds it,
// in a time that does not grow with their number. The zero value is empty.
type networks struct{ table *bart.Table[int32] }

// add says that prefixes are those of owner, which is not 0. Of those that were
// added before, the owner stays.
func (n *networks) add(prefixes []netip.Prefix, owner int32) {
	for _, q := range prefixes {
		n.update(q, func(was int32, ok bool) int32 {
			if ok {
				return was
			}
			return owner
		})
	}
}

func (n *networks) update(q netip.Prefix, f func(was int32, ok bool) int32) {
	if n.table == nil {
		n.table = new(bart.Table[int32])
	}
	n.table.Modify(q.Masked(), func(was int32, ok bool) (int32, bool) { return f(was, ok), false })
}

// find returns the owner of the longest prefix that holds ip, or 0.
func (n *networks) find(ip netip.Addr) int32 {
	if n.table == nil {
		return 0
	}
	owner, _ := n.table.Lookup(ip)
	return owner
}

func holds(prefixes []netip.Prefix, ip netip.Addr) bool {
	return slices.ContainsFunc(prefixes, func(q netip.Prefix) bool { return q.Contains(ip) })
}

// onlyHolders finds the VNet that alone holds an address. VNets that are not
// connected may use the same addresses; what several hold is nobody's.
func onlyHolders(vnets []vnet) networks {
	var each, only networks
	for v := range vnets {
		for _, q := range vnets[v].prefixes {
			each.update(q, func(was int32, ok bool) int32 { return onlyOne(was, int32(v), ok) })
		}
	}
	if each.table == nil {
		return only
	}
	for q, owner := range each.table.All() { // what holds a prefix holds its addresses too
		for _, wider := range each.table.Supernets(q) {
			owner = onlyOne(owner, wider, true)
		}
		only.add([]netip.Prefix{q}, owner)
	}
	return only
}

// onlyOne is the owner that two have in common; the first counts if it was set.
func onlyOne(was, owner int32, set bool) int32 {
	if set && was != owner {
		return 0
	}
	return owner
}
