package traffic

import (
	"encoding/binary"
	"net/netip"

	"flowctl/providers/sandbox/internal/world"
)

const (
	frameHeader = 14  // Ethernet
	ttlNear     = 64  // of Linux; Windows begins at twice that
	windowOpen  = 501 // scaled by 128
)

// gateway is the MAC address that Azure's virtual switch answers with.
var gateway = [6]byte{0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc}

// synOptions are MSS 1418, NOP, window scale 7, NOP, NOP, SACK permitted.
const synOptions = "\x02\x04\x05\x8a\x01\x03\x03\x07\x01\x01\x04\x02"

// framer builds Ethernet frames.
type framer struct {
	noise *noise
	buf   [frameHeader + synHeader + mss + 64]byte
}

// frame builds the next packet of u as nic sees it. Only the first keep bytes
// are certain to be filled, but checksums cover all of it. The result is valid
// until the next call.
func (f *framer) frame(u *cursor, p packet, nic *world.NIC, mac [6]byte, keep int) []byte {
	total := frameHeader + p.size
	b := f.buf[:total]
	leaving := (p.dir == up) == (nic == u.p.from.NIC)
	f.ethernet(b, mac, leaving)
	src, dst, sport, dport := u.src, u.dst, u.sport, u.dport
	if p.dir == down {
		src, dst, sport, dport = dst, src, dport, sport
	}
	ip := b[frameHeader:]
	addrs := f.ip(ip, u, p, src, dst)
	switch body := ip[20:]; u.protocol() {
	case world.TCP:
		f.tcp(body, u, p, sport, dport, addrs, keep)
	case world.UDP:
		f.udp(body, u, p, sport, dport, addrs, keep)
	default:
		f.icmp(body, u, p, keep)
	}
	return b
}

func (f *framer) ethernet(b []byte, mac [6]byte, leaving bool) {
	dst, src := gateway, mac
	if !leaving {
		dst, src = mac, gateway
	}
	copy(b, dst[:])
	copy(b[6:], src[:])
	b[12], b[13] = 0x08, 0x00
}

// ip fills the header and returns the checksum sum of the addresses.
func (f *framer) ip(b []byte, u *cursor, p packet, src, dst netip.Addr) uint64 {
	s, d := src.As4(), dst.As4()
	b[0], b[1] = 0x45, 0
	binary.BigEndian.PutUint16(b[2:], uint16(p.size))
	binary.BigEndian.PutUint16(b[4:], uint16(mix(u.key, uint64(u.next))))
	binary.BigEndian.PutUint16(b[6:], 0x4000) // do not fragment
	b[8], b[9] = u.ttl(p.dir), u.protocol()
	b[10], b[11] = 0, 0
	copy(b[12:], s[:])
	copy(b[16:], d[:])
	binary.BigEndian.PutUint16(b[10:], fold(sum(b[:20])))
	return sum(b[12:20])
}

// ttl is what is left of the sender's, after some routers if it is outside.
func (c *conn) ttl(dir uint8) uint8 {
	e := c.p.from
	if dir == down {
		e = c.p.to
	}
	if e.NIC == nil {
		return ttlNear - 7 - uint8(c.key%11)
	}
	if e.NIC.OS() == "Windows" {
		return 2 * ttlNear
	}
	return ttlNear
}

func (f *framer) tcp(b []byte, u *cursor, p packet, sport, dport uint16, addrs uint64, keep int) {
	header := 20
	if p.flags&flagSyn != 0 {
		header = 32
		copy(b[20:], synOptions)
	}
	seq, ack, window := u.isn[p.dir]+p.seq, u.isn[1-p.dir]+p.ack, uint16(windowOpen)
	if p.flags&flagAck == 0 {
		ack = 0
	}
	if p.flags&flagSyn != 0 {
		window = 64240
	}
	if p.flags&flagRst != 0 {
		window = 0
	}
	binary.BigEndian.PutUint16(b, sport)
	binary.BigEndian.PutUint16(b[2:], dport)
	binary.BigEndian.PutUint32(b[4:], seq)
	binary.BigEndian.PutUint32(b[8:], ack)
	b[12], b[13] = byte(header/4)<<4, p.flags
	binary.BigEndian.PutUint16(b[14:], window)
	clear(b[16:20])
	s := addrs + world.TCP + uint64(len(b)) + sum(b[:header])
	s += f.payload(b[header:], u, p, keep-frameHeader-20-header)
	binary.BigEndian.PutUint16(b[16:], fold(s))
}

func (f *framer) udp(b []byte, u *cursor, p packet, sport, dport uint16, addrs uint64, keep int) {
	binary.BigEndian.PutUint16(b, sport)
	binary.BigEndian.PutUint16(b[2:], dport)
	binary.BigEndian.PutUint16(b[4:], uint16(len(b)))
	clear(b[6:8])
	s := addrs + world.UDP + uint64(len(b)) + sum(b[:8])
	s += f.payload(b[8:], u, p, keep-frameHeader-udpHeader)
	check := fold(s)
	if check == 0 {
		check = 0xffff // 0 would mean none (RFC 768)
	}
	binary.BigEndian.PutUint16(b[6:], check)
}

// icmp is an echo request or reply (RFC 792) with number p.seq.
func (f *framer) icmp(b []byte, u *cursor, p packet, keep int) {
	clear(b[:8])
	if p.dir == up {
		b[0] = 8
	}
	binary.BigEndian.PutUint16(b[4:], u.sport)
	binary.BigEndian.PutUint16(b[6:], uint16(p.seq))
	p.dir = up // the reply repeats the request's data
	s := sum(b[:8]) + f.payload(b[8:], u, p, keep-frameHeader-echoBase)
	binary.BigEndian.PutUint16(b[2:], fold(s))
}

// payload fills b, of which keep bytes are wanted, and returns its sum.
func (f *framer) payload(b []byte, u *cursor, p packet, keep int) uint64 {
	switch {
	case len(b) == 0:
		return 0
	case p.content >= 0:
		u.script.messages[p.content].fill(b, u.key)
		return sum(b)
	}
	off := int(mix(u.key, uint64(p.dir)<<32|uint64(p.seq))) & noiseMask
	if keep > 0 {
		copy(b[:min(keep, len(b))], f.noise.bytes[off:])
	}
	if p.content != tlsRecord || len(b) < 6 {
		return f.noise.sum(off, len(b))
	}
	b[0], b[1], b[2] = 0x17, 3, 3
	binary.BigEndian.PutUint16(b[3:], uint16(len(b)-5))
	b[5] = f.noise.bytes[off+5]
	return sum(b[:6]) + f.noise.sum(off+6, len(b)-6)
}

// fill writes the message of the connection key.
func (m *message) fill(b []byte, key uint64) {
	copy(b, m.data)
	for _, v := range m.vary {
		var h uint64
		for i := range v.n {
			at := v.skip + i
			if i == 0 || at%8 == 0 {
				h = mix(key, uint64(v.id)<<32|uint64(at/8))
			}
			b[v.off+i] = byte(h >> (8 * (at % 8)))
		}
	}
}

// sum adds up the 16-bit words of b for the Internet checksum (RFC 1071).
func sum(b []byte) (s uint64) {
	for len(b) >= 2 {
		s += uint64(b[0])<<8 | uint64(b[1])
		b = b[2:]
	}
	if len(b) == 1 {
		s += uint64(b[0]) << 8
	}
	return s
}

func fold(s uint64) uint16 {
	for s > 0xffff {
		s = s>>16 + s&0xffff
	}
	return ^uint16(s)
}
