package collectors

import (
	"bytes"
	"math/rand/v2"
	"testing"
	"time"

	"flowctl/collectors/flow/flowtest"
)

// TestWindowsAddUp checks that what counts in windows one after the other is what counts
// without one, however the counts of two or three points lie about the borders; and that kept flows
// answer the same.
func TestWindowsAddUp(t *testing.T) {
	const long = 1800
	windows := 0
	for seed := range flowtest.Seeds(24) {
		r := rand.New(rand.NewPCG(seed, 17))
		packets := make([]int, long+1)
		for i := range packets {
			packets[i] = r.IntN(3)
		}
		logs := []turnLog{{name: "A"}, {name: "B", own: true}, {name: "C"}}[:2+r.IntN(2)]
		dir := t.TempDir()
		for i := range logs {
			l := &logs[i]
			l.every = []int{60, 60, 300}[r.IntN(3)]
			l.phase = r.IntN(l.every)
			if l.to = long; r.IntN(3) == 0 {
				l.from = r.IntN(long / 2)
				l.to = l.from + r.IntN(long-l.from)
			}
			l.begins, l.ends, l.capture = l.from == 0, l.to == long, i == 2
			l.put(t, dir, packets)
		}
		var kept bytes.Buffer
		doc, _, err := Sum{Items: itemsOf(dir), Flows: &Flows{To: &kept}}.Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		parquet := saved(t.TempDir(), "flows.parquet", kept.String())
		var sum, fromKept uint64
		at := time.Unix(lawsStart-60, 0)
		for end := at.Add((long + 120) * time.Second); at.Before(end); windows++ {
			next := at.Add(time.Duration(1+r.IntN(long/2)) * time.Second)
			n, _, _, _ := sumOf(t, Sum{Items: itemsOf(dir), Start: at, End: next})
			k, _, _, _ := sumOf(t, Sum{Items: itemsOf(parquet), Start: at, End: next})
			sum, fromKept, at = sum+n, fromKept+k, next
		}
		if sum != doc.Total.Packets.N || fromKept != sum {
			t.Errorf("seed %d: %+v: %d packets, windows %d, of kept flows %d", seed, logs, doc.Total.Packets.N, sum, fromKept)
		}
	}
	t.Logf("%d windows add up", windows)
}
