package flow

import "fmt"

// etherTypes are the names of EtherTypes that frames without an IP header have:
// those of the IEEE registry that hold none, and those behind which IP may be.
var etherTypes = map[uint16]string{
	0x0800: "IPv4", 0x0806: "ARP", 0x2000: "CDP", 0x22f0: "AVTP", 0x22f3: "TRILL", 0x22f4: "L2-IS-IS", 0x6558: "bridged Ethernet",
	0x8035: "RARP", 0x809b: "AppleTalk", 0x80f3: "AARP", 0x8100: "802.1Q", 0x8137: "IPX", 0x86dd: "IPv6", 0x8808: "pause frames",
	0x8809: "slow protocols", 0x8847: "MPLS", 0x8848: "MPLS", 0x8863: "PPPoE discovery", 0x8864: "PPPoE session",
	0x888e: "EAPOL", 0x8892: "Profinet", 0x88a2: "ATA over Ethernet", 0x88a4: "EtherCAT", 0x88a8: "802.1ad", 0x88b8: "GOOSE", 0x88ba: "sampled values",
	0x88cc: "LLDP", 0x88e1: "HomePlug", 0x88e5: "MACsec", 0x88e7: "802.1ah", 0x88f5: "MVRP", 0x88f7: "PTP", 0x88fb: "PRP",
	0x8902: "CFM", 0x8903: "FabricPath", 0x8906: "FCoE", 0x8909: "Cisco CMD", 0x8914: "FIP", 0x8915: "RoCE", 0x8926: "VN-Tag",
	0x892f: "HSR", 0x893f: "802.1BR", 0x894f: "NSH", 0x9000: "loopback test", 0x9100: "802.1Q, old", 0x9200: "802.1Q, old",
	0xd28b: "Arista time stamp", 0xf1c1: "802.1CB", LinkFrame: "link frame",
}

// EtherType names the protocol of a frame that has no IP header.
func EtherType(n uint16) string {
	if s, ok := etherTypes[n]; ok {
		return s
	}
	return fmt.Sprintf("0x%04x", n)
}
