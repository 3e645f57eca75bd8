package packet

import (
	"encoding/binary"
	"fmt"
)

// Link is the link type of a capture, as in the tcpdump group's registry
// (https://www.tcpdump.org/linktypes.html).
type Link uint16

// The link types whose frames are taken apart.
const (
	Null       Link = 0
	Ethernet   Link = 1
	PPP        Link = 9
	Raw12      Link = 12
	Raw14      Link = 14
	PPPSerial  Link = 50
	PPPoE      Link = 51
	Raw        Link = 101
	CiscoHDLC  Link = 104
	Loop       Link = 108
	Cooked     Link = 113
	PPPWithDir Link = 204
	IPv4       Link = 228
	IPv6       Link = 229
	InfiniBand Link = 242
	Cooked2    Link = 276
)

var links = map[Link]string{
	Null: "BSD loopback", Ethernet: "Ethernet", PPP: "PPP", Raw12: "raw IP", Raw14: "raw IP",
	PPPSerial: "PPP", PPPoE: "PPPoE", Raw: "raw IP", CiscoHDLC: "Cisco HDLC", Loop: "OpenBSD loopback",
	Cooked: "Linux cooked", PPPWithDir: "PPP with direction", IPv4: "raw IPv4", IPv6: "raw IPv6",
	InfiniBand: "IP over InfiniBand", Cooked2: "Linux cooked v2",
	// Counted, but not taken apart.
	6: "token ring", 10: "FDDI", 105: "802.11", 107: "Frame Relay", 119: "802.11 with Prism header",
	127: "802.11 with radiotap", 147: "user 0", 187: "Bluetooth", 189: "Linux USB", 195: "802.15.4",
	220: "Linux USB", 231: "D-Bus", 239: "netfilter log", 249: "USBPcap", 253: "Linux netlink",
	279: "Elektrobit", 65535: "unknown",
}

func (l Link) String() string {
	if s, ok := links[l]; ok {
		return s
	}
	return fmt.Sprintf("link type %d", uint16(l))
}

// Known reports whether frames of l are taken apart. Those of other link
// types are counted as frames without IP.
func (l Link) Known() bool {
	switch l {
	case Null, Ethernet, PPP, Raw12, Raw14, PPPSerial, PPPoE, Raw, CiscoHDLC, Loop, Cooked,
		PPPWithDir, IPv4, IPv6, InfiniBand, Cooked2:
		return true
	}
	return false
}

// MaxCaptured is the most bytes that a record of l can hold, beyond which a
// record is damaged (libpcap and Wireshark draw the same line).
func (l Link) MaxCaptured() uint32 {
	switch l {
	case 189, 220, 231, 249, 279:
		return 128 << 20
	}
	return 256 << 10
}

// link takes apart a frame that is not Ethernet.
func (p *Packet) link(l Link, b []byte, wire uint32) {
	if l.Known() {
		p.Note |= Opaque
	}
	switch l {
	case Raw, Raw12, Raw14, IPv4, IPv6:
		p.bare(b, 0, wire)
	case Null, Loop:
		p.loopback(b, wire)
	case Cooked:
		p.after(b, 14, wire)
	case Cooked2:
		if len(b) >= 20 {
			p.network(be16(b, 0), b, 20, wire)
		}
	case InfiniBand: // a global routing header, the type, two reserved bytes
		if len(b) >= 44 {
			p.network(be16(b, 40), b, 44, wire)
		}
	case CiscoHDLC: // address, control
		p.after(b, 2, wire)
	case PPPoE:
		p.pppoe(b, 0, wire)
	case PPPWithDir:
		p.ppp(b, 1, wire)
	case PPP, PPPSerial:
		if len(b) >= 4 && (b[0] == 0x0f || b[0] == 0x8f) { // Cisco HDLC in PPP's clothes
			p.after(b, 2, wire)
			return
		}
		p.ppp(b, 0, wire)
	}
}

// after reads the EtherType at o and what follows it.
func (p *Packet) after(b []byte, o int, wire uint32) {
	if len(b) >= o+2 {
		p.network(be16(b, o), b, o+2, wire)
	}
}

// bare reads an IP packet without a link layer, told by its version.
func (p *Packet) bare(b []byte, o int, wire uint32) bool {
	if len(b) <= o {
		return false
	}
	switch b[o] >> 4 {
	case 4:
		p.ip4(b, o, wire)
	case 6:
		p.ip6(b, o, wire)
	default:
		return false
	}
	return true
}

// loopback reads the address family, which is in the byte order of the machine
// that captured, and differs for IPv6 from system to system.
func (p *Packet) loopback(b []byte, wire uint32) {
	if len(b) < 4 {
		return
	}
	family := min(binary.LittleEndian.Uint32(b), binary.BigEndian.Uint32(b))
	switch family {
	case 2:
		p.ip4(b, 4, wire)
	case 10, 24, 28, 30:
		p.ip6(b, 4, wire)
	}
}
