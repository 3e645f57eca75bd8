package parquet

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"flowctl/collectors/flow"
	"flowctl/collectors/flow/flowtest"
)

// TestSourcesAreTold wants of a file what it was made of, however many sources: the
// kinds with records and without, the worst status, and what captures had twice.
func TestSourcesAreTold(t *testing.T) {
	kinds := []flow.Kind{flow.VNetFlowLog, flow.NSGFlowLog, flow.Pcap, flow.Pcapng, flow.EventTrace}
	statuses := []flow.Status{flow.OK, flow.Truncated, flow.Corrupt, flow.Unreadable}
	for seed := range flowtest.Seeds(60) {
		r := rand.New(rand.NewPCG(seed, 1))
		var list []flow.Source
		holds, empty := map[flow.Kind]bool{}, map[flow.Kind]bool{}
		worst, captures := 0, 0
		var twice flow.Count
		n := r.IntN(6)
		if seed == 7 {
			n = mostSources + 50
		}
		for i := range n {
			s := flow.Source{Path: fmt.Sprint("s", i), Kind: kinds[r.IntN(len(kinds))], Status: statuses[min(r.IntN(7), 3)], Records: uint64(r.IntN(3)), Files: r.IntN(3)}
			if s.Status == flow.Unreadable {
				s.Records = 0
			}
			if r.IntN(4) == 0 {
				s.Kind, s.Holds, s.Empty = flow.Parquet, []flow.Kind{flow.Snoop}, []flow.Kind{flow.NetMon}
			}
			if r.IntN(3) == 0 {
				s.Again = flow.Count{Packets: 1 + r.Uint64N(9), IPBytes: r.Uint64N(900), FrameBytes: r.Uint64N(990)}
				s.AgainIn = r.IntN(3)
				captures += max(1, s.AgainIn)
				twice.Add(s.Again)
			}
			switch {
			case s.Kind == flow.Parquet:
				holds[flow.Snoop] = true
				if s.Status != flow.Unreadable {
					empty[flow.NetMon] = true
				}
			case s.Records > 0:
				holds[s.Kind] = true
			case s.Status != flow.Unreadable:
				empty[s.Kind] = true
			}
			switch s.Status { // what could not be read at all is not in the file, so it is not whole
			case flow.Truncated:
				worst = max(worst, 1)
			case flow.Corrupt, flow.Unreadable:
				worst = 2
			}
			list = append(list, s)
		}
		_, src, _, err := load(write(t, nil, flow.NewNames(), 10, Meta{Version: "9", Sources: list}), flow.NewNames())
		if err != nil {
			t.Fatal(err)
		}
		if got, want := fmt.Sprint(src.Holds, src.Empty), fmt.Sprint(slices.Sorted(maps.Keys(holds)), slices.Sorted(maps.Keys(empty))); got != want {
			t.Fatalf("seed %d: holds %s, want %s", seed, got, want)
		}
		if want := []flow.Status{flow.OK, flow.Truncated, flow.Corrupt}[worst]; src.Status != want || src.Again != twice || src.AgainIn != captures || src.Kind != flow.Parquet {
			t.Fatalf("seed %d: %+v, want %s, %+v twice in %d", seed, src, want, twice, captures)
		}
	}
}

// TestSkipsAreTold wants every skip of the sources told again, in sum if there are more
// than a file keeps.
func TestSkipsAreTold(t *testing.T) {
	for _, n := range []int{0, 1, mostSkipped - 1, mostSkipped, mostSkipped + 1, mostSkipped + 70} {
		var list []flow.Skip
		var want uint64
		for i := range n {
			list = append(list, flow.Skip{Source: fmt.Sprint("s", i), Reason: "torn", Count: uint64(1 + i%3), Offset: int64(i)})
			want += uint64(1 + i%3)
		}
		_, _, skipped, err := load(write(t, nil, flow.NewNames(), 10, Meta{Skipped: list}), flow.NewNames())
		var got uint64
		for _, s := range skipped {
			got += s.Count
		}
		if err != nil || got != want || len(skipped) != min(n, mostSkipped) {
			t.Errorf("%d: %d skips of %d told as %d, %v", n, got, want, len(skipped), err)
		}
		if n <= mostSkipped && n > 0 && skipped[n-1] != list[n-1] {
			t.Errorf("%d: the last is %+v, want %+v", n, skipped[n-1], list[n-1])
		}
	}
}

// TestBesideTheFlows wants what a file has beside its flows as it was given.
func TestBesideTheFlows(t *testing.T) {
	var hosts flow.Hosts
	for i := range uint32(50) {
		hosts.Add(flow.Addr4(i), fmt.Sprintf("h%d \"ü\".example", i), []string{flow.FromDNS, flow.FromTLS}[i%2])
		hosts.Add(flow.Addr{Hi: 1 << 60, Lo: uint64(i)}, "six.example", flow.FromDNS)
	}
	hosts.Add(flow.Unspecified, "none.example", flow.FromDNS)
	m := Meta{Hosts: &hosts, Inventories: []byte(`[{"a":1}]`), Dictionary: []byte(`["d"]`), Minutes: []byte(`{"m":2}`)}
	b := write(t, nil, flow.NewNames(), 10, m)
	got, back := map[string]string{}, &flow.Hosts{}
	take := func(name string) func([]byte) error {
		return func(text []byte) error { got[name] = string(text); return nil }
	}
	in := flow.Input{Source: &flow.Source{}, Names: flow.NewNames(), Skipped: &flow.Skipped{}, Hosts: back, Inventories: take("i"), Dictionary: take("d"), Minutes: take("m")}
	if err := ReadAt(bytes.NewReader(b), int64(len(b)), in, flow.Workers{}); err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(map[string]string{"i": `[{"a":1}]`, "d": `["d"]`, "m": `{"m":2}`}, got); diff != "" {
		t.Errorf("beside (-want +got):\n%s", diff)
	}
	if diff := gocmp.Diff(maps.Collect(hosts.All()), maps.Collect(back.All())); diff != "" {
		t.Errorf("hosts (-want +got):\n%s", diff)
	}
	in = flow.Input{Source: &flow.Source{}, Names: flow.NewNames(), Skipped: &flow.Skipped{}} // nobody wants them
	if err := ReadAt(bytes.NewReader(b), int64(len(b)), in, flow.Workers{}); err != nil {
		t.Error(err)
	}
	if !Detect(b) || Detect([]byte("PAR")) || Detect(nil) || Detect([]byte("RAP1")) {
		t.Error("magic bytes")
	}
}

// TestWorkers wants each row once whoever reads and writes: by many writers at once,
// and by as many readers as there are.
func TestWorkers(t *testing.T) {
	names := flow.NewNames()
	list := randomRecords(3, 6000, names)
	var b bytes.Buffer
	w, err := newWriter(&b, names, nil, 500)
	if err != nil {
		t.Fatal(err)
	}
	var writers sync.WaitGroup
	for part := range slices.Chunk(list, 1000) {
		writers.Go(func() {
			for some := range slices.Chunk(part, 33) {
				w.Add(some)
			}
		})
	}
	writers.Wait()
	w.Add(nil)
	if _, err := w.Close(Meta{}); err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var got []flow.Record
	var extras, done atomic.Int64
	add := func(all flow.Batch) bool {
		mu.Lock()
		defer mu.Unlock()
		got = append(got, all...)
		return true
	}
	in := flow.Input{Source: &flow.Source{}, Names: names, Skipped: &flow.Skipped{}}
	err = ReadAt(bytes.NewReader(b.Bytes()), int64(b.Len()), in, flow.Workers{Main: add, Extra: func() (flow.Sink, bool) {
		if extras.Load() == 3 {
			return flow.Sink{}, false
		}
		extras.Add(1)
		return flow.Sink{Add: add, Done: func() { done.Add(1) }}, true
	}})
	if err != nil || extras.Load() != done.Load() {
		t.Fatalf("%v, %d workers of which %d ended", err, extras.Load(), done.Load())
	}
	if diff := gocmp.Diff(inOrder(list), inOrder(got)); diff != "" {
		t.Errorf("(-want +got):\n%.1000s", diff)
	}
}

// TestReadingStops wants no more row groups once no more records are wanted, and no
// error of it.
func TestReadingStops(t *testing.T) {
	names := flow.NewNames()
	file := write(t, logged(4, 1000, names), names, 100, Meta{})
	for _, after := range []int{1, 100, 150, 999} {
		rows := 0
		src := &flow.Source{}
		err := ReadAt(bytes.NewReader(file), int64(len(file)), flow.Input{Source: src, Names: names, Skipped: &flow.Skipped{}},
			flow.Workers{Main: func(b flow.Batch) bool { rows += len(b); return rows < after }})
		if err != nil || rows < after || src.Records > uint64(after+200) {
			t.Errorf("after %d: %d rows of %d that were read, %v", after, rows, src.Records, err)
		}
	}
	rows := 0
	for batch, err := range Read(bytes.NewReader(file), flow.Input{Source: &flow.Source{}, Names: names, Skipped: &flow.Skipped{}}) {
		if err != nil {
			t.Fatal(err)
		}
		rows += len(batch)
		break
	}
	if rows == 0 || rows > 256 {
		t.Errorf("%d rows of a reader that was left", rows)
	}
}

// torn is a reader that fails.
type torn struct{}

func (torn) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// TestTornReader wants the error of whoever reads, and no row.
func TestTornReader(t *testing.T) {
	src := &flow.Source{}
	var got error
	for batch, err := range Read(torn{}, flow.Input{Source: src, Names: flow.NewNames(), Skipped: &flow.Skipped{}}) {
		if len(batch) > 0 {
			t.Error("a row was made up")
		}
		got = err
	}
	if !errors.Is(got, io.ErrUnexpectedEOF) || src.Status != flow.Unreadable {
		t.Errorf("%v, %s", got, src.Status)
	}
	for size := range 13 {
		b := []byte("PAR1\x00\x00\x00\x00PAR1")[:size]
		if _, src, _, err := load(b, flow.NewNames()); err == nil || src.Status != flow.Unreadable {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
}
