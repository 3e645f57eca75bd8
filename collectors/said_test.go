package collectors

import (
	"bytes"
	"net/netip"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/net/dns/dnsmessage"

	"github.com/google/go-cmp/cmp"

	"flowctl/collectors/pcap/pcaptest"
	"flowctl/collectors/summary"
	"flowctl/plan/question"
)

// helloTo is a ClientHello for a server, or without a name, with so many bytes before the
// name, as the keys of a post-quantum exchange are; or a ServerHello of TLS 1.3.
func helloTo(server string, before int) []byte {
	var b cryptobyte.Builder
	extension := func(b *cryptobyte.Builder, kind uint16, body func(*cryptobyte.Builder)) {
		b.AddUint16(kind)
		b.AddUint16LengthPrefixed(body)
	}
	b.AddBytes([]byte{0x16, 3, 1})
	b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
		b.AddUint8(1)
		b.AddUint24LengthPrefixed(func(b *cryptobyte.Builder) {
			b.AddUint16(0x0303)
			b.AddBytes(make([]byte, 32))
			b.AddUint8LengthPrefixed(func(b *cryptobyte.Builder) {})
			b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddUint16(0x1301) })
			b.AddUint8LengthPrefixed(func(b *cryptobyte.Builder) { b.AddUint8(0) })
			b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
				extension(b, 51, func(b *cryptobyte.Builder) { b.AddBytes(make([]byte, before)) })
				if server != "" {
					extension(b, 0, func(b *cryptobyte.Builder) {
						b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
							b.AddUint8(0)
							b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes([]byte(server)) })
						})
					})
				}
				extension(b, 16, func(b *cryptobyte.Builder) {
					b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
						for _, p := range []string{"h2", "http/1.1"} {
							b.AddUint8LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes([]byte(p)) })
						}
					})
				})
			})
		})
	})
	return b.BytesOrPanic()
}

func serverHello() []byte {
	var b cryptobyte.Builder
	b.AddBytes([]byte{0x16, 3, 3})
	b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
		b.AddUint8(2)
		b.AddUint24LengthPrefixed(func(b *cryptobyte.Builder) {
			b.AddUint16(0x0303)
			b.AddBytes(make([]byte, 32))
			b.AddUint8LengthPrefixed(func(b *cryptobyte.Builder) {})
			b.AddBytes([]byte{0x13, 1, 0})
			b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes([]byte{0, 43, 0, 2, 3, 4}) })
		})
	})
	return b.BytesOrPanic()
}

func dnsOf(t *testing.T, asked string, answer bool, code dnsmessage.RCode, addresses ...[4]byte) []byte {
	name := dnsmessage.MustNewName(asked)
	m := dnsmessage.Message{Header: dnsmessage.Header{Response: answer, RCode: code}, Questions: []dnsmessage.Question{{Name: name, Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET}}}
	for _, a := range addresses {
		m.Answers = append(m.Answers, dnsmessage.Resource{Header: dnsmessage.ResourceHeader{Name: name, Class: dnsmessage.ClassINET, TTL: 60}, Body: &dnsmessage.AResource{A: a}})
	}
	b, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// talking is a capture, cut after so many bytes of each packet: two connections of TLS to one
// address, of which one has a ClientHello in two segments; one of HTTP; one that was going on
// before; and questions for names.
func talking(t *testing.T, snap int) string {
	t.Helper()
	var file pcaptest.Classic
	b, at := file.Append(nil), int64(1778320860e9)
	server, dns := netip.MustParseAddrPort("198.51.100.7:443"), netip.MustParseAddrPort("168.63.129.16:53")
	client := func(port uint16) netip.AddrPort { return netip.AddrPortFrom(netip.MustParseAddr("10.0.0.4"), port) }
	packet := func(after int64, ip []byte) {
		at += after * 1e6
		frame := pcaptest.Ethernet(ip)
		b = file.AppendRecord(b, pcaptest.Record{At: at, Wire: uint32(len(frame)), Data: frame[:min(snap, len(frame))]})
	}
	const ack, syn = pcaptest.ACK, pcaptest.SYN
	talk := func(from, to netip.AddrPort, hellos ...[]byte) (seq uint32) {
		packet(1, pcaptest.TCP(from, to, syn, 100, 0, nil))
		packet(20, pcaptest.TCP(to, from, syn|ack, 500, 101, nil))
		packet(4, pcaptest.TCP(from, to, ack, 101, 501, nil))
		seq = 101
		for _, h := range hellos {
			packet(1, pcaptest.TCP(from, to, ack, seq, 501, h))
			seq += uint32(len(h))
		}
		return seq
	}
	big := helloTo("pq.example", 1600)
	seq := talk(client(50001), server, big[:1400], big[1400:])
	packet(1, pcaptest.TCP(server, client(50001), ack, 501, seq, serverHello()))
	packet(1, pcaptest.TCP(client(50001), server, ack, seq, 601, []byte("some data")))
	packet(9, pcaptest.TCP(client(50001), server, ack, seq, 601, []byte("some data"))) // again
	seq = talk(client(50002), server, helloTo("", 10))
	packet(1, pcaptest.TCP(server, client(50002), pcaptest.RST|ack, 501, seq, nil))
	talk(client(50003), netip.AddrPortFrom(server.Addr(), 80), []byte("GET / HTTP/1.1\r\nHost: Plain.Example:8080\r\n\r\n"))
	packet(1, pcaptest.TCP(client(50004), server, ack, 9000, 9000, []byte("in the middle")))
	packet(1, pcaptest.UDP(client(50005), dns, dnsOf(t, "db.example.", false, 0)))
	packet(1, pcaptest.UDP(dns, client(50005), dnsOf(t, "db.example.", true, 0, [4]byte{10, 0, 0, 9})))
	packet(1, pcaptest.UDP(client(50006), dns, dnsOf(t, "gone.example.", false, 0)))
	packet(1, pcaptest.UDP(dns, client(50006), dnsOf(t, "gone.example.", true, dnsmessage.RCodeNameError)))
	packet(1, pcaptest.UDP(client(50007), dns, dnsOf(t, "silent.example.", false, 0)))
	path := filepath.Join(t.TempDir(), "a.pcap")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// rowsBy are the answers to a question by some fields: flows by values.
func rowsBy(t *testing.T, path string, q question.Question) map[string]summary.Row {
	t.Helper()
	q.Name, q.Top = "q", 100
	doc, _, err := Sum{Items: itemsOf(path), Options: summary.Options{Questions: []*summary.Question{summary.Compile(q)}, Only: true}}.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]summary.Row{}
	for _, r := range doc.Asks[0].Rows {
		key := ""
		for _, k := range r.Key {
			key += k + "|"
		}
		out[key] = r
	}
	return out
}

// TestSaid wants names to belong to the flow that showed them, and what was not captured to
// be unknown.
func TestSaid(t *testing.T) {
	whole := talking(t, 1<<16)
	flows := func(path string, by ...string) map[string]uint64 {
		out := map[string]uint64{}
		for k, r := range rowsBy(t, path, question.Question{By: by}) {
			out[k] = r.Flows
		}
		return out
	}
	for by, want := range map[string]map[string]uint64{
		"tls.server_name": {"pq.example|50001|": 1, "|50002|": 1, "|50003|": 1, "|50004|": 1, "|50005|": 1, "|50006|": 1, "|50007|": 1},
		"tls.version":     {"1.3|50001|": 1, "|50002|": 1, "|50003|": 1, "unknown|50004|": 1, "|50005|": 1, "|50006|": 1, "|50007|": 1},
		"tls.alpn":        {"h2, http/1.1|50001|": 1, "h2, http/1.1|50002|": 1, "|50003|": 1, "|50004|": 1, "|50005|": 1, "|50006|": 1, "|50007|": 1},
		"http.host":       {"|50001|": 1, "|50002|": 1, "plain.example|50003|": 1, "|50004|": 1, "|50005|": 1, "|50006|": 1, "|50007|": 1},
		"dns.asked":       {"|50001|": 1, "|50002|": 1, "|50003|": 1, "|50004|": 1, "db.example|50005|": 1, "gone.example|50006|": 1, "silent.example|50007|": 1},
		"dns.answered":    {"|50001|": 1, "|50002|": 1, "|50003|": 1, "|50004|": 1, "10.0.0.9|50005|": 1, "NXDOMAIN|50006|": 1, "|50007|": 1},
	} {
		if diff := cmp.Diff(want, flows(whole, by, "source.port")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", by, diff)
		}
	}
	asked := []string{
		`tls.server_name == "PQ.example"`, `source.port == 50002 && tls.server_name == "pq.example"`, `source.port == 50004 && tls.server_name == "pq.example"`,
		`contains(["http/1.1"], tls.alpn)`, `startswith(tls.alpn, "h2")`, `has(dns.answered) && !endswith(dns.asked, ".example")`, `dns.answered == "NXDOMAIN"`, `tls.version == "1.2"`,
	}
	for path, want := range map[string][]string{
		whole:               {"answered", "nothing-found", "cannot-answer", "answered", "answered", "nothing-found", "answered", "cannot-answer"},
		talking(t, 96):      {"cannot-answer", "cannot-answer", "cannot-answer", "cannot-answer", "cannot-answer", "nothing-found", "answered", "cannot-answer"},
		talking(t, 54):      {"cannot-answer", "cannot-answer", "cannot-answer", "cannot-answer", "cannot-answer", "cannot-answer", "answered", "cannot-answer"},
		asParquet(t, whole): {"cannot-answer", "cannot-answer", "cannot-answer", "cannot-answer", "cannot-answer", "cannot-answer", "cannot-answer", "cannot-answer"},
	} {
		var got []string
		for _, a := range askedOf(t, path, asked...) {
			got = append(got, a.Outcome)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
	}
}

// TestMeasuresOfTCP wants those of each connection, and null where it was not captured.
func TestMeasuresOfTCP(t *testing.T) {
	order, _ := question.ParseOrder("-retransmitted")
	path := talking(t, 96)
	rows := rowsBy(t, path, question.Question{By: []string{"source.port"}, Order: order})
	ms := func(v float64) *float64 { return &v }
	know := summary.Known
	for port, want := range map[string]*summary.RowTCP{
		"50001|": {Retransmitted: know(1), Resets: know(0), ZeroWindows: know(0), Handshake: ms(24)},
		"50002|": {Retransmitted: know(0), Resets: know(1), ZeroWindows: know(0), Handshake: ms(24)},
		"50004|": {Retransmitted: know(0), Resets: know(0), ZeroWindows: know(0)},
		"50005|": {},
	} {
		if diff := cmp.Diff(want, rows[port].TCP); diff != "" {
			t.Errorf("%s (-want +got):\n%s", port, diff)
		}
	}
	for by, want := range map[string]string{"": "1", "protocol": "1", "time(1h)": "1"} {
		q := question.Question{Order: order}
		if by != "" {
			q.By = []string{by}
		}
		total := uint64(0)
		for _, r := range rowsBy(t, path, q) {
			total += r.TCP.Retransmitted.N
		}
		if total != 1 {
			t.Errorf("by %s: %d segments came again, want %s", by, total, want)
		}
	}
	log := oneOfEach(t)["VNet flow log"]
	for _, r := range rowsBy(t, log, question.Question{By: []string{"port"}, Order: order}) {
		if r.TCP.Retransmitted.Known || r.TCP.Handshake != nil {
			t.Errorf("a flow log knows %v", r.TCP)
		}
	}
}

// asParquet is the flows of a file, kept as Parquet.
func asParquet(t *testing.T, path string) string {
	t.Helper()
	var kept bytes.Buffer
	if _, _, err := (Sum{Items: itemsOf(path), Flows: &Flows{To: &kept}}).Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	to := filepath.Join(t.TempDir(), "a.parquet")
	put(t, to, kept.Bytes())
	return to
}
