package flowlog

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"flowctl/collectors/aggregate"
	"flowctl/collectors/flow"
	"flowctl/collectors/flowlog/flowlogtest"
)

// blob returns what Generate writes.
func blob(tb testing.TB, s flowlogtest.Spec) ([]byte, flowlogtest.Totals) {
	tb.Helper()
	var b bytes.Buffer
	totals, err := flowlogtest.Generate(&b, s)
	if err != nil {
		tb.Fatal(err)
	}
	return b.Bytes(), totals
}

// BenchmarkRead reads an hour of a busy interface, about 64 MB. Compare its
// MB/s with BenchmarkEncodingJSON.
func BenchmarkRead(b *testing.B) {
	busy := flowlogtest.FlowsFor(64 << 20)
	for _, bb := range []struct {
		name string
		spec flowlogtest.Spec
	}{
		{"mixed", flowlogtest.Spec{Flows: busy, IPv6: 0.08}}, // what BenchmarkEncodingJSON reads
		{"IPv4", flowlogtest.Spec{Flows: busy}},
		{"NSG", flowlogtest.Spec{Flows: busy, Version: 2}},
		{"quiet", flowlogtest.Spec{Flows: 2000}},
	} {
		data, totals := blob(b, bb.spec)
		b.Run(bb.name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				if n := countTuples(b, data, options{maxRecord: MaxRecord}); n != totals.Tuples {
					b.Fatalf("read %d tuples of %d", n, totals.Tuples)
				}
			}
			b.ReportMetric(float64(len(data))*float64(b.N)/b.Elapsed().Seconds()/1e9, "GB/s")
			b.ReportMetric(float64(totals.Tuples)*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mtuples/s")
		})
	}
}

func countTuples(b *testing.B, data []byte, o options) (n uint64) {
	in := flow.Input{Source: new(flow.Source), Names: flow.NewNames(), Skipped: new(flow.Skipped)}
	var bytesSent uint64
	for batch, err := range read(bytes.NewReader(data), in, o) {
		if err != nil {
			b.Fatal(err)
		}
		n += uint64(len(batch))
		for k := range batch {
			bytesSent += batch[k].Sent.IPBytes
		}
	}
	return n
}

// BenchmarkEncodingJSON is how one would read the same blob with the standard
// library: a tree of structs, then every tuple split and converted.
func BenchmarkEncodingJSON(b *testing.B) {
	data, totals := blob(b, flowlogtest.Spec{Flows: flowlogtest.FlowsFor(64 << 20), IPv6: 0.08})
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if n := readTree(b, data); n != totals.Tuples {
			b.Fatalf("read %d tuples of %d", n, totals.Tuples)
		}
	}
}

func readTree(b *testing.B, data []byte) (n uint64) {
	var log struct {
		Records []struct {
			FlowRecords struct {
				Flows []struct {
					ACLID      string
					FlowGroups []struct {
						Rule       string
						FlowTuples []string
					}
				}
			}
		}
	}
	if err := json.Unmarshal(data, &log); err != nil {
		b.Fatal(err)
	}
	names := flow.NewNames()
	var batch []flow.Record
	for _, r := range log.Records {
		for _, f := range r.FlowRecords.Flows {
			for _, g := range f.FlowGroups {
				rule, acl := names.Of(g.Rule), names.Of(f.ACLID)
				for _, t := range g.FlowTuples {
					v := strings.Split(t, ",")
					var fields [13][]byte
					for k := range v {
						fields[k] = []byte(v[k])
					}
					r := flow.Record{Rule: rule, ACL: acl}
					if parseKey(&fields, &r.Key) != fine || parseState(&fields, vnet4, &r) != fine || parseCounters(fields[9:], &r) != fine {
						b.Fatal(t)
					}
					if batch = append(batch, r); len(batch) == batchSize {
						n += uint64(len(batch))
						batch = batch[:0]
					}
				}
			}
		}
	}
	return n + uint64(len(batch))
}

// BenchmarkSums reads an hour of an interface, about 12 MB, and adds up what it
// sees of each flow, as summarize does.
func BenchmarkSums(b *testing.B) {
	data, totals := blob(b, flowlogtest.Spec{Flows: flowlogtest.FlowsFor(12 << 20)})
	b.SetBytes(int64(len(data)))
	sums := &aggregate.Cache{Intervals: func([]flow.Interval) {}}
	for b.Loop() {
		sumOf(b, data, totals.Tuples, sums, options{maxRecord: MaxRecord})
	}
	b.ReportMetric(float64(totals.Tuples)*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mtuples/s")
}

// BenchmarkVector tells what vector instructions are worth: it adds up about 2 MB
// with and without, in turn, and reports the shortest time of each and their
// ratio.
func BenchmarkVector(b *testing.B) {
	data, totals := blob(b, flowlogtest.Spec{Flows: flowlogtest.FlowsFor(2 << 20), IPv6: 0.08})
	least := [2]time.Duration{time.Hour, time.Hour}
	for b.Loop() {
		for i, scalar := range []bool{false, true} {
			sums := &aggregate.Cache{Intervals: func([]flow.Interval) {}}
			start := time.Now()
			sumOf(b, data, totals.Tuples, sums, options{maxRecord: MaxRecord, scalar: scalar})
			least[i] = min(least[i], time.Since(start))
		}
	}
	b.ReportMetric(float64(least[0].Nanoseconds())/float64(totals.Tuples), "ns/tuple")
	b.ReportMetric(float64(least[1])/float64(least[0]), "scalar/vector")
}

// sumOf reads a log into sums.
func sumOf(b *testing.B, data []byte, tuples uint64, sums flow.Cache, o options) {
	in := flow.Input{Source: new(flow.Source), Names: flow.NewNames(), Skipped: new(flow.Skipped), Cache: sums}
	for _, err := range read(bytes.NewReader(data), in, o) {
		if err != nil {
			b.Fatal(err)
		}
	}
	if in.Source.Records != tuples {
		b.Fatalf("read %d tuples of %d", in.Source.Records, tuples)
	}
}
