package parquet

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"flowctl/collectors/aggregate"
	"flowctl/collectors/flow"
)

// TestManyClassesAndContexts wants of observations of more kinds of flows, and in more
// contexts, than are known at once what records of their own would have left: also
// where flows go on and come again, and where the cache begins anew.
func TestManyClassesAndContexts(t *testing.T) {
	names := flow.NewNames()
	r := rand.New(rand.NewPCG(1, 21))
	var list []flow.Record
	for i := range mostContexts + 3000 {
		x := logged(uint64(i), 1, names)[0]
		x.Proto = uint8(r.IntN(256))
		x.Rule = names.Of(fmt.Sprint("rule", r.IntN(6000)))
		if i%3 == 0 {
			x.Proto, x.SrcPort, x.DstPort = uint8(r.IntN(3)*50), uint16(r.IntN(2)), 0
		}
		if x.State == flow.StateUnknown {
			x.State = flow.Begin
		}
		list = append(list, x)
		if i%5 == 0 {
			again := list[r.IntN(len(list))]
			again.First += 60e9
			again.Last = again.First
			list = append(list, again)
		}
	}
	for _, rows := range []int{500, 5000} {
		var b bytes.Buffer
		w, err := newWriter(&b, names, nil, rows)
		if err != nil {
			t.Fatal(err)
		}
		sums := &aggregate.Cache{Intervals: func([]flow.Interval) {}}
		sums.Each = w.Observations(sums).Add
		observe(sums, list[:len(list)/2])
		before := sums.Generation()
		observe(sums, list[len(list)/2:]) // which flushes once more: all flows have other numbers
		if sums.Generation() == before {
			t.Fatal("no flow went on")
		}
		if _, err := w.Close(Meta{}); err != nil {
			t.Fatal(err)
		}
		got, src, skipped, err := load(b.Bytes(), names)
		if err != nil || len(skipped) > 0 || src.Records != uint64(len(list)) {
			t.Fatal(src.Records, skipped, err)
		}
		byAll := func(all []flow.Record) (lines []string) {
			for _, x := range all {
				lines = append(lines, fmt.Sprintf("%+v", x))
			}
			slices.Sort(lines)
			return lines
		}
		if diff := gocmp.Diff(byAll(list), byAll(got)); diff != "" {
			t.Errorf("groups of %d (-want +got):\n%.1500s", rows, diff)
		}
	}
}

// TestEachRow wants every row as a record of its own where a cache wants each, and the
// rows of a window where it has one.
func TestEachRow(t *testing.T) {
	names := flow.NewNames()
	list := append(logged(5, 800, names), randomRecords(6, 300, names)...)
	for i := range list { // what is huge is looked at row by row
		for _, n := range []*uint64{&list[i].Sent.Packets, &list[i].Sent.IPBytes, &list[i].Received.Packets, &list[i].Received.IPBytes} {
			*n %= flow.Huge
		}
	}
	file := write(t, list, names, 300, Meta{})
	var got []flow.Record
	cache := &aggregate.Cache{Intervals: func([]flow.Interval) { t.Error("something was added up") }, Each: func([]flow.Observation) {}}
	in := flow.Input{Source: &flow.Source{}, Names: names, Skipped: &flow.Skipped{}, Cache: cache}
	if err := ReadAt(bytes.NewReader(file), int64(len(file)), in, flow.Workers{Main: func(b flow.Batch) bool { got = append(got, b...); return true }}); err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(inOrder(list), inOrder(got)); diff != "" {
		t.Errorf("(-want +got):\n%.1000s", diff)
	}
}

// TestSumsOfHalves wants a file in any two parts to add up to the whole, whatever is of
// logs and what of captures.
func TestSumsOfHalves(t *testing.T) {
	names := flow.NewNames()
	for seed := range uint64(6) {
		r := rand.New(rand.NewPCG(seed, 22))
		list := append(logged(seed, 900, names), randomRecords(seed+50, 200, names)...)
		var whole uint64
		for i := range list {
			for _, n := range []*uint64{&list[i].Sent.Packets, &list[i].Sent.IPBytes, &list[i].Received.Packets, &list[i].Received.IPBytes} {
				*n %= 1 << 30
			}
			whole += list[i].Sent.IPBytes + list[i].Received.IPBytes
		}
		r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		cut := r.IntN(len(list))
		var sum, rows uint64
		for _, part := range [][]flow.Record{list[:cut], list[cut:]} {
			file := write(t, part, names, 250, Meta{})
			in := flow.Input{Source: &flow.Source{}, Names: names, Skipped: &flow.Skipped{}, Cache: &aggregate.Cache{Intervals: func([]flow.Interval) {}}}
			err := ReadAt(bytes.NewReader(file), int64(len(file)), in, flow.Workers{Main: func(b flow.Batch) bool {
				for i := range b {
					sum += b[i].Sent.IPBytes + b[i].Received.IPBytes
					rows += uint64(max(1, b[i].Records))
				}
				return true
			}})
			if err != nil {
				t.Fatal(err)
			}
		}
		if sum != whole || rows != uint64(len(list)) {
			t.Fatalf("seed %d: %d bytes in %d rows, want %d in %d", seed, sum, rows, whole, len(list))
		}
	}
}
