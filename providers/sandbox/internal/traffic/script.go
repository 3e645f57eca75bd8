package traffic

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"strings"

	"flowctl/providers/sandbox/internal/world"
)

// script is how connections of one application open, and what fills the rest.
type script struct {
	messages []message
	body     int16 // plain or tlsRecord
}

// message is one packet's payload.
type message struct {
	dir  uint8
	data []byte
	vary []blank
}

// blank is a part of a message that differs between connections. Blanks with
// the same id are filled alike; skip is what of it was in an earlier packet.
type blank struct{ off, n, id, skip int }

// scripts are the openings that the connections of t draw from.
func (m *Model) scripts(t *world.Traffic) []script {
	switch t.App {
	case "tls":
		return []script{{messages: cut(tlsOpening(t.ServerName)), body: tlsRecord}}
	case "http":
		return []script{{messages: httpOpening(t.ServerName), body: plain}}
	case "dns":
		return m.dnsScripts(t.Names)
	case "ntp":
		return []script{{messages: ntpOpening(), body: plain}}
	}
	return []script{{messages: cut(slices.Clone(openings[t.App])), body: plain}}
}

// cut splits messages that do not fit into a packet.
func cut(ms []message) (out []message) {
	for _, m := range ms {
		for at := 0; at < len(m.data); at += mss {
			end := min(at+mss, len(m.data))
			out = append(out, message{dir: m.dir, data: m.data[at:end], vary: within(m.vary, at, end)})
		}
	}
	return out
}

// within returns the parts of blanks between at and end, counted from at.
func within(blanks []blank, at, end int) (out []blank) {
	for _, v := range blanks {
		lo, hi := max(v.off, at), min(v.off+v.n, end)
		if lo < hi {
			out = append(out, blank{off: lo - at, n: hi - lo, id: v.id, skip: v.skip + lo - v.off})
		}
	}
	return out
}

func text(dir uint8, s string) message { return message{dir: dir, data: []byte(s)} }

// opaque is a message of which only its head is known; the rest differs.
func opaque(dir uint8, head string, size, id int) message {
	data := make([]byte, size)
	n := copy(data, head)
	return message{dir: dir, data: data, vary: []blank{{off: n, n: size - n, id: id}}}
}

// openings of applications whose first bytes say what they are: TDS
// (MS-TDS 2.2.6.5), PostgreSQL (protocol 3.0, StartupMessage), Redis (RESP),
// SSH (RFC 4253, 4.2) and RDP (MS-RDPBCGR 2.2.1.1).
var openings = map[string][]message{
	"mssql": {
		text(up, "\x12\x01\x00\x2f\x00\x00\x00\x00\x00\x00\x1a\x00\x06\x01\x00\x20\x00\x01\x02\x00\x21\x00\x01\x03\x00\x22\x00\x04\x04\x00\x26\x00\x01\xff\x10\x00\x10\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00"),
		text(down, "\x04\x01\x00\x2b\x00\x00\x00\x00\x00\x00\x1a\x00\x06\x01\x00\x20\x00\x01\x02\x00\x21\x00\x01\x03\x00\x22\x00\x00\x04\x00\x22\x00\x01\xff\x10\x00\x07\xd0\x00\x00\x01\x00\x00"),
		opaque(up, "\x12\x01\x00\xf2\x00\x00\x00\x00", 242, 1),
		opaque(down, "\x12\x01\x05\x78\x00\x00\x00\x00", 1400, 2),
	},
	"postgres": {
		text(up, "\x00\x00\x00\x39\x00\x03\x00\x00user\x00shop\x00database\x00orders\x00application_name\x00web\x00\x00"),
		text(down, "R\x00\x00\x00\x08\x00\x00\x00\x00S\x00\x00\x00\x19server_version\x0016.4 \x00Z\x00\x00\x00\x05I"),
	},
	"redis": {
		text(up, "*2\r\n$5\r\nHELLO\r\n$1\r\n3\r\n"),
		text(down, "%2\r\n$6\r\nserver\r\n$5\r\nredis\r\n$5\r\nproto\r\n:3\r\n"),
	},
	"ssh": {
		text(up, "SSH-2.0-OpenSSH_9.6\r\n"),
		text(down, "SSH-2.0-OpenSSH_8.9p1 Ubuntu-3ubuntu0.10\r\n"),
		opaque(up, "\x00\x00\x05\x34\x0a\x14", 1336, 1),
		opaque(down, "\x00\x00\x04\x34\x08\x14", 1080, 2),
	},
	"rdp": {
		text(up, "\x03\x00\x00\x13\x0e\xe0\x00\x00\x00\x00\x00\x01\x00\x08\x00\x0b\x00\x00\x00"),
		text(down, "\x03\x00\x00\x13\x0e\xd0\x00\x00\x12\x34\x00\x02\x1f\x08\x00\x02\x00\x00\x00"),
	},
}

func httpOpening(host string) []message {
	return []message{
		text(up, "GET / HTTP/1.1\r\nHost: "+host+"\r\nUser-Agent: contoso/4.2\r\nAccept: */*\r\n\r\n"),
		text(down, "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nServer: nginx\r\nConnection: keep-alive\r\n\r\n"),
	}
}

// ntpOpening is a client's and a server's packet (RFC 5905, 7.3).
func ntpOpening() []message {
	ask, answer := make([]byte, 48), make([]byte, 48)
	ask[0] = 0x23
	copy(answer, "\x24\x02\x06\xe8")
	return []message{
		{dir: up, data: ask, vary: []blank{{off: 40, n: 8, id: 1}}},
		{dir: down, data: answer, vary: []blank{{off: 16, n: 8, id: 2}, {off: 24, n: 8, id: 1}, {off: 32, n: 16, id: 3}}},
	}
}

// The types of DNS questions (RFC 1035, 3596, 2782).
const (
	typeA    = 1
	typeAAAA = 28
	typeSRV  = 33
)

// dnsScripts are a question and an answer for each of names: addresses for A,
// an empty answer for all else.
func (m *Model) dnsScripts(names []string) (out []script) {
	for _, name := range names {
		if strings.HasPrefix(name, "_") {
			out = append(out, dnsScript(name, typeSRV, nil))
			continue
		}
		out = append(out, dnsScript(name, typeA, m.resolve(name)), dnsScript(name, typeAAAA, nil))
	}
	return out
}

// resolve finds the addresses of name among the hosts and machines of the
// world, or makes one up.
func (m *Model) resolve(name string) []netip.Addr {
	for _, h := range m.w.Hosts {
		if slices.Contains(h.Names, name) {
			return h.Addresses[:min(len(h.Addresses), 4)]
		}
	}
	label, _, _ := strings.Cut(name, ".")
	for _, vm := range m.w.VMs {
		if strings.TrimPrefix(vm.Name, "vm-") == label {
			return []netip.Addr{vm.NICs[0].Private}
		}
	}
	h := mix(m.w.Seed, hashText(name))
	return []netip.Addr{netip.AddrFrom4([4]byte{192, 0, 2, byte(h)})}
}

func dnsScript(name string, typ uint16, addrs []netip.Addr) script {
	id := []blank{{off: 0, n: 2, id: 1}}
	return script{body: plain, messages: []message{
		{dir: up, data: dnsMessage(name, typ, 0x0100, nil), vary: id},
		{dir: down, data: dnsMessage(name, typ, 0x8180, addrs), vary: id},
	}}
}

// dnsMessage is a message with one question (RFC 1035, 4).
func dnsMessage(name string, typ, flags uint16, addrs []netip.Addr) []byte {
	b := binary.BigEndian.AppendUint16(nil, 0) // the id, a blank
	for _, v := range []uint16{flags, 1, uint16(len(addrs)), 0, 0} {
		b = binary.BigEndian.AppendUint16(b, v)
	}
	for label := range strings.SplitSeq(name, ".") {
		b = append(append(b, byte(len(label))), label...)
	}
	b = binary.BigEndian.AppendUint16(append(b, 0), typ)
	b = binary.BigEndian.AppendUint16(b, 1)
	for _, a := range addrs {
		b = append(b, "\xc0\x0c\x00\x01\x00\x01\x00\x00\x01\x2c\x00\x04"...)
		b = append(b, a.AsSlice()...)
	}
	return b
}
