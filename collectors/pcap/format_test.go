package pcap_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"flowctl/collectors/flow"
	"flowctl/collectors/pcap"
	"flowctl/collectors/pcap/pcaptest"
)

const noon = int64(1793534400_000000000)

var (
	client = netip.MustParseAddrPort("10.0.0.4:50000")
	server = netip.MustParseAddrPort("203.0.113.9:443")
)

// exchange is a connection of three packets, a millisecond apart.
func exchange() []pcaptest.Record {
	return []pcaptest.Record{
		{At: noon, Data: pcaptest.Ethernet(pcaptest.TCP(client, server, pcaptest.SYN, 1, 0, nil))},
		{At: noon + 1e6, Data: pcaptest.Ethernet(pcaptest.TCP(server, client, pcaptest.SYN|pcaptest.ACK, 9, 2, nil))},
		{At: noon + 2e6, Data: pcaptest.Ethernet(pcaptest.TCP(client, server, pcaptest.ACK, 2, 10, []byte("hello, world, this is data")))},
	}
}

// exchanged is the record of exchange.
func exchanged() flow.Record {
	return flow.Record{
		Key:   flow.Key{Src: flow.AddrOf(client.Addr()), Dst: flow.AddrOf(server.Addr()), SrcPort: 50000, DstPort: 443, Proto: 6},
		First: noon, Last: noon + 2e6,
		Sent:     flow.Count{Packets: 2, IPBytes: 40 + 66, FrameBytes: 60 + 80},
		Received: flow.Count{Packets: 1, IPBytes: 40, FrameBytes: 60},
		Measured: flow.Packets | flow.IPBytes | flow.FrameBytes,
		Class:    flow.Capture, State: flow.End,
		Point: 1,
		TCP: flow.TCP{
			Sent: flow.TCPCount{SYN: 1}, Received: flow.TCPCount{SYNACK: 1}, Answered: 1000, Confirmed: 1000,
			Seen: flow.TCPSent | flow.TCPReceived | flow.TCPAnswered | flow.TCPConfirmed,
		},
	}
}

// formats are files that hold exchange.
func formats() map[string][]byte {
	rs := exchange()
	fine := pcaptest.Blocks{Big: true}
	odd := fine.Interface(fine.Section(nil), 1, 0, 9, -100)
	odd = fine.Append(odd, 0xbad, []byte("a custom block"))
	odd = fine.Packet(odd, rs[0], uint64(rs[0].At)+100e9)
	little := pcaptest.Blocks{}
	odd = little.Interface(little.Section(odd), 127, 0, 6, 0)
	odd = little.Interface(odd, 1, 0, 0x80|20, 0) // 2^-20 s, almost a microsecond
	rs[1].Interface, rs[2].Interface = 1, 1
	odd = little.Packet(odd, rs[1], uint64(noon/1e9)<<20+1049)
	odd = little.Old(odd, rs[2], uint64(noon/1e9)<<20+2098)
	return map[string][]byte{
		"microseconds":             pcaptest.Classic{}.File(rs...),
		"microseconds, swapped":    pcaptest.Classic{Big: true}.File(rs...),
		"nanoseconds":              pcaptest.Classic{Magic: pcaptest.Nano}.File(rs...),
		"nanoseconds, swapped":     pcaptest.Classic{Magic: pcaptest.Nano, Big: true}.File(rs...),
		"modified":                 pcaptest.Classic{Magic: pcaptest.Modified}.File(rs...),
		"modified, swapped":        pcaptest.Classic{Magic: pcaptest.Modified, Big: true}.File(rs...),
		"check sequences":          pcaptest.Classic{Link: 0x44000001}.File(rs...),
		"pcapng":                   pcaptest.Pcapng(false, exchange()...),
		"pcapng, swapped":          pcaptest.Pcapng(true, exchange()...),
		"pcapng, all kinds of odd": odd,
		"snoop":                    pcaptest.Snoop(4, rs...),
	}
}

func TestFormats(t *testing.T) {
	kinds := map[byte]flow.Kind{'p': flow.Pcapng, 's': flow.Snoop}
	for name, file := range formats() {
		t.Run(name, func(t *testing.T) {
			want := kinds[name[0]]
			if want == "" {
				want = flow.Pcap
			}
			if kind, ok := pcap.Detect(file[:12]); kind != want || !ok {
				t.Errorf("detected as %q, %v", kind, ok)
			}
			records, in, err := read(bytes.NewReader(file))
			if err != nil {
				t.Fatal(err)
			}
			expected := exchanged()
			if strings.HasSuffix(name, "odd") { // its clock ticks 2^20 times a second
				expected.Last = noon + 2000808
			}
			if diff := cmp.Diff([]flow.Record{expected}, records); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
			if s := in.Source; s.Status != flow.OK || s.Records != 3 || s.Bytes != int64(len(file)) || s.Kind != want || s.Detail == "" {
				t.Errorf("source %+v, skipped %+v", s, in.Skipped.All())
			}
		})
	}
}

func TestEarlyLibpcapSwapsLengths(t *testing.T) {
	rs := exchange()
	rs[2].Data, rs[2].Wire = rs[2].Data[:60], 80
	file := pcaptest.Classic{Minor: 3}.File(rs...)
	at := len(file) - 60 - 8
	copy(file[at:], []byte{80, 0, 0, 0, 60, 0, 0, 0})
	records, _, err := read(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]flow.Record{exchanged()}, records); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestPacketsWithoutTime(t *testing.T) {
	n := pcaptest.Blocks{}
	b := n.Interface(n.Section(nil), 1, 0, 6, 0)
	rs := exchange()
	b = n.Simple(b, rs[0])
	b = n.Packet(b, rs[1], uint64(rs[1].At/1000))
	b = n.Simple(b, rs[2])
	records, _, err := read(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	want := exchanged()
	want.First, want.Last = noon+1e6, noon+1e6
	want.TCP.Seen, want.TCP.Answered, want.TCP.Confirmed = flow.TCPSent|flow.TCPReceived, 0, 0
	if diff := cmp.Diff([]flow.Record{want}, records); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestTimeOutOfRange(t *testing.T) {
	n := pcaptest.Blocks{}
	b := n.Interface(n.Section(nil), 1, 0, 6, 0)
	for _, r := range exchange() {
		b = n.Packet(b, r, 1<<63)
	}
	records, in, err := read(bytes.NewReader(b))
	if err != nil || len(records) != 1 || records[0].First != flow.NoTime || records[0].Last != flow.NoTime {
		t.Fatalf("%+v, %v", records, err)
	}
	if s := in.Skipped.All(); len(s) != 1 || s[0].Count != 3 || !strings.HasPrefix(s[0].Reason, "time stamp out of range") {
		t.Errorf("skipped %+v", s)
	}
}

func TestLinkThatIsNotTakenApart(t *testing.T) {
	records, in, err := read(bytes.NewReader(pcaptest.Classic{Link: 127}.File(exchange()...)))
	if err != nil {
		t.Fatal(err)
	}
	want := []flow.Record{{
		First: noon, Last: noon + 2e6, Sent: flow.Count{Packets: 3, FrameBytes: 200},
		Measured: flow.Packets | flow.FrameBytes, Class: flow.Capture, State: flow.End, EtherType: flow.LinkFrame, Point: 1,
	}}
	if diff := cmp.Diff(want, records); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	skip := []flow.Skip{{Source: "test", Reason: "frames of 802.11 with radiotap (127) counted, not taken apart", Count: 3, Offset: 24}}
	if diff := cmp.Diff(skip, in.Skipped.All()); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestUnreadable(t *testing.T) {
	tests := map[string]struct {
		file string
		want string
	}{
		"empty":              {"", "the file is empty"},
		"text":               {"time,source\n", "unknown magic 74696d65"},
		"three bytes":        {"abc", "unknown magic 616263"},
		"gzip":               {"\x1f\x8b\x08\x00\x00\x00\x00\x00", "unknown magic 1f8b0800"},
		"cut NetMon 2":       {"GMBU\x00\x02\x01\x00", "its header is cut after 8 of 128 bytes"},
		"NetMon 3":           {"GMBU\x00\x03\x01\x00" + strings.Repeat("\x00", 120), "version 3.0"},
		"NetMon 1":           {"RTSS\x00\x02\x01\x00", "editcap -F pcap"},
		"event trace":        {"\x00\x20\x00\x00\x20\x02\x00\x00\x20\x02\x00\x00\x00\x00\x00\x00", "etl2pcapng"},
		"cut header":         {"\xd4\xc3\xb2\xa1\x02\x00\x04\x00", "its header is cut after 8 of 24 bytes"},
		"version 3":          {"\xd4\xc3\xb2\xa1\x03\x00\x04\x00" + strings.Repeat("\x00", 16), "pcap version 3"},
		"reserved bits":      {"\xd4\xc3\xb2\xa1\x02\x00\x04\x00" + strings.Repeat("\x00", 14) + "\x30\x00", "reserved bits"},
		"cut snoop":          {"snoop\x00\x00\x00\x00\x00\x00\x02", "its header is cut after 12 of 16 bytes"},
		"snoop 3":            {"snoop\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x04", "snoop version 3"},
		"cut pcapng":         {"\x0a\x0d\x0d\x0a\x1c\x00\x00", "its first block is cut"},
		"pcapng of no order": {"\x0a\x0d\x0d\x0a\x1c\x00\x00\x00abcd", "unknown magic 0a0d0d0a"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			records, in, err := read(strings.NewReader(test.file))
			if !errors.Is(err, pcap.ErrFormat) || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "test") {
				t.Errorf("error %v, want %q", err, test.want)
			}
			if len(records) != 0 || in.Source.Status != flow.Unreadable {
				t.Errorf("%d records, status %s", len(records), in.Source.Status)
			}
		})
	}
}

func TestEmptyCapture(t *testing.T) {
	for name, file := range map[string][]byte{"pcap": pcaptest.Classic{}.File(), "pcapng": pcaptest.Pcapng(true), "snoop": pcaptest.Snoop(4)} {
		records, in, err := read(bytes.NewReader(file))
		if err != nil || len(records) != 0 || in.Source.Status != flow.OK || len(in.Skipped.All()) != 0 {
			t.Errorf("%s: %d records, %+v, %v", name, len(records), in.Source, err)
		}
	}
}

func TestReaders(t *testing.T) {
	file := formats()["pcapng"]
	for name, r := range map[string]io.Reader{
		"a byte at a time":    iotest.OneByteReader(bytes.NewReader(file)),
		"end with the data":   iotest.DataErrReader(bytes.NewReader(file)),
		"half of what we ask": iotest.HalfReader(bytes.NewReader(file)),
	} {
		records, _, err := read(r)
		if diff := cmp.Diff([]flow.Record{exchanged()}, records); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got)\n%s", name, err, diff)
		}
	}
}

// TestMediumFails checks what becomes of errors of the reader below.
func TestMediumFails(t *testing.T) {
	file := pcaptest.Classic{}.File(exchange()...)
	tests := map[string]struct {
		err    error
		status flow.Status
		fails  bool
	}{
		"compressed data cut": {io.ErrUnexpectedEOF, flow.Truncated, false},
		"bad checksum":        {errors.New("gzip: invalid checksum"), flow.Corrupt, false},
		"cancelled":           {context.Canceled, flow.Truncated, true},
		"never anything":      {nil, flow.Corrupt, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var after io.Reader = iotest.ErrReader(test.err)
			if test.err == nil {
				after = idle{}
			}
			records, in, err := read(io.MultiReader(bytes.NewReader(file), after))
			if test.fails != (err != nil) || test.fails && !errors.Is(err, test.err) {
				t.Errorf("error %v", err)
			}
			if diff := cmp.Diff([]flow.Record{exchanged()}, records); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
			if in.Source.Status != test.status || !test.fails && len(in.Skipped.All()) != 1 {
				t.Errorf("status %s, skipped %+v", in.Source.Status, in.Skipped.All())
			}
		})
	}
}

// idle is a reader that returns nothing and no error.
type idle struct{}

func (idle) Read([]byte) (int, error) { return 0, nil }

// TestStop checks that a consumer may leave at any batch.
func TestStop(t *testing.T) {
	traffic := pcaptest.Traffic{Seed: 3, Packets: 20000, Flows: 5000, Active: 500, Data: 10, Span: 1e12}
	file := traffic.File(pcaptest.Classic{}, 100)
	in := flow.Input{Source: &flow.Source{}, Names: flow.NewNames(), Skipped: &flow.Skipped{}}
	n := 0
	for b, err := range pcap.Read(bytes.NewReader(file), in) {
		if err != nil || len(b) == 0 || len(b) > 1024 {
			t.Fatalf("batch of %d, %v", len(b), err)
		}
		if n++; n == 2 {
			break
		}
	}
	if n != 2 {
		t.Errorf("%d batches", n)
	}
}

func TestPoint(t *testing.T) {
	in := flow.Input{Source: &flow.Source{Path: "a.cap"}, Names: flow.NewNames(), Skipped: &flow.Skipped{}, Point: "vm-1", Target: "/subscriptions/x"}
	for b := range pcap.Read(bytes.NewReader(formats()["snoop"]), in) {
		if p, target := in.Names.Text(b[0].Point), in.Names.Text(b[0].Target); p != "vm-1" || target != "/subscriptions/x" {
			t.Errorf("point %q, target %q", p, target)
		}
	}
	if !slices.Equal(in.Source.Points, []string{"vm-1"}) {
		t.Errorf("points %q", in.Source.Points)
	}
}

// TestMissedPackets checks that a file's own count of what the capture missed
// is passed on.
func TestMissedPackets(t *testing.T) {
	statistics := func(b []byte, dropped ...uint64) []byte {
		body := make([]byte, 12)
		for i, d := range dropped {
			body = binary.LittleEndian.AppendUint16(body, []uint16{4, 5, 7}[i]) // received, and dropped twice
			body = binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint16(body, 8), d)
		}
		return pcaptest.Blocks{}.Append(b, pcaptest.BlockStatistics, body)
	}
	ng := pcaptest.Pcapng(false, exchange()...)
	ng = statistics(statistics(statistics(ng, 99, 5), 99, 5, 2), 99)
	snoop := pcaptest.Snoop(4, exchange()...)
	snoop[16+15], snoop[16+24+60+15], snoop[16+2*(24+60)+15] = 1, 3, 7
	// Packets say it of the time since the one before, and statistics of all of the time.
	packet := func(b []byte, r pcaptest.Record, missed uint64) []byte {
		body := binary.LittleEndian.AppendUint64(make([]byte, 4), 0)
		body = binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(body, uint32(len(r.Data))), uint32(len(r.Data)))
		body = append(append(body, r.Data...), make([]byte, -len(r.Data)&3)...)
		body = binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16(body, 4), 8)
		return pcaptest.Blocks{}.Append(b, pcaptest.BlockPacket, binary.LittleEndian.AppendUint64(body, missed))
	}
	enhanced := pcaptest.Pcapng(false)
	for i, r := range exchange() {
		enhanced = packet(enhanced, r, []uint64{0, 4, 2}[i])
	}
	enhanced = statistics(enhanced, 99, 7)
	old := pcaptest.Pcapng(false)
	for i, r := range exchange() {
		at := len(old) + 8 + 2
		old = pcaptest.Blocks{}.Old(old, r, 0)
		binary.LittleEndian.PutUint16(old[at:], []uint16{0xffff, 6, 1}[i])
	}
	for name, file := range map[string][]byte{"pcapng": ng, "snoop": snoop, "of packets and statistics": enhanced, "of obsolete packets": old} {
		_, in, err := read(bytes.NewReader(file))
		if s := in.Skipped.All(); err != nil || len(s) != 1 || s[0].Count != 7 || !strings.HasPrefix(s[0].Reason, "packets that were missed") {
			t.Errorf("%s: skipped %+v, %v", name, s, err)
		}
		if in.Source.Status != flow.OK || in.Source.Records != 3 {
			t.Errorf("%s: %+v", name, in.Source)
		}
	}
}

func TestCutHeaders(t *testing.T) {
	rs := exchange()
	for i := range rs {
		rs[i].Data, rs[i].Wire = rs[i].Data[:30], uint32(len(rs[i].Data))
	}
	records, in, err := read(bytes.NewReader(pcaptest.Classic{}.File(rs...)))
	if err != nil || len(records) != 1 || records[0].Sent.FrameBytes != 200 || records[0].EtherType != 0x0800 {
		t.Errorf("%+v, %v", records, err)
	}
	if s := in.Skipped.All(); len(s) != 1 || s[0].Count != 3 || s[0].Offset != 24 || !strings.HasPrefix(s[0].Reason, "IP header cut") {
		t.Errorf("skipped %+v", s)
	}
}

// TestFormsOfAddresses checks that an IPv6 packet with IPv4-mapped addresses is
// another conversation than an IPv4 packet, and that :: is an address.
func TestFormsOfAddresses(t *testing.T) {
	udp := func(src, dst string) pcaptest.Record {
		return pcaptest.Record{At: noon, Data: pcaptest.Ethernet(pcaptest.IP(17, netip.MustParseAddr(src), netip.MustParseAddr(dst), []byte("\x04\x57\x00\x35\x00\x08\x00\x00")))}
	}
	records, _, err := read(bytes.NewReader(pcaptest.Classic{}.File(
		udp("10.0.0.1", "10.0.0.2"), udp("::ffff:10.0.0.1", "::ffff:10.0.0.2"), udp("::", "ff02::1"), udp("::", "::"))))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range records {
		got = append(got, r.Src.String()+" "+r.Dst.String())
		if !r.IsIP() || r.Src.IsZero() || r.Dst.IsZero() {
			t.Errorf("%+v is no IP", r)
		}
	}
	slices.Sort(got)
	want := []string{"10.0.0.1 10.0.0.2", ":: ::", ":: ff02::1", "::ffff:10.0.0.1 ::ffff:10.0.0.2"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}
