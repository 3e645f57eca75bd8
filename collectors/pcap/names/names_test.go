package names_test

import (
	"bytes"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/net/dns/dnsmessage"

	"flowctl/collectors/flow"
	"flowctl/collectors/pcap/names"
	"flowctl/collectors/pcap/packet"
)

func name(s string) dnsmessage.Name { return dnsmessage.MustNewName(s) }

func header(s string, t dnsmessage.Type) dnsmessage.ResourceHeader {
	return dnsmessage.ResourceHeader{Name: name(s), Type: t, Class: dnsmessage.ClassINET, TTL: 60}
}

// dns packs an answer to a question for asked.
func dns(t *testing.T, asked string, h dnsmessage.Header, answers ...dnsmessage.Resource) []byte {
	t.Helper()
	m := dnsmessage.Message{
		Header:    h,
		Questions: []dnsmessage.Question{{Name: name(asked), Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET}},
		Answers:   answers,
	}
	b, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func a(owner string, addr [4]byte) dnsmessage.Resource {
	return dnsmessage.Resource{Header: header(owner, dnsmessage.TypeA), Body: &dnsmessage.AResource{A: addr}}
}

func aaaa(owner, addr string) dnsmessage.Resource {
	return dnsmessage.Resource{Header: header(owner, dnsmessage.TypeAAAA), Body: &dnsmessage.AAAAResource{AAAA: netip.MustParseAddr(addr).As16()}}
}

func cname(owner, target string) dnsmessage.Resource {
	return dnsmessage.Resource{Header: header(owner, dnsmessage.TypeCNAME), Body: &dnsmessage.CNAMEResource{CNAME: name(target)}}
}

func text(owner string) dnsmessage.Resource {
	return dnsmessage.Resource{Header: header(owner, dnsmessage.TypeTXT), Body: &dnsmessage.TXTResource{TXT: []string{"x"}}}
}

var answering = packet.Packet{Key: flow.Key{Src: flow.Addr4(1), Dst: flow.Addr4(2), SrcPort: 53, DstPort: 40000, Proto: 17}}

func TestDNS(t *testing.T) {
	response := dnsmessage.Header{Response: true}
	one := [4]byte{203, 0, 113, 1}
	learned := func(addr, name string) map[string][]flow.Host {
		return map[string][]flow.Host{addr: {{Name: name, How: flow.FromDNS}}}
	}
	whole := dns(t, "Www.Example.com.", response, a("www.example.com.", one), a("www.example.com.", [4]byte{203, 0, 113, 2}))
	tests := map[string]struct {
		data []byte
		want map[string][]flow.Host
	}{
		"A":                           {dns(t, "www.example.com.", response, a("www.example.com.", one)), learned("203.0.113.1", "www.example.com")},
		"AAAA":                        {dns(t, "www.example.com.", response, aaaa("www.example.com.", "2001:db8::1")), learned("2001:db8::1", "www.example.com")},
		"any case":                    {dns(t, "Www.Example.com.", response, a("www.EXAMPLE.com.", one)), learned("203.0.113.1", "www.example.com")},
		"aliases":                     {dns(t, "x.blob.core.windows.net.", response, cname("x.blob.core.windows.net.", "y.store."), cname("y.store.", "z.store."), a("z.store.", one)), learned("203.0.113.1", "x.blob.core.windows.net")},
		"other types":                 {dns(t, "a.example.", response, text("a.example."), a("a.example.", one)), learned("203.0.113.1", "a.example")},
		"cut after the first answer":  {whole[:len(whole)-5], learned("203.0.113.1", "www.example.com")},
		"somebody else's":             {dns(t, "a.example.", response, a("b.example.", one)), nil},
		"question":                    {dns(t, "a.example.", dnsmessage.Header{}, a("a.example.", one)), nil},
		"failure":                     {dns(t, "a.example.", dnsmessage.Header{Response: true, RCode: dnsmessage.RCodeNameError}, a("a.example.", one)), nil},
		"name that spoils a terminal": {dns(t, "\x1b[31m.example.", response, a("\x1b[31m.example.", one)), nil},
		"root":                        {dns(t, ".", response, a(".", one)), nil},
		"no DNS":                      {[]byte("hello, this is not a message"), nil},
		"nothing":                     {nil, nil},
	}
	for n, test := range tests {
		t.Run(n, func(t *testing.T) {
			var hosts flow.Hosts
			learn(&hosts, &answering, test.data)
			got := map[string][]flow.Host{}
			for addr := range test.want {
				got[addr] = hosts.Of(flow.AddrOf(netip.MustParseAddr(addr)))
			}
			if hosts.Len() != len(test.want) || len(test.want) > 0 && !cmp.Equal(test.want, got) {
				t.Errorf("%d addresses, %v, want %v", hosts.Len(), got, test.want)
			}
		})
	}
}

// TestDNSOverTCP checks whole answers, one after the other, and that parts of
// answers are left out.
func TestDNSOverTCP(t *testing.T) {
	response := dnsmessage.Header{Response: true}
	framed := func(b []byte) []byte { return append([]byte{byte(len(b) >> 8), byte(len(b))}, b...) }
	one := framed(dns(t, "one.example.", response, a("one.example.", [4]byte{203, 0, 113, 1})))
	two := framed(dns(t, "two.example.", response, a("two.example.", [4]byte{203, 0, 113, 2})))
	tests := map[string]struct {
		data   []byte
		length int // of the segment's data; 0 for all
		want   int // addresses
	}{
		"one":                      {one, 0, 1},
		"two":                      {append(bytes.Clone(one), two...), 0, 2},
		"second goes on elsewhere": {append(bytes.Clone(one), two[:20]...), 0, 1},
		"goes on elsewhere":        {one[:len(one)-4], 0, 0},
		"captured in part":         {one[:len(one)-4], len(one), 0},
		"second captured in part":  {append(bytes.Clone(one), two[:9]...), len(one) + len(two), 1},
		"begins elsewhere":         {one[7:], 0, 0},
		"length alone":             {one[:2], len(one), 0},
	}
	for n, test := range tests {
		t.Run(n, func(t *testing.T) {
			p := answering
			p.Proto, p.Whole, p.Length = 6, true, uint32(len(test.data))
			if test.length > 0 {
				p.Length = uint32(test.length)
			}
			var hosts flow.Hosts
			if names.Teaches(&p) {
				learn(&hosts, &p, test.data)
			}
			if hosts.Len() != test.want {
				t.Errorf("%d addresses, want %d", hosts.Len(), test.want)
			}
		})
	}
}

// hello builds a ClientHello that asks for the server with the given name.
func hello(server string) []byte {
	var b cryptobyte.Builder
	b.AddBytes([]byte{0x16, 3, 1})
	b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
		b.AddUint8(1)
		b.AddUint24LengthPrefixed(func(b *cryptobyte.Builder) {
			b.AddUint16(0x0303)
			b.AddBytes(make([]byte, 32))
			b.AddUint8LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(make([]byte, 32)) })
			b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddUint16(0x1301) })
			b.AddUint8LengthPrefixed(func(b *cryptobyte.Builder) { b.AddUint8(0) })
			b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
				b.AddUint16(0x0a0a) // an extension that nobody knows (RFC 8701)
				b.AddUint16(0)
				b.AddUint16(0)
				b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
					b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
						b.AddUint8(0)
						b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes([]byte(server)) })
					})
				})
				b.AddUint16(16)
				b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(make([]byte, 1400)) })
			})
		})
	})
	return b.BytesOrPanic()
}

func TestTLS(t *testing.T) {
	opening := packet.Packet{Key: flow.Key{Src: flow.Addr4(1), Dst: flow.Addr4(0xcb007109), SrcPort: 40000, DstPort: 8443, Proto: 6}}
	other := hello("www.example.com")
	other[5] = 2
	tests := map[string]struct {
		data []byte
		want string
	}{
		"whole":                       {hello("Www.Example.com"), "www.example.com"},
		"cut after the name":          {hello("www.example.com")[:160], "www.example.com"},
		"cut in the name":             {hello("www.example.com")[:bytes.Index(hello("www.example.com"), []byte("example"))], ""},
		"server hello":                {other, ""},
		"name that spoils a terminal": {hello("\x1b]0;x"), ""},
		"no name":                     {hello(""), ""},
		"endless name":                {hello(strings.Repeat("a", 300)), ""},
		"plain text":                  {[]byte("GET / HTTP/1.1\r\n"), ""},
		"nothing":                     {nil, ""},
	}
	for n, test := range tests {
		t.Run(n, func(t *testing.T) {
			var hosts flow.Hosts
			learn(&hosts, &opening, test.data)
			var want []flow.Host
			if test.want != "" {
				want = []flow.Host{{Name: test.want, How: flow.FromTLS}}
			}
			if diff := cmp.Diff(want, hosts.Of(opening.Dst)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// FuzzLearn checks that no data is too much for it.
func FuzzLearn(f *testing.F) {
	f.Add(true, hello("www.example.com"))
	f.Add(false, []byte("\x00\x01\x81\x80\x00\x01\x00\x01\x00\x00\x00\x00\x01a\x00\x00\x01\x00\x01\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\xcb\x00\x71\x01"))
	f.Fuzz(func(t *testing.T, tcp bool, data []byte) {
		p := answering
		if tcp {
			p.Proto, p.Whole, p.Length = 6, true, uint32(len(data))
			p.SrcPort = [...]uint16{53, 40000}[len(data)%2]
		}
		var hosts flow.Hosts
		learn(&hosts, &p, data)
	})
}

// learn takes a packet with data alone.
func learn(hosts *flow.Hosts, p *packet.Packet, data []byte) {
	o := *p
	o.Payload = 1
	names.NewTeller(hosts).Packet(&o, append([]byte{0}, data...))
}
