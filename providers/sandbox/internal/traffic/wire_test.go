package traffic_test

import (
	"context"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"

	"flowctl/providers/sandbox/internal/traffic"
	"flowctl/providers/sandbox/internal/world"
)

// stream is one direction of a TCP connection in a capture.
type stream struct {
	base, next uint32 // after the highest byte sent
	ack        uint32
	begun      bool
	fin, rst   bool
}

// TestTCP follows every connection that begins in a capture of each machine:
// checksums are right, sequence numbers have no gap, nobody acknowledges what
// was not sent or takes an acknowledgement back, and nothing follows a close.
func TestTCP(t *testing.T) {
	w, m := builtin(t)
	counts := map[string]int{}
	for _, nic := range w.NICs {
		if !nic.Running() || nic.Name == "nic-report-1" {
			continue // its uploads are in TestRetransmission
		}
		from := w.Epoch.Add(10 * time.Minute)
		follow(t, m, traffic.Capture{Target: machine(nic), Start: from}, from.Add(40*time.Second), counts)
	}
	for _, kind := range []string{"syn", "fin", "rst", "data", "udp", "icmp", "repeated"} {
		if counts[kind] == 0 {
			t.Errorf("there is no %s in the captures", kind)
		}
	}
	t.Log(counts)
}

// TestRetransmission follows one of the big uploads.
func TestRetransmission(t *testing.T) {
	w, m := builtin(t)
	counts := map[string]int{}
	nic := nicOf(t, w, "nic-report-1")
	begin := upload(t, w, m)
	c := traffic.Capture{
		Target: machine(nic), Start: time.UnixMilli(begin.at),
		Filters: []traffic.CaptureFilter{{LocalPort: strconv.Itoa(begin.sport)}},
	}
	follow(t, m, c, c.Start.Add(12*time.Second), counts)
	if counts["repeated"] < 15 || counts["data"] < 10_000 || counts["syn"] != 2 {
		t.Error(counts)
	}
}

// upload is the begin of one of them.
func upload(t *testing.T, w *world.World, m *traffic.Model) tuple {
	t.Helper()
	nic := nicOf(t, w, "nic-report-1")
	for _, u := range history(t, m, nic, w.Epoch.Add(10*time.Minute), logOn(nic.ID, w.Epoch)) {
		if u.dst == "203.0.113.77" && u.state == "B" {
			return u
		}
	}
	t.Fatal("no upload")
	return tuple{}
}

func follow(t *testing.T, m *traffic.Model, c traffic.Capture, to time.Time, counts map[string]int) {
	streams := map[string]*stream{}
	last := c.Start
	packets(t, m, c, c.Start, to, func(at time.Time, length int, p gopacket.Packet) {
		if at.Before(last) || at.Before(c.Start) || !at.Before(to) {
			t.Fatalf("packet of %v after %v", at, last)
		}
		last = at
		switch l := p.TransportLayer().(type) {
		case *layers.TCP:
			_ = l.SetNetworkLayerForChecksum(p.NetworkLayer())
		case *layers.UDP:
			_ = l.SetNetworkLayerForChecksum(p.NetworkLayer())
		}
		if err, bad := p.VerifyChecksums(); err != nil || len(bad) > 0 {
			t.Fatalf("checksums: %v %v\n%s", err, bad, p)
		}
		if f := p.ErrorLayer(); f != nil && p.Layer(layers.LayerTypeTCP) == nil && p.Layer(layers.LayerTypeUDP) == nil {
			t.Fatalf("%v\n%s", f.Error(), p)
		}
		tcp, ok := p.Layer(layers.LayerTypeTCP).(*layers.TCP)
		if !ok {
			counts[map[bool]string{true: "udp", false: "icmp"}[p.Layer(layers.LayerTypeUDP) != nil]]++
			return
		}
		ip := p.NetworkLayer().(*layers.IPv4)
		payload := int(ip.Length) - 20 - int(tcp.DataOffset)*4
		there := ip.SrcIP.String() + tcp.SrcPort.String() + ">" + ip.DstIP.String() + tcp.DstPort.String()
		back := ip.DstIP.String() + tcp.DstPort.String() + ">" + ip.SrcIP.String() + tcp.SrcPort.String()
		step(t, p, streams, there, back, tcp, payload, counts)
	})
}

func step(t *testing.T, p gopacket.Packet, streams map[string]*stream, there, back string, tcp *layers.TCP, payload int, counts map[string]int) {
	s, peer := streams[there], streams[back]
	if s == nil {
		if !tcp.SYN {
			return // under way when the capture began
		}
		s = &stream{base: tcp.Seq, next: tcp.Seq}
		streams[there] = s
	}
	if s.rst || s.fin && payload > 0 && tcp.Seq >= s.next {
		t.Fatalf("%s goes on after its close\n%s", there, p)
	}
	length := uint32(payload)
	for flag, on := range map[string]bool{"syn": tcp.SYN, "fin": tcp.FIN, "rst": tcp.RST, "data": payload > 0} {
		if on {
			counts[flag]++
		}
	}
	if tcp.SYN || tcp.FIN {
		length++
	}
	switch ahead := int32(tcp.Seq - s.next); {
	case ahead > 0:
		t.Fatalf("%s: %d bytes are missing\n%s", there, ahead, p)
	case ahead < 0 && length == 0:
		t.Fatalf("%s: an ACK with an old sequence number\n%s", there, p)
	case ahead < 0:
		counts["repeated"]++
		if int32(tcp.Seq+length-s.next) > 0 {
			t.Fatalf("%s: a retransmission with new bytes\n%s", there, p)
		}
	default:
		s.next += length
	}
	s.fin, s.rst = s.fin || tcp.FIN, s.rst || tcp.RST
	if !tcp.ACK {
		return
	}
	if peer == nil || int32(tcp.Ack-peer.next) > 0 {
		t.Fatalf("%s acknowledges what was never sent\n%s", there, p)
	}
	if s.begun && int32(tcp.Ack-s.ack) < 0 {
		t.Fatalf("%s takes back an acknowledgement\n%s", there, p)
	}
	s.ack, s.begun = tcp.Ack, true
}

// TestServerName lets Go's TLS server read the first bytes of an upload.
func TestServerName(t *testing.T) {
	w, m := builtin(t)
	nic := nicOf(t, w, "nic-report-1")
	begin := upload(t, w, m)
	start := time.UnixMilli(begin.at)
	c := traffic.Capture{Target: machine(nic), Start: start, Filters: []traffic.CaptureFilter{{LocalPort: strconv.Itoa(begin.sport)}}}
	var hello []byte
	packets(t, m, c, start, start.Add(200*time.Millisecond), func(_ time.Time, _ int, p gopacket.Packet) {
		if tcp := p.Layer(layers.LayerTypeTCP).(*layers.TCP); hello == nil && len(tcp.Payload) > 0 {
			hello = append(hello, tcp.Payload...)
		}
	})
	if got := serverName(t, hello); got != "sync.quarterly-insights.example" {
		t.Errorf("server name %q", got)
	}
}

func serverName(t *testing.T, hello []byte) (name string) {
	t.Helper()
	client, server := net.Pipe()
	go func() {
		_, _ = client.Write(hello)
		_, _ = io.Copy(io.Discard, client) // the alert
	}()
	stop := errors.New("seen enough")
	conn := tls.Server(server, &tls.Config{GetConfigForClient: func(h *tls.ClientHelloInfo) (*tls.Config, error) {
		name = h.ServerName
		return nil, stop
	}})
	defer server.Close()
	if err := conn.HandshakeContext(context.Background()); !errors.Is(err, stop) {
		t.Fatalf("the hello does not parse: %v", err)
	}
	return name
}

// TestDNS reads questions and answers of a machine that asks Azure.
func TestDNS(t *testing.T) {
	w, m := builtin(t)
	nic := nicOf(t, w, "nic-report-1")
	asked, answered := map[uint16]string{}, 0
	c := traffic.Capture{Target: machine(nic), Start: w.Epoch, Filters: []traffic.CaptureFilter{{Protocol: "UDP", RemotePort: "53"}}}
	packets(t, m, c, w.Epoch, w.Epoch.Add(20*time.Minute), func(_ time.Time, _ int, p gopacket.Packet) {
		dns, ok := p.Layer(layers.LayerTypeDNS).(*layers.DNS)
		if !ok || len(dns.Questions) != 1 {
			t.Fatalf("no DNS\n%s", p)
		}
		name := string(dns.Questions[0].Name)
		if !dns.QR {
			asked[dns.ID] = name
			return
		}
		if asked[dns.ID] != name {
			t.Errorf("answer %d for %s, asked was %s", dns.ID, name, asked[dns.ID])
		}
		for _, a := range dns.Answers {
			if strings.HasPrefix(name, "sync.") && a.IP.String() == "203.0.113.77" {
				answered++
			}
		}
	})
	if len(asked) < 40 || answered == 0 {
		t.Errorf("%d questions, %d answers with the odd address", len(asked), answered)
	}
}

// TestAddresses checks the MAC addresses of both directions.
func TestAddresses(t *testing.T) {
	w, m := builtin(t)
	nic := nicOf(t, w, "nic-web-1")
	mac, _ := hex.DecodeString(nic.MAC)
	const gateway = "12:34:56:78:9a:bc"
	c := traffic.Capture{Target: machine(nic), Start: w.Epoch}
	packets(t, m, c, w.Epoch, w.Epoch.Add(10*time.Second), func(_ time.Time, _ int, p gopacket.Packet) {
		eth, ip := p.LinkLayer().(*layers.Ethernet), p.NetworkLayer().(*layers.IPv4)
		src, dst := net.HardwareAddr(mac).String(), gateway
		if ip.SrcIP.String() != nic.Private.String() {
			src, dst = dst, src
		}
		if eth.SrcMAC.String() != src || eth.DstMAC.String() != dst {
			t.Fatalf("%s to %s, want %s to %s", eth.SrcMAC, eth.DstMAC, src, dst)
		}
	})
}
