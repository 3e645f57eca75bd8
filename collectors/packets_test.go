package collectors

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowctl/collectors/etl"
	"flowctl/collectors/etl/etltest"
	"flowctl/collectors/flow"
	"flowctl/collectors/pcap"
	"flowctl/collectors/pcap/packet"
	"flowctl/collectors/pcap/pcaptest"
)

// held is a packet that a file holds.
type held struct {
	Link              packet.Link
	Name, Description string
	Way               flow.Direction
	Data              string
	Wire              uint32
	Time              int64
	Comments          string
}

// packets reads what a file holds, and writes it as pcapng.
func packets(t *testing.T, file []byte, want etl.Reports) (all []held, written []byte, err error) {
	t.Helper()
	var out bytes.Buffer
	w := pcap.NewWriter(&out, "test")
	in := flow.Input{Source: &flow.Source{Path: "a"}, Names: flow.NewNames(), Skipped: &flow.Skipped{}}
	err = Packets(bytes.NewReader(file), in, want, func(f *packet.Frame) bool {
		all = append(all, held{f.Interface.Link, f.Interface.Name, f.Interface.Description, f.Way, string(f.Data), f.Wire, f.Time, strings.Join(f.Comments, "|")})
		if err := w.Write(f); err != nil {
			t.Error(err)
		}
		return true
	})
	err = errors.Join(err, w.Close())
	return all, out.Bytes(), err
}

// measured is what summing up a file says of its packets.
func measured(t *testing.T, file []byte) map[string]flow.Count {
	t.Helper()
	all := map[string]flow.Count{}
	in := flow.Input{Source: &flow.Source{Path: "a"}, Names: flow.NewNames(), Skipped: &flow.Skipped{}}
	for batch, err := range Read(bytes.NewReader(file), in) {
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range batch {
			if r.State == flow.Deny {
				continue // a drop event, and no packet
			}
			for way, n := range map[string]flow.Count{fmt.Sprint(r.Src, r.SrcPort, r.Dst, r.DstPort, r.Proto): r.Sent, fmt.Sprint(r.Dst, r.DstPort, r.Src, r.SrcPort, r.Proto): r.Received} {
				c := all[way]
				c.Add(n)
				all[way] = c
			}
		}
	}
	return all
}

// convertible are files with packets: generated ones of every form, and those of
// the corpus.
func convertible(t *testing.T) map[string][]byte {
	all := map[string][]byte{}
	traffic := pcaptest.Traffic{Seed: 11, Packets: 2000, Flows: 60, Active: 12, Data: 300, Span: 20 * time.Second}
	all["pcap"] = traffic.File(pcaptest.Classic{Big: true, Magic: pcaptest.Nano}, 96)
	var rs []pcaptest.Record
	for r := range traffic.Records() {
		r.Data, r.Interface = slices.Clone(r.Data), uint32(len(rs)%2)
		rs = append(rs, r)
	}
	n := pcaptest.Blocks{}
	b := n.Interface(n.Interface(n.Section(nil), 1, 0, 9, 0), 1, 0, 9, 0)
	for _, r := range rs {
		b = n.Packet(b, r, uint64(r.At))
	}
	all["pcapng with two interfaces"] = b
	all["snoop"] = pcaptest.Snoop(4, rs...)
	a, z := netip.MustParseAddrPort("10.0.0.4:50000"), netip.MustParseAddrPort("10.0.0.5:443")
	var events []etltest.Event
	for i := range 40 {
		f := pcaptest.Ethernet(pcaptest.TCP(a, z, 0x18, uint32(100*i), 1, bytes.Repeat([]byte{'x'}, 100)))
		for c := range 4 {
			events = append(events, etltest.Report{Component: uint16(c), Direction: 4, Kind: 1, Payload: f, At: int64(1000*i + c), Group: uint64(4*i + c)}.Event())
		}
		events = append(events, etltest.Report{Component: 3, Kind: 1, Reason: 7, Payload: f, At: int64(1000*i + 9)}.Event())
	}
	all["pktmon"] = etltest.Trace{Build: 26100, Buffers: []etltest.Buffer{{Events: events}, {Events: []etltest.Event{etltest.Component(0, 2, "netvsc.sys", "Hyper-V adapter", 1<<30)}}}}.Bytes()
	for name, pattern := range map[string]string{"FLOWCTL_CORPUS": "captures/*", "FLOWCTL_CORPUS_ETL": "*.etl"} {
		if os.Getenv(name) == "" {
			continue
		}
		files, _ := filepath.Glob(filepath.Join(os.Getenv(name), pattern))
		for _, f := range files {
			st, err := os.Stat(f)
			if err != nil || st.Size() > 4<<20 || strings.HasSuffix(f, ".json") {
				continue
			}
			if all[filepath.Base(f)], err = os.ReadFile(f); err != nil {
				t.Fatal(err)
			}
		}
	}
	return all
}

// TestConvertLaws: what is written as pcapng holds the same packets, with all that
// is told of them, and is summed up the same.
func TestConvertLaws(t *testing.T) {
	for name, file := range convertible(t) {
		t.Run(name, func(t *testing.T) {
			all, written, err := packets(t, file, etl.Reports{})
			if err != nil {
				if len(all) > 0 {
					t.Error(err)
				}
				return
			}
			again, twice, err := packets(t, written, etl.Reports{})
			if err != nil {
				t.Fatal(err)
			}
			for i := range all {
				if all[i].Time == flow.NoTime { // it is told in a comment, which pcapng has in place of a time
					all[i].Time, all[i].Comments = 0, again[i].Comments
				}
				all[i].Wire = max(all[i].Wire, uint32(len(all[i].Data)))
			}
			if diff := cmp.Diff(all, again); diff != "" {
				t.Errorf("-held +written\n%.2000s", diff)
			}
			if !bytes.Equal(written, twice) {
				t.Error("converting what was converted changes it")
			}
			if strings.HasPrefix(name, "no-ts") {
				return // times that are made up of none part flows otherwise
			}
			if diff := cmp.Diff(measured(t, file), measured(t, written)); diff != "" {
				t.Errorf("-of the source +of what was written\n%.2000s", diff)
			}
		})
	}
}

// TestPacketsOfSums: of files that hold no packets it is said what they are.
func TestPacketsOfSums(t *testing.T) {
	for name, tt := range map[string]struct{ file, want string }{
		"flow log": {`{"records":[{"time":"2026-11-12T09:00:00Z","flowLogVersion":4}]}`, "holds no packets"},
		"empty":    {"", "is empty"},
		"text":     {"hello, world", ErrUnknown.Error()},
	} {
		if _, _, err := packets(t, []byte(tt.file), etl.Reports{}); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %s", name, err, tt.want)
		}
	}
}
