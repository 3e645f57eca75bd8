package pcaptest

import "net/netip"

// The kinds of packet that cooked frames of Linux state.
const (
	ToUs     = 0
	Outgoing = 4
)

// Cooked wraps an IP packet as Linux does in captures of all interfaces
// (link type 113).
func Cooked(kind uint16, ip []byte) []byte {
	b := be.AppendUint16(nil, kind)
	b = append(b, 0, 1, 0, 6, 0, 0x22, 0x48, 0, 0, 1, 0, 0)
	return append(be.AppendUint16(b, EtherType(ip)), ip...)
}

// Cooked2 wraps an IP packet as newer versions do (link type 276).
func Cooked2(nic uint32, kind uint8, ip []byte) []byte {
	b := be.AppendUint16(nil, EtherType(ip))
	b = be.AppendUint32(append(b, 0, 0), nic)
	b = append(b, 0, 1, kind, 6, 0, 0x22, 0x48, 0, 0, 1, 0, 0)
	return append(b, ip...)
}

// Identify numbers the IPv4 packet in an Ethernet frame without tags, as
// senders do, and mends the checksum.
func Identify(frame []byte, id uint16) {
	if be.Uint16(frame[12:]) != 0x0800 {
		return
	}
	be.PutUint16(frame[18:], id)
	be.PutUint16(frame[24:], 0)
	be.PutUint16(frame[24:], checksum(frame[14:34], 0))
}

// TTL lowers the hop limit of an IPv4 packet by one, as a router does.
func TTL(ip []byte) []byte {
	b := append([]byte(nil), ip...)
	b[8]--
	be.PutUint16(b[10:], 0)
	be.PutUint16(b[10:], checksum(b[:20], 0))
	return b
}

// Partial makes the checksum of TCP or UDP in an IP packet without options that
// of the pseudo header alone, as it is before a network card completes it.
func Partial(ip []byte) []byte {
	b := append([]byte(nil), ip...)
	at, proto, addresses := 20, b[9], b[12:20]
	if b[0]>>4 == 6 {
		at, proto, addresses = 40, b[6], b[8:40]
	}
	src, _ := netip.AddrFromSlice(addresses[:len(addresses)/2])
	dst, _ := netip.AddrFromSlice(addresses[len(addresses)/2:])
	sum := ^checksum(nil, pseudo(src, dst, proto, len(b)-at))
	switch proto {
	case ProtoTCP:
		be.PutUint16(b[at+16:], sum)
	case ProtoUDP:
		be.PutUint16(b[at+6:], sum)
	}
	return b
}
