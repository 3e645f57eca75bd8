package summary_test

import (
	"bytes"
	"encoding/json"
	"flowctl/collectors/aggregate"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"flowctl/collectors/flow"
	"flowctl/collectors/flowlog"
	"flowctl/collectors/pcap"
	"flowctl/collectors/summary"
)

// corpus returns the folder with real files, or skips.
func corpus(t *testing.T) string {
	dir := os.Getenv("FLOWCTL_CORPUS")
	if dir == "" {
		t.Skip("FLOWCTL_CORPUS names no folder with sample files")
	}
	return dir
}

// summarize reads one file into a document, by way of its JSON.
func summarize(t *testing.T, path string, read flow.Reader) *summary.Document {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasSuffix(path, ".zst") {
		d, err := zstd.NewReader(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		var plain bytes.Buffer
		if _, err := plain.ReadFrom(d); err != nil {
			t.Fatal(err)
		}
		b = plain.Bytes()
	}
	src, names, skipped := &flow.Source{Path: filepath.Base(path)}, flow.NewNames(), &flow.Skipped{}
	table := aggregate.New(names)
	for batch, err := range read(bytes.NewReader(b), flow.Input{Source: src, Names: names, Skipped: skipped}) {
		if err != nil {
			t.Logf("%s: %v", src.Path, err)
		}
		table.Add(0, batch)
	}
	doc, err := summary.Of(table, summary.Options{Sources: []flow.Source{*src}, Skipped: skipped.All()})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := doc.Write(&out); err != nil {
		t.Fatal(err)
	}
	again, err := summary.Read(&out)
	if err != nil {
		t.Fatal(err)
	}
	return again
}

// counted is a conversation as the truth files and the document have it.
type counted struct {
	A, B                         string
	PacketsAB, BytesAB, IPAB     uint64
	PacketsBA, BytesBA, IPBA     uint64
	First, Last                  string
	MeasuredFrames, MeasuredFlow bool
}

func TestCapturesOfTheCorpus(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join(corpus(t), "captures", "*.truth.json"))
	if len(files) == 0 {
		t.Fatal("the corpus has no captures")
	}
	for _, f := range files {
		name := strings.TrimSuffix(filepath.Base(f), ".truth.json")
		t.Run(name, func(t *testing.T) { checkCapture(t, f, strings.TrimSuffix(f, ".truth.json")) })
	}
}

func checkCapture(t *testing.T, truthFile, path string) {
	type count struct {
		Packets    uint64 `json:"packets"`
		FrameBytes uint64 `json:"frame_bytes"`
		IPBytes    uint64 `json:"ip_bytes"`
	}
	var truth struct {
		Agree       bool   `json:"tools_agree"`
		Packets     uint64 `json:"packets"`
		FrameBytes  uint64 `json:"frame_bytes"`
		First, Last string
		Protocols   map[string]count `json:"ip_protocols"`

		Conversations []struct {
			A, B        string
			AB          count `json:"a_to_b"`
			BA          count `json:"b_to_a"`
			First, Last string
		}
	}
	load(t, truthFile, &truth)
	doc := summarize(t, path, pcap.Read)
	if !truth.Agree {
		return
	}
	var ip uint64
	for _, p := range truth.Protocols {
		ip += p.IPBytes
	}
	want := summary.Volume{Packets: summary.Known(truth.Packets), Bytes: summary.Known(truth.FrameBytes), IPBytes: summary.Known(ip)}
	stated, had := takenBack(doc)
	if stated > 0 {
		want.Bytes.N = truth.FrameBytes - stated + had
		want.IPBytes.N = min(ip, doc.Total.IPBytes.N)
	}
	if diff := cmp.Diff(want, doc.Total.Volume); diff != "" {
		t.Errorf("total (-want +got):\n%s", diff)
	}
	if truth.Packets > 0 {
		if diff := cmp.Diff([]string{truth.First, truth.Last}, []string{doc.Total.First.String(), doc.Total.Last.String()}); diff != "" {
			t.Errorf("times (-want +got):\n%s", diff)
		}
	}
	var all []counted
	for _, c := range truth.Conversations {
		n := counted{c.A, c.B, c.AB.Packets, c.AB.FrameBytes, c.AB.IPBytes, c.BA.Packets, c.BA.FrameBytes, c.BA.IPBytes, c.First, c.Last, true, true}
		if netip.MustParseAddr(c.B).Less(netip.MustParseAddr(c.A)) {
			t.Fatalf("truth has %s before %s", c.A, c.B)
		}
		all = append(all, n)
	}
	if stated == 0 { // else the tools believe lengths that flowctl does not
		compare(t, all, doc)
	}
}

var longFrames = regexp.MustCompile(`as long as they state, (\d+) bytes; counted by the (\d+) bytes`)

// takenBack is what frames stated that cannot be as long as that, and what was
// counted of them. The tools of the truth files believe every length.
func takenBack(doc *summary.Document) (stated, had uint64) {
	for _, s := range doc.Skipped {
		if m := longFrames.FindStringSubmatch(s.Reason); m != nil {
			stated, _ = strconv.ParseUint(m[1], 10, 64)
			had, _ = strconv.ParseUint(m[2], 10, 64)
		}
	}
	return stated, had
}

func TestFlowLogsOfTheCorpus(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join(corpus(t), "flowlogs", "*.truth.json"))
	if len(files) == 0 {
		t.Fatal("the corpus has no flow logs")
	}
	for _, f := range files {
		name := strings.TrimSuffix(filepath.Base(f), ".truth.json")
		t.Run(name, func(t *testing.T) { checkFlowLog(t, f, strings.TrimSuffix(f, ".truth.json")+".json") })
	}
}

func checkFlowLog(t *testing.T, truthFile, path string) {
	var truth struct {
		First int64 `json:"first_ms"`
		Last  int64 `json:"last_ms"`
		Flows uint64
		Total struct {
			Tuples       uint64
			PacketsSent  uint64 `json:"packets_sent"`
			BytesSent    uint64 `json:"bytes_sent"`
			PacketsRecv  uint64 `json:"packets_received"`
			BytesRecv    uint64 `json:"bytes_received"`
			DeniedTuples uint64 `json:"denied"`
		}
		Pairs []struct {
			Src, Dst    string
			PacketsSent uint64 `json:"packets_sent"`
			BytesSent   uint64 `json:"bytes_sent"`
			PacketsRecv uint64 `json:"packets_received"`
			BytesRecv   uint64 `json:"bytes_received"`
		}
	}
	load(t, truthFile, &truth)
	doc := summarize(t, path, flowlog.Read)
	total := truth.Total
	if got := doc.Total.Packets.N; got != total.PacketsSent+total.PacketsRecv {
		t.Errorf("%d packets, want %d", got, total.PacketsSent+total.PacketsRecv)
	}
	if got := doc.Total.IPBytes.N; got != total.BytesSent+total.BytesRecv {
		t.Errorf("%d bytes, want %d", got, total.BytesSent+total.BytesRecv)
	}
	if doc.Total.Bytes.Known {
		t.Error("a flow log does not measure frame bytes")
	}
	if got := []int64{doc.Total.First.Time().UnixMilli(), doc.Total.Last.Time().UnixMilli()}; got[0] != truth.First || got[1] != truth.Last {
		t.Errorf("times %v, want %d and %d", got, truth.First, truth.Last)
	}
	if doc.Total.Flows != truth.Flows || doc.Total.Records != total.Tuples {
		t.Errorf("%d flows of %d records, want %d of %d", doc.Total.Flows, doc.Total.Records, truth.Flows, total.Tuples)
	}
	sums := map[[2]string]*counted{}
	for _, p := range truth.Pairs {
		a, b := p.Src, p.Dst
		n := counted{PacketsAB: p.PacketsSent, IPAB: p.BytesSent, PacketsBA: p.PacketsRecv, IPBA: p.BytesRecv}
		if netip.MustParseAddr(b).Less(netip.MustParseAddr(a)) {
			a, b = b, a
			n = counted{PacketsAB: n.PacketsBA, IPAB: n.IPBA, PacketsBA: n.PacketsAB, IPBA: n.IPAB}
		}
		c := sums[[2]string{a, b}]
		if c == nil {
			c = &counted{A: a, B: b}
			sums[[2]string{a, b}] = c
		}
		c.PacketsAB, c.IPAB = c.PacketsAB+n.PacketsAB, c.IPAB+n.IPAB
		c.PacketsBA, c.IPBA = c.PacketsBA+n.PacketsBA, c.IPBA+n.IPBA
		c.MeasuredFlow = c.PacketsAB+c.PacketsBA > 0
	}
	var all []counted
	for _, c := range sums {
		all = append(all, *c)
	}
	compare(t, all, doc)
}

// compare checks all conversations of doc. Times are compared where the truth
// has them.
func compare(t *testing.T, want []counted, doc *summary.Document) {
	t.Helper()
	var got []counted
	for c := range doc.Conversations.All() {
		got = append(got, counted{
			c.A, c.B, c.PacketsAB.N, c.BytesAB.N, c.IPBytesAB.N, c.PacketsBA.N, c.BytesBA.N, c.IPBytesBA.N,
			c.First.String(), c.Last.String(), c.BytesAB.Known && c.BytesBA.Known, c.PacketsAB.Known && c.IPBytesBA.Known,
		})
	}
	slices.SortFunc(want, func(x, y counted) int {
		if c := flow.AddrOf(netip.MustParseAddr(x.A)).Compare(flow.AddrOf(netip.MustParseAddr(y.A))); c != 0 {
			return c
		}
		return flow.AddrOf(netip.MustParseAddr(x.B)).Compare(flow.AddrOf(netip.MustParseAddr(y.B)))
	})
	if len(want) > 0 && want[0].First == "" {
		for i := range got {
			got[i].First, got[i].Last = "", ""
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("conversations (-want +got):\n%s", diff)
	}
	if int(doc.Total.Conversations) != len(got) {
		t.Errorf("total has %d conversations of %d", doc.Total.Conversations, len(got))
	}
}

func load(t *testing.T, path string, v any) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, v); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}
