package packet

// tag is how long what the EtherType et announces is, if it is a tag that
// another EtherType follows, and b, which begins with it, has both; else 0.
func tag(et uint16, b []byte) int {
	n := 0
	switch et {
	case typeVNTag, typeHSR, typeRTag:
		n = 4
	case typeETag:
		n = 6
	case typeBackbone: // the service, and the addresses of the frame within
		n = 16
	case typeCMD: // version, number of options, options
		if len(b) > 1 && b[0] == 1 {
			n = 2 + 4*int(b[1])
		}
	case typeMACsec:
		n = security(b)
	case typeArista:
		n = stamp(b)
	}
	if len(b) < n+2 {
		return 0
	}
	return n
}

// security is the length of MACsec's tag (IEEE 802.1AE, 9.3) before what is
// neither encrypted nor changed, else 0.
func security(b []byte) int {
	const (
		version   = 0x80
		channel   = 0x20 // an identifier of 8 bytes is there
		encrypted = 0x08
		changed   = 0x04
	)
	switch {
	case len(b) == 0 || b[0]&(version|encrypted|changed) != 0:
		return 0
	case b[0]&channel != 0:
		return 14
	}
	return 6
}

// stamp is the length of the time stamp of an Arista switch: its kind, its form
// and 48 or 64 bits of TAI or UTC.
func stamp(b []byte) int {
	if len(b) < 4 || be16(b, 0) != 1 {
		return 0
	}
	switch be16(b, 2) {
	case 0x0010, 0x0110:
		return 4 + 8
	case 0x0020, 0x0120:
		return 4 + 6
	}
	return 0
}

// nsh reads a network service header (RFC 8300) and what follows it.
func (p *Packet) nsh(b []byte, o int, wire uint32) {
	if len(b) < o+8 || b[o]>>6 != 0 {
		return
	}
	at := o + 4*int(b[o+1]&0x3f)
	switch b[o+3] {
	case 1:
		p.ip4(b, at, wire)
	case 2:
		p.ip6(b, at, wire)
	case 3:
		p.ethernet(b, at, wire)
	case 5:
		p.mpls(b, at, wire)
	}
}

// holdsNoIP reports whether frames of an EtherType are known to hold no IP
// packet: protocols of the link itself, and other networks.
func holdsNoIP(et uint16) bool {
	switch et {
	case 0x0806, 0x8035, // ARP, RARP
		0x2000, 0x9000, // CDP, loopback test
		0x22f0, 0x22ea, 0x22f4, // AVTP, SRP, IS-IS of TRILL
		0x809b, 0x80f3, 0x8137, // AppleTalk, AARP, IPX
		0x8808, 0x8809, 0x888e, 0x88cc, 0x8863, // pause, LACP and others, EAPOL, LLDP, PPPoE discovery
		0x8892, 0x88a4, 0x88ab, 0x88b8, 0x88ba, 0x88cd, // Profinet, EtherCAT, Powerlink, GOOSE, sampled values, Sercos
		0x88e1, 0x88e3, 0x88f5, 0x88f6, 0x88f7, 0x88fb, 0x8902, // HomePlug, MRP, MVRP, MMRP, PTP, PRP, CFM
		0x8906, 0x8914, 0x8915, 0x88a2: // FCoE, FIP, RoCE, AoE
		return true
	}
	return false
}

// controlSAP reports whether IEEE 802.2 frames to a service access point are
// known to hold no IP packet: spanning tree, IS-IS, IPX, NetBIOS.
func controlSAP(sap byte) bool {
	switch sap {
	case 0x42, 0xfe, 0xe0, 0xff, 0xf0:
		return true
	}
	return false
}
