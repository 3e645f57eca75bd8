package pcap_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowctl/collectors/flow"
	"flowctl/collectors/pcap/pcaptest"
)

// segments is what both count of one direction of a TCP conversation. Again is
// all that Wireshark calls a retransmission, fast, spurious or none of both, or
// out of order.
type segments struct {
	SYN, SYNACK, FIN, RST, Again, Zero, Keep, Dup int
	spurious                                      int // of Again
}

// fields are what tshark is asked for, by name and in the order of its columns.
var fields = []string{
	"ip.src", "ipv6.src", "tcp.srcport", "ip.dst", "ipv6.dst", "tcp.dstport", "tcp.flags",
	"tcp.analysis.retransmission", "tcp.analysis.fast_retransmission", "tcp.analysis.out_of_order",
	"tcp.analysis.spurious_retransmission", "tcp.analysis.zero_window", "tcp.analysis.keep_alive", "tcp.analysis.duplicate_ack",
}

// dissected is what tshark counts in a file, by direction, but for frames with
// more than one IP header.
func dissected(t *testing.T, file string) map[string]segments {
	t.Helper()
	args := []string{"-n", "-r", file, "-Y", "tcp", "-T", "fields", "-E", "occurrence=a", "-o", "ip.defragment:FALSE"}
	for _, f := range fields {
		args = append(args, "-e", f)
	}
	out, err := exec.Command("tshark", args...).Output()
	if err != nil && len(out) == 0 {
		t.Logf("tshark: %v", err) // of a damaged file: what it could read counts
	}
	all := map[string]segments{}
	for line := range strings.Lines(string(out)) {
		c := strings.Split(strings.TrimRight(line, "\n"), "\t")
		key := c[0] + c[1] + ":" + c[2] + " " + c[3] + c[4] + ":" + c[5]
		if strings.Contains(key, ",") || c[0] != "" && c[1] != "" {
			continue
		}
		flags, err := strconv.ParseUint(strings.TrimPrefix(c[6], "0x"), 16, 16)
		if err != nil {
			t.Fatal(err)
		}
		s := all[key]
		s.flags(flags)
		if c[7]+c[8]+c[9]+c[10] != "" {
			s.Again++
		}
		for i, n := range map[int]*int{10: &s.spurious, 11: &s.Zero, 12: &s.Keep, 13: &s.Dup} {
			if c[i] != "" {
				*n++
			}
		}
		all[key] = s
	}
	return all
}

func (s *segments) flags(f uint64) {
	switch f & 0x12 {
	case 0x02:
		s.SYN++
	case 0x12:
		s.SYNACK++
	}
	s.FIN += int(f & 1)
	s.RST += int(f >> 2 & 1)
}

// counted is what this package counts, likewise.
func counted(records []flow.Record) map[string]segments {
	all := map[string]segments{}
	for _, r := range records {
		if r.Proto != 6 || r.TCP.Seen&(flow.TCPSent|flow.TCPReceived) == 0 {
			continue
		}
		src, dst := netip.AddrPortFrom(shown(r.Src), r.SrcPort), netip.AddrPortFrom(shown(r.Dst), r.DstPort)
		for _, d := range []struct {
			from, to netip.AddrPort
			seen     flow.TCPSeen
			n        flow.TCPCount
		}{{src, dst, flow.TCPSent, r.TCP.Sent}, {dst, src, flow.TCPReceived, r.TCP.Received}} {
			if r.TCP.Seen&d.seen == 0 {
				continue
			}
			key := fmt.Sprintf("%s:%d %s:%d", d.from.Addr(), d.from.Port(), d.to.Addr(), d.to.Port())
			s := all[key]
			s.SYN += int(d.n.SYN)
			s.SYNACK += int(d.n.SYNACK)
			s.FIN += int(d.n.FIN)
			s.RST += int(d.n.RST)
			s.Again += int(d.n.Retransmitted)
			s.Zero += int(d.n.ZeroWindow)
			s.Keep += int(d.n.KeepAlive)
			s.Dup += int(d.n.DupACKs)
			all[key] = s
		}
	}
	return all
}

func compareWithTshark(t *testing.T, file string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	records, in, _ := read(bytes.NewReader(data))
	got, again := counted(records), int(in.Source.Again.Packets)
	if len(got) == 0 {
		return // that there is no TCP in it, the truth says
	}
	want := dissected(t, file)
	for k, w := range want {
		// Wireshark calls data spurious that was acknowledged before it was seen,
		// also if it was not seen before.
		if g := got[k]; g.Again < w.Again && g.Again >= w.Again-w.spurious {
			w.Again = g.Again
		}
		// It takes a packet of two interfaces for one that was sent again.
		if g := got[k]; g.Again < w.Again && int(w.Again)-int(g.Again) <= again {
			w.Again = g.Again
		}
		w.spurious = 0
		want[k] = w
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(segments{})); diff != "" {
		t.Errorf("-tshark +flowctl\n%.3000s", diff)
	}
}

func needTshark(t *testing.T) {
	if _, err := exec.LookPath("tshark"); err != nil {
		t.Skip("tshark is not installed")
	}
}

// TestTsharkOnSamples compares the figures of TCP with Wireshark's on real files.
func TestTsharkOnSamples(t *testing.T) {
	needTshark(t)
	corpus := os.Getenv("FLOWCTL_CORPUS")
	if corpus == "" {
		t.Skip("FLOWCTL_CORPUS names no folder with sample captures")
	}
	files, _ := filepath.Glob(filepath.Join(corpus, "captures", "*.truth.json"))
	for _, f := range files {
		f = strings.TrimSuffix(f, ".truth.json")
		if strings.HasSuffix(f, "ip-length-zero.pcap") {
			continue // Wireshark analyses no segments of packets that state no length
		}
		t.Run(filepath.Base(f), func(t *testing.T) { compareWithTshark(t, f) })
	}
}

// TestTsharkOnBadNetwork compares them on traffic of which some is lost, sent
// twice or overtaken.
func TestTsharkOnBadNetwork(t *testing.T) {
	needTshark(t)
	traffic := pcaptest.Traffic{Seed: 4, Packets: 20_000, Flows: 300, Active: 60, Data: 200, Span: 50 * time.Second}
	r := rand.New(rand.NewPCG(3, 3))
	var rs []pcaptest.Record
	for p := range traffic.Records() {
		p.Data = slices.Clone(p.Data)
		switch r.IntN(40) {
		case 0:
			continue
		case 1:
			rs = append(rs, p)
		}
		rs = append(rs, p)
		if n := len(rs); n > 2 && r.IntN(40) == 0 {
			rs[n-1].Data, rs[n-2].Data = rs[n-2].Data, rs[n-1].Data
		}
	}
	file := filepath.Join(t.TempDir(), "bad.pcap")
	if err := os.WriteFile(file, pcaptest.Classic{}.File(rs...), 0o600); err != nil {
		t.Fatal(err)
	}
	compareWithTshark(t, file)
}
