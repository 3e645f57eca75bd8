package parquet

import (
	"bytes"
	"flowctl/collectors/aggregate"
	"math"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"flowctl/collectors/flow"
)

// TestFull wants all of a full row group back, whose rows are of one time and
// have addresses of their own each.
func TestFull(t *testing.T) {
	names := flow.NewNames()
	list := make([]flow.Record, groupRows)
	for i := range list {
		n := uint32(len(list) - i)
		list[i] = flow.Record{Key: flow.Key{Src: flow.Addr4(n), Dst: flow.Addr4(5 * n), Proto: 6}, State: flow.Begin}
	}
	file := write(t, list, names, groupRows, Meta{})
	for _, sums := range []flow.Cache{nil, &aggregate.Cache{Intervals: func([]flow.Interval) {}}} {
		rows, wrong := 0, 0
		in := flow.Input{Source: &flow.Source{}, Names: names, Skipped: &flow.Skipped{}, Cache: sums}
		err := ReadAt(bytes.NewReader(file), int64(len(file)), in, flow.Workers{Main: func(b flow.Batch) bool {
			for _, r := range b {
				if rows++; r.Dst != flow.Addr4(5*uint32(r.Src.Lo)) {
					wrong++
				}
			}
			return true
		}})
		if err != nil || rows != len(list) || wrong > 0 {
			t.Errorf("sums %v: %d rows of %d, %d of them wrong, skipped %v, error %v", sums != nil, rows, len(list), wrong, in.Skipped.All(), err)
		}
	}
}

// TestEdges puts the one row that differs from the others at the edges of row
// groups of 16: as the first and the last row of a group, and around its half.
func TestEdges(t *testing.T) {
	for name, change := range map[string]func(r *flow.Record){
		"like the others": func(*flow.Record) {},
		"nanoseconds":     func(r *flow.Record) { r.First++; r.Last = r.First },
		"a last time":     func(r *flow.Record) { r.Last += 5e6 },
		"no time":         func(r *flow.Record) { r.First, r.Last = flow.NoTime, flow.NoTime },
		"no last time":    func(r *flow.Record) { r.Last = flow.NoTime },
		"before 1970":     func(r *flow.Record) { r.First, r.Last = -1, -1 },
		"years apart":     func(r *flow.Record) { r.First, r.Last = math.MinInt64+1, math.MaxInt64 },
		"frames":          func(r *flow.Record) { r.Measured, r.Sent.FrameBytes = r.Measured|flow.FrameBytes, 7 },
		"TCP":             func(r *flow.Record) { r.TCP.Seen = flow.TCPSent; r.TCP.Sent.SYN = 255 },
		"IPv6":            func(r *flow.Record) { r.Src = flow.Addr{Hi: 1, Lo: 1} },
		"no addresses":    func(r *flow.Record) { r.Src, r.Dst = flow.Addr{}, flow.Addr{} },
		"0.0.0.0":         func(r *flow.Record) { r.Dst = flow.Addr4(0) },
	} {
		edge(t, name, 16, 15, change)
		for _, at := range []int{0, 7, 8, 16} {
			edge(t, name, 17, at, change)
		}
	}
}

// edge keeps n records, of which the one numbered at was changed.
func edge(t *testing.T, name string, n, at int, change func(r *flow.Record)) {
	names := flow.NewNames()
	want := logged(uint64(n), n, names)
	change(&want[at])
	var b bytes.Buffer
	w, err := newWriter(&b, names, nil, 16)
	if err != nil {
		t.Fatal(err)
	}
	for part := range slices.Chunk(want, 5) {
		w.Add(part)
	}
	if _, err := w.Close(Meta{}); err != nil {
		t.Fatal(err)
	}
	for _, g := range w.groups {
		if g.NumRows < 1 || g.NumRows > 16 {
			t.Errorf("%s in row %d of %d: a row group of %d rows", name, at, n, g.NumRows)
		}
	}
	got, _, skipped, err := load(b.Bytes(), names)
	if err != nil || len(skipped) > 0 {
		t.Fatalf("%s in row %d of %d: %v %v", name, at, n, skipped, err)
	}
	if diff := gocmp.Diff(inOrder(want), inOrder(got), cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("%s in row %d of %d (-want +got):\n%.1000s", name, at, n, diff)
	}
}

// TestLarge wants an observation with a counter that is no signed integer cut, and
// counted by Close.
func TestLarge(t *testing.T) {
	var b bytes.Buffer
	names := flow.NewNames()
	w, err := NewWriter(&b, names, nil)
	if err != nil {
		t.Fatal(err)
	}
	sums := &aggregate.Cache{Intervals: func([]flow.Interval) {}}
	sums.Each = w.Observations(sums).Add
	observe(sums, []flow.Record{
		{Measured: flow.Packets | flow.IPBytes, State: flow.End, Received: flow.Count{Packets: 3, IPBytes: math.MaxUint64}},
		{Measured: flow.Packets | flow.IPBytes, State: flow.End, Received: flow.Count{Packets: 4, IPBytes: math.MaxInt64}},
	})
	if clipped, err := w.Close(Meta{}); clipped != 1 || err != nil {
		t.Errorf("%d clipped, error %v", clipped, err)
	}
	got, _, _, err := load(b.Bytes(), names)
	if err != nil || len(got) != 2 || got[0].Received.IPBytes != math.MaxInt64 || got[0].Received.Packets+got[1].Received.Packets != 7 {
		t.Errorf("%+v, %v", got, err)
	}
}
