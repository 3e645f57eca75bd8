package pcap_test

import (
	"bytes"
	"cmp"
	"slices"
	"sync"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"flowctl/collectors/flow"
	"flowctl/collectors/pcap"
	"flowctl/collectors/pcap/pcaptest"
)

// readShared reads with some helpers, and returns the records of all.
func readShared(t *testing.T, file []byte, helpers int) ([]flow.Record, flow.Source) {
	t.Helper()
	var mu sync.Mutex
	var records []flow.Record
	var ended int
	add := func(b flow.Batch) bool {
		mu.Lock()
		defer mu.Unlock()
		records = append(records, b...)
		return true
	}
	extras := 0
	extra := func() (flow.Sink, bool) {
		if extras == helpers {
			return flow.Sink{}, false
		}
		extras++
		return flow.Sink{Add: add, Done: func() {
			mu.Lock()
			defer mu.Unlock()
			ended++
		}}, true
	}
	in := flow.Input{Source: &flow.Source{Path: "test"}, Names: flow.NewNames(), Skipped: &flow.Skipped{}, Hosts: &flow.Hosts{}}
	if err := pcap.ReadShared(bytes.NewReader(file), in, flow.Workers{Main: add, Extra: extra}); err != nil {
		t.Fatal(err)
	}
	if ended != extras || extras != helpers {
		t.Errorf("%d sinks extras of %d, %d given back", extras, helpers, ended)
	}
	slices.SortFunc(records, func(a, b flow.Record) int {
		return cmp.Or(a.Src.Compare(b.Src), a.Dst.Compare(b.Dst), cmp.Compare(a.SrcPort, b.SrcPort),
			cmp.Compare(a.DstPort, b.DstPort), cmp.Compare(a.Proto, b.Proto), cmp.Compare(a.First, b.First))
	})
	return records, *in.Source
}

// TestShared checks that several goroutines find just what one finds.
func TestShared(t *testing.T) {
	traffic := pcaptest.Traffic{Seed: 8, Packets: 60_000, Flows: 6000, Active: 500, Data: 300, Span: 8 * time.Minute}
	files := map[string][]byte{"pcap": traffic.File(pcaptest.Classic{}, 96)}
	var rs []pcaptest.Record
	for r := range traffic.Records() {
		r.Data = slices.Clone(r.Data)
		rs = append(rs, r)
	}
	files["pcapng"] = pcaptest.Pcapng(false, rs...)
	files["any"] = anyFiles(rs)["cooked 2"]
	for name, file := range files {
		t.Run(name, func(t *testing.T) {
			want, source := readShared(t, file, 0)
			for _, helpers := range []int{1, 3} {
				got, s := readShared(t, file, helpers)
				if diff := gocmp.Diff(source, s); diff != "" {
					t.Errorf("%d helpers: source, -want +got\n%s", helpers, diff)
				}
				if len(got) != len(want) || len(want) < 6000 {
					t.Errorf("%d helpers: %d records, want %d", helpers, len(got), len(want))
				}
				for i := range min(len(got), len(want)) {
					if got[i] != want[i] {
						t.Fatalf("%d helpers: -want +got\n%s", helpers, gocmp.Diff(want[i], got[i]))
					}
				}
			}
		})
	}
}

// TestSharedStops checks that all who help end when nobody wants more.
func TestSharedStops(t *testing.T) {
	file := pcaptest.Traffic{Seed: 8, Packets: 60_000, Flows: 6000, Active: 500, Data: 30, Span: 8 * time.Minute}.File(pcaptest.Classic{}, 96)
	var mu sync.Mutex
	batches, ended, extras := 0, 0, 0
	no := func(flow.Batch) bool {
		mu.Lock()
		defer mu.Unlock()
		batches++
		return false
	}
	in := flow.Input{Source: &flow.Source{Path: "test"}, Names: flow.NewNames(), Skipped: &flow.Skipped{}}
	err := pcap.ReadShared(bytes.NewReader(file), in, flow.Workers{Main: no, Extra: func() (flow.Sink, bool) {
		extras++
		return flow.Sink{Add: no, Done: func() {
			mu.Lock()
			defer mu.Unlock()
			ended++
		}}, extras <= 2
	}})
	if err != nil || batches > 3 || ended != min(extras, 2) {
		t.Errorf("%d batches, %d helpers ended, %v", batches, ended, err)
	}
}
