package collectors

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"flowctl/collectors/pcap/pcaptest"
	"flowctl/collectors/summary"
)

// captureLaw holds for any bytes of a capture.
type captureLaw func(t *testing.T, dir string, r *rand.Rand, file []byte) error

var captureLaws = map[string]captureLaw{
	"twice is once":                captureTwice,
	"a beginning changes nothing":  captureBeginning,
	"in any order, by any workers": captureOrders,
	"no 5-tuple is lost":           captureBeside,
	"steps of time add up":         captureSteps,
	"IP is no longer than frames":  captureLengths,
}

// capturesForLaws are captures by name: made up ones, and those of the corpus.
func capturesForLaws(t *testing.T) map[string][]byte {
	all := map[string][]byte{
		"made up": pcaptest.Traffic{Seed: 3, Packets: 3000, Flows: 200, Active: 40, Data: 300, Span: 7 * time.Minute}.File(pcaptest.Classic{}, 65535),
		"web":     pcaptest.Pcapng(true, webPackets(200)...),
	}
	if corpus := os.Getenv("FLOWCTL_CORPUS"); corpus != "" {
		names, _ := filepath.Glob(filepath.Join(corpus, "captures", "*"))
		for _, name := range names {
			if b, err := os.ReadFile(name); err != nil {
				t.Fatal(err)
			} else if !strings.HasSuffix(name, ".json") && !strings.HasSuffix(name, ".zst") {
				all[filepath.Base(name)] = b
			}
		}
	}
	return all
}

// TestCaptureLaws tries all laws on all captures. Of one that breaks a law it
// shows the shortest beginning that does.
func TestCaptureLaws(t *testing.T) {
	captures := capturesForLaws(t)
	size, asked := 0, 0
	for name, file := range captures {
		size += len(file)
		for says, holds := range captureLaws {
			t.Run(name+", "+says, func(t *testing.T) {
				breaks := func(n int) error {
					asked++
					return holds(t, t.TempDir(), rand.New(rand.NewPCG(5, 5)), file[:n])
				}
				if err := breaks(len(file)); err != nil {
					low, high := 0, len(file) // breaks at high
					for low+1 < high {
						if e := breaks((low + high) / 2); e != nil {
							high, err = (low+high)/2, e
						} else {
							low = (low + high) / 2
						}
					}
					t.Errorf("%v\nwith no more than %d bytes, which end in\n%x", err, high, file[max(0, high-200):high])
				}
			})
		}
	}
	t.Logf("%d laws over %d captures of %d bytes, %d times", len(captureLaws), len(captures), size, asked)
}

// read is what captures say together; nil if nothing could be read.
func readCaptures(t *testing.T, s Sum, paths ...string) *summary.Document {
	t.Helper()
	s.Items = itemsOf(paths...)
	doc, _, err := s.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// balanced wants sources less what was merged to be the total.
func balanced(d *summary.Document) error {
	var n [3]uint64
	for _, s := range d.Sources {
		n[0] += s.Total.Packets.N
		n[1] += s.Total.Bytes.N
		n[2] += s.Total.IPBytes.N
	}
	if !d.Total.Bytes.Known { // flow logs do not measure frames
		n[1] = d.Total.Bytes.N + d.Merged.Bytes.N
	}
	got := [3]uint64{d.Total.Packets.N + d.Merged.Packets.N, d.Total.Bytes.N + d.Merged.Bytes.N, d.Total.IPBytes.N + d.Merged.IPBytes.N}
	if got != n {
		return fmt.Errorf("packets and bytes: sources hold %d, total and merged are %d", n, got)
	}
	return nil
}

// pairsOf are the conversations of a document, as text.
func pairsOf(d *summary.Document) (all []string) {
	for c := range d.Conversations.All() {
		b, _ := c.IPBytesAB.MarshalJSON()
		a, _ := c.IPBytesBA.MarshalJSON()
		all = append(all, fmt.Sprintf("%s %s %d %d %s %s %d", c.A, c.B, c.PacketsAB.N, c.PacketsBA.N, b, a, c.Flows))
	}
	return all
}

func equal(what string, want, got *summary.Document) error {
	if want.Total != got.Total {
		return fmt.Errorf("%s: total %+v, alone %+v", what, got.Total, want.Total)
	}
	if a, b := pairsOf(want), pairsOf(got); !slices.Equal(a, b) {
		return fmt.Errorf("%s: conversations\n%q, alone\n%q", what, b, a)
	}
	return balanced(got)
}

func captureTwice(t *testing.T, dir string, _ *rand.Rand, file []byte) error {
	one := saved(dir, "a.pcap", string(file))
	alone := readCaptures(t, Sum{}, one)
	saved(dir, "a (1).pcap", string(file))
	saved(dir, "b.pcap.gz", string(zipped(file)))
	return equal("three times", alone, readCaptures(t, Sum{}, dir))
}

func captureBeginning(t *testing.T, dir string, r *rand.Rand, file []byte) error {
	one := saved(dir, "a.pcap", string(file))
	alone := readCaptures(t, Sum{}, one)
	for range 2 {
		n := r.IntN(len(file) + 1)
		both := readCaptures(t, Sum{}, one, saved(dir, "b.pcap", string(file[:n])))
		if err := equal(fmt.Sprintf("beside its first %d bytes", n), alone, both); err != nil {
			return err
		}
	}
	return nil
}

func captureOrders(t *testing.T, dir string, r *rand.Rand, file []byte) error {
	paths := []string{
		saved(dir, "a.pcap", string(file)), saved(dir, "b.pcapng", string(pcaptest.Pcapng(false, webPackets(40)...))), saved(dir, "c.pcap.gz", string(zipped(file[:len(file)/2]))),
		saved(dir, "d.json", string(logged(connection(60, time.Second), 0, 1))),
	}
	sorted := slices.Sorted(slices.Values(paths))
	want := ""
	for workers := 1; workers <= 2; workers++ { // once spilled
		r.Shuffle(len(paths), func(i, j int) { paths[i], paths[j] = paths[j], paths[i] })
		doc := readCaptures(t, Sum{Workers: workers, Memory: int64(workers%2) << 10}, paths...)
		if err := balanced(doc); err != nil {
			return err
		}
		doc.Sources = nil // in the order in which they are given
		var b bytes.Buffer
		if err := doc.Write(&b); err != nil {
			t.Fatal(err)
		}
		if want == "" {
			want = b.String()
		}
		if b.String() != want {
			return fmt.Errorf("%d workers, %s: another document than of %s", workers, paths, sorted)
		}
	}
	return nil
}

// captureBeside reads a capture beside another one of other addresses.
func captureBeside(t *testing.T, dir string, _ *rand.Rand, file []byte) error {
	one, two := saved(dir, "a.pcap", string(file)), saved(dir, "b.pcap", string(pcaptest.Classic{}.File(elsewhere()...)))
	alone, other, both := readCaptures(t, Sum{}, one), readCaptures(t, Sum{}, two), readCaptures(t, Sum{}, one, two)
	want := slices.Concat(pairsOf(alone), pairsOf(other))
	got := pairsOf(both)
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(slices.Compact(want), got) {
		return fmt.Errorf("beside another capture: %q, alone %q", got, want)
	}
	return balanced(both)
}

// elsewhere is traffic of addresses that no capture of the laws has.
func elsewhere() (rs []pcaptest.Record) {
	for i := range 50 {
		a := netip.AddrPortFrom(netip.AddrFrom4([4]byte{198, 18, 77, byte(i % 5)}), 5000)
		rs = append(rs, pcaptest.Record{At: lawsStart*1e9 + int64(i), Data: pcaptest.Ethernet(pcaptest.UDP(a, netip.MustParseAddrPort("198.19.77.1:53"), []byte("other")))})
	}
	return rs
}

func captureLengths(t *testing.T, dir string, _ *rand.Rand, file []byte) error {
	doc := readCaptures(t, Sum{}, saved(dir, "a.pcap", string(file)))
	if doc.Total.Bytes.Known && doc.Total.IPBytes.Known && doc.Total.IPBytes.N > doc.Total.Bytes.N {
		return fmt.Errorf("%d bytes of IP in %d of frames", doc.Total.IPBytes.N, doc.Total.Bytes.N)
	}
	return balanced(doc)
}
