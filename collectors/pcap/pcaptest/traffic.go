package pcaptest

import (
	"iter"
	"math"
	"math/rand/v2"
	"net/netip"
	"time"
)

// Traffic is many conversations at once, the same for the same values: TCP
// with handshake, data and end, DNS and other UDP, ICMP echo, over IPv4 and
// IPv6, some of it in VLANs.
type Traffic struct {
	Seed    uint64
	Packets int
	Flows   int           // to aim at
	Active  int           // at once
	Data    int           // most data bytes of a packet
	Span    time.Duration // that the packets are spread over
}

// start is the time of the first packet: 2026-11-01.
const start = 1793491200 * int64(time.Second)

// talk is one conversation.
type talk struct {
	kind     uint8 // protocol
	a, b     netip.AddrPort
	vlans    []uint16
	seq      [2]uint32
	left, at int // packets to come and sent
	reset    bool
}

// Records yields the frames. The data is valid until the next.
func (t Traffic) Records() iter.Seq[Record] {
	return func(yield func(Record) bool) {
		r := rand.New(rand.NewPCG(t.Seed, 1))
		g := &generator{Traffic: t, Rand: r, noise: make([]byte, 2*t.Data+64)}
		for i := range g.noise {
			g.noise[i] = byte(r.Uint32())
		}
		talks := make([]talk, max(1, t.Active))
		for i := range talks {
			g.begin(&talks[i])
		}
		step := float64(t.Span) / float64(max(1, t.Packets))
		now := float64(start)
		for range t.Packets {
			now += r.ExpFloat64() * step
			k := &talks[r.IntN(len(talks))]
			if !yield(Record{At: int64(now), Data: g.next(k)}) {
				return
			}
			if k.left--; k.left <= 0 {
				g.begin(k)
			}
		}
	}
}

// File returns the traffic as a pcap file of which at most snap bytes per
// frame were captured.
func (t Traffic) File(c Classic, snap int) []byte {
	b := c.Append(nil)
	for r := range t.Records() {
		r.Wire = uint32(len(r.Data))
		r.Data = r.Data[:min(snap, len(r.Data))]
		b = c.AppendRecord(b, r)
	}
	return b
}

type generator struct {
	Traffic
	*rand.Rand
	noise, frame []byte
}

// begin makes k a new conversation of a length from a heavy-tailed
// distribution: most are short, few are very long.
func (g *generator) begin(k *talk) {
	*k = talk{seq: [2]uint32{g.Uint32(), g.Uint32()}, reset: g.IntN(10) == 0}
	client := [4]byte{10, byte(g.IntN(4)), byte(g.IntN(64)), byte(4 + g.IntN(250))}
	server := [4]byte{byte(13 + g.IntN(100)), byte(g.IntN(256)), 0, byte(1 + g.IntN(250))}
	a, b := netip.AddrFrom4(client), netip.AddrFrom4(server)
	if g.IntN(6) == 0 {
		a = netip.AddrFrom16([16]byte{0xfd, 0x12, 12: client[0], client[1], client[2], client[3]})
		b = netip.AddrFrom16([16]byte{0x26, 0x03, 12: server[0], server[1], server[2], server[3]})
	}
	port := uint16(0)
	switch n := g.IntN(100); {
	case n < 70:
		k.kind, port = ProtoTCP, [...]uint16{443, 443, 443, 80, 22, 1433, 5432}[g.IntN(7)]
	case n < 97:
		k.kind, port = ProtoUDP, [...]uint16{53, 53, 123, 443, 514}[g.IntN(5)]
	default:
		k.kind = ProtoICMP
	}
	k.a, k.b = netip.AddrPortFrom(a, uint16(32768+g.IntN(28000))), netip.AddrPortFrom(b, port)
	switch g.IntN(20) {
	case 0, 1:
		k.vlans = []uint16{uint16(1 + g.IntN(100))}
	case 2:
		k.vlans = []uint16{7, uint16(1 + g.IntN(100))}
	}
	const tail = 1.3
	mean := float64(g.Packets) / float64(max(1, g.Flows))
	k.left = max(1, min(200_000, int(mean*(tail-1)/tail*math.Pow(1-g.Float64(), -1/tail)+0.5)))
	if k.kind == ProtoTCP {
		k.left = max(k.left, 7)
	} else if port == 53 {
		k.left = 2
	}
}

// next returns the next frame of k.
func (g *generator) next(k *talk) []byte {
	var flags uint8
	back, data := k.at%2 == 1, g.data()
	if k.kind == ProtoTCP {
		back, flags, data = g.step(k, data)
	}
	src, dst, side := k.a, k.b, 0
	if back {
		src, dst, side = k.b, k.a, 1
	}
	b := ethernetHeader(g.frame[:0], back, k.vlans)
	head := 8
	if k.kind == ProtoTCP {
		head = 20
	}
	proto := k.kind
	if k.kind == ProtoICMP && src.Addr().Is6() {
		proto = ProtoICMPv6
	}
	if src.Addr().Is4() {
		b = be.AppendUint16(b, 0x0800)
	} else {
		b = be.AppendUint16(b, 0x86dd)
	}
	b = appendIP(b, proto, src.Addr(), dst.Addr(), head+len(data))
	switch k.kind {
	case ProtoTCP:
		ack := k.seq[1-side]
		if flags&ACK == 0 {
			ack = 0
		}
		b = appendTCP(b, src, dst, flags, k.seq[side], ack, data)
		k.seq[side] += uint32(len(data)) + consumed(flags)
	case ProtoUDP:
		b = appendUDP(b, src, dst, data)
	default:
		b = appendEcho(b, src.Addr(), dst.Addr(), back, uint16(k.seq[0]), uint16(k.at/2), data)
	}
	k.at++
	g.frame = pad(b)
	return g.frame
}

// consumed is how many sequence numbers flags use up (RFC 9293, 3.4).
func consumed(flags uint8) uint32 {
	if flags&(SYN|FIN) != 0 {
		return 1
	}
	return 0
}

// step says who sends what next in a TCP connection.
func (g *generator) step(k *talk, data []byte) (back bool, flags uint8, _ []byte) {
	switch {
	case k.at == 0:
		return false, SYN, nil
	case k.at == 1:
		return true, SYN | ACK, nil
	case k.at == 2:
		return false, ACK, nil
	case k.left == 1 && k.reset:
		return true, RST | ACK, nil
	case k.left == 3 && !k.reset:
		return false, FIN | ACK, nil
	case k.left == 2 && !k.reset:
		return true, FIN | ACK, nil
	case k.left == 1:
		return false, ACK, nil
	}
	switch g.IntN(3) {
	case 0:
		return false, ACK, nil
	case 1:
		return false, PSH | ACK, data[:len(data)/4]
	}
	return true, PSH | ACK, data
}

func (g *generator) data() []byte {
	if g.Data == 0 {
		return nil
	}
	n := g.Data
	if g.IntN(2) == 0 {
		n = 1 + g.IntN(g.Data)
	}
	at := g.IntN(len(g.noise) - n)
	return g.noise[at : at+n]
}
