package identity_test

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"flowctl/collectors/flow"
	"flowctl/collectors/pcap/identity"
	"flowctl/collectors/pcap/packet"
	"flowctl/collectors/pcap/pcaptest"
)

var (
	client  = netip.MustParseAddrPort("10.0.0.4:50000")
	server  = netip.MustParseAddrPort("203.0.113.9:443")
	client6 = netip.MustParseAddrPort("[fd00::4]:50000")
	server6 = netip.MustParseAddrPort("[2001:db8::9]:443")
)

const (
	micro  = int64(time.Microsecond)
	second = int64(time.Second)
)

// observation is a frame at an interface, of which the first bytes were captured.
type observation struct {
	at    uint16
	time  int64
	frame []byte
}

// most is how much of a frame is captured where less than that is.
const most = 62

// again are the observations that are of packets which were seen before.
func again(all []observation, cut ...int) []int {
	var s identity.Packets
	var found []int
	for i, x := range all {
		p := packet.Packet{Time: x.time}
		b := x.frame
		if slices.Contains(cut, i) {
			b = b[:most]
		}
		packet.Parse(packet.Ethernet, b, uint32(len(x.frame)), &p)
		if s.Again(&p, b, x.at) {
			found = append(found, i)
		}
	}
	return found
}

// numbered is an IPv4 packet in a frame with an identification.
func numbered(ip []byte, id uint16, vlans ...uint16) []byte {
	b := pcaptest.Ethernet(slices.Clone(ip))
	pcaptest.Identify(b, id)
	return pcaptest.Ethernet(b[14:14+len(ip)], vlans...)
}

func TestAgain(t *testing.T) {
	tcp := pcaptest.TCP(client, server, pcaptest.ACK, 7, 8, []byte("some data that is longer than what is compared, by far"))
	other := pcaptest.TCP(client, server, pcaptest.ACK, 7, 8, []byte("some more data as long as what is compared, or even longer"))
	other = other[:len(tcp)] // of the same length, with a checksum of its own
	tcp6 := pcaptest.TCP(client6, server6, pcaptest.ACK, 7, 8, []byte("data"))
	udp6 := func(text string) []byte { return pcaptest.Ethernet(pcaptest.UDP(client6, server6, []byte(text))) }
	echo := func(seq uint16) []byte {
		return pcaptest.Ethernet(pcaptest.Echo(client.Addr(), server.Addr(), false, 1, seq, nil))
	}
	arp := pcaptest.EthernetType(0x0806, []byte("who has it? tell him or her!"))
	one, two := numbered(tcp, 1), numbered(tcp, 2)
	tests := map[string]struct {
		all  []observation
		want []int
		cut  []int // which were
	}{
		"two interfaces":             {[]observation{{1, 0, one}, {2, micro, one}}, []int{1}, nil},
		"one interface":              {[]observation{{1, 0, one}, {1, micro, one}}, nil, nil},
		"three interfaces":           {[]observation{{1, 0, one}, {2, micro, one}, {3, 2 * micro, one}}, []int{1, 2}, nil},
		"backwards in time":          {[]observation{{1, micro, one}, {2, 0, one}}, []int{1}, nil},
		"a VLAN":                     {[]observation{{1, 0, one}, {2, micro, numbered(tcp, 1, 7)}}, []int{1}, nil},
		"routed":                     {[]observation{{1, 0, one}, {2, micro, pcaptest.Ethernet(pcaptest.TTL(one[14:]))}}, []int{1}, nil},
		"checksum still to come":     {[]observation{{1, 0, pcaptest.Ethernet(pcaptest.Partial(one[14:]))}, {2, micro, one}}, []int{1}, nil},
		"a second":                   {[]observation{{1, 0, one}, {2, second, one}}, []int{1}, nil},
		"more than a second":         {[]observation{{1, 0, one}, {2, second + 1, one}}, nil, nil},
		"another number":             {[]observation{{1, 0, one}, {2, micro, two}}, nil, nil},
		"another number space":       {[]observation{{1, 0, one}, {2, micro, numbered(tcp, 0)}}, nil, nil},
		"sent twice":                 {[]observation{{1, 0, one}, {1, 100, one}, {2, 200, one}, {2, 300, one}}, []int{2, 3}, nil},
		"sent twice, in turn":        {[]observation{{1, 0, one}, {2, 100, one}, {1, 200, one}, {2, 300, one}}, []int{1, 3}, nil},
		"sent twice, lost once":      {[]observation{{1, 0, one}, {1, 100, one}, {2, 200, one}}, []int{2}, nil},
		"sent once more elsewhere":   {[]observation{{1, 0, one}, {2, 100, one}, {2, 200, one}}, []int{1}, nil},
		"sent twice, three have it":  {[]observation{{1, 0, one}, {2, 1, one}, {3, 2, one}, {2, 3, one}, {3, 4, one}, {1, 5, one}}, []int{1, 2, 4, 5}, nil},
		"back after a second":        {[]observation{{1, 0, one}, {2, 1, one}, {1, 2 * second, one}, {2, 2*second + 1, one}}, []int{1, 3}, nil},
		"no number, other data":      {[]observation{{1, 0, numbered(tcp, 0)}, {2, micro, numbered(other, 0)}}, nil, nil},
		"no number, data not there":  {[]observation{{1, 0, numbered(tcp, 0)}, {2, micro, numbered(tcp, 0)}}, []int{1}, []int{1}},
		"IPv6":                       {[]observation{{1, 0, pcaptest.Ethernet(tcp6)}, {2, micro, pcaptest.Ethernet(tcp6, 9)}}, []int{1}, nil},
		"IPv6, offloaded":            {[]observation{{1, 0, pcaptest.Ethernet(pcaptest.Partial(tcp6))}, {2, micro, pcaptest.Ethernet(tcp6)}}, []int{1}, nil},
		"IPv6, other data":           {[]observation{{1, 0, udp6("abcd")}, {2, micro, udp6("abce")}}, nil, nil},
		"IPv6, data cut, other sums": {[]observation{{1, 0, udp6("a long text that is cut off, and one")}, {2, micro, udp6("a long text that is cut off, and two")}}, nil, []int{0, 1}},
		"echo":                       {[]observation{{1, 0, echo(1)}, {2, micro, echo(1)}, {1, 2 * micro, echo(2)}, {2, 3 * micro, echo(2)}}, []int{1, 3}, nil},
		"echo, another number":       {[]observation{{1, 0, echo(1)}, {2, micro, echo(2)}}, nil, nil},
		"without IP":                 {[]observation{{1, 0, arp}, {2, micro, arp}, {2, 2 * micro, arp}}, []int{1}, nil},
		"without a time":             {[]observation{{1, flow.NoTime, one}, {2, flow.NoTime, one}}, nil, nil},
		"nothing":                    {[]observation{{1, 0, nil}, {2, 0, nil}}, nil, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := again(test.all, test.cut...); !slices.Equal(got, test.want) {
				t.Errorf("again are %v, want %v", got, test.want)
			}
		})
	}
}

// TestFlood checks that very many equal packets are paired, in little time and
// memory, also at many interfaces.
func TestFlood(t *testing.T) {
	frame := pcaptest.Ethernet(pcaptest.UDP(client, server, []byte("ping")))
	var s identity.Packets
	p := packet.Packet{}
	packet.Parse(packet.Ethernet, frame, uint32(len(frame)), &p)
	for _, nics := range []uint16{2, 250} {
		found := 0
		const all = 300_000
		for i := range int64(all) {
			p.Time += micro
			if s.Again(&p, frame, uint16(i%int64(nics))+1) {
				found++
			}
		}
		if want := all - all/int(nics); found != want {
			t.Errorf("%d interfaces: %d again, want %d", nics, found, want)
		}
		p.Time += 2 * second
	}
}

// FuzzAgain checks that any bytes are looked at without harm, and that what is
// at two interfaces is the same packet unless nothing is known of it.
func FuzzAgain(f *testing.F) {
	f.Add(pcaptest.Ethernet(pcaptest.UDP(client, server, []byte("ping"))), uint32(100))
	f.Add(pcaptest.Ethernet(pcaptest.TCP(client6, server6, 0, 1, 2, []byte("ping")), 1, 2), uint32(100))
	f.Add(pcaptest.Ethernet(pcaptest.IP(0, client6.Addr(), server6.Addr(), []byte("\x3c\x00\x00\x00\x00\x00\x00\x00\x2c\x00"))), uint32(90))
	f.Fuzz(func(t *testing.T, b []byte, wire uint32) {
		var s identity.Packets
		p := packet.Packet{Time: 1}
		packet.Parse(packet.Ethernet, b, wire, &p)
		for range 2 {
			if s.Again(&p, b, 1) {
				t.Error("again at one interface")
			}
		}
		if !s.Again(&p, b, 2) && p.EtherType == 0 {
			t.Error("not again at another interface")
		}
	})
}
