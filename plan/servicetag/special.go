package servicetag

import "net/netip"

// Specials are what Special says of addresses that no list is about. No tag has
// such a name.
func Specials() []string {
	return []string{Private, "<shared>", "<link-local>", "<multicast>", "<loopback>", "<broadcast>", "<unspecified>", "<platform>", "<metadata>"}
}

// Private is what stands for addresses of private networks.
const Private = "<private>"

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
	switch a = a.Unmap(); {
	case a == platform:
		return "<platform>"
	case a == metadata:
		return "<metadata>"
	case a == broadcast:
		return "<broadcast>"
	case a.IsPrivate():
		return Private
	case shared.Contains(a):
		return "<shared>"
	case a.IsMulticast():
		return "<multicast>"
	case a.IsLinkLocalUnicast():
		return "<link-local>"
	case a.IsLoopback():
		return "<loopback>"
	case a.IsUnspecified():
		return "<unspecified>"
	}
	return ""
}
