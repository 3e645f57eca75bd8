package parquet

import (
	"bytes"
	"flowctl/collectors/aggregate"
	"slices"
	"strings"
	"sync"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"flowctl/collectors/flow"
)

// observe gives records on as observations of sums, in batches.
func observe(sums *aggregate.Cache, records []flow.Record) {
	hashes := map[flow.Key][2]uint64{}
	for part := range slices.Chunk(records, 100) {
		all := make([]flow.Observation, len(part))
		for i, r := range part {
			h, ok := hashes[r.Key]
			if !ok {
				n := uint64(len(hashes) + 1)
				h = [2]uint64{n * 0x9e3779b97f4a7c15, n}
				hashes[r.Key] = h
			}
			all[i] = flow.Observation{
				Hash: h, Time: r.First, Measured: r.Measured != 0, State: r.State,
				Counters: [4]uint64{r.Sent.Packets, r.Sent.IPBytes, r.Received.Packets, r.Received.IPBytes},
				Context: sums.Context(flow.Context{
					Point: r.Point, Target: r.Target, Rule: r.Rule, ACL: r.ACL,
					Direction: r.Direction, Encryption: r.Encryption, Denied: r.Denied(),
				}),
			}
		}
		sums.Resolve(all, func(i int) (flow.Key, bool) { return part[i].Key, true })
		sums.Count(all, func(flow.Batch) bool { return true })
	}
	sums.Flush(func(flow.Batch) bool { return true })
}

// TestObservations wants of observations of two readers, by turns with records of
// captures, what records of their own would have left in the file.
func TestObservations(t *testing.T) {
	names := flow.NewNames()
	logs := [2][]flow.Record{logged(1, 5000, names), logged(2, 5000, names)}
	for i := range logs[0] {
		r := &logs[0][i]
		r.First += int64(i % 3) // nanoseconds
		r.Last = r.First
		if i%500 == 0 {
			r.Rule = names.Of(strings.Repeat(string(rune('a'+i/500)), maxTexts/5))
		}
	}
	captured := randomRecords(3, 1000, names)
	acl := logs[0][0].ACL
	start, end := int64(1793491200e9+60e9), int64(1793491200e9+500e9)
	counts := func(r flow.Record) bool { return r.ACL != acl && r.First >= start && r.First < end }
	want := slices.Clone(captured)
	for _, list := range logs {
		for _, r := range list {
			if counts(r) {
				want = append(want, r)
			}
		}
	}
	var b bytes.Buffer
	w, err := newWriter(&b, names, nil, 1000)
	if err != nil {
		t.Fatal(err)
	}
	var readers sync.WaitGroup
	for _, list := range logs {
		readers.Go(func() {
			sums := &aggregate.Cache{Intervals: func([]flow.Interval) {}, Start: start, End: end}
			kept := w.Observations(sums)
			sums.Each = kept.Add
			kept.Want(func(id flow.ID) bool { return id != acl })
			observe(sums, list[:2500])
			kept.Want(func(id flow.ID) bool { return id != acl })
			observe(sums, list[2500:])
		})
	}
	for part := range slices.Chunk(captured, 77) {
		w.Add(part)
	}
	readers.Wait()
	if _, err := w.Close(Meta{}); err != nil {
		t.Fatal(err)
	}
	got, _, skipped, err := load(b.Bytes(), names)
	if err != nil || len(skipped) > 0 {
		t.Fatal(skipped, err)
	}
	if diff := gocmp.Diff(inOrder(want), inOrder(got), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("(-want +got):\n%.2000s", diff)
	}
}
