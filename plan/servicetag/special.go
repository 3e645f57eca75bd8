package servicetag

import (
	"net/netip"
	"slices"
)

// PrivateNumber is the SpecialNumber of addresses of private networks.
const PrivateNumber = 1

var specials = []string{"<private>", "<shared>", "<link-local>", "<multicast>", "<loopback>", "<broadcast>", "<unspecified>", "<platform>", "<metadata>"}

// Specials are what Special says of addresses that no list is about. No tag has
// such a name.
func Specials() []string { return slices.Clone(specials) }

// The addresses at which Azure itself serves every machine, and what carriers
// share (RFC 6598).
var (
	platform  = netip.AddrFrom4([4]byte{168, 63, 129, 16})
	metadata  = netip.AddrFrom4([4]byte{169, 254, 169, 254})
	broadcast = netip.AddrFrom4([4]byte{255, 255, 255, 255})
	shared    = netip.PrefixFrom(netip.AddrFrom4([4]byte{100, 64, 0, 0}), 10)
)

// Special says what an address is that no list of service tags is about, in angle
// brackets; empty of the others.
func Special(a netip.Addr) string {
	if n := SpecialNumber(a); n != 0 {
		return specials[n-1]
	}
	return ""
}

// SpecialNumber is the place of what Special says among Specials, from 1; 0 of
// addresses that lists are about.
func SpecialNumber(a netip.Addr) int {
	switch a = a.Unmap(); {
	case a.IsPrivate():
		return PrivateNumber
	case shared.Contains(a):
		return 2
	case a == metadata:
		return 9
	case a.IsLinkLocalUnicast():
		return 3
	case a.IsMulticast():
		return 4
	case a.IsLoopback():
		return 5
	case a == broadcast:
		return 6
	case a.IsUnspecified():
		return 7
	case a == platform:
		return 8
	}
	return 0
}
