package identity

import (
	"encoding/binary"
	"math/bits"

	"flowctl/collectors/flow"
	"flowctl/collectors/pcap/packet"
)

// print is what a packet is known by. Of equal packets the digests are equal,
// and the other two as far as they are known.
type print struct {
	digest uint64
	data   uint32 // hash of the first bytes of the data; 0 is not known
	sum    uint16 // checksum of the transport, where IP has no identification; 0 is not known
	single bool   // it has a number, data of TCP or a SYN, so that no other is like it at once
	ack    bool   // of TCP without any of these: an acknowledgement over IPv6
}

func (f print) matches(g print) bool {
	return f.digest == g.digest && (f.data == g.data || f.data == 0 || g.data == 0) && (f.sum == g.sum || f.sum == 0 || g.sum == 0)
}

// The protocols whose checksum is known.
const (
	protoICMP   = 1
	protoTCP    = 6
	protoUDP    = 17
	protoICMPv6 = 58
)

const (
	likeness = 32 // bytes of data that are compared
	linkData = 28 // bytes of a frame without IP that are compared: those of ARP
)

// printOf returns the print of a packet whose frame begins with b. It is false
// for frames of which nothing is known.
func printOf(p *packet.Packet, b []byte) (print, bool) {
	at := int(p.Network)
	if at >= len(b) {
		return print{}, false
	}
	h := digest{0x2d358dccaa6c78a5, uint64(p.EtherType)<<32 | uint64(p.Proto)}
	if p.EtherType != 0 {
		h.bytes(b[at:min(len(b), at+linkData)])
		return print{digest: h.sum()}, at > 0
	}
	h.word(p.Src.Hi, p.Src.Lo)
	h.word(p.Dst.Hi, p.Dst.Lo)
	h.word(p.IPBytes, uint64(p.SrcPort)<<16|uint64(p.DstPort))
	header, t := 40, datagram{}
	if b[at]>>4 == 4 {
		id, part := binary.BigEndian.Uint16(b[at+4:]), binary.BigEndian.Uint16(b[at+6:])
		h.word(uint64(id), uint64(part&0x3fff))
		header, t.identified, t.unknown = int(b[at]&15)*4, id != 0, part&0x1fff != 0
	} else {
		t.unknown = b[at+6] != p.Proto
	}
	t.length = max(int(min(p.IPBytes, 1<<20))-header, 0)
	if from := at + header; from < len(b) {
		t.bytes = b[from:min(len(b), from+t.length)]
	}
	return transport(p, h, t), true
}

// datagram is what follows an IP header.
type datagram struct {
	bytes      []byte // that were captured
	length     int    // of all of it
	identified bool   // by the IP header
	unknown    bool   // whether it begins with the header of the transport: a fragment, or an extension
}

// transport adds what is in t, the header of the transport and the data.
func transport(p *packet.Packet, h digest, t datagram) print {
	var f print
	head, sum := 8, 0
	switch {
	case t.unknown:
	case p.Proto == protoTCP:
		head, sum = 14, 16
	case p.Proto == protoUDP:
		head, sum = 6, 6
	case p.Proto == protoICMP || p.Proto == protoICMPv6:
		head, sum = 2, 2
	}
	h.bytes(t.bytes[:min(head, len(t.bytes))])
	if sum > 0 && len(t.bytes) >= sum+2 && !t.identified {
		if f.sum = binary.BigEndian.Uint16(t.bytes[sum:]); partial(p, f.sum, t.length) {
			f.sum = 0
		}
	}
	data := max(head, sum+2)
	if p.Proto == protoTCP && !t.unknown && len(t.bytes) > 12 {
		data = max(20, int(t.bytes[12]>>4)*4)
	}
	if n := min(likeness, t.length-data); n > 0 && len(t.bytes) >= data+n {
		d := digest{0x8bb84b93962eacc9, 1}
		d.bytes(t.bytes[data : data+n])
		f.data = uint32(d.sum()>>32) | 1
	}
	f.digest = h.sum()
	f.single = t.identified || p.Whole && (p.Length > 0 || p.Flags&packet.SYN != 0)
	f.ack = !f.single && p.Whole
	return f
}

// partial reports whether the checksum of a transport is only that of its
// pseudo header, with or without the length, as it is before a network card
// completes it.
func partial(p *packet.Packet, sum uint16, length int) bool {
	n := uint64(p.Proto)
	for _, a := range []flow.Addr{p.Src, p.Dst} {
		b := a.Netip().AsSlice()
		for ; len(b) >= 2; b = b[2:] {
			n += uint64(binary.BigEndian.Uint16(b))
		}
	}
	return fold(n) == sum || fold(n+uint64(length)) == sum
}

func fold(n uint64) uint16 {
	for n > 0xffff {
		n = n>>16 + n&0xffff
	}
	return uint16(n)
}

// digest is a hash of what is added to it.
type digest struct{ a, b uint64 }

func (d *digest) word(x, y uint64) {
	hi, lo := bits.Mul64(d.a^x^0xa0761d6478bd642f, d.b^y^0xe7037ed1a0b428db)
	d.a, d.b = hi^lo, bits.RotateLeft64(d.b, 29)+y+0x8ebc6af09c88c6e3
}

func (d *digest) bytes(b []byte) {
	d.word(uint64(len(b)), 0)
	for len(b) >= 16 {
		d.word(binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:]))
		b = b[16:]
	}
	var rest [16]byte
	copy(rest[:], b)
	d.word(binary.LittleEndian.Uint64(rest[:]), binary.LittleEndian.Uint64(rest[8:]))
}

func (d *digest) sum() uint64 {
	hi, lo := bits.Mul64(d.a^0x589965cc75374cc3, d.b^0xa0761d6478bd642f)
	return hi ^ lo
}
