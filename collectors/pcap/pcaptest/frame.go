// Package pcaptest builds captures for tests and benchmarks: single frames,
// files in every format that collectors/pcap reads, and seeded traffic of any
// size. Checksums and lengths are right unless a caller spoils them.
package pcaptest

import (
	"encoding/binary"
	"net/netip"
)

// The protocol numbers of the packets that can be built.
const (
	ProtoICMP   = 1
	ProtoTCP    = 6
	ProtoUDP    = 17
	ProtoICMPv6 = 58
)

// TCP flags.
const (
	FIN = 0x01
	SYN = 0x02
	RST = 0x04
	PSH = 0x08
	ACK = 0x10
)

var be = binary.BigEndian

// Ethernet wraps an IP packet, with a VLAN tag per number given, the outermost
// first: 802.1ad outside of 802.1Q.
func Ethernet(ip []byte, vlans ...uint16) []byte {
	b := ethernetHeader(make([]byte, 0, 64+len(ip)), false, vlans)
	b = be.AppendUint16(b, EtherType(ip))
	return pad(append(b, ip...))
}

// EthernetType wraps anything under an EtherType.
func EthernetType(et uint16, payload []byte) []byte {
	b := ethernetHeader(nil, false, nil)
	return pad(append(be.AppendUint16(b, et), payload...))
}

// EtherType is that of an IP packet, told by its version.
func EtherType(ip []byte) uint16 {
	if len(ip) > 0 && ip[0]>>4 == 6 {
		return 0x86dd
	}
	return 0x0800
}

func ethernetHeader(b []byte, back bool, vlans []uint16) []byte {
	here, there := "\x00\x22\x48\x00\x00\x01", "\x12\x34\x56\x78\x9a\xbc"
	if back {
		here, there = there, here
	}
	b = append(append(b, there...), here...)
	for i, v := range vlans {
		tpid := uint16(0x8100)
		if i < len(vlans)-1 {
			tpid = 0x88a8
		}
		b = be.AppendUint16(be.AppendUint16(b, tpid), v)
	}
	return b
}

// pad fills up to Ethernet's shortest frame, without check sequence.
func pad(b []byte) []byte {
	for len(b) < 60 {
		b = append(b, 0)
	}
	return b
}

// IP wraps a payload in an IPv4 or IPv6 header, as the addresses are.
func IP(proto uint8, src, dst netip.Addr, payload []byte) []byte {
	b := appendIP(make([]byte, 0, 40+len(payload)), proto, src, dst, len(payload))
	return append(b, payload...)
}

func appendIP(b []byte, proto uint8, src, dst netip.Addr, payload int) []byte {
	if src.Is4() {
		s, d := src.As4(), dst.As4()
		at := len(b)
		b = append(b, 0x45, 0)
		b = be.AppendUint16(b, uint16(20+payload))
		b = append(b, 0, 0, 0x40, 0, 64, proto, 0, 0)
		b = append(append(b, s[:]...), d[:]...)
		be.PutUint16(b[at+10:], checksum(b[at:], 0))
		return b
	}
	s, d := src.As16(), dst.As16()
	b = append(b, 0x60, 0, 0, 0)
	b = be.AppendUint16(b, uint16(payload))
	b = append(b, proto, 64)
	return append(append(b, s[:]...), d[:]...)
}

// TCP returns an IP packet with a TCP segment.
func TCP(src, dst netip.AddrPort, flags uint8, seq, ack uint32, data []byte) []byte {
	b := appendIP(make([]byte, 0, 60+len(data)), ProtoTCP, src.Addr(), dst.Addr(), 20+len(data))
	return appendTCP(b, src, dst, flags, seq, ack, data)
}

func appendTCP(b []byte, src, dst netip.AddrPort, flags uint8, seq, ack uint32, data []byte) []byte {
	at := len(b)
	b = be.AppendUint16(be.AppendUint16(b, src.Port()), dst.Port())
	b = be.AppendUint32(be.AppendUint32(b, seq), ack)
	b = append(b, 5<<4, flags, 0xfa, 0xf0, 0, 0, 0, 0)
	b = append(b, data...)
	be.PutUint16(b[at+16:], checksum(b[at:], pseudo(src.Addr(), dst.Addr(), ProtoTCP, len(b)-at)))
	return b
}

// UDP returns an IP packet with a UDP datagram.
func UDP(src, dst netip.AddrPort, data []byte) []byte {
	b := appendIP(make([]byte, 0, 48+len(data)), ProtoUDP, src.Addr(), dst.Addr(), 8+len(data))
	return appendUDP(b, src, dst, data)
}

func appendUDP(b []byte, src, dst netip.AddrPort, data []byte) []byte {
	at := len(b)
	b = be.AppendUint16(be.AppendUint16(b, src.Port()), dst.Port())
	b = be.AppendUint16(b, uint16(8+len(data)))
	b = append(append(b, 0, 0), data...)
	be.PutUint16(b[at+6:], checksum(b[at:], pseudo(src.Addr(), dst.Addr(), ProtoUDP, len(b)-at)))
	return b
}

// Echo returns an IP packet with an ICMP or ICMPv6 echo request or reply.
func Echo(src, dst netip.Addr, reply bool, id, seq uint16, data []byte) []byte {
	proto := uint8(ProtoICMP)
	if src.Is6() {
		proto = ProtoICMPv6
	}
	b := appendIP(make([]byte, 0, 48+len(data)), proto, src, dst, 8+len(data))
	return appendEcho(b, src, dst, reply, id, seq, data)
}

func appendEcho(b []byte, src, dst netip.Addr, reply bool, id, seq uint16, data []byte) []byte {
	at, kind, sum := len(b), byte(8), uint32(0)
	switch {
	case src.Is6() && reply:
		kind = 129
	case src.Is6():
		kind = 128
	case reply:
		kind = 0
	}
	b = append(b, kind, 0, 0, 0)
	b = append(be.AppendUint16(be.AppendUint16(b, id), seq), data...)
	if src.Is6() {
		sum = pseudo(src, dst, ProtoICMPv6, len(b)-at)
	}
	be.PutUint16(b[at+2:], checksum(b[at:], sum))
	return b
}

// pseudo sums the pseudo header of a transport protocol.
func pseudo(src, dst netip.Addr, proto uint8, n int) uint32 {
	s, d := src.As16(), dst.As16()
	from := 0
	if src.Is4() {
		from = 12
	}
	return add(s[from:], 0) + add(d[from:], 0) + uint32(proto) + uint32(n)
}

func add(b []byte, sum uint32) uint32 {
	for ; len(b) >= 2; b = b[2:] {
		sum += uint32(be.Uint16(b))
	}
	if len(b) == 1 {
		sum += uint32(b[0]) << 8
	}
	return sum
}

// checksum is the Internet checksum (RFC 1071).
func checksum(b []byte, sum uint32) uint16 {
	sum = add(b, sum)
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return ^uint16(sum)
}
