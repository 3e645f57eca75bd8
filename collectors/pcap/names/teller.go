package names

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"
	"strings"

	"golang.org/x/net/dns/dnsmessage"

	"flowctl/collectors/flow"
	"flowctl/collectors/pcap/packet"
)

// Teller learns from the packets of one source what addresses are called, and, if that is
// wanted, what each flow said: the names that a TLS client asks for, also where its first
// message is in several segments, those of HTTP requests, and DNS questions with their answers.
type Teller struct {
	hosts *flow.Hosts
	begun map[flow.Key]*hello // messages of which a part is to come
	Flows bool                // what single flows said is wanted, also that it was cut
}

// hello is the beginning of a TLS message.
type hello struct {
	data []byte
	next uint32 // sequence number of what follows
}

// The most that is waited for: messages, and bytes of one.
const (
	mostBegun = 256
	mostHello = 16 << 10
)

// NewTeller returns one that tells hosts; nil if nobody wants to know.
func NewTeller(hosts *flow.Hosts) *Teller {
	if hosts == nil {
		return nil
	}
	return &Teller{hosts: hosts, begun: map[flow.Key]*hello{}, Flows: hosts.WantsFlows()}
}

// Packet takes a packet, of which frame is what was captured.
func (t *Teller) Packet(p *packet.Packet, frame []byte) {
	var data []byte
	if p.Payload != 0 {
		data = frame[p.Payload:]
	}
	switch {
	case p.Proto == protoU && p.SrcPort == dnsPort:
		answer(t.hosts, data)
		fallthrough
	case p.Proto == protoU && p.DstPort == dnsPort:
		t.dns(p, data)
	case p.Proto == protoT && p.SrcPort == dnsPort:
		answers(t.hosts, data, int64(p.Segment.Length))
		fallthrough
	case p.Proto == protoT && p.DstPort == dnsPort:
		t.dnsOverTCP(p, data)
	case p.Proto == protoT:
		t.tcp(p, data)
	}
}

// tell notes something of a flow.
func (t *Teller) tell(k flow.Key, note func(*flow.Told)) {
	if t.Flows {
		t.hosts.Tell(k, note)
	}
}

func client(p *packet.Packet) flow.Key { return p.Key }

// server is the key of the client's packets, of a packet that the server sent.
func server(p *packet.Packet) flow.Key {
	return flow.Key{Src: p.Dst, Dst: p.Src, SrcPort: p.DstPort, DstPort: p.SrcPort, Proto: p.Proto}
}

// tcp looks at a segment with data.
func (t *Teller) tcp(p *packet.Packet, data []byte) {
	whole := p.Whole && uint32(len(data)) >= p.Segment.Length
	if whole {
		data = data[:p.Segment.Length] // and not what pads the frame
	}
	if len(t.begun) > 0 && t.begun[p.Key] != nil {
		t.goesOn(p, t.begun[p.Key], data, whole)
		return
	}
	switch {
	case len(data) < 6 && !whole:
		t.cut(p)
	case len(data) > 5 && data[0] == recordHandshake && data[1] == 3 && (data[5] == clientHello || data[5] == serverHello):
		t.message(p, data, whole)
	case t.Flows && startsRequest(data):
		t.request(p, data, whole)
	}
}

// cut notes of both ends that something was not captured which may name something.
func (t *Teller) cut(p *packet.Packet) {
	t.tell(client(p), func(f *flow.Told) { f.Cut = true })
	t.tell(server(p), func(f *flow.Told) { f.Cut = true })
}

// message takes a hello, or the begin of one.
func (t *Teller) message(p *packet.Packet, data []byte, whole bool) {
	need := 9 + int(data[6])<<16 + int(data[7])<<8 + int(data[8]) // with the headers of one record
	switch {
	case len(data) >= need || need > mostHello:
		t.hello(p, data)
	case whole && len(t.begun) < mostBegun:
		t.begun[p.Key] = &hello{bytes.Clone(data), p.Seq + p.Segment.Length}
	default:
		t.hello(p, data)
		t.cut(p)
	}
}

// goesOn takes what follows the begin of a hello.
func (t *Teller) goesOn(p *packet.Packet, h *hello, data []byte, whole bool) {
	if p.Seq != h.next {
		return // again, or overtaken: what is missing may come
	}
	h.data = append(h.data, data...)
	h.next += p.Segment.Length
	delete(t.begun, p.Key)
	if whole {
		t.message(p, h.data, true)
		return
	}
	t.hello(p, h.data)
	t.cut(p)
}

// hello notes what a ClientHello or ServerHello says.
func (t *Teller) hello(p *packet.Packet, data []byte) {
	said := readHello(data)
	if data[5] == serverHello {
		t.tell(server(p), func(f *flow.Told) {
			f.Version = said.version
			if len(said.alpn) > 0 {
				f.ALPN = said.alpn
			}
		})
		return
	}
	name := strings.ToLower(said.server)
	if !valid(name) {
		name = ""
	} else {
		t.hosts.Add(p.Dst, name, flow.FromTLS)
	}
	t.tell(client(p), func(f *flow.Told) {
		f.Hello = f.Hello || said.whole
		f.ServerName = cmp.Or(name, f.ServerName)
		if len(f.ALPN) == 0 {
			f.ALPN = said.alpn
		}
	})
}

var requests = [][]byte{[]byte("GET "), []byte("POST "), []byte("HEAD "), []byte("PUT "), []byte("DELETE "), []byte("OPTIONS "), []byte("PATCH "), []byte("CONNECT ")}

func startsRequest(data []byte) bool {
	return slices.ContainsFunc(requests, func(r []byte) bool { return bytes.HasPrefix(data, r) })
}

// request notes the host of an HTTP request (RFC 9112, 3.2), if its header is in one segment.
func (t *Teller) request(p *packet.Packet, data []byte, whole bool) {
	head, _, ended := bytes.Cut(data, []byte("\r\n\r\n"))
	name := ""
	for _, line := range bytes.Split(head, []byte("\r\n"))[1:] {
		if field, value, ok := bytes.Cut(line, []byte(":")); ok && bytes.EqualFold(field, []byte("host")) {
			name = strings.ToLower(strings.TrimSpace(string(value)))
		}
	}
	host, _, _ := strings.Cut(name, ":")
	t.tell(client(p), func(f *flow.Told) {
		if valid(host) {
			f.Host = host
		}
		f.Cut = f.Cut || f.Host == "" && !ended
	})
}

// dnsOverTCP takes messages that are in one segment each.
func (t *Teller) dnsOverTCP(p *packet.Packet, data []byte) {
	if !t.Flows {
		return
	}
	for len(data) > 2 {
		n := int(binary.BigEndian.Uint16(data))
		data = data[2:]
		t.dns(p, data[:min(n, len(data))])
		if n > len(data) {
			return
		}
		data = data[n:]
	}
}

// dns notes a question, and of an answer what came of it.
func (t *Teller) dns(p *packet.Packet, data []byte) {
	if !t.Flows {
		return
	}
	key := client(p)
	if p.SrcPort == dnsPort && (p.DstPort != dnsPort || len(data) > 2 && data[2]&0x80 != 0) {
		key = server(p)
	}
	var m dnsmessage.Parser
	h, err := m.Start(data)
	if err != nil {
		t.tell(key, func(f *flow.Told) { f.Cut = true })
		return
	}
	t.tell(key, func(f *flow.Told) {
		for {
			q, err := m.Question()
			if err != nil {
				f.Cut = f.Cut || err != dnsmessage.ErrSectionDone
				break
			}
			if name := clean(q.Name); valid(name) {
				f.Asked = flow.AddText(f.Asked, name)
			}
		}
		if h.Response {
			f.Answered, f.Cut = answered(&m, h, f.Answered, f.Cut)
		}
	})
}

// codes are what DNS calls its errors (RFC 1035, 4.1.1).
var codes = map[dnsmessage.RCode]string{1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED"}

// answered adds what an answer says: addresses, or why there are none.
func answered(m *dnsmessage.Parser, h dnsmessage.Header, list []string, cut bool) ([]string, bool) {
	if h.RCode != dnsmessage.RCodeSuccess {
		return flow.AddText(list, codes[h.RCode]), cut
	}
	n := len(list)
	for {
		r, err := m.Answer()
		if err != nil {
			if err != dnsmessage.ErrSectionDone {
				return list, true
			}
			if len(list) == n && n == 0 {
				list = flow.AddText(list, "NODATA")
			}
			return list, cut
		}
		switch body := r.Body.(type) {
		case *dnsmessage.AResource:
			list = flow.AddText(list, flow.Addr4(binary.BigEndian.Uint32(body.A[:])).String())
		case *dnsmessage.AAAAResource:
			list = flow.AddText(list, flow.Addr16(body.AAAA[:]).String())
		case *dnsmessage.CNAMEResource:
			if name := clean(body.CNAME); valid(name) {
				list = flow.AddText(list, name)
			}
		}
	}
}
