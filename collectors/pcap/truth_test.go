package pcap_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"flowctl/collectors/flow"
	"flowctl/collectors/pcap"
)

// truth is what other tools counted in a file.
type truth struct {
	Status        string  `json:"status"`
	ToolsAgree    bool    `json:"tools_agree"`
	Packets       uint64  `json:"packets"`
	FrameBytes    uint64  `json:"frame_bytes"`
	First         string  `json:"first"`
	Last          string  `json:"last"`
	Conversations []truly `json:"conversations"`
	Flows         []truly `json:"flows"`
	Protocols     map[string]struct {
		IPBytes uint64 `json:"ip_bytes"`
	} `json:"ip_protocols"`
}

type truly struct {
	Proto uint8     `json:"proto"`
	A     string    `json:"a"`
	APort uint16    `json:"a_port"`
	B     string    `json:"b"`
	BPort uint16    `json:"b_port"`
	AB    trueCount `json:"a_to_b"`
	BA    trueCount `json:"b_to_a"`
	First string    `json:"first"`
	Last  string    `json:"last"`
}

type trueCount struct {
	Packets    uint64 `json:"packets"`
	FrameBytes uint64 `json:"frame_bytes"`
	IPBytes    uint64 `json:"ip_bytes"`
}

// pair names a conversation in a truth file.
type pair struct {
	a, b   netip.Addr
	pa, pb uint16
	proto  uint8
}

// sums is what was counted of a conversation.
type sums struct {
	AB, BA      flow.Count
	First, Last int64
}

// tally is everything that is compared.
type tally struct {
	Total       flow.Count
	First, Last int64
	Pairs       map[string]sums
	Flows       map[string]sums
}

func newTally() tally {
	return tally{First: math.MaxInt64, Last: flow.NoTime, Pairs: map[string]sums{}, Flows: map[string]sums{}}
}

// tallyOf adds records up by address pair and by 5-tuple.
func tallyOf(records []flow.Record) tally {
	t := newTally()
	for i := range records {
		r := &records[i]
		t.Total.Add(r.Sent)
		t.Total.Add(r.Received)
		if r.First != flow.NoTime {
			t.First, t.Last = min(t.First, r.First), max(t.Last, r.Last)
		}
		if r.EtherType == 0 {
			p := pair{a: shown(r.Src), b: shown(r.Dst), pa: r.SrcPort, pb: r.DstPort, proto: r.Proto}
			s := sums{r.Sent, r.Received, r.First, r.Last}
			join(t.Flows, p, s)
			p.pa, p.pb, p.proto = 0, 0, 0
			join(t.Pairs, p, s)
		}
	}
	return t
}

// shown is an address as tools show it: the unspecified one too.
func shown(a flow.Addr) netip.Addr {
	if a.IsZero() {
		return netip.IPv6Unspecified()
	}
	return a.Netip()
}

// join adds s to what m has of p, with the lower end first; packets from an
// address to itself are all from a to b.
func join(m map[string]sums, p pair, s sums) {
	if c := cmp.Or(p.a.Compare(p.b), cmp.Compare(p.pa, p.pb)); c > 0 {
		p.a, p.b, p.pa, p.pb = p.b, p.a, p.pb, p.pa
		s.AB, s.BA = s.BA, s.AB
	}
	if p.a == p.b && p.pa == 0 && p.pb == 0 {
		s.AB.Add(s.BA)
		s.BA = flow.Count{}
	}
	key := p.String()
	if old, ok := m[key]; ok {
		s.AB.Add(old.AB)
		s.BA.Add(old.BA)
		if s.First == flow.NoTime || old.First != flow.NoTime && old.First < s.First {
			s.First = old.First
		}
		s.Last = max(s.Last, old.Last)
	}
	m[key] = s
}

func (p pair) String() string {
	return fmt.Sprintf("%s:%d %s:%d %d", p.a, p.pa, p.b, p.pb, p.proto)
}

// tally is what a truth file says.
func (tr *truth) tally(t *testing.T) tally {
	t.Helper()
	want := newTally()
	want.Total = flow.Count{Packets: tr.Packets, FrameBytes: tr.FrameBytes}
	for _, p := range tr.Protocols {
		want.Total.IPBytes += p.IPBytes
	}
	if tr.First != "" {
		want.First, want.Last = nanoseconds(t, tr.First), nanoseconds(t, tr.Last)
	}
	for _, c := range tr.Conversations {
		got := c.sums(t)
		want.Last = max(want.Last, got.Last)
		join(want.Pairs, pair{a: netip.MustParseAddr(c.A), b: netip.MustParseAddr(c.B)}, got)
	}
	for _, c := range tr.Flows {
		join(want.Flows, pair{netip.MustParseAddr(c.A), netip.MustParseAddr(c.B), c.APort, c.BPort, c.Proto}, c.sums(t))
	}
	return want
}

func (c *truly) sums(t *testing.T) sums {
	count := func(c trueCount) flow.Count {
		return flow.Count{Packets: c.Packets, IPBytes: c.IPBytes, FrameBytes: c.FrameBytes}
	}
	return sums{count(c.AB), count(c.BA), nanoseconds(t, c.First), nanoseconds(t, c.Last)}
}

func nanoseconds(t *testing.T, s string) int64 {
	t.Helper()
	if s == "" {
		return flow.NoTime
	}
	v, err := time.Parse(time.RFC3339Nano, s)
	if err != nil && strings.Index(s, "-") > 4 {
		return flow.NoTime // after the year 9999: no clock shows it, nor does the reader
	} else if err != nil {
		t.Fatal(err)
	}
	return v.UnixNano()
}

// read reads a whole capture.
func read(r io.Reader) (records []flow.Record, in flow.Input, err error) {
	in = flow.Input{Source: &flow.Source{Path: "test"}, Names: flow.NewNames(), Skipped: &flow.Skipped{}, Hosts: &flow.Hosts{}}
	for b, e := range pcap.Read(r, in) {
		records = append(records, b...)
		err = e
	}
	return records, in, err
}

// TestTruth compares with what Wireshark's tools count in real files.
func TestTruth(t *testing.T) {
	corpus := os.Getenv("FLOWCTL_CORPUS")
	if corpus == "" {
		t.Skip("FLOWCTL_CORPUS names no folder with sample captures")
	}
	files, err := filepath.Glob(filepath.Join(corpus, "captures", "*.truth.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no captures in %s: %v", corpus, err)
	}
	for _, f := range files {
		name := strings.TrimSuffix(filepath.Base(f), ".truth.json")
		t.Run(name, func(t *testing.T) { compare(t, strings.TrimSuffix(f, ".truth.json")) })
	}
}

// believe takes out of want what other tools believe of lengths that cannot be,
// and count of packets that several interfaces had, by what was told of them.
// The rest of these files is then compared without bytes, or without counts.
func believe(t *testing.T, in flow.Input, want, got *tally) {
	if a := in.Source.Again; a.Packets > 0 {
		t.Logf("captured again: %+v", a)
		want.Total = flow.Count{Packets: want.Total.Packets - a.Packets, IPBytes: want.Total.IPBytes - a.IPBytes, FrameBytes: want.Total.FrameBytes - a.FrameBytes}
		for _, m := range []*tally{want, got} {
			for _, sums := range []map[string]sums{m.Pairs, m.Flows} {
				for k, s := range sums {
					s.AB, s.BA = flow.Count{}, flow.Count{}
					sums[k] = s
				}
			}
		}
	}
	for _, s := range in.Skipped.All() {
		var stated, had uint64
		if n, _ := fmt.Sscanf(s.Reason, "frames that cannot be as long as they state, %d bytes; counted by the %d bytes", &stated, &had); n != 2 {
			continue
		}
		t.Log(s)
		want.Total.FrameBytes -= stated - had
		for _, m := range []*tally{want, got} {
			m.Total.IPBytes = 0
			for _, sums := range []map[string]sums{m.Pairs, m.Flows} {
				for k, s := range sums {
					s.AB, s.BA = flow.Count{Packets: s.AB.Packets}, flow.Count{Packets: s.BA.Packets}
					sums[k] = s
				}
			}
		}
	}
}

func compare(t *testing.T, file string) {
	var tr truth
	if text, err := os.ReadFile(file + ".truth.json"); err != nil {
		t.Fatal(err)
	} else if err := json.Unmarshal(text, &tr); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasSuffix(file, ".zst") {
		z, err := zstd.NewReader(nil)
		if err != nil {
			t.Fatal(err)
		}
		if data, err = z.DecodeAll(data, nil); err != nil {
			t.Fatal(err)
		}
	}
	records, in, err := read(bytes.NewReader(data))
	if unreadable := tr.Status == "unreadable"; unreadable != (err != nil) {
		t.Fatalf("error %v, want one: %v", err, unreadable)
	}
	if got := string(in.Source.Status); got != tr.Status {
		t.Errorf("status %s, want %s; skipped %+v", got, tr.Status, in.Skipped.All())
	}
	if in.Source.Records != tr.Packets {
		t.Errorf("%d packets, want %d", in.Source.Records, tr.Packets)
	}
	want, got := tr.tally(t), tallyOf(records)
	believe(t, in, &want, &got)
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("tools agree: %v (-want +got)\n%s", tr.ToolsAgree, diff)
	}
}
