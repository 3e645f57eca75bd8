package parquet

import (
	"bytes"
	"flowctl/collectors/aggregate"
	"math/rand/v2"
	"testing"

	"flowctl/collectors/flow"
)

// benchRows are those of three row groups.
const benchRows = 3 * groupRows

// busy are records as the log of a busy hour has them: a fifth begins a flow,
// the others go on with one of the last.
func busy(n int, names *flow.Names) []flow.Record {
	r := rand.New(rand.NewPCG(9, 9))
	rules := []flow.ID{names.Of("AllowVnetOutBound"), names.Of("AllowInternetOutBound"), names.Of("web"), names.Of("sql")}
	mac, target := names.Of("000D3A000001"), names.Of("/subscriptions/s/vnet")
	list := make([]flow.Record, n)
	for i := range list {
		x := &list[i]
		if x.State = flow.Continue; i < 100 || r.IntN(5) == 0 {
			x.Key = flow.Key{
				Src: flow.Addr4(0x0a000004), Dst: flow.Addr4(0x14000000 + uint32(r.IntN(9000))),
				SrcPort: uint16(32768 + r.IntN(28000)), DstPort: [...]uint16{443, 443, 80, 1433, 53}[r.IntN(5)], Proto: 6,
			}
			x.Rule, x.State = rules[r.IntN(len(rules))], flow.Begin
		} else {
			before := &list[i-1-r.IntN(min(i, 10_000))]
			x.Key, x.Rule = before.Key, before.Rule
			x.Measured = flow.Packets | flow.IPBytes
			x.Sent = flow.Count{Packets: r.Uint64N(50), IPBytes: r.Uint64N(50_000)}
			x.Received = flow.Count{Packets: r.Uint64N(100), IPBytes: r.Uint64N(1_000_000)}
		}
		x.First = 1793491200e9 + int64(i)*3600_000/int64(n)*1e6
		x.Last = x.First
		x.Direction, x.Encryption, x.Point, x.Target = flow.Outbound, flow.NotEncrypted, mac, target
	}
	return list
}

// BenchmarkWrite writes records with every kind of value.
func BenchmarkWrite(b *testing.B) {
	names := flow.NewNames()
	list := randomRecords(1, 1<<17, names)
	b.ReportAllocs()
	for b.Loop() {
		write(b, list, names, groupRows, Meta{})
	}
	perRow(b, len(list))
}

// BenchmarkObservations writes what a flow log says, with the sums that know its
// flows, and BenchmarkSums is these sums alone.
func BenchmarkObservations(b *testing.B) { benchmarkSums(b, true) }
func BenchmarkSums(b *testing.B)         { benchmarkSums(b, false) }

func benchmarkSums(b *testing.B, keep bool) {
	names := flow.NewNames()
	list := busy(benchRows, names)
	sums := &aggregate.Cache{Intervals: func([]flow.Interval) {}}
	var file bytes.Buffer
	w, err := NewWriter(&file, names, nil)
	if err != nil {
		b.Fatal(err)
	}
	if keep {
		sums.Each = w.Observations(sums).Add
	}
	for b.Loop() {
		observe(sums, list)
		file.Reset()
	}
	perRow(b, len(list))
}

// BenchmarkRead reads what a flow log said as records, and BenchmarkReadSums
// adds it up.
func BenchmarkRead(b *testing.B) { benchmarkRead(b, nil) }
func BenchmarkReadSums(b *testing.B) {
	benchmarkRead(b, &aggregate.Cache{Intervals: func([]flow.Interval) {}})
}

func benchmarkRead(b *testing.B, sums flow.Cache) {
	names := flow.NewNames()
	file := write(b, busy(benchRows, names), names, groupRows, Meta{})
	b.ReportMetric(float64(len(file))/benchRows, "bytes/row")
	for b.Loop() {
		in := flow.Input{Source: &flow.Source{}, Names: names, Skipped: &flow.Skipped{}, Cache: sums}
		err := ReadAt(bytes.NewReader(file), int64(len(file)), in,
			flow.Workers{Main: func(flow.Batch) bool { return true }})
		if err != nil || in.Source.Records != benchRows {
			b.Fatal(err, in.Source.Records)
		}
	}
	perRow(b, benchRows)
}

func perRow(b *testing.B, rows int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*rows), "ns/row")
}
