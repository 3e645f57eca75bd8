package packet

import (
	"encoding/binary"

	"flowctl/collectors/flow"
)

// Offsets in a frame of the commonest kind: Ethernet, IPv4 without options,
// TCP without or with options, or UDP.
const (
	atType = 12
	atIP   = 14
	atNext = 34
	atData = 54 // of TCP without options
)

// common reads a frame of the commonest kind, and reports false and leaves
// p undefined for others. It does what the functions for each header would,
// one after the other, in a third of the time.
func (p *Packet) common(b []byte, wire uint32) bool {
	if len(b) < atData {
		return false
	}
	h := (*[atData]byte)(b)
	first := binary.BigEndian.Uint32(h[atType:]) // the type, version and header length, class
	total := binary.BigEndian.Uint16(h[atIP+2:])
	fragment := binary.BigEndian.Uint16(h[atIP+6:])
	if first>>8 != TypeIPv4<<8|0x45 || fragment&0x3fff != 0 || total < 20 {
		return false
	}
	if end := uint32(total) + atIP; end > wire || wire > end+trailer && wire > uint32(len(b)) { // see bound
		return false
	}
	p.EtherType, p.Sender, p.Tunnel, p.Flags, p.Payload, p.Network, p.Note = 0, RoleUnknown, flow.NoTunnel, 0, 0, atIP, 0
	p.FrameBytes, p.IPBytes = uint64(wire), uint64(total)
	p.Proto = h[atIP+9]
	p.Src = flow.Addr4(binary.BigEndian.Uint32(h[atIP+12:]))
	p.Dst = flow.Addr4(binary.BigEndian.Uint32(h[atIP+16:]))
	p.SrcPort, p.DstPort = binary.BigEndian.Uint16(h[atNext:]), binary.BigEndian.Uint16(h[atNext+2:])
	switch p.Proto {
	case protoTCP:
		p.flags(h[atNext+13])
		header := int(h[atNext+12]>>4) * 4
		p.data(b, atNext+header)
		data := int(total) - (atNext - atIP) - header
		p.Whole = data >= 0 && header >= 20
		if !p.Whole {
			p.Segment = Segment{}
			return true
		}
		p.Seq, p.Ack = binary.BigEndian.Uint32(h[atNext+4:]), binary.BigEndian.Uint32(h[atNext+8:])
		p.Window, p.Length = binary.BigEndian.Uint16(h[atNext+14:]), uint32(data)
	case protoUDP:
		p.Segment = Segment{}
		p.udp(b, atNext)
	default:
		return false
	}
	return true
}
