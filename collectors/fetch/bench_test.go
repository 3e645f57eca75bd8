package fetch

import (
	"fmt"
	"testing"

	"flowctl/collectors/storage/storagetest"
	"flowctl/plan/session"
)

// BenchmarkFetch brings blobs from memory to disk: what the way costs beside
// the network. The last row is a folder that has everything already.
func BenchmarkFetch(b *testing.B) {
	small := &storagetest.Account{}
	for i := range 2000 {
		name := blobName(hour, fmt.Sprintf("%012X", i))
		small.Put(name, random(2700))
	}
	large := &storagetest.Account{}
	large.Put(machine, random(256<<20))
	rows := []struct {
		name  string
		blobs int
		bytes int
		fetch func(b *testing.B) job
		have  bool
	}{
		{"2000 blobs of 2.7 kB", 2000, 2000 * 2700, func(b *testing.B) job { return fetchOf(b, small) }, false},
		{"one of 256 MiB", 1, 256 << 20, func(b *testing.B) job { return captureOf(b, large) }, false},
		{"2000 that are there", 2000, 2000 * 2700, func(b *testing.B) job { return fetchOf(b, small) }, true},
	}
	for _, r := range rows {
		b.Run(r.name, func(b *testing.B) {
			f := r.fetch(b)
			if r.have {
				f.have = fetched(b, f)
			}
			b.SetBytes(int64(r.bytes))
			b.ReportAllocs()
			for b.Loop() {
				if !r.have {
					b.StopTimer()
					f.folder = session.Folder{Path: b.TempDir()}
					b.StartTimer()
				}
				fetched(b, f)
			}
			b.ReportMetric(float64(r.blobs*b.N)/b.Elapsed().Seconds(), "blobs/s")
		})
	}
}

func fetched(b *testing.B, f job) []session.Artifact {
	got, err := f.run(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	return got
}
