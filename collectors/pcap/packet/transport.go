package packet

import "flowctl/collectors/flow"

// transport reads the ports at o and names what the packet carries, which is
// length bytes long.
func (p *Packet) transport(b []byte, o int, length int64) {
	switch p.Proto {
	case protoTCP:
		p.ports(b, o)
		p.tcp(b, o, length)
	case protoUDP, protoUDPLite:
		p.ports(b, o)
		p.udp(b, o)
	case protoSCTP:
		if len(b) >= o+12 { // its common header (RFC 9260), without which Wireshark shows no ports
			p.ports(b, o)
		}
	case protoDCCP:
		p.ports(b, o)
	case protoICMP:
		p.echo(b, o, 8, 0)
	case protoICMPv6:
		p.echo(b, o, 128, 129)
	case protoIPv4, protoIPv6:
		p.Tunnel = flow.IPInIP
	case protoGRE:
		p.Tunnel = gre(b, o)
	case protoESP:
		p.Tunnel = flow.ESP
	case protoL2TP:
		p.Tunnel = flow.L2TP
	}
}

func (p *Packet) ports(b []byte, o int) {
	if len(b) >= o+4 {
		p.SrcPort, p.DstPort = be16(b, o), be16(b, o+2)
	}
}

// tcp reads the header of a segment (RFC 9293, 3.1) that is length bytes long.
func (p *Packet) tcp(b []byte, o int, length int64) {
	if len(b) < o+14 {
		return
	}
	p.flags(b[o+13])
	header := int(b[o+12]>>4) * 4
	p.data(b, o+header)
	if len(b) < o+16 || length < int64(header) || header < 20 {
		return
	}
	p.Segment = Segment{
		Seq: be32(b, o+4), Ack: be32(b, o+8), Window: be16(b, o+14),
		Length: uint32(min(length-int64(header), maxSegment)), Whole: true,
	}
}

// maxSegment is half of what sequence numbers can tell apart.
const maxSegment = 1 << 30

// flags notes the flags, and what they show of the sender.
func (p *Packet) flags(f byte) {
	p.Flags = TCPFlag(f)
	switch p.Flags & (SYN | ACK | RST) {
	case SYN:
		p.Sender = Opener
	case SYN | ACK:
		p.Sender = Answerer
	}
}

// data notes that the data begins at o, if any was captured.
func (p *Packet) data(b []byte, o int) {
	if o < len(b) && o <= 0xffff {
		p.Payload = uint16(o)
	}
}

// echo reads who asked, of an ICMP echo.
func (p *Packet) echo(b []byte, o int, request, reply byte) {
	if len(b) <= o {
		return
	}
	switch b[o] {
	case request:
		p.Sender = Opener
	case reply:
		p.Sender = Answerer
	}
}

// gre names what GRE carries by its protocol type (RFC 2784).
func gre(b []byte, o int) flow.Tunnel {
	if len(b) >= o+4 {
		switch be16(b, o+2) {
		case 0x88be, 0x22eb: // ERSPAN type I and II, type III
			return flow.ERSPAN
		}
	}
	return flow.GRE
}

// udp names the tunnels that are known by their port.
func (p *Packet) udp(b []byte, o int) {
	p.data(b, o+8)
	port, t := p.DstPort, udpTunnel(p.DstPort)
	if t == flow.NoTunnel {
		port, t = p.SrcPort, udpTunnel(p.SrcPort)
	}
	switch {
	case t == flow.NoTunnel:
	case port == 10800 || port == 10801: // many others use these
		if len(b) >= o+16 && be32(b, o+8) == 0x08000000 && b[o+15] == 0 {
			p.Tunnel = t
		}
	default:
		p.Tunnel = p.confirmed(t, b, o+8)
	}
}

func udpTunnel(port uint16) flow.Tunnel {
	switch port {
	case 1701:
		return flow.L2TP // RFC 2661
	case 2152:
		return flow.GTP // 3GPP TS 29.281
	case 3544:
		return flow.Teredo // RFC 4380
	case 4500:
		return flow.ESP // RFC 3948
	case 4789, 8472, 10800, 10801:
		return flow.VXLAN // RFC 7348, Linux before it, and Azure's gateway load balancer
	case 6081:
		return flow.Geneve // RFC 8926
	}
	return flow.NoTunnel
}

// confirmed is t unless what was captured after the UDP header denies it: the
// ports are shared with key exchange, and chosen by clients at random.
func (p *Packet) confirmed(t flow.Tunnel, b []byte, o int) flow.Tunnel {
	if len(b) < o+4 {
		return t
	}
	ok := true
	switch t {
	case flow.ESP:
		ok = be32(b, o) != 0
	case flow.VXLAN:
		ok = b[o]&0x08 != 0
	case flow.Geneve:
		ok = b[o]>>6 == 0
	case flow.GTP:
		ok = b[o]>>5 == 1
	}
	if !ok {
		return p.Tunnel
	}
	return t
}
