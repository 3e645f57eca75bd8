package collectors

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"net/netip"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowctl/collectors/flow"
	"flowctl/collectors/pcap/pcaptest"
	"flowctl/collectors/storage/storagetest"
	"flowctl/collectors/summary"
)

var (
	webClient = netip.MustParseAddrPort("10.1.0.4:50001")
	webServer = netip.MustParseAddrPort("10.2.0.5:443")
)

// webPackets is one connection of n packets, a millisecond apart, some of which
// are sent again at once.
func webPackets(n int) []pcaptest.Record {
	var rs []pcaptest.Record
	seq, at := [2]uint32{1000, 5000}, time.Date(2026, 11, 29, 9, 0, 0, 0, time.UTC).UnixNano()
	for i := range n {
		side, flags, data := i%2, uint8(pcaptest.ACK|pcaptest.PSH), make([]byte, 100+900*(i%2))
		switch i {
		case 0:
			flags, data = pcaptest.SYN, nil
		case 1:
			flags, data = pcaptest.SYN|pcaptest.ACK, nil
		}
		from, to, sent := webClient, webServer, seq[side]
		if side == 1 {
			from, to = to, from
		}
		if i > 2 && i%10 == side { // the one before of this side once more
			sent -= uint32(len(data))
		} else {
			seq[side] += uint32(len(data)) + uint32(flags&pcaptest.SYN)/pcaptest.SYN
		}
		frame := pcaptest.Ethernet(pcaptest.TCP(from, to, flags, sent, seq[1-side], data))
		pcaptest.Identify(frame, uint16(i+1))
		rs = append(rs, pcaptest.Record{At: at + int64(i)*1e6, Data: frame})
	}
	return rs
}

// evidence is what a document says but for its sources and what it says of them.
func evidence(t *testing.T, s Sum) map[string]any {
	t.Helper()
	doc, problems, err := s.Run(t.Context())
	if err != nil || problems.Count > 0 {
		t.Fatal(err, problems)
	}
	var tcp summary.TCP
	for _, src := range doc.Sources {
		if src.TCP != nil {
			tcp.SYN += src.TCP.SYN
			tcp.Retransmitted += src.TCP.Retransmitted
			tcp.RetransmittedBytes += src.TCP.RetransmittedBytes
		}
	}
	doc.Sources, doc.Coverage = nil, nil
	b, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]any{"tcp": tcp}
	if err := json.Unmarshal(b, &all); err != nil {
		t.Fatal(err)
	}
	delete(all, "sources")
	delete(all["total"].(map[string]any), "records") // a record of a conversation ends with its file
	return all
}

// TestRotatedCapture checks that the files of a rotated capture say what it
// would have as one file, however they are named and in any order, with small
// overlaps at their borders.
func TestRotatedCapture(t *testing.T) {
	rs := webPackets(300)
	whole := filepath.Join(t.TempDir(), "whole.pcap")
	put(t, whole, pcaptest.Classic{Magic: pcaptest.Nano}.File(rs...))
	want := evidence(t, Sum{Items: itemsOf(whole)})
	late := slices.Clone(rs) // the file after a border begins with what was before it
	for _, i := range []int{100, 200} {
		late[i-1], late[i] = late[i], late[i-1]
	}
	names := map[string][3]string{
		"dumpcap":          {"web_00001.pcap", "web_00002.pcap", "web_00003.pcap"},
		"dumpcap, times":   {"web_00001_20261129090000.pcap", "web_00002_20261129090001.pcap", "web_00003_20261129090002.pcap"},
		"tcpdump -C":       {"web.pcap", "web.pcap1", "web.pcap2"},
		"ring that began":  {"web.pcap2", "web.pcap0", "web.pcap1"},
		"tcpdump -G":       {"web-090000.cap", "web-090001.cap", "web-090002.cap"},
		"agent":            {"packetcapture_16_39_41_077.cap", "packetcapture_16_49_41_080.cap", "packetcapture_16_59_41_079.cap"},
		"cap and a number": {"cap0", "cap1", "cap2"},
	}
	for name, names := range names {
		for order, rs := range map[string][]pcaptest.Record{"in order": rs, "late": late} {
			t.Run(name+", "+order, func(t *testing.T) {
				dir := t.TempDir()
				var paths []string
				for i, n := range names {
					paths = append(paths, filepath.Join(dir, n))
					put(t, paths[i], pcaptest.Classic{Magic: pcaptest.Nano}.File(rs[i*100:i*100+100]...))
				}
				for _, s := range []Sum{{Items: itemsOf(dir)}, {Items: itemsOf(paths[2], paths[0], paths[1]), Workers: 1}} {
					got := evidence(t, s)
					if order == "late" { // packets that changed places change what is called sent again
						got["tcp"] = want["tcp"]
					}
					if diff := cmp.Diff(want, got); diff != "" {
						t.Errorf("-want +got\n%s", diff)
					}
				}
			})
		}
	}
}

// TestRotatedCompressed checks the same of compressed files.
func TestRotatedCompressed(t *testing.T) {
	rs, dir := webPackets(100), t.TempDir()
	whole := filepath.Join(t.TempDir(), "whole.pcap")
	put(t, whole, pcaptest.Classic{}.File(rs...))
	for i := range 4 {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		z.Write(pcaptest.Classic{}.File(rs[i*25 : i*25+25]...))
		z.Close()
		put(t, filepath.Join(dir, fmt.Sprintf("x_%05d.pcap.gz", i)), b.Bytes())
	}
	if diff := cmp.Diff(evidence(t, Sum{Items: itemsOf(whole)}), evidence(t, Sum{Items: itemsOf(dir)})); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// TestNotRotated checks that captures of both ends of a connection, which begin
// together, are two views of it, whatever their names are.
func TestNotRotated(t *testing.T) {
	rs := webPackets(100)
	for _, names := range [][2]string{{"web_00001.pcap", "web_00002.pcap"}, {"host1.pcap", "host2.pcap"}, {"cap0", "cap1"}} {
		dir := t.TempDir()
		for i, n := range names {
			var shifted []pcaptest.Record
			for _, r := range rs {
				r.At += int64(i) * 300_000
				shifted = append(shifted, r)
			}
			put(t, filepath.Join(dir, n), pcaptest.Classic{}.File(shifted...))
		}
		doc, _, err := Sum{Items: itemsOf(dir)}.Run(t.Context())
		if err != nil || doc.Total.Packets.N != 100 {
			t.Errorf("%v: %d packets, want 100; %v", names, doc.Total.Packets.N, err)
		}
	}
}

// TestCaptureWindow checks that a window cuts captures at packets and that what
// is outside of it is counted.
func TestCaptureWindow(t *testing.T) {
	rs := webPackets(300)
	file := filepath.Join(t.TempDir(), "x.pcap")
	put(t, file, pcaptest.Classic{}.File(rs...))
	at := func(i int) time.Time { return time.Unix(0, rs[i].At) }
	doc, _, err := Sum{Items: itemsOf(file), Start: at(100), End: at(105)}.Run(t.Context())
	if err != nil || doc.Total.Packets.N != 5 {
		t.Errorf("%d packets, want 5; %v", doc.Total.Packets.N, err)
	}
	if i := slices.IndexFunc(doc.Coverage, func(c summary.Coverage) bool { return c.Code == "outside-window" }); i < 0 {
		t.Errorf("nothing is said of what is outside: %+v", doc.Coverage)
	}
}

// TestSeveralInterfaces checks that packets which a capture has of several
// interfaces count once, and that this is said.
func TestSeveralInterfaces(t *testing.T) {
	var rs []pcaptest.Record
	for _, r := range webPackets(30) {
		ip := r.Data[14:]
		ip = ip[:int(ip[2])<<8|int(ip[3])]
		for nic := range uint32(3) {
			rs = append(rs, pcaptest.Record{At: r.At + int64(nic)*20_000, Data: pcaptest.Cooked2(nic+1, 0, ip)})
		}
	}
	file := filepath.Join(t.TempDir(), "any.pcap")
	put(t, file, pcaptest.Classic{Link: 276}.File(rs...))
	doc, _, err := Sum{Items: itemsOf(file)}.Run(t.Context())
	if err != nil || doc.Total.Packets.N != 30 || doc.Sources[0].Records != 90 {
		t.Errorf("%d packets, %d records, want 30, 90; %v", doc.Total.Packets.N, doc.Sources[0].Records, err)
	}
	i := slices.IndexFunc(doc.Coverage, func(c summary.Coverage) bool { return c.Code == "packets-at-several-interfaces" })
	if i < 0 {
		t.Fatalf("nothing is said of it: %+v", doc.Coverage)
	}
	if want := "60 recorded packets"; !bytes.Contains([]byte(doc.Coverage[i].Text), []byte(want)) {
		t.Errorf("%q has no %q", doc.Coverage[i].Text, want)
	}
	if doc.Sources[0].Status != flow.OK {
		t.Error(doc.Sources[0].Status)
	}
}

// TestRotatedBlobs checks that the blobs of a rotated capture are one capture.
func TestRotatedBlobs(t *testing.T) {
	rs := webPackets(90)
	whole := filepath.Join(t.TempDir(), "whole.pcap")
	put(t, whole, pcaptest.Classic{}.File(rs...))
	a := &storagetest.Account{}
	for i := range 3 {
		a.Put(fmt.Sprintf("captures/web.pcap%d", i), string(pcaptest.Classic{}.File(rs[i*30:i*30+30]...)))
	}
	if diff := cmp.Diff(evidence(t, Sum{Items: itemsOf(whole)}), evidence(t, Sum{Items: itemsIn(t, a)})); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// TestSameBytes checks that a capture gives the same document each time, to the
// byte: conversations that both sides open, of the same size, at many addresses.
func TestSameBytes(t *testing.T) {
	var rs []pcaptest.Record
	for i := range 40 {
		a, b := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, byte(i % 8)}), 1111), netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 1, byte(i % 4)}), 53)
		if i%3 == 0 {
			a, b = netip.AddrPortFrom(b.Addr(), 1111), netip.AddrPortFrom(a.Addr(), 53)
		}
		rs = append(rs, pcaptest.Record{At: int64(i) * 1e9, Data: pcaptest.Ethernet(pcaptest.UDP(a, b, []byte("same")))})
	}
	file := filepath.Join(t.TempDir(), "x.pcap")
	put(t, file, pcaptest.Classic{}.File(rs...))
	var want []byte
	for range 8 {
		doc, _, err := Sum{Items: itemsOf(file)}.Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := doc.Write(&b); err != nil {
			t.Fatal(err)
		}
		if want == nil {
			want = b.Bytes()
		}
		if diff := cmp.Diff(string(want), b.String()); diff != "" {
			t.Fatalf("-want +got\n%s", diff)
		}
	}
}

// TestCopiedCapture checks that captures of the same bytes count once, whatever
// is in them, and that a longer one with the same beginning is another.
func TestCopiedCapture(t *testing.T) {
	rs := webPackets(400) // more than what is looked at first
	for i := range 5 {
		rs = append(rs, pcaptest.Record{At: rs[0].At, Data: pcaptest.EthernetType(0x0806, []byte{byte(i)})})
	}
	file := pcaptest.Classic{}.File(rs...)
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	w.Write(file)
	w.Close()
	dir := t.TempDir()
	put(t, filepath.Join(dir, "a.pcap"), file)
	put(t, filepath.Join(dir, "a (1).pcap"), file)
	put(t, filepath.Join(dir, "a.pcap.gz"), z.Bytes())
	doc, problems, err := Sum{Items: itemsOf(dir)}.Run(t.Context())
	if err != nil || problems.Count > 0 || doc.Total.Packets.N != 405 || len(doc.Sources) != 3 {
		t.Errorf("%d packets of %d sources, want 405 of 3; %v %v", doc.Total.Packets.N, len(doc.Sources), problems, err)
	}
	i := slices.IndexFunc(doc.Coverage, func(c summary.Coverage) bool { return c.Code == "copied-captures" })
	if i < 0 || !bytes.Contains([]byte(doc.Coverage[i].Text), []byte("2 captures have the same bytes as others or are the beginnings of others, such as "+filepath.Join(dir, "a.pcap"))) {
		t.Errorf("coverage %+v", doc.Coverage)
	}
	longer := append(slices.Clone(file), file[len(file)-76:]...) // one ARP frame more
	put(t, filepath.Join(dir, "longer.pcap"), longer)
	put(t, filepath.Join(dir, "cut.pcap.gz"), zipped(longer[:len(longer)/2]))
	other := append(slices.Clone(file[:len(file)-1]), 'x') // of the same length as others
	put(t, filepath.Join(dir, "other.pcap"), other)
	doc, _, err = Sum{Items: itemsOf(dir)}.Run(t.Context())
	if err != nil || doc.Total.Packets.N != 400+6+5 {
		t.Errorf("%d packets, want 411: the other ARP frames are another capture's; %v", doc.Total.Packets.N, err)
	}
	for _, s := range doc.Sources {
		want := map[string]uint64{"longer.pcap": 406, "other.pcap": 405}[filepath.Base(s.Path)]
		if s.Records != want {
			t.Errorf("%s: %d records, want %d; %s", s.Path, s.Records, want, s.Detail)
		}
	}
}

// Files of a rotated capture are known by names that differ in a number, which the
// first may not have, also where the order of packets is disturbed at their borders.
func TestNamesOfRotatedCaptures(t *testing.T) {
	seen := connection(60, time.Second)
	want := weigh(seen)
	for _, border := range []int{40, 80} {
		seen[border-1], seen[border] = seen[border], seen[border-1]
	}
	for _, names := range [][3]string{
		{"web_00001_20261129090000.pcap", "web_00002_20261129090020.pcap", "web_00003_20261129090040.pcap"}, // dumpcap
		{"web.pcap", "web.pcap1", "web.pcap2"}, // tcpdump -C
		{"web.cap", "web_1.cap", "web_2.cap"},
		{"web.cap", "web (1).cap", "web (2).cap"},
		{"web.pcap", "web.pcap.1", "web.pcap.2"},
		{"9-eth0.pcap", "10-eth0.pcap", "11-eth0.pcap"},
	} {
		dir := t.TempDir()
		for i, part := range [][]pcaptest.Record{seen[:40], seen[40:80], seen[80:]} {
			put(t, filepath.Join(dir, names[i]), pcaptest.Classic{}.File(part...))
		}
		t.Run(names[1], func(t *testing.T) {
			if doc := caseOf(t, want, Sum{Items: itemsOf(dir)}); len(doc.Merged.From) > 0 {
				t.Errorf("%v was merged", doc.Merged.From)
			}
		})
	}
}
