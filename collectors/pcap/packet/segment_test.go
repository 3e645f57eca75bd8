package packet_test

import (
	"bytes"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowctl/collectors/pcap/packet"
	"flowctl/collectors/pcap/pcaptest"
)

// TestSegment checks what is read of a TCP header, and that what is cut off
// of a frame does not change the length of its data.
func TestSegment(t *testing.T) {
	tcp4 := pcaptest.TCP(netip.AddrPortFrom(a4, 40000), netip.AddrPortFrom(b4, 443), pcaptest.ACK, 7, 9, make([]byte, 100))
	tcp6 := pcaptest.TCP(netip.AddrPortFrom(a6, 40000), netip.AddrPortFrom(b6, 443), pcaptest.ACK, 7, 9, make([]byte, 100))
	fragment := bytes.Clone(tcp4)
	fragment[6] |= 0x20
	want := packet.Segment{Seq: 7, Ack: 9, Length: 100, Window: 0xfaf0, Whole: true}
	tests := map[string]struct {
		ip   []byte
		cut  int // bytes that were captured; 0 for all
		want packet.Segment
	}{
		"IPv4":                  {tcp4, 0, want},
		"IPv6":                  {tcp6, 0, want},
		"cut in the data":       {tcp4, 60, want},
		"cut after the window":  {tcp4, 36, want},
		"cut before the window": {tcp4, 34, packet.Segment{}},
		"first fragment":        {fragment, 0, packet.Segment{}},
		"fragment header":       {pcaptest.IP(44, a6, b6, append(unhex("06 00 0001 00000001"), tcp6[40:]...)), 0, packet.Segment{}},
		"atomic fragment":       {pcaptest.IP(44, a6, b6, append(unhex("06 00 0000 00000001"), tcp6[40:]...)), 0, want},
		"behind options":        {pcaptest.IP(0, a6, b6, append(unhex("06 00 010400000000"), tcp6[40:]...)), 0, want},
		"header of 8 bytes":     {pcaptest.IP(6, a4, b4, unhex("9c4001bb 00000007 00000009 2010faf0 00000000")), 0, packet.Segment{}},
		"longer than IP says":   {pcaptest.IP(6, a4, b4, unhex("9c4001bb 00000007 00000009 6010faf0 00000000")), 0, packet.Segment{}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			b := pcaptest.Ethernet(test.ip)
			if test.cut > 0 {
				b = b[:14+test.cut]
			}
			var p packet.Packet
			packet.Parse(packet.Ethernet, b, 1000, &p)
			if diff := cmp.Diff(test.want, p.Segment); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
			packet.Parse(packet.Ethernet, pcaptest.Ethernet(test.ip, 5)[:len(b)+4], 1000, &p)
			if diff := cmp.Diff(test.want, p.Segment); test.cut > 0 && diff != "" {
				t.Errorf("in a VLAN, -want +got\n%s", diff)
			}
		})
	}
}
