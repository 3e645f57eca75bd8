package packet_test

import (
	"encoding/binary"
	"encoding/hex"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowctl/collectors/flow"
	"flowctl/collectors/pcap/packet"
	"flowctl/collectors/pcap/pcaptest"
)

var (
	a4 = netip.MustParseAddr("10.0.0.4")
	b4 = netip.MustParseAddr("203.0.113.9")
	a6 = netip.MustParseAddr("fd00::4")
	b6 = netip.MustParseAddr("2001:db8::9")
)

// unhex reads bytes written in hex, with spaces.
func unhex(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic(err)
	}
	return b
}

func join(parts ...[]byte) []byte {
	var b []byte
	for _, p := range parts {
		b = append(b, p...)
	}
	return b
}

func parse(link packet.Link, b []byte) packet.Packet {
	var p packet.Packet
	packet.Parse(link, b, uint32(len(b)), &p)
	return p
}

// TestLinks checks that each link layer leads to the same packet.
func TestLinks(t *testing.T) {
	udp4 := pcaptest.UDP(netip.AddrPortFrom(a4, 40000), netip.AddrPortFrom(b4, 514), []byte("message"))
	udp6 := pcaptest.UDP(netip.AddrPortFrom(a6, 40000), netip.AddrPortFrom(b6, 514), []byte("message"))
	mac := unhex("123456789abc 002248000001")
	tests := map[string]struct {
		link   packet.Link
		head   string
		v6     bool
		tunnel flow.Tunnel
	}{
		"Ethernet":                 {packet.Ethernet, "mac 0800", false, 0},
		"Ethernet 6":               {packet.Ethernet, "mac 86dd", true, 0},
		"VLAN":                     {packet.Ethernet, "mac 8100 0001 0800", false, 0},
		"QinQ":                     {packet.Ethernet, "mac 88a8 0007 8100 0001 86dd", true, 0},
		"QinQ before the standard": {packet.Ethernet, "mac 9100 0007 8100 0001 0800", false, 0},
		"E-tag":                    {packet.Ethernet, "mac 893f 0000 0001 0000 0800", false, 0},
		"E-tag and VLAN":           {packet.Ethernet, "mac 893f 0000 0001 0000 8100 0007 86dd", true, 0},
		"VN-tag":                   {packet.Ethernet, "mac 8926 0001 0002 0800", false, 0},
		"HSR":                      {packet.Ethernet, "mac 892f 1040 0001 0800", false, 0},
		"R-tag":                    {packet.Ethernet, "mac f1c1 0000 0001 0800", false, 0},
		"MAC in MAC":               {packet.Ethernet, "mac 88a8 0009 88e7 00000064 mac 0800", false, 0},
		"MAC in MAC, VLAN":         {packet.Ethernet, "mac 88e7 00000064 mac 8100 0007 86dd", true, 0},
		"Cisco CMD":                {packet.Ethernet, "mac 8909 0101 0001 0007 0800", false, 0},
		"Cisco CMD, two options":   {packet.Ethernet, "mac 8909 0102 0001 0007 0002 0009 0800", false, 0},
		"MACsec, SCI":              {packet.Ethernet, "mac 88e5 2000 00000001 0022480000010001 0800", false, 0},
		"MACsec, end station":      {packet.Ethernet, "mac 88e5 4000 00000001 86dd", true, 0},
		"Arista, 64 bits":          {packet.Ethernet, "mac d28b 0001 0010 0000000100000002 0800", false, 0},
		"Arista, 48 bits of UTC":   {packet.Ethernet, "mac d28b 0001 0120 000100000002 0800", false, 0},
		"NSH":                      {packet.Ethernet, "mac 894f 0fc6 0101 00000aff" + strings.Repeat("00", 16) + "", false, 0},
		"NSH, no metadata":         {packet.Ethernet, "mac 894f 0fc2 0202 00000aff", true, 0},
		"NSH, Ethernet":            {packet.Ethernet, "mac 894f 0fc2 0203 00000aff mac 8100 0007 0800", false, 0},
		"SNAP":                     {packet.Ethernet, "mac 0100 aaaa03 000000 0800", false, 0},
		"IP by LLC":                {packet.Ethernet, "mac 0100 060603", false, 0},
		"MPLS":                     {packet.Ethernet, "mac 8847 0001d040 0001d040 0001d1ff", false, flow.MPLS},
		"MPLS 6":                   {packet.Ethernet, "mac 8848 0001d1ff", true, flow.MPLS},
		"Ethernet over MPLS":       {packet.Ethernet, "mac 8847 0001d1ff 00000000 mac 0800", false, flow.MPLS},
		"PPPoE":                    {packet.Ethernet, "mac 8864 1100 0001 0025 0021", false, flow.PPPoE},
		"PPPoE 6":                  {packet.Ethernet, "mac 8100 0002 8864 1100 0001 0025 0057", true, flow.PPPoE},
		"raw":                      {packet.Raw, "", false, 0},
		"raw 12":                   {packet.Raw12, "", true, 0},
		"raw 14":                   {packet.Raw14, "", false, 0},
		"raw IPv4":                 {packet.IPv4, "", false, 0},
		"raw IPv6":                 {packet.IPv6, "", true, 0},
		"loopback":                 {packet.Null, "02000000", false, 0},
		"loopback, swapped":        {packet.Null, "00000002", false, 0},
		"loopback 6, BSD":          {packet.Null, "18000000", true, 0},
		"loopback 6, macOS":        {packet.Null, "0000001e", true, 0},
		"OpenBSD loopback":         {packet.Loop, "00000002", false, 0},
		"cooked":                   {packet.Cooked, "0000 0001 0006 0022480000010000 0800", false, 0},
		"cooked, VLAN":             {packet.Cooked, "0000 0001 0006 0022480000010000 8100 0001 86dd", true, 0},
		"cooked v2":                {packet.Cooked2, "0800 0000 00000002 0001 00 06 0022480000010000", false, 0},
		"InfiniBand":               {packet.InfiniBand, strings.Repeat("00", 40) + "0800 0000", false, 0},
		"PPP":                      {packet.PPP, "ff03 0021", false, 0},
		"PPP, compressed":          {packet.PPP, "21", false, 0},
		"PPP serial, Cisco":        {packet.PPPSerial, "0f00 0800", false, 0},
		"PPP with direction":       {packet.PPPWithDir, "01 ff03 0057", true, 0},
		"PPPoE link":               {packet.PPPoE, "1100 0001 0025 0021", false, flow.PPPoE},
		"Cisco HDLC":               {packet.CiscoHDLC, "0f00 0800", false, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if !test.link.Known() {
				t.Errorf("%s is not known", test.link)
			}
			head := unhex(strings.ReplaceAll(test.head, "mac", hex.EncodeToString(mac)))
			ip, want := udp4, packet.Packet{Key: flow.Key{Src: flow.AddrOf(a4), Dst: flow.AddrOf(b4)}}
			if test.v6 {
				ip, want = udp6, packet.Packet{Key: flow.Key{Src: flow.AddrOf(a6), Dst: flow.AddrOf(b6)}}
			}
			frame := join(head, ip)
			want.SrcPort, want.DstPort, want.Proto = 40000, 514, 17
			want.IPBytes, want.FrameBytes = uint64(len(ip)), uint64(len(frame))
			want.Payload, want.Network, want.Tunnel = uint16(len(frame)-7), uint16(len(head)), test.tunnel
			if diff := cmp.Diff(want, parse(test.link, frame)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// TestWithoutIP checks what is left of frames without an IP header.
func TestWithoutIP(t *testing.T) {
	mac := "123456789abc 002248000001 "
	tests := map[string]struct {
		link  packet.Link
		frame string
		want  uint16
	}{
		"nothing":            {packet.Ethernet, "", flow.LinkFrame},
		"half a header":      {packet.Ethernet, "123456789abc 0022", flow.LinkFrame},
		"ARP":                {packet.Ethernet, mac + "0806 0001 0800 0604 0001", 0x0806},
		"ARP in a VLAN":      {packet.Ethernet, mac + "8100 0001 0806 0001", 0x0806},
		"cut tag":            {packet.Ethernet, mac + "8100 00", 0x8100},
		"spanning tree":      {packet.Ethernet, mac + "0026 424203 0000", flow.LinkFrame},
		"SNAP, a vendor's":   {packet.Ethernet, mac + "0100 aaaa03 00000c 2000 0000", flow.LinkFrame},
		"cut IPv4 header":    {packet.Ethernet, mac + "0800 4500 0028", 0x0800},
		"IPv4 of version 5":  {packet.Ethernet, mac + "0800 5500 " + strings.Repeat("00", 30), 0x0800},
		"IPv4 of 16 bytes":   {packet.Ethernet, mac + "0800 4400 " + strings.Repeat("00", 30), 0x0800},
		"cut IPv6 header":    {packet.Ethernet, mac + "86dd 6000 " + strings.Repeat("00", 37), 0x86dd},
		"PPPoE without IP":   {packet.Ethernet, mac + "8864 1100 0001 0006 c021 0901", 0x8864},
		"PPPoE discovery":    {packet.Ethernet, mac + "8863 1109 0000 0004", 0x8863},
		"MPLS without end":   {packet.Ethernet, mac + "8847 " + strings.Repeat("00000000", 40), 0x8847},
		"loopback, no IP":    {packet.Null, "07000000 00", flow.LinkFrame},
		"raw, no IP":         {packet.Raw, "00", flow.LinkFrame},
		"radiotap":           {127, strings.Repeat("45", 60), flow.LinkFrame},
		"tags without end":   {packet.Ethernet, mac + strings.Repeat("8100 0001", 99), 0x8100},
		"fabrics in fabrics": {packet.Ethernet, strings.Repeat(mac+"8903 0000", 99), 0x8903},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			p := parse(test.link, unhex(test.frame))
			if p.EtherType != test.want || p.Key != (flow.Key{}) || p.IPBytes != 0 || p.Payload != 0 {
				t.Errorf("type %#04x, want %#04x: %+v", p.EtherType, test.want, p)
			}
		})
	}
}

// TestOpaque checks which frames without an IP header are said not to be taken
// apart: not those that are known to hold none.
func TestOpaque(t *testing.T) {
	mac := "123456789abc 002248000001 "
	tests := map[string]struct {
		link   packet.Link
		frame  string
		opaque bool
	}{
		"nothing":             {packet.Ethernet, "", true},
		"ARP":                 {packet.Ethernet, mac + "0806 0001 0800 0604 0001", false},
		"ARP in a VLAN":       {packet.Ethernet, mac + "8100 0001 0806 0001", false},
		"LLDP":                {packet.Ethernet, mac + "88cc 0000", false},
		"unknown type":        {packet.Ethernet, mac + "1234 4500 0028", true},
		"unknown, E-tag":      {packet.Ethernet, mac + "893f 0000 0001 0000 1234 00", true},
		"MACsec, encrypted":   {packet.Ethernet, mac + "88e5 2c00 00000001 0022480000010001 0800", true},
		"CMD of version 2":    {packet.Ethernet, mac + "8909 0201 0001 0007 0800 4500", true},
		"CMD that is cut":     {packet.Ethernet, mac + "8909 0101 0001", true},
		"TRILL":               {packet.Ethernet, mac + "22f3 0000 0001 0002", true},
		"spanning tree":       {packet.Ethernet, mac + "0026 424203 0000", false},
		"spanning tree, SNAP": {packet.Ethernet, mac + "0100 aaaa03 00000c 010b 0000", false},
		"bridged, SNAP":       {packet.Ethernet, mac + "0100 aaaa03 0080c2 0007 0000", true},
		"LLC":                 {packet.Ethernet, mac + "0026 7e7e03 0000", true},
		"PPP's own":           {packet.Ethernet, mac + "8864 1100 0001 0006 c021 0901", false},
		"PPP, another's":      {packet.Ethernet, mac + "8864 1100 0001 0006 003d 0901", true},
		"MPLS, unknown":       {packet.Ethernet, mac + "8847 0001d1ff 9999 9999", true},
		"NSH, another's":      {packet.Ethernet, mac + "894f 0fc2 0207 00000aff 4500", true},
		"loopback, another's": {packet.Null, "07000000 00", true},
		"a link of its own":   {127, "0000", false}, // is told by the link
		"IP":                  {packet.Raw, "4500 0014 0000 0000 4063 0000 0a000001 0a000002", false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			p := parse(test.link, unhex(test.frame))
			if got := p.Note&packet.Opaque != 0; got != test.opaque {
				t.Errorf("opaque %v of type %#04x", got, p.EtherType)
			}
		})
	}
}

// TestBound checks that lengths which cannot be are those of what was captured.
func TestBound(t *testing.T) {
	udp := func(data, snap int, wire uint32, change func(b []byte)) packet.Packet {
		b := pcaptest.Ethernet(pcaptest.UDP(netip.AddrPortFrom(a4, 40000), netip.AddrPortFrom(b4, 514), make([]byte, data)))
		if change != nil {
			change(b)
		}
		var p packet.Packet
		packet.Parse(packet.Ethernet, b[:min(snap, len(b))], wire, &p)
		return p
	}
	states := func(n uint16) func(b []byte) { return func(b []byte) { binary.BigEndian.PutUint16(b[16:], n) } }
	const all = 1 << 20
	tests := map[string]struct {
		p         packet.Packet
		frame, ip uint64
		lies      bool
	}{
		"whole":                       {udp(100, all, 142, nil), 142, 128, false},
		"cut":                         {udp(100, 60, 142, nil), 142, 128, false},
		"padded":                      {udp(0, all, 60, nil), 60, 28, false},
		"padding cut off":             {udp(0, 42, 60, nil), 60, 28, false},
		"check sequence":              {udp(100, all, 146, nil), 146, 128, false},
		"long trailer, not captured":  {udp(100, all, 2000, nil), 142, 128, true},
		"more than any link":          {udp(100, all, 1<<30, nil), 142, 128, true},
		"more than any link, cut":     {udp(100, 60, 1<<30, nil), 60, 46, true},
		"more than was captured":      {udp(10, all, 1000, nil), 60, 38, true},
		"IP longer than its frame":    {udp(100, all, 142, states(1500)), 142, 128, true},
		"cut, and IP longer":          {udp(100, 60, 142, states(1500)), 142, 128, true},
		"offloaded, stated":           {udp(100, 60, 14+65535, states(65535)), 14 + 65535, 65535, false},
		"offloaded, not stated":       {udp(100, 60, 14+65535, states(0)), 14 + 65535, 65535, false},
		"offloaded, not stated, more": {udp(100, 60, 1<<20, states(0)), 60, 46, true},
		"shorter than captured":       {udp(100, all, 100, nil), 100, 86, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			p := test.p
			if lies := p.Note&packet.Implausible != 0; p.FrameBytes != test.frame || p.IPBytes != test.ip || lies != test.lies {
				t.Errorf("%d of %d bytes, lies: %v; want %d of %d, %v", p.IPBytes, p.FrameBytes, lies, test.ip, test.frame, test.lies)
			}
		})
	}
}

// TestBoundJumbo checks that a jumbogram may be longer than a packet can state.
func TestBoundJumbo(t *testing.T) {
	jumbo := func(n uint32) []byte {
		b := pcaptest.Ethernet(pcaptest.IP(0, a6, b6, unhex("1100 c204 00000000 9c40 0202 0000 0000")))
		binary.BigEndian.PutUint16(b[18:], 0)
		binary.BigEndian.PutUint32(b[14+40+4:], n)
		return b
	}
	for _, test := range []struct {
		payload, wire uint32
		frame, ip     uint64
		lies          bool
	}{
		{300_000, 300_054, 300_054, 300_040, false},
		{300_000, 200_000, 200_000, 199_986, true},
		{3_000_000_000, 3_000_000_054, 70, 56, true},
	} {
		var p packet.Packet
		packet.Parse(packet.Ethernet, jumbo(test.payload), test.wire, &p)
		if lies := p.Note&packet.Implausible != 0; p.FrameBytes != test.frame || p.IPBytes != test.ip || lies != test.lies {
			t.Errorf("jumbogram of %d in %d: %d of %d bytes, lies: %v", test.payload, test.wire, p.IPBytes, p.FrameBytes, lies)
		}
	}
}

func TestLinkNames(t *testing.T) {
	for link, want := range map[packet.Link]string{1: "Ethernet", 276: "Linux cooked v2", 127: "802.11 with radiotap", 999: "link type 999"} {
		if link.String() != want {
			t.Errorf("%d is %q, want %q", link, link, want)
		}
	}
}
