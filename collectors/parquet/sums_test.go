package parquet

import (
	"bytes"
	"flowctl/collectors/aggregate"
	"fmt"
	"math/rand/v2"
	"testing"

	"flowctl/collectors/flow"
	"flowctl/collectors/flow/flowtest"
)

// logged are records as flow logs have them: few flows, seen again and again.
func logged(seed uint64, n int, names *flow.Names) []flow.Record {
	r := rand.New(rand.NewPCG(seed, 2))
	ids := []flow.ID{0, names.Of("000D3A000001"), names.Of("000D3A000002"), names.Of("AllowVnetOutBound"), names.Of("acl")}
	list := make([]flow.Record, n)
	for i := range list {
		x := &list[i]
		x.Key = flow.Key{
			Src: flow.Addr4(0x0a000000 + uint32(r.IntN(9))), Dst: flow.Addr4(0x14000000 + uint32(r.IntN(5))),
			SrcPort: uint16(r.IntN(3)), DstPort: uint16(r.IntN(3)), Proto: [...]uint8{6, 17, 1}[r.IntN(3)],
		}
		if r.IntN(4) == 0 {
			x.Src = flow.Addr{Hi: 0x2603_1020 << 32, Lo: r.Uint64N(4)}
		}
		x.First = 1793491200e9 + int64(r.IntN(600_000))*1e6
		x.Last = x.First
		x.State, x.Direction, x.Encryption = flow.State(r.IntN(5)), flow.Direction(r.IntN(3)), flow.Encryption(r.IntN(10))
		x.Point, x.Rule, x.ACL = ids[r.IntN(3)], ids[r.IntN(len(ids))], ids[r.IntN(len(ids))]
		if x.State == flow.Continue || x.State == flow.End {
			x.Measured = flow.Packets | flow.IPBytes
			x.Sent = flow.Count{Packets: r.Uint64N(1 << r.IntN(34)), IPBytes: r.Uint64N(1 << 40)}
			x.Received = flow.Count{Packets: r.Uint64N(1 << r.IntN(34)), IPBytes: r.Uint64N(1 << 40)}
		}
	}
	return list
}

// addUp reads a file and adds up what it says; the reader does most of it if
// sums is set.
func addUp(t *testing.T, file []byte, names *flow.Names, sums bool) *flowtest.Added {
	t.Helper()
	a := flowtest.NewAdded()
	a.Names = names
	in := flow.Input{Source: &flow.Source{}, Names: names, Skipped: &flow.Skipped{}}
	adder := func() flow.Cache {
		if !sums {
			return nil
		}
		return &aggregate.Cache{Intervals: a.Intervals}
	}
	in.Cache = adder()
	extras := 0
	err := ReadAt(bytes.NewReader(file), int64(len(file)), in, flow.Workers{Main: a.Add, Extra: func() (flow.Sink, bool) {
		extras++
		return flow.Sink{Add: a.Add, Cache: adder(), Done: func() {}}, extras == 1
	}})
	if err != nil || len(in.Skipped.All()) > 0 {
		t.Fatal(err, in.Skipped.All())
	}
	return a
}

// crowded are records of logs of so many rules and ACLs, each of them twice.
func crowded(seed uint64, n, rules int, names *flow.Names) []flow.Record {
	list := logged(seed, n, names)
	r := rand.New(rand.NewPCG(seed, 3))
	for i := range list {
		list[i].Rule, list[i].ACL = names.Of(fmt.Sprint("rule", r.IntN(rules))), names.Of(fmt.Sprint("acl", r.IntN(rules)))
		list[i].State = flow.State(1 + r.IntN(4))
	}
	var twice []flow.Record
	for _, r := range list {
		twice = append(twice, r, r)
	}
	return twice
}

// TestSumsWithin counts what is outside of a window, and sums up the rest.
func TestSumsWithin(t *testing.T) {
	names := flow.NewNames()
	list := logged(5, 3000, names)
	start, end := int64(1793491200e9+120e9), int64(1793491200e9+300e9)
	want, outside := flowtest.NewAdded(), uint64(0)
	want.Names = names
	for _, r := range list {
		r.State = flow.State(1 + int(r.First/1e6%4))
		if r.First < start || r.First >= end {
			outside++
		} else {
			want.Add(flow.Batch{r})
		}
	}
	for i := range list {
		list[i].State = flow.State(1 + int(list[i].First/1e6%4))
	}
	file := write(t, list, names, 1000, Meta{})
	got := flowtest.NewAdded()
	got.Names = names
	cache := &aggregate.Cache{Intervals: got.Intervals, Start: start, End: end}
	in := flow.Input{Source: &flow.Source{}, Names: names, Skipped: &flow.Skipped{}, Cache: cache}
	err := ReadAt(bytes.NewReader(file), int64(len(file)), in, flow.Workers{Main: got.Add})
	if err != nil || cache.Outside != outside {
		t.Errorf("%d outside, %v; want %d", cache.Outside, err, outside)
	}
	if want.String() != got.String() {
		t.Errorf("records %.1000s\nsums    %.1000s", want, got)
	}
}

// TestSums wants a reader that adds up to say the same in fewer records: of
// flow logs, and of logs and captures in one row group.
func TestSums(t *testing.T) {
	names := flow.NewNames()
	logs := logged(1, 20_000, names)
	mixed := append(logged(2, 3000, names), randomRecords(3, 3000, names)...)
	for i := range mixed { // what is huge is looked at row by row, see TestHuge
		mixed[i].Sent.Packets %= flow.Huge
		mixed[i].Received.Packets %= flow.Huge
		mixed[i].Sent.IPBytes %= flow.Huge
		mixed[i].Received.IPBytes %= flow.Huge
	}
	rand.New(rand.NewPCG(4, 4)).Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
	for name, list := range map[string][]flow.Record{
		"logs": logs, "mixed": mixed, "many rules": crowded(5, 3000, 150, names), "too many rules": crowded(6, 4000, 2000, names),
	} {
		file := write(t, list, names, 4000, Meta{})
		want, got := addUp(t, file, names, false), addUp(t, file, names, true)
		if want.String() != got.String() {
			t.Errorf("%s: sums are not those of the records:\nrecords %.1000s\nsums    %.1000s", name, want, got)
		}
		if (got.Records < want.Records) == (name == "too many rules") || want.Records != len(list) {
			t.Errorf("%s: %d rows became %d records, and %d with sums", name, len(list), want.Records, got.Records)
		}
	}
}
