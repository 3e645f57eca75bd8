package packet

import (
	"encoding/binary"

	"flowctl/collectors/flow"
)

// The IANA protocol numbers that are looked into.
const (
	protoHopByHop = 0
	protoICMP     = 1
	protoIPv4     = 4
	protoTCP      = 6
	protoUDP      = 17
	protoDCCP     = 33
	protoIPv6     = 41
	protoRouting  = 43
	protoFragment = 44
	protoGRE      = 47
	protoESP      = 50
	protoAH       = 51
	protoICMPv6   = 58
	protoNone     = 59
	protoOptions  = 60
	protoL2TP     = 115
	protoSCTP     = 132
	protoMobility = 135
	protoUDPLite  = 136
)

// minFrame is more than padding to Ethernet's shortest frame can be: what is
// longer and states the length 0 was cut up by the network card (TSO).
const minFrame = 60

// ip4 reads an IPv4 header (RFC 791) at o. One that is cut or has another
// version leaves a frame without addresses.
func (p *Packet) ip4(b []byte, o int, wire uint32) {
	p.EtherType, p.Network, p.Note = TypeIPv4, uint16(min(o, 0xffff)), 0
	if len(b) < o+20 {
		return
	}
	h := b[o : o+20 : o+20]
	if h[0]>>4 != 4 || h[0]&15 < 5 {
		return
	}
	p.EtherType = 0
	p.Src = flow.Addr4(binary.BigEndian.Uint32(h[12:]))
	p.Dst = flow.Addr4(binary.BigEndian.Uint32(h[16:]))
	p.IPBytes = uint64(binary.BigEndian.Uint16(h[2:]))
	if short := p.IPBytes < uint64(h[0]&15)*4; short && int(wire) > o {
		if p.IPBytes != 0 { // less than its own header
			p.Note |= Implausible
		}
		p.IPBytes = uint64(int(wire) - o)
	}
	p.Proto = h[9]
	fragment := binary.BigEndian.Uint16(h[6:])
	if fragment&0x1fff != 0 {
		return // a later fragment has no ports
	}
	from := o
	o += int(h[0]&15) * 4
	if p.Proto == protoAH {
		o = p.authentication(b, o)
	}
	p.transport(b, o, left(p.IPBytes, o-from, fragment&moreFragments != 0))
}

// moreFragments is the flag of IPv4 that says that this is not all.
const moreFragments = 0x2000

// left is how long what follows the first used bytes of a packet is, or
// unknown of one that is a fragment.
func left(total uint64, used int, fragment bool) int64 {
	if fragment {
		return unknown
	}
	return int64(total) - int64(used)
}

// unknown stands for a length that is not known.
const unknown = -1

// authentication steps over an authentication header (RFC 4302).
func (p *Packet) authentication(b []byte, o int) int {
	p.Tunnel = flow.AH
	if len(b) < o+8 {
		return o
	}
	p.Proto = b[o]
	return o + (int(b[o+1])+2)*4
}

// ip6 reads an IPv6 header (RFC 8200) at o.
func (p *Packet) ip6(b []byte, o int, wire uint32) {
	p.EtherType, p.Network, p.Note = TypeIPv6, uint16(min(o, 0xffff)), 0
	if len(b) < o+40 {
		return
	}
	h := b[o : o+40 : o+40]
	if h[0]>>4 != 6 {
		return
	}
	p.EtherType = 0
	p.Src, p.Dst = flow.Addr16(h[8:]), flow.Addr16(h[24:])
	payload := binary.BigEndian.Uint16(h[4:])
	p.IPBytes = 40 + uint64(payload)
	p.Proto = h[6]
	if payload == 0 && p.Proto != protoNone {
		p.IPBytes = p.unstated(b, o, wire)
	}
	if p.Proto == protoTCP || p.Proto == protoUDP {
		p.transport(b, o+40, int64(p.IPBytes)-40)
		return
	}
	if at, part := p.extensions(b, o+40); part != laterPart {
		p.transport(b, at, left(p.IPBytes, at-o, part == firstPart))
	}
}

// part is which part of a packet a frame holds.
type part uint8

const (
	allOfIt part = iota
	firstPart
	laterPart // or one that cannot be read on
)

// unstated is the length of an IPv6 packet that states none: a jumbogram's
// option (RFC 2675), what the network card was given, or the header alone.
func (p *Packet) unstated(b []byte, o int, wire uint32) uint64 {
	if b[o+6] == protoHopByHop && len(b) >= o+48 {
		for at, end := o+42, min(len(b), o+40+(int(b[o+41])+1)*8); at+6 <= end; {
			switch {
			case b[at] == 0xc2:
				p.Note |= jumbogram
				return 40 + uint64(be32(b, at+2))
			case b[at] == 0:
				at++
			default:
				at += 2 + int(b[at+1])
			}
		}
	}
	if rest := int(wire) - o; rest > minFrame {
		return uint64(rest)
	}
	return 40
}

// extensions steps over extension headers and says where what they lead to is,
// and how much of it: a later fragment has no ports.
func (p *Packet) extensions(b []byte, o int) (int, part) {
	has := allOfIt
	for range maxTags {
		switch p.Proto {
		case protoHopByHop, protoRouting, protoOptions:
			if len(b) < o+2 {
				return o, laterPart
			}
			p.Proto = b[o]
			o += (int(b[o+1]) + 1) * 8
		case protoFragment:
			if len(b) < o+4 {
				return o, laterPart
			}
			p.Proto = b[o]
			switch offset := be16(b, o+2); {
			case offset&0xfff8 != 0:
				return o, laterPart
			case offset&1 != 0:
				has = firstPart
			}
			o += 8
		case protoAH:
			next := p.authentication(b, o)
			if next == o {
				return o, laterPart
			}
			o = next
		default:
			return o, has
		}
	}
	return o, laterPart
}
