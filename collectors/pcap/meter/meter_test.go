package meter_test

import (
	"math"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowctl/collectors/flow"
	"flowctl/collectors/pcap/meter"
	"flowctl/collectors/pcap/packet"
)

const (
	second = int64(time.Second)
	all    = flow.Packets | flow.IPBytes | flow.FrameBytes
)

var (
	low  = flow.AddrOf(netip.MustParseAddr("10.0.0.4"))
	high = flow.AddrOf(netip.MustParseAddr("203.0.113.9"))
)

// tcp is a packet of 100 bytes in a frame of 114.
func tcp(at int64, src, dst flow.Addr, sp, dp uint16, flags packet.TCPFlag) packet.Packet {
	p := packet.Packet{
		Key:  flow.Key{Src: src, Dst: dst, SrcPort: sp, DstPort: dp, Proto: 6},
		Time: at, IPBytes: 100, FrameBytes: 114, Flags: flags,
	}
	switch flags & (packet.SYN | packet.ACK) {
	case packet.SYN:
		p.Sender = packet.Opener
	case packet.SYN | packet.ACK:
		p.Sender = packet.Answerer
	}
	return p
}

func up(at int64, flags packet.TCPFlag) packet.Packet   { return tcp(at, low, high, 50000, 443, flags) }
func down(at int64, flags packet.TCPFlag) packet.Packet { return tcp(at, high, low, 443, 50000, flags) }

func metered(packets ...packet.Packet) []flow.Record {
	return meteredBy(func(*meter.Meter) {}, packets)
}

func meteredBy(prepare func(*meter.Meter), packets []packet.Packet) []flow.Record {
	var got []flow.Record
	m := meter.New(flow.Record{Point: 7, Target: 8}, func(b flow.Batch) bool {
		got = append(got, b...)
		return true
	})
	prepare(m)
	for _, p := range packets {
		*m.Next() = p
		m.Add()
	}
	m.Close()
	return got
}

// TestFine puts packets of different seconds into different records, and those
// whose time is not known with neither.
func TestFine(t *testing.T) {
	for _, seed := range []uint64{1, 2, 3} {
		r := rand.New(rand.NewPCG(seed, 0))
		var packets []packet.Packet
		want := map[int64]uint64{} // packets by second
		for at := int64(0); len(packets) < 200; at += r.Int64N(second) {
			when := at
			if r.IntN(4) == 0 {
				when = flow.NoTime
			}
			packets = append(packets, up(when, packet.ACK))
			want[secondIn(when)]++
		}
		got := map[int64]uint64{}
		for _, rec := range meteredBy((*meter.Meter).Fine, packets) {
			if secondIn(rec.First) != secondIn(rec.Last) {
				t.Errorf("seed %d: a record is from %d to %d", seed, rec.First, rec.Last)
			}
			got[secondIn(rec.First)] += rec.Sent.Packets + rec.Received.Packets
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("seed %d: packets by second (-want +got):\n%s", seed, diff)
		}
	}
}

// secondIn is the second of a time, -1 of none.
func secondIn(t int64) int64 {
	if t == flow.NoTime {
		return -1
	}
	return t / second
}

// brief is what a test looks at of a record.
type brief struct {
	Src, Dst       string
	SrcPort        uint16
	DstPort        uint16
	Sent, Received uint64
	First, Last    int64
	State          flow.State
	Guessed        bool
}

func briefly(rs []flow.Record) []brief {
	var bs []brief
	for _, r := range rs {
		bs = append(bs, brief{r.Src.String(), r.Dst.String(), r.SrcPort, r.DstPort, r.Sent.Packets, r.Received.Packets, r.First, r.Last, r.State, r.Guessed})
	}
	return bs
}

func TestRecord(t *testing.T) {
	tunnelled := down(2, packet.ACK)
	tunnelled.Tunnel = flow.AH
	want := []flow.Record{{
		Key:   flow.Key{Src: low, Dst: high, SrcPort: 50000, DstPort: 443, Proto: 6},
		First: 1, Last: 3,
		Sent:     flow.Count{Packets: 2, IPBytes: 200, FrameBytes: 228},
		Received: flow.Count{Packets: 1, IPBytes: 100, FrameBytes: 114},
		Measured: all, Class: flow.Capture, State: flow.End, Tunnel: flow.AH, Point: 7, Target: 8,
		TCP: flow.TCP{Seen: flow.TCPPartly}, // there are no sequence numbers
	}}
	if diff := cmp.Diff(want, metered(up(3, packet.SYN), tunnelled, up(1, packet.ACK))); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestFrameWithoutIP(t *testing.T) {
	arp := packet.Packet{Time: 5, FrameBytes: 60, EtherType: 0x0806}
	want := []flow.Record{{
		First: 5, Last: 5, Sent: flow.Count{Packets: 2, FrameBytes: 120},
		Measured: flow.Packets | flow.FrameBytes, Class: flow.Capture, State: flow.End, EtherType: 0x0806, Point: 7, Target: 8,
	}}
	if diff := cmp.Diff(want, metered(arp, arp)); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// TestOpener checks which side is taken for the one that opened.
func TestOpener(t *testing.T) {
	echo := func(src, dst flow.Addr, role packet.Role) packet.Packet {
		return packet.Packet{Key: flow.Key{Src: src, Dst: dst, Proto: 1}, Sender: role}
	}
	tests := map[string]struct {
		packets []packet.Packet
		port    uint16 // of the opener
		src     flow.Addr
		guessed bool
	}{
		"SYN":                       {[]packet.Packet{tcp(1, high, low, 22, 50000, packet.SYN)}, 22, high, false},
		"SYN, ACK":                  {[]packet.Packet{tcp(1, low, high, 50000, 22, packet.SYN|packet.ACK)}, 22, high, false},
		"SYN, ACK first":            {[]packet.Packet{down(1, packet.SYN|packet.ACK), up(2, packet.SYN)}, 50000, low, false},
		"data before SYN":           {[]packet.Packet{down(1, packet.ACK), up(2, packet.SYN)}, 50000, low, false},
		"well-known port":           {[]packet.Packet{down(1, packet.ACK)}, 50000, low, true},
		"well-known port, seen up":  {[]packet.Packet{up(1, packet.ACK)}, 50000, low, true},
		"registered port":           {[]packet.Packet{tcp(1, low, high, 5432, 33000, packet.ACK)}, 33000, high, true},
		"both high":                 {[]packet.Packet{tcp(1, low, high, 50001, 50002, packet.ACK)}, 50002, high, true},
		"both well known":           {[]packet.Packet{tcp(1, low, high, 500, 53, packet.ACK)}, 500, low, true},
		"the same port, from high":  {[]packet.Packet{tcp(1, high, low, 123, 123, 0), tcp(2, low, high, 123, 123, 0)}, 123, high, true},
		"no ports, from high":       {[]packet.Packet{echo(high, low, packet.RoleUnknown)}, 0, high, true},
		"echo":                      {[]packet.Packet{echo(high, low, packet.Opener)}, 0, high, false},
		"echo reply":                {[]packet.Packet{echo(high, low, packet.Answerer)}, 0, low, false},
		"to itself, from high port": {[]packet.Packet{tcp(1, low, low, 50000, 443, packet.SYN)}, 50000, low, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := metered(test.packets...)
			if len(got) != 1 {
				t.Fatalf("%d records", len(got))
			}
			if r := got[0]; r.Src != test.src || r.SrcPort != test.port || r.Guessed != test.guessed {
				t.Errorf("opened by %v:%d, guessed %v", r.Src, r.SrcPort, r.Guessed)
			}
		})
	}
}

// TestRecords checks when a conversation is cut into records, and into
// conversations.
func TestRecords(t *testing.T) {
	const (
		syn = packet.SYN
		ack = packet.ACK
		fin = packet.FIN | packet.ACK
	)
	seen := func(sent, received uint64, first, last int64, s flow.State) brief {
		return brief{"10.0.0.4", "203.0.113.9", 50000, 443, sent, received, first * second, last * second, s, false}
	}
	guessed := func(b brief) brief {
		b.Guessed = true
		return b
	}
	tests := map[string]struct {
		packets []packet.Packet
		want    []brief
	}{
		"within a minute": {
			[]packet.Packet{up(0, syn), down(59*second, ack)},
			[]brief{seen(1, 1, 0, 59, flow.End)},
		},
		"longer than a minute": {
			[]packet.Packet{up(0, syn), down(30*second, ack), up(60*second, ack), down(130*second, ack)},
			[]brief{seen(1, 1, 0, 30, flow.Continue), seen(1, 0, 60, 60, flow.Continue), seen(0, 1, 130, 130, flow.End)},
		},
		"backwards": {
			[]packet.Packet{up(100*second, syn), down(70*second, ack), up(30*second, ack)},
			[]brief{seen(1, 1, 70, 100, flow.Continue), seen(1, 0, 30, 30, flow.End)},
		},
		"silent for long": {
			[]packet.Packet{up(0, syn), up(301*second, ack)},
			[]brief{seen(1, 0, 0, 0, flow.End), seen(1, 0, 301, 301, flow.End)},
		},
		"ports used again after the end": {
			[]packet.Packet{up(0, syn), up(1*second, fin), down(2*second, fin), up(3*second, ack), up(4*second, syn)},
			[]brief{seen(3, 1, 0, 3, flow.End), seen(1, 0, 4, 4, flow.End)},
		},
		"ports used again after a reset": {
			[]packet.Packet{up(0, syn), down(1*second, packet.RST|ack), up(2*second, syn), down(3*second, packet.RST|ack)},
			[]brief{seen(1, 1, 0, 1, flow.End), seen(1, 1, 2, 3, flow.End)},
		},
		"SYN repeated": {
			[]packet.Packet{up(0, syn), up(1*second, syn), up(3*second, syn)},
			[]brief{seen(3, 0, 0, 3, flow.End)},
		},
		"late after the end": {
			[]packet.Packet{up(0, syn), down(1*second, packet.RST), up(70*second, ack)},
			[]brief{seen(1, 1, 0, 1, flow.End), seen(1, 0, 70, 70, flow.End)},
		},
		"reset before the SYN": { // the guess, by the lower port, would have been the other side
			[]packet.Packet{tcp(0, low, high, 443, 50000, packet.RST|ack), tcp(1*second, high, low, 50000, 443, syn), tcp(2*second, low, high, 443, 50000, packet.RST|ack)},
			[]brief{{"203.0.113.9", "10.0.0.4", 50000, 443, 1, 2, 0, 2 * second, flow.End, false}},
		},
		"reset before the SYN, guessed wrong": {
			[]packet.Packet{up(0, packet.RST|ack), down(1*second, syn), up(2*second, packet.RST|ack)},
			[]brief{{"203.0.113.9", "10.0.0.4", 443, 50000, 1, 2, 0, 2 * second, flow.End, false}},
		},
		"opened long after what was guessed": {
			[]packet.Packet{up(0, ack), down(400*second, syn)},
			[]brief{{"203.0.113.9", "10.0.0.4", 443, 50000, 0, 1, 0, 0, flow.End, false}, {"203.0.113.9", "10.0.0.4", 443, 50000, 1, 0, 400 * second, 400 * second, flow.End, false}},
		},
		"never opened": {
			[]packet.Packet{up(0, ack), up(400*second, ack)},
			[]brief{guessed(seen(1, 0, 0, 0, flow.End)), guessed(seen(1, 0, 400, 400, flow.End))},
		},
		"half closed": {
			[]packet.Packet{up(0, syn), up(1*second, fin), down(50*second, ack), up(51*second, syn)},
			[]brief{seen(3, 1, 0, 51, flow.End)},
		},
		"without times": {
			[]packet.Packet{up(flow.NoTime, syn), down(5*second, ack), up(flow.NoTime, ack)},
			[]brief{seen(2, 1, 5, 5, flow.End)},
		},
		"the ends of time": {
			[]packet.Packet{up(math.MinInt64+1, syn), up(math.MaxInt64, ack)},
			nil,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := briefly(metered(test.packets...))
			if name == "the ends of time" {
				if len(got) != 2 || got[0].Last != math.MinInt64+1 || got[1].First != math.MaxInt64 {
					t.Errorf("%+v", got)
				}
				return
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// TestSums checks, on many conversations in and out of order, that nothing is
// lost or counted twice when the table grows and is swept.
func TestSums(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	want, got := map[flow.Key]flow.Count{}, map[flow.Key]flow.Count{}
	m := meter.New(flow.Record{}, func(b flow.Batch) bool {
		for _, r := range b {
			if r.Last-r.First >= 60*second {
				t.Fatalf("a record spans %d s", (r.Last-r.First)/second)
			}
			back := r.Key
			back.Src, back.Dst, back.SrcPort, back.DstPort = r.Dst, r.Src, r.DstPort, r.SrcPort
			add(got, r.Key, r.Sent)
			add(got, back, r.Received)
		}
		return true
	})
	clock := int64(0)
	for range 400_000 {
		clock += int64(r.IntN(int(20 * time.Millisecond)))
		p := up(clock-int64(r.IntN(3))*second, packet.TCPFlag(r.IntN(32)))
		if r.IntN(2) == 0 {
			p = down(clock, packet.TCPFlag(r.IntN(32)))
			p.DstPort = uint16(r.IntN(6000))
		} else {
			p.SrcPort = uint16(r.IntN(6000))
		}
		if r.IntN(100) == 0 {
			p.Time = flow.NoTime
		}
		add(want, p.Key, flow.Count{Packets: 1, IPBytes: p.IPBytes, FrameBytes: p.FrameBytes})
		*m.Next() = p
		m.Add()
	}
	m.Close()
	if len(want) != len(got) {
		t.Errorf("%d directions, want %d", len(got), len(want))
	}
	for k, c := range want {
		if got[k] != c {
			t.Errorf("%+v: %+v, want %+v", k, got[k], c)
		}
	}
}

// add adds c to what m has of k; a direction without packets leaves no trace.
func add(m map[flow.Key]flow.Count, k flow.Key, c flow.Count) {
	if c.Packets == 0 {
		return
	}
	sum := m[k]
	sum.Add(c)
	m[k] = sum
}

// TestMemory checks that what has ended makes room: a million conversations,
// few of them at once.
func TestMemory(t *testing.T) {
	n := 0
	m := meter.New(flow.Record{}, func(b flow.Batch) bool { n += len(b); return true })
	for i := range 1_000_000 {
		p := up(int64(i)*second/100, 0)
		p.Src.Lo += uint64(i)
		*m.Next() = p
		m.Add()
	}
	if live := 1_000_000 - n; live > 300_000 {
		t.Errorf("%d conversations are held, of which 30000 can be alive", live)
	}
	m.Close()
	if n != 1_000_000 {
		t.Errorf("%d records", n)
	}
}

func TestStop(t *testing.T) {
	batches := 0
	m := meter.New(flow.Record{}, func(flow.Batch) bool { batches++; return false })
	stopped := 0
	for i := range 100_000 {
		p := up(int64(i)*second, packet.SYN)
		p.Src.Lo += uint64(i % 50)
		p.Time = int64(i) * 400 * second
		*m.Next() = p
		if !m.Add() {
			stopped = i
			break
		}
	}
	m.Close()
	if batches != 1 || stopped == 0 {
		t.Errorf("%d batches, stopped at packet %d", batches, stopped)
	}
}
