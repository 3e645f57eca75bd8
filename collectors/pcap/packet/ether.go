package packet

import "flowctl/collectors/flow"

// The EtherTypes of IP. A packet has one of them only if its IP header could
// not be read.
const (
	TypeIPv4 = 0x0800
	TypeIPv6 = 0x86dd
)

// The EtherTypes that lead to an IP header.
const (
	typeVLAN       = 0x8100 // IEEE 802.1Q
	typeService    = 0x88a8 // IEEE 802.1ad
	typeQinQ       = 0x9100 // before the standard
	typeQinQ2      = 0x9200
	typeMPLS       = 0x8847 // RFC 3032, 5332
	typeMPLSUp     = 0x8848
	typePPPoE      = 0x8864 // RFC 2516
	typeFabricPath = 0x8903
	typeCMD        = 0x8909 // Cisco MetaData: security group tags
	typeVNTag      = 0x8926 // Cisco, before 802.1BR
	typeHSR        = 0x892f // IEC 62439-3
	typeETag       = 0x893f // IEEE 802.1BR
	typeNSH        = 0x894f // RFC 8300
	typeMACsec     = 0x88e5 // IEEE 802.1AE
	typeBackbone   = 0x88e7 // IEEE 802.1ah, MAC in MAC
	typeArista     = 0xd28b // time stamps of switches
	typeRTag       = 0xf1c1 // IEEE 802.1CB
)

// maxTags bounds the tags and labels in front of an IP header.
const maxTags = 16

// ethernet reads a frame that begins at o.
func (p *Packet) ethernet(b []byte, o int, wire uint32) {
	if len(b) < o+14 {
		return
	}
	p.network(be16(b, o+12), b, o+14, wire)
}

// network reads what an EtherType announces at o.
func (p *Packet) network(et uint16, b []byte, o int, wire uint32) {
	for range maxTags {
		switch et {
		case TypeIPv4:
			p.ip4(b, o, wire)
			return
		case TypeIPv6:
			p.ip6(b, o, wire)
			return
		case typeVLAN, typeService, typeQinQ, typeQinQ2:
			if len(b) < o+4 {
				p.closed(et, o)
				return
			}
			et = be16(b, o+2)
			o += 4
		default:
			n := tag(et, b[min(o, len(b)):])
			if n == 0 {
				p.other(et, b, o, wire)
				return
			}
			et = be16(b, o+n)
			o += n + 2
		}
	}
	p.closed(et, o)
}

// closed notes that what the EtherType et announces at o is not taken apart.
func (p *Packet) closed(et uint16, o int) {
	p.EtherType, p.Network = et, uint16(min(o, 0xffff))
	p.Note |= Opaque
}

// other reads the rarer encapsulations.
func (p *Packet) other(et uint16, b []byte, o int, wire uint32) {
	p.closed(et, o)
	switch {
	case et == typeMPLS || et == typeMPLSUp:
		p.mpls(b, o, wire)
	case et == typePPPoE:
		p.pppoe(b, o, wire)
	case et == typeFabricPath:
		p.fabricPath(b, o, wire)
	case et == typeNSH:
		p.nsh(b, o, wire)
	case et < 0x600:
		p.EtherType = flow.LinkFrame
		p.llc(b, o, wire)
	case holdsNoIP(et):
		p.Note &^= Opaque
	}
}

// llc reads IEEE 802.2: SNAP with an EtherType, or IP by its own number.
func (p *Packet) llc(b []byte, o int, wire uint32) {
	switch {
	case len(b) >= o+8 && be32(b, o) == 0xaaaa0300 && be16(b, o+4) == 0:
		if et := be16(b, o+6); et >= 0x600 {
			p.network(et, b, o+8, wire)
		}
	case len(b) >= o+3 && b[o] == 6 && b[o+1] == 6 && b[o+2] == 3:
		p.ip4(b, o+3, wire)
	case len(b) >= o+6 && be32(b, o) == 0xaaaa0300 && be16(b, o+4) == 0x000c, // Cisco's: CDP, VTP, PVST
		len(b) > o && controlSAP(b[o]):
		p.Note &^= Opaque
	}
}

// mpls reads a label stack (RFC 3032). What follows is told by its first bits,
// as routers do; Ethernet follows a control word (RFC 4448).
func (p *Packet) mpls(b []byte, o int, wire uint32) {
	for range maxTags {
		if len(b) < o+4 {
			return
		}
		bottom := b[o+2]&1 != 0
		o += 4
		if !bottom {
			continue
		}
		switch {
		case p.bare(b, o, wire):
		case len(b) >= o+4 && be32(b, o)>>16 == 0:
			p.inner(b, o+4, wire)
		}
		break
	}
	if p.EtherType == 0 && p.Tunnel == flow.NoTunnel {
		p.Tunnel = flow.MPLS
	}
}

// inner reads an Ethernet frame inside another one, if there is IP in it.
func (p *Packet) inner(b []byte, o int, wire uint32) {
	if len(b) < o+14 {
		return
	}
	if et := be16(b, o+12); et == TypeIPv4 || et == TypeIPv6 || et == typeVLAN {
		p.network(et, b, o+14, wire)
	}
}

// pppoe reads a PPPoE session header and the PPP in it.
func (p *Packet) pppoe(b []byte, o int, wire uint32) {
	p.ppp(b, o+6, wire)
	if p.EtherType != 0 {
		p.EtherType = typePPPoE
	} else if p.Tunnel == flow.NoTunnel {
		p.Tunnel = flow.PPPoE
	}
}

// ppp reads a PPP frame with or without HDLC's address and control, and with
// or without a compressed protocol number (RFC 1661, 1662).
func (p *Packet) ppp(b []byte, o int, wire uint32) {
	if len(b) >= o+2 && b[o] == 0xff && b[o+1] == 3 {
		o += 2
	}
	if len(b) < o+2 {
		return
	}
	proto := be16(b, o)
	o += 2
	if proto>>8&1 != 0 {
		proto >>= 8
		o--
	}
	switch proto {
	case 0x21:
		p.ip4(b, o, wire)
	case 0x57:
		p.ip6(b, o, wire)
	case 0x281, 0x283:
		p.mpls(b, o, wire)
	default:
		if proto >= 0x8000 { // the protocols that set up the link and networks on it
			p.Note &^= Opaque
		}
	}
}

// fabricPath reads the frame inside Cisco's FabricPath: a tag of two bytes, the
// original frame and, as Wireshark takes it, that frame's check sequence.
func (p *Packet) fabricPath(b []byte, o int, wire uint32) {
	if wire >= 4 && uint32(len(b)) > wire-4 {
		b = b[:wire-4]
		wire -= 4
	}
	p.ethernet(b, o+2, wire)
}
