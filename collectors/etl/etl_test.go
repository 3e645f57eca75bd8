package etl_test

import (
	"bytes"
	"cmp"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"flowctl/collectors/etl"
	"flowctl/collectors/etl/etltest"
	"flowctl/collectors/flow"
	"flowctl/collectors/pcap/packet"
	"flowctl/collectors/pcap/pcaptest"
)

var (
	client = netip.MustParseAddrPort("10.1.0.4:49152")
	server = netip.MustParseAddrPort("10.1.0.5:443")
)

func tcp(n int) []byte {
	return pcaptest.Ethernet(pcaptest.TCP(client, server, 0x18, uint32(1000+n), 1, bytes.Repeat([]byte{'x'}, n)))
}

// answer is what reading a trace gives.
type answer struct {
	source flow.Source
	skips  []string
	sums   map[string]uint64 // packets by conversation
	frames uint64            // bytes
	denied map[string]int    // drops by rule
}

func read(t testing.TB, b []byte) answer {
	t.Helper()
	src := &flow.Source{Path: "test.etl"}
	in := flow.Input{Source: src, Names: flow.NewNames(), Skipped: &flow.Skipped{}}
	a := answer{sums: map[string]uint64{}, denied: map[string]int{}}
	for batch, err := range etl.Read(bytes.NewReader(b), in) {
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range batch {
			if r.State == flow.Deny {
				a.denied[in.Names.Text(r.Rule)]++
				if r.Measured != 0 {
					t.Errorf("a drop measured something: %+v", r)
				}
				continue
			}
			k := []string{fmt.Sprint(r.Src, r.SrcPort), fmt.Sprint(r.Dst, r.DstPort)}
			slices.Sort(k)
			a.sums[strings.Join(k, " ")] += r.Sent.Packets + r.Received.Packets
			a.frames += r.Sent.FrameBytes + r.Received.FrameBytes
		}
	}
	a.source = *src
	for _, s := range in.Skipped.All() {
		a.skips = append(a.skips, fmt.Sprintf("%d× %s", s.Count, s.Reason))
	}
	slices.Sort(a.skips)
	return a
}

func (a answer) packets() (n uint64) {
	for _, c := range a.sums {
		n += c
	}
	return n
}

// stack is how a packet goes through Windows: a miniport, two filters and a
// protocol, each with two edges but the miniport.
func stack(b []byte, at int64, group func(i int) (uint64, uint16)) []etltest.Event {
	var all []etltest.Event
	for i, component := range []uint16{1, 2, 2, 3, 3, 4} {
		g, appearance := group(i)
		all = append(all, etltest.Report{
			Group: g, Number: 1, Appearance: appearance, Direction: 3, Kind: 1, Component: component,
			Edge: uint16(i), Payload: b[:min(len(b), 128)], Original: len(b), At: at + int64(i),
		}.Event())
	}
	return all
}

func named() []etltest.Event {
	return []etltest.Event{
		etltest.Component(1, 2, "netvsc.sys", "Hyper-V adapter", 1<<30), etltest.Component(2, 3, "wfplwfs.sys", "", 1<<30),
		etltest.Component(3, 3, "pacer.sys", "", 1<<30), etltest.Component(4, 4, "tcpip.sys", "TCP/IPv4 - L2", 1<<30),
	}
}

// TestCountedOnce counts packets once, however a build ties their reports
// together, and whether or not the names of components follow.
func TestCountedOnce(t *testing.T) {
	numbered := func(n int) func(int) (uint64, uint16) {
		return func(i int) (uint64, uint16) { return uint64(n), uint16(i + 1) }
	}
	apart := func(n int) func(int) (uint64, uint16) {
		return func(i int) (uint64, uint16) { return uint64(100*n + i), 0 }
	}
	for _, row := range []struct {
		name   string
		group  func(n int) func(int) (uint64, uint16)
		names  bool
		packed bool
	}{
		{"appearances and names", numbered, true, true}, {"appearances alone", numbered, false, false},
		{"a group each and names", apart, true, true}, {"a group each alone", apart, false, true},
	} {
		b := etltest.Buffer{}
		bytes := uint64(0)
		for n := range 50 {
			f := tcp(n * 10)
			bytes += uint64(len(f))
			b.Events = append(b.Events, stack(f, int64(n)*1000, row.group(n))...)
		}
		rundown := etltest.Buffer{}
		if row.names {
			rundown.Events = named()
		}
		a := read(t, etltest.Trace{Packed: row.packed, Build: 26100, Buffers: []etltest.Buffer{b, rundown}}.Bytes())
		if a.packets() != 50 || a.frames != bytes {
			t.Errorf("%s: %d packets, %d bytes; want 50, %d: %v", row.name, a.packets(), a.frames, bytes, a.skips)
		}
	}
}

// TestWindow cuts a trace at packets.
func TestWindow(t *testing.T) {
	var b etltest.Buffer
	for n := range 50 {
		b.Events = append(b.Events, stack(tcp(n*10), int64(n)*1000, func(i int) (uint64, uint16) { return uint64(n), uint16(i + 1) })...)
	}
	trace := etltest.Trace{Build: 26100, Buffers: []etltest.Buffer{b}}.Bytes()
	in := flow.Input{
		Source: &flow.Source{Path: "test.etl"}, Names: flow.NewNames(), Skipped: &flow.Skipped{},
		Start: etltest.Nanoseconds(10_000), End: etltest.Nanoseconds(20_000),
	}
	var packets uint64
	for batch, err := range etl.Read(bytes.NewReader(trace), in) {
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range batch {
			packets += r.Sent.Packets + r.Received.Packets
			if r.First < in.Start || r.Last >= in.End {
				t.Errorf("from %d to %d in a window from %d to %d", r.First, r.Last, in.Start, in.End)
			}
		}
	}
	if packets != 10 || in.Source.Outside != 40 || in.Source.Records != 50 {
		t.Errorf("%d packets of %d, %d outside; want 10 of 50, 40", packets, in.Source.Records, in.Source.Outside)
	}
}

// TestDrops keeps drops out of the traffic, with the trace's own words for why.
func TestDrops(t *testing.T) {
	var b etltest.Buffer
	for i, reason := range []uint32{1207, 1207, 77} {
		b.Events = append(b.Events, etltest.Report{
			Kind: 3, Direction: 1, Component: 4, Reason: reason, Location: 0xe0004600, At: int64(i),
			Payload: pcaptest.UDP(client, server, []byte("data")),
		}.Event())
	}
	b.Events = append(b.Events, etltest.Reasons(9, map[uint32]string{1207: "INET: receive inspection", 5: "other"}))
	a := read(t, etltest.Trace{Buffers: []etltest.Buffer{b}}.Bytes())
	want := map[string]int{"INET: receive inspection (1207 at 0xe0004600)": 2, "reason (77 at 0xe0004600)": 1}
	if a.packets() != 0 || fmt.Sprint(a.denied) != fmt.Sprint(want) {
		t.Errorf("%d packets, denied %v", a.packets(), a.denied)
	}
	if !strings.Contains(a.source.Detail, "3 drop events") {
		t.Errorf("detail %q", a.source.Detail)
	}
}

// Keywords of ndiscap.
const (
	start, end, wifi, truncated = 0x40000000, 0x80000000, 0x10000, 0x2000000
	ethernet                    = 1
)

// TestNetsh reads what netsh trace writes: whole and in pieces that lie between
// each other, cut, at a switch, and over Wi-Fi.
func TestNetsh(t *testing.T) {
	f := tcp(1000)
	wireless := append([]byte{0x88, 0x42}, make([]byte, 24)...)
	wireless = append(append(wireless, 0xaa, 0xaa, 3, 0, 0, 0, 8, 0), f[14:]...)
	piece := func(thread uint32, key uint64, at int64, b []byte) etltest.Event {
		return etltest.Fragment(3, 3, key, thread, at, b)
	}
	for _, row := range []struct {
		name    string
		events  []etltest.Event
		packets uint64
		bytes   int
		skip    string
	}{
		{"whole", []etltest.Event{piece(1, start|end|ethernet, 1, f)}, 1, len(f), ""},
		{"in pieces", []etltest.Event{
			piece(1, start|ethernet, 1, f[:30]), piece(2, start|ethernet, 2, f[:20]), piece(1, ethernet, 3, f[30:60]),
			piece(2, end|ethernet, 4, f[20:]), piece(1, end|ethernet, 5, f[60:]),
		}, 2, 2 * len(f), ""},
		{"without a piece", []etltest.Event{piece(1, end|ethernet, 1, f), piece(1, start|ethernet, 2, f), piece(1, start|end|ethernet, 3, f)}, 1, len(f), "2× packets of which a piece is missing"},
		{"cut", []etltest.Event{piece(1, start|end|ethernet|truncated, 1, f[:96])}, 1, len(f), ""},
		{"at a switch", []etltest.Event{etltest.Switch(7, 3, start|end|ethernet, 1, f)}, 1, len(f), ""},
		{"Wi-Fi", []etltest.Event{piece(1, start|end|wifi, 1, wireless)}, 1, len(wireless), ""},
		{"Ethernet called Wi-Fi", []etltest.Event{piece(1, start|end|wifi, 1, f)}, 1, len(f), ""},
		{"shorter than it says", []etltest.Event{short(piece(1, start|end|ethernet, 1, f)), piece(1, start|end|ethernet, 2, f)}, 1, len(f), "says that its packet has"},
	} {
		a := read(t, etltest.Trace{Buffers: []etltest.Buffer{{Events: row.events}}}.Bytes())
		if a.packets() != row.packets || a.frames != uint64(row.bytes) || !strings.Contains(fmt.Sprint(a.skips), row.skip) {
			t.Errorf("%s: %d packets, %d bytes, %v; want %d, %d, %q", row.name, a.packets(), a.frames, a.skips, row.packets, row.bytes, row.skip)
		}
		for k := range a.sums {
			if !strings.Contains(k, "10.1.0.4") {
				t.Errorf("%s: conversation %q", row.name, k)
			}
		}
	}
}

// short takes away the end of an event's data.
func short(e etltest.Event) etltest.Event {
	e.Data = e.Data[:100]
	return e
}

// TestNothing answers that there are no packets where there are none.
func TestNothing(t *testing.T) {
	a := read(t, etltest.Trace{Build: 22621, Buffers: []etltest.Buffer{{Events: named()}}}.Bytes())
	if a.source.Status != flow.OK || a.source.Records != 0 || a.source.Detail != "Windows build 22621, no packets" {
		t.Errorf("%+v", a.source)
	}
}

// TestLossy says that counts are at least what they are.
func TestLossy(t *testing.T) {
	a := read(t, etltest.Trace{EventsLost: 12, BuffersLost: 2}.Bytes())
	if got := strings.Join(a.skips, "; "); !strings.Contains(got, "12× events were lost") || !strings.Contains(got, "2× buffers were lost") {
		t.Errorf("skipped %q", got)
	}
}

// TestCut reads every prefix of a trace: what is whole in it counts.
func TestCut(t *testing.T) {
	tr := etltest.Trace{Packed: true}
	for n := range 8 {
		tr.Buffers = append(tr.Buffers, etltest.Buffer{Events: []etltest.Event{etltest.Fragment(1, 1, start|end|ethernet, 1, int64(n), tcp(n))}})
	}
	b := tr.Bytes()
	had := uint64(0)
	first := len(etltest.Trace{Packed: true}.Bytes())
	for n := first; n <= len(b); n++ {
		a := read(t, b[:n])
		if a.packets() < had || a.packets() > 8 {
			t.Fatalf("%d bytes: %d packets after %d", n, a.packets(), had)
		}
		had = a.packets()
	}
	if had != 8 {
		t.Errorf("%d packets of 8", had)
	}
}

// public are traces in public repositories, which lie where FLOWCTL_CORPUS_ETL
// says, by their packets and drop events as an independent reader counts them.
var public = map[string]struct{ packets, drops uint64 }{
	"finguard.etl": {38, 28}, "triton.etl": {51, 0}, "gobang.etl": {0, 0}, "alilje.etl": {1, 0},
	"no-packets-lxcore.etl": {0, 0}, "no-packets-waasmedic.etl": {0, 0},
}

func TestPublic(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(cmp.Or(os.Getenv("FLOWCTL_CORPUS_ETL"), "none"), "*.etl"))
	if err != nil || len(files) == 0 {
		t.Skip("FLOWCTL_CORPUS_ETL names no folder of traces")
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		a := read(t, b)
		t.Logf("%s: %s, %d packets, %v", filepath.Base(name), a.source.Detail, a.packets(), a.skips)
		want, ok := public[filepath.Base(name)]
		if !ok {
			continue
		}
		if a.packets() != want.packets || a.source.Records != want.packets || want.drops > 0 && !strings.Contains(a.source.Detail, fmt.Sprintf("%d drop events", want.drops)) {
			t.Errorf("%s: %d packets, %q; want %+v", name, a.packets(), a.source.Detail, want)
		}
	}
}

// FuzzRead looks for bytes on which the reader fails or hangs.
func FuzzRead(f *testing.F) {
	f.Add(etltest.Trace{Buffers: []etltest.Buffer{{Events: append(stack(tcp(3), 1, func(i int) (uint64, uint16) { return 1, uint16(i) }), named()...)}}}.Bytes())
	f.Add(etltest.Trace{Packed: true, Buffers: []etltest.Buffer{{Events: []etltest.Event{
		etltest.Fragment(1, 1, start|ethernet, 1, 1, tcp(9)), etltest.Switch(1, 1, end, 2, tcp(4)), etltest.Reasons(3, map[uint32]string{1: "x"}),
	}}}}.Bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		in := flow.Input{Source: &flow.Source{}, Names: flow.NewNames(), Skipped: &flow.Skipped{}}
		for _, err := range etl.Read(bytes.NewReader(b), in) {
			if err != nil {
				return
			}
		}
	})
}

// BenchmarkRead reads a trace of whole packets over four processors.
func BenchmarkRead(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	tr := etltest.Trace{}
	packets := 0
	for n := range 40 {
		buf := etltest.Buffer{CPU: uint8(n % 4)}
		for range 500 {
			packets++
			buf.Events = append(buf.Events, etltest.Fragment(1, 1, start|end|ethernet, 1, int64(n/4)*1000000+int64(len(buf.Events))*2000+int64(n%4), tcp(r.IntN(200))))
		}
		tr.Buffers = append(tr.Buffers, buf)
	}
	file := tr.Bytes()
	b.SetBytes(int64(len(file)))
	for b.Loop() {
		in := flow.Input{Source: &flow.Source{}, Names: flow.NewNames(), Skipped: &flow.Skipped{}}
		if err := etl.ReadAt(bytes.NewReader(file), int64(len(file)), in, func(flow.Batch) bool { return true }); err != nil || in.Source.Records != uint64(packets) {
			b.Fatal(in.Source.Records, err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*packets), "ns/packet")
}

// given are the packets of a trace as they are, and the interfaces they name.
func given(t *testing.T, b []byte, want etl.Reports) (all []packet.Frame, names []string) {
	t.Helper()
	in := flow.Input{Source: &flow.Source{Path: "test.etl"}, Names: flow.NewNames(), Skipped: &flow.Skipped{}}
	if err := etl.Frames(bytes.NewReader(b), in, want, func(f *packet.Frame) bool {
		g := *f
		g.Data = bytes.Clone(f.Data)
		all = append(all, g)
		if !slices.Contains(names, f.Interface.Name) {
			names = append(names, f.Interface.Name)
		}
		return true
	}); err != nil {
		t.Fatal(err)
	}
	return all, names
}

// TestFrames gives packets on once, at every component, and with those that were
// dropped.
func TestFrames(t *testing.T) {
	b := etltest.Buffer{}
	for n := range 5 {
		b.Events = append(b.Events, stack(tcp(n), int64(n)*1000, func(i int) (uint64, uint16) { return uint64(9*n + i), 0 })...)
	}
	b.Events = append(b.Events, etltest.Report{Component: 4, Direction: 1, Kind: 3, Reason: 707, Location: 0xe0004201, Payload: tcp(9)[14:], At: 9000}.Event())
	trace := etltest.Trace{Build: 26100, Buffers: []etltest.Buffer{b, {Events: append(named(), etltest.Reasons(1<<30, map[uint32]string{707: "InspectionDrop"}))}}}.Bytes()

	all, names := given(t, trace, etl.Reports{})
	if len(all) != 5 || !slices.Equal(names, []string{"Hyper-V adapter (component 1), edge 0"}) {
		t.Errorf("%d packets at %q, want 5 at the miniport", len(all), names)
	}
	for n, f := range all {
		if !bytes.Equal(f.Data, tcp(n)) || f.Way != flow.Inbound || len(f.Comments) > 0 || f.Time != etltest.Nanoseconds(int64(n)*1000) {
			t.Errorf("packet %d: %+v", n, f)
		}
	}
	if all, names = given(t, trace, etl.Reports{Everywhere: true}); len(all) != 30 || len(names) != 6 {
		t.Errorf("%d reports at %q, want 30 at 6 edges", len(all), names)
	}
	all, names = given(t, trace, etl.Reports{Drops: true})
	if last := all[len(all)-1]; len(all) != 6 || names[1] != "drops at TCP/IPv4 - L2 (component 4)" || last.Interface.Link != packet.Raw ||
		!slices.Equal(last.Comments, []string{"dropped: InspectionDrop (707 at 0xe0004201)"}) {
		t.Errorf("with drops: %d at %q, the last %+v", len(all), names, last)
	}
}

// TestFramesOfNetsh joins pieces, and tells the process that ran.
func TestFramesOfNetsh(t *testing.T) {
	f := tcp(300)
	b := etltest.Buffer{Events: []etltest.Event{
		etltest.Fragment(7, 7, 0x40000000|0x200000000, 5, 10, f[:100]),
		etltest.Fragment(7, 7, 0x80000000|0x200000000, 5, 20, f[100:]),
		etltest.Fragment(7, 9, 0xc0000000|0x100000000, 5, 30, f),
	}}
	all, names := given(t, etltest.Trace{Build: 17763, Buffers: []etltest.Buffer{b}}.Bytes(), etl.Reports{})
	if len(all) != 2 || !slices.Equal(names, []string{"miniport 7", "miniport 7, layer 9"}) {
		t.Fatalf("%d packets at %q", len(all), names)
	}
	for i, way := range []flow.Direction{flow.Inbound, flow.Outbound} {
		if !bytes.Equal(all[i].Data, f) || all[i].Way != way || len(all[i].Comments) != 1 || !strings.HasPrefix(all[i].Comments[0], "PID=") {
			t.Errorf("packet %d: %+v", i, all[i])
		}
	}
}
