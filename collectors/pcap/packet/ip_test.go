package packet_test

import (
	"encoding/binary"
	"net/netip"
	"strings"
	"testing"

	"flowctl/collectors/flow"
	"flowctl/collectors/pcap/packet"
	"flowctl/collectors/pcap/pcaptest"
)

func udp(port uint16, data string) []byte {
	return pcaptest.UDP(netip.AddrPortFrom(a4, 40000), netip.AddrPortFrom(b4, port), unhex(data))
}

func ip4(proto uint8, payload string) []byte { return pcaptest.IP(proto, a4, b4, unhex(payload)) }
func ip6(proto uint8, payload string) []byte { return pcaptest.IP(proto, a6, b6, unhex(payload)) }

func TestTunnels(t *testing.T) {
	tests := map[string]struct {
		ip     []byte
		proto  uint8
		tunnel flow.Tunnel
	}{
		"IPv4 in IPv4":              {ip4(4, "4500"), 4, flow.IPInIP},
		"IPv6 in IPv4":              {ip4(41, "6000"), 41, flow.IPInIP},
		"IPv4 in IPv6":              {ip6(4, "4500"), 4, flow.IPInIP},
		"GRE":                       {ip4(47, "0000 0800"), 47, flow.GRE},
		"GRE, cut":                  {ip4(47, "00"), 47, flow.GRE},
		"ERSPAN II":                 {ip4(47, "1000 88be"), 47, flow.ERSPAN},
		"ERSPAN III":                {ip4(47, "1000 22eb"), 47, flow.ERSPAN},
		"ESP":                       {ip4(50, "00000001 00000001"), 50, flow.ESP},
		"ESP in UDP":                {udp(4500, "00000001 00000001"), 17, flow.ESP},
		"key exchange at ESP's":     {udp(4500, "00000000 00000001"), 17, flow.NoTunnel},
		"AH":                        {ip4(51, "06 04 0000 00000001 00000001 000000000000000000000000 c350 01bb 00000000"), 6, flow.AH},
		"AH 6":                      {ip6(51, "06 04 0000 00000001 00000001 000000000000000000000000 c350 01bb 00000000"), 6, flow.AH},
		"GRE in AH":                 {ip4(51, "2f 04 0000 00000001 00000001 000000000000000000000000 0000 0800"), 47, flow.GRE},
		"AH, cut":                   {ip4(51, "06 04"), 51, flow.AH},
		"VXLAN":                     {udp(4789, "08000000 00000100"), 17, flow.VXLAN},
		"VXLAN as Linux had it":     {udp(8472, "08000000 00000100"), 17, flow.VXLAN},
		"VXLAN's port":              {udp(4789, "00000000 00000100"), 17, flow.NoTunnel},
		"VXLAN, cut":                {udp(4789, ""), 17, flow.VXLAN},
		"VXLAN, load balancer":      {udp(10800, "08000000 00032000"), 17, flow.VXLAN},
		"VXLAN, load balancer, out": {udp(10801, "08000000 00032100"), 17, flow.VXLAN},
		"10800, something else":     {udp(10800, "08000000 00032001"), 17, flow.NoTunnel},
		"10800, cut":                {udp(10800, ""), 17, flow.NoTunnel},
		"Geneve":                    {udp(6081, "00006558 00000100"), 17, flow.Geneve},
		"GTP":                       {udp(2152, "30ff0000 00000100"), 17, flow.GTP},
		"Teredo":                    {udp(3544, "60000000 00000100"), 17, flow.Teredo},
		"L2TP":                      {udp(1701, "c8020000 00000100"), 17, flow.L2TP},
		"L2TP version 3":            {ip4(115, "00000001"), 115, flow.L2TP},
		"neither":                   {udp(514, "08000000 00000100"), 17, flow.NoTunnel},
		"answer from VXLAN's port":  {pcaptest.UDP(netip.AddrPortFrom(b4, 4789), netip.AddrPortFrom(a4, 40000), unhex("08000000")), 17, flow.VXLAN},
		"no IP for us, IPv4 and 99": {ip4(99, "0000"), 99, flow.NoTunnel},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			p := parse(packet.Raw, test.ip)
			if p.Tunnel != test.tunnel || p.Proto != test.proto || p.EtherType != 0 {
				t.Errorf("%s in protocol %d, want %s in %d", p.Tunnel, p.Proto, test.tunnel, test.proto)
			}
		})
	}
}

func TestPorts(t *testing.T) {
	const ports = "c350 01bb"
	later := ip4(17, ports+"0000 0000")
	later[7] = 1 // fragment offset
	first := ip4(17, ports+"0000 0000")
	first[6] = 0x20 // more fragments
	tests := map[string]struct {
		ip    []byte
		proto uint8
		ports bool
	}{
		"TCP":                         {ip4(6, ports), 6, true},
		"UDP":                         {ip4(17, ports), 17, true},
		"UDP-Lite":                    {ip4(136, ports), 136, true},
		"DCCP":                        {ip4(33, ports), 33, true},
		"SCTP":                        {ip4(132, ports+"00000000 00000000"), 132, true},
		"SCTP, cut":                   {ip4(132, ports), 132, false},
		"TCP, cut in its ports":       {ip4(6, "c350 01"), 6, false},
		"ICMP":                        {ip4(1, "0800 0000 0000"), 1, false},
		"IGMP":                        {ip4(2, ports), 2, false},
		"first fragment":              {first, 17, true},
		"later fragment":              {later, 17, false},
		"IPv6":                        {ip6(17, ports), 17, true},
		"hop-by-hop":                  {ip6(0, "11 00 0502 0000 0100"+ports), 17, true},
		"routing":                     {ip6(43, "06 02 0000 0000 0000"+strings.Repeat("00", 16)+ports), 6, true},
		"options, twice":              {ip6(60, "3c 00 000000000000 06 00 000000000000"+ports), 6, true},
		"first fragment 6":            {ip6(44, "06 00 0001 00000007"+ports), 6, true},
		"later fragment 6":            {ip6(44, "06 00 0009 00000007"+ports), 6, false},
		"hop-by-hop, cut":             {ip6(0, "11"), 0, false},
		"hop-by-hop beyond the frame": {ip6(0, "11 ff 0502 0000 0100"), 17, false},
		"fragment, cut":               {ip6(44, "06 00"), 44, false},
		"no next header":              {ip6(59, ports), 59, false},
		"mobility":                    {ip6(135, ports), 135, false},
		"extensions without end":      {ip6(60, strings.Repeat("3c 00 000000000000", 99)), 60, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			p := parse(packet.Raw, test.ip)
			if got := p.SrcPort == 50000 && p.DstPort == 443; got != test.ports || p.Proto != test.proto {
				t.Errorf("ports %d, %d in protocol %d, want them: %v in %d", p.SrcPort, p.DstPort, p.Proto, test.ports, test.proto)
			}
			if !test.ports && p.SrcPort|p.DstPort != 0 {
				t.Errorf("ports %d, %d out of nowhere", p.SrcPort, p.DstPort)
			}
		})
	}
}

// TestIPBytes checks the length of a packet where the header does not say it.
func TestIPBytes(t *testing.T) {
	at := func(b []byte, o int, v uint16) []byte {
		binary.BigEndian.PutUint16(b[o:], v)
		return b
	}
	big := strings.Repeat("00", 3000)
	tests := map[string]struct {
		ip   []byte
		cut  uint32 // how much more was on the wire
		want uint64
	}{
		"stated":                     {ip4(99, "0000"), 0, 22},
		"stated, too long":           {at(ip4(99, "0000"), 2, 60000), 0, 22},
		"stated, cut":                {at(ip4(99, "0000"), 2, 60000), 60000 - 22, 60000},
		"stated, less than a header": {at(ip4(99, "0000"), 2, 10), 0, 22},
		"segmentation by the card":   {at(ip4(6, big), 2, 0), 0, 3020},
		"stated 6":                   {ip6(99, "0000"), 0, 42},
		"segmentation by the card 6": {at(ip6(6, big), 4, 0), 0, 3040},
		"header alone":               {ip6(59, ""), 0, 40},
		"header and padding":         {at(ip6(99, "000000000000"), 4, 0), 0, 40},
		"jumbogram":                  {at(ip6(0, "06 00 c204 00012345"+big), 4, 0), 100_000, 40 + 0x12345},
		"jumbogram, padded":          {at(ip6(0, "06 01 00 0104 00000000 c204 00012345 00"+big), 4, 0), 100_000, 40 + 0x12345},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var p packet.Packet
			if packet.Parse(packet.Raw, test.ip, uint32(len(test.ip))+test.cut, &p); p.IPBytes != test.want {
				t.Errorf("%d bytes, want %d", p.IPBytes, test.want)
			}
		})
	}
}

func TestRoles(t *testing.T) {
	src, dst := netip.AddrPortFrom(a4, 50000), netip.AddrPortFrom(b4, 443)
	tcp := func(flags uint8) []byte { return pcaptest.TCP(src, dst, flags, 1, 1, nil) }
	tests := map[string]struct {
		ip    []byte
		role  packet.Role
		flags packet.TCPFlag
	}{
		"SYN":           {tcp(pcaptest.SYN), packet.Opener, packet.SYN},
		"SYN, ACK":      {tcp(pcaptest.SYN | pcaptest.ACK), packet.Answerer, packet.SYN | packet.ACK},
		"SYN, RST":      {tcp(pcaptest.SYN | pcaptest.RST), packet.RoleUnknown, packet.SYN | packet.RST},
		"ACK":           {tcp(pcaptest.ACK), packet.RoleUnknown, packet.ACK},
		"echo":          {pcaptest.Echo(a4, b4, false, 1, 1, nil), packet.Opener, 0},
		"echo reply":    {pcaptest.Echo(a4, b4, true, 1, 1, nil), packet.Answerer, 0},
		"echo 6":        {pcaptest.Echo(a6, b6, false, 1, 1, nil), packet.Opener, 0},
		"echo reply 6":  {pcaptest.Echo(a6, b6, true, 1, 1, nil), packet.Answerer, 0},
		"UDP":           {udp(443, "00"), packet.RoleUnknown, 0},
		"TCP, cut":      {tcp(pcaptest.SYN)[:33], packet.RoleUnknown, 0},
		"ICMP, no type": {ip4(1, ""), packet.RoleUnknown, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if p := parse(packet.Raw, test.ip); p.Sender != test.role || p.Flags != test.flags {
				t.Errorf("role %d, flags %#x, want %d, %#x", p.Sender, p.Flags, test.role, test.flags)
			}
		})
	}
}

func TestNoAllocation(t *testing.T) {
	frame := pcaptest.Ethernet(udp(4789, "08000000"), 7, 8)
	var p packet.Packet
	if n := testing.AllocsPerRun(100, func() { packet.Parse(packet.Ethernet, frame, 99, &p) }); n != 0 {
		t.Errorf("%v allocations per packet", n)
	}
}

// FuzzParse checks that no bytes lead outside of them.
func FuzzParse(f *testing.F) {
	f.Add(uint16(1), pcaptest.Ethernet(udp(53, "0102"), 1, 2))
	f.Add(uint16(101), ip6(0, "3c 00 000000000000 2c 00 000000000000 06 00 0001 00000007 c350 01bb"))
	for _, tag := range []string{"893f 0000 0001 0000", "8926 0001 0002", "88e7 00000064 123456789abc 002248000001", "8909 0101 0001 0007",
		"88e5 2000 00000001 0022480000010001", "d28b 0001 0010 0000000100000002", "894f 0fc2 0203 00000aff 123456789abc 002248000001"} {
		f.Add(uint16(1), join(unhex("123456789abc 002248000001"+tag+"0800"), udp(53, "0102")))
	}
	f.Add(uint16(276), unhex("0800 0000 00000002 0001 00 06 0022480000010000"))
	f.Fuzz(func(t *testing.T, link uint16, b []byte) {
		p := parse(packet.Link(link), b)
		if int(p.Payload) >= len(b) && p.Payload != 0 {
			t.Errorf("data at %d of %d bytes", p.Payload, len(b))
		}
		if p.EtherType != 0 && p.Key != (flow.Key{}) {
			t.Errorf("type %#x with %+v", p.EtherType, p.Key)
		}
		if p.IPBytes > p.FrameBytes || int(p.Network) > max(len(b), 1<<16-1) {
			t.Errorf("%d bytes of IP at %d in a frame of %d", p.IPBytes, p.Network, p.FrameBytes)
		}
	})
}
