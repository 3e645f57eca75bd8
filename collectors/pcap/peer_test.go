package pcap_test

import (
	"bytes"
	"io"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"

	"flowctl/collectors/flow"
	"flowctl/collectors/pcap"
	"flowctl/collectors/pcap/pcaptest"
)

// peer counts conversations with gopacket's fastest decoder.
type peer struct {
	parser *gopacket.DecodingLayerParser
	found  []gopacket.LayerType
	eth    layers.Ethernet
	tag    layers.Dot1Q
	v4     layers.IPv4
	v6     layers.IPv6
	tcp    layers.TCP
	udp    layers.UDP
	icmp   layers.ICMPv4
	icmp6  layers.ICMPv6

	seen map[pair]*sums
}

func newPeer() *peer {
	p := &peer{seen: map[pair]*sums{}}
	p.parser = gopacket.NewDecodingLayerParser(layers.LayerTypeEthernet, &p.eth, &p.tag, &p.v4, &p.v6, &p.tcp, &p.udp, &p.icmp, &p.icmp6)
	p.parser.IgnoreUnsupported = true
	return p
}

// read counts the packets of a file. Some are cut, which the decoder reports
// after what it could decode.
func (p *peer) read(r io.Reader) error {
	f, err := pcapgo.NewReader(r)
	if err != nil {
		return err
	}
	for {
		data, info, err := f.ZeroCopyReadPacketData()
		if err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		p.found = p.found[:0]
		p.parser.DecodeLayers(data, &p.found) // a cut packet is an error, after its headers
		p.count(info)
	}
}

func (p *peer) count(info gopacket.CaptureInfo) {
	var k pair
	c := flow.Count{Packets: 1, FrameBytes: uint64(info.Length)}
	for _, l := range p.found {
		switch l {
		case layers.LayerTypeIPv4:
			k.a, _ = netip.AddrFromSlice(p.v4.SrcIP)
			k.b, _ = netip.AddrFromSlice(p.v4.DstIP)
			k.proto, c.IPBytes = uint8(p.v4.Protocol), uint64(p.v4.Length)
		case layers.LayerTypeIPv6:
			k.a, _ = netip.AddrFromSlice(p.v6.SrcIP)
			k.b, _ = netip.AddrFromSlice(p.v6.DstIP)
			k.proto, c.IPBytes = uint8(p.v6.NextHeader), uint64(p.v6.Length)+40
		case layers.LayerTypeTCP:
			k.pa, k.pb = uint16(p.tcp.SrcPort), uint16(p.tcp.DstPort)
		case layers.LayerTypeUDP:
			k.pa, k.pb = uint16(p.udp.SrcPort), uint16(p.udp.DstPort)
		}
	}
	at := info.Timestamp.UnixNano()
	s := p.seen[k]
	if s == nil {
		s = &sums{First: at, Last: at}
		p.seen[k] = s
	}
	s.AB.Add(c)
	s.First, s.Last = min(s.First, at), max(s.Last, at)
}

// TestPeer compares with gopacket on generated traffic.
func TestPeer(t *testing.T) {
	file := pcaptest.Traffic{Seed: 5, Packets: 30_000, Flows: 2000, Active: 300, Data: 1400, Span: 10 * time.Minute}.File(pcaptest.Classic{}, 1<<16)
	p := newPeer()
	if err := p.read(bytes.NewReader(file)); err != nil {
		t.Fatal(err)
	}
	records, in, err := read(bytes.NewReader(file))
	if err != nil || in.Source.Status != flow.OK {
		t.Fatalf("%+v, %v", in.Source, err)
	}
	want := map[string]sums{}
	for k, s := range p.seen {
		join(want, k, *s)
	}
	if len(want) < 1000 {
		t.Errorf("only %d conversations", len(want))
	}
	if diff := cmp.Diff(want, tallyOf(records).Flows); diff != "" {
		t.Errorf("-want +got\n%.3000s", diff)
	}
}

// mixes are the files that are timed.
func mixes() map[string][]byte {
	return map[string][]byte{
		"mixed": pcaptest.Traffic{Seed: 1, Packets: 120_000, Flows: 10_000, Active: 2000, Data: 1400, Span: 15 * time.Minute}.File(pcaptest.Classic{}, 1<<16),
		"small": pcaptest.Traffic{Seed: 2, Packets: 600_000, Flows: 60_000, Active: 20_000, Data: 20, Span: 15 * time.Minute}.File(pcaptest.Classic{}, 96),
	}
}

// BenchmarkRead times this package, BenchmarkGopacket its peer on the same
// bytes, both in one goroutine.
func BenchmarkRead(b *testing.B) {
	for name, file := range mixes() {
		b.Run(name, func(b *testing.B) {
			packets := uint64(0)
			b.SetBytes(int64(len(file)))
			b.ReportAllocs()
			for b.Loop() {
				in := flow.Input{Source: &flow.Source{}, Names: flow.NewNames(), Skipped: &flow.Skipped{}}
				for _, err := range pcap.Read(bytes.NewReader(file), in) {
					if err != nil {
						b.Fatal(err)
					}
				}
				packets += in.Source.Records
			}
			b.ReportMetric(float64(len(file))*float64(b.N)/b.Elapsed().Seconds()/1e9, "GB/s")
			b.ReportMetric(float64(packets)/b.Elapsed().Seconds()/1e6, "Mpackets/s")
		})
	}
}

// BenchmarkReadShared times two goroutines.
func BenchmarkReadShared(b *testing.B) {
	for name, file := range mixes() {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(file)))
			for b.Loop() {
				in := flow.Input{Source: &flow.Source{}, Names: flow.NewNames(), Skipped: &flow.Skipped{}}
				add, given := func(flow.Batch) bool { return true }, false
				err := pcap.ReadShared(bytes.NewReader(file), in, flow.Workers{Main: add, Extra: func() (flow.Sink, bool) {
					first := !given
					given = true
					return flow.Sink{Add: add, Done: func() {}}, first
				}})
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkGopacket(b *testing.B) {
	for name, file := range mixes() {
		b.Run(name, func(b *testing.B) {
			packets := uint64(0)
			b.SetBytes(int64(len(file)))
			for b.Loop() {
				p := newPeer()
				if err := p.read(bytes.NewReader(file)); err != nil {
					b.Fatal(err)
				}
				for _, s := range p.seen {
					packets += s.AB.Packets
				}
			}
			b.ReportMetric(float64(packets)/b.Elapsed().Seconds()/1e6, "Mpackets/s")
		})
	}
}
