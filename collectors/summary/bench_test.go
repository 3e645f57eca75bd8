package summary

import (
	"flowctl/collectors/aggregate"
	"fmt"
	"io"
	"testing"

	"flowctl/collectors/flow"
)

// BenchmarkAdd counts records of a small and of a large network.
func BenchmarkAdd(b *testing.B) {
	for _, peers := range []int{1000, 100_000} {
		b.Run(fmt.Sprintf("peers=%d", peers), func(b *testing.B) {
			w := newWorld(1, 25, peers)
			batch := make(flow.Batch, 1<<20)
			w.fill(batch)
			t := aggregate.New(w.names)
			n := 0
			b.ResetTimer()
			for b.Loop() {
				at := n % len(batch)
				t.Add(0, batch[at:at+1024])
				n += 1024
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "records/s")
		})
	}
}

// BenchmarkDocument answers a million records and writes the document.
func BenchmarkDocument(b *testing.B) {
	w := newWorld(1, 25, 100_000)
	batch := make(flow.Batch, 1<<20)
	w.fill(batch)
	for b.Loop() {
		b.StopTimer()
		t := aggregate.New(w.names)
		t.Add(0, batch)
		b.StartTimer()
		doc, err := Of(t, Options{})
		if err != nil {
			b.Fatal(err)
		}
		if err := doc.Write(io.Discard); err != nil {
			b.Fatal(err)
		}
	}
}
