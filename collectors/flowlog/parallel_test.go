package flowlog

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"flowctl/collectors/flow"
	"flowctl/collectors/flowlog/flowlogtest"
)

// readWide reads data in parts, with up to extras goroutines beside the
// caller's.
func readWide(data []byte, part int64, extras, maxRecord int) *result {
	res := &result{source: flow.Source{Path: "test"}, names: oneNames}
	var skipped flow.Skipped
	var mu sync.Mutex
	add := func(b flow.Batch) bool {
		mu.Lock()
		defer mu.Unlock()
		res.records = append(res.records, b...)
		return true
	}
	free := make(chan bool, extras)
	for range extras {
		free <- true
	}
	extra := func() (flow.Sink, bool) {
		select {
		case <-free:
			return flow.Sink{Add: add, Evidence: &res.met, Done: func() { free <- true }}, true
		default:
			return flow.Sink{}, false
		}
	}
	in := flow.Input{Source: &res.source, Names: res.names, Skipped: &skipped, Evidence: &res.met}
	res.err = readAt(bytes.NewReader(data), int64(len(data)), in, flow.Workers{Main: add, Extra: extra}, options{maxRecord: maxRecord, part: part})
	res.skipped = skipped.All()
	if len(free) != extras {
		panic("a sink was not given back")
	}
	return res
}

// wideSame wants of data the same in parts of any size as in one.
func wideSame(t *testing.T, data []byte, part int64, maxRecord int) {
	t.Helper()
	show := func(r *result) string {
		lines := r.lines()
		slices.Sort(lines)
		return fmt.Sprintf("%q\n%q\n%+v\n%v\n%v", lines, r.skips(), r.source, r.err, &r.met)
	}
	one := show(readAll(data, options{maxRecord: maxRecord}))
	sumsSame(t, data, part, maxRecord)
	for _, extras := range []int{0, 2} {
		if got := show(readWide(data, part, extras, maxRecord)); got != one {
			t.Fatalf("%q\nat once: %s\nin parts of %d bytes, %d goroutines: %s", data, one, part, 1+extras, got)
		}
	}
}

// TestWide reads whole and damaged files in parts.
func TestWide(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	blobs := seeds(t)
	for _, s := range []flowlogtest.Spec{{Flows: 60, IPv6: 0.1}, {Flows: 60, Version: 2}} {
		data, _ := blob(t, s)
		blobs = append(blobs, data)
	}
	blobs = slices.DeleteFunc(blobs, func(b []byte) bool { return len(b) > 60_000 })
	for _, b := range blobs {
		wideSame(t, b, 1, MaxRecord)
		wideSame(t, b, 500, MaxRecord)
	}
	for range 1500 {
		data := mutate(r, blobs[r.IntN(len(blobs))], blobs[r.IntN(len(blobs))])
		wideSame(t, data, 1+r.Int64N(2000), []int{MaxRecord, 2000}[r.IntN(2)])
	}
}

// TestWideGuesses hides beginnings of records where none are.
func TestWideGuesses(t *testing.T) {
	trap := `{"x":[` + strings.TrimSuffix(strings.Repeat(vnet(tupleE)+",", 9), ",") + `],"category":"other"}`
	wideSame(t, []byte(records(vnet(tupleB), trap, vnet(tupleD), vnet(tupleE), vnet(tupleE))), 300, MaxRecord)
	wideSame(t, []byte(records(vnet(tupleB), vnet(tupleE), records(vnet(tupleD), vnet(tupleB)), vnet(tupleE))+records(vnet(tupleE))), 200, MaxRecord)
}

// TestWideIsWide checks that sound files are read by all goroutines.
func TestWideIsWide(t *testing.T) {
	data, totals := blob(t, flowlogtest.Spec{Flows: 3000})
	mains, others, given := 0, 0, false
	var wg sync.WaitGroup
	wg.Add(1)
	in := flow.Input{Source: new(flow.Source), Names: flow.NewNames(), Skipped: new(flow.Skipped)}
	err := readAt(bytes.NewReader(data), int64(len(data)), in,
		flow.Workers{Main: func(b flow.Batch) bool {
			if given {
				wg.Wait() // until the other one has some
			}
			mains += len(b)
			return true
		}, Extra: func() (flow.Sink, bool) {
			if given {
				return flow.Sink{}, false
			}
			given = true
			first := sync.OnceFunc(wg.Done)
			return flow.Sink{Add: func(b flow.Batch) bool { others += len(b); first(); return true }, Done: first}, true
		}}, options{maxRecord: MaxRecord, part: 10_000})
	if err != nil || uint64(mains+others) != totals.Tuples || others == 0 {
		t.Errorf("%d and %d tuples, want %d: %v", mains, others, totals.Tuples, err)
	}
}

// TestWideStops checks that a sink can end it.
func TestWideStops(t *testing.T) {
	data, totals := blob(t, flowlogtest.Spec{Flows: 3000})
	n := 0
	in := flow.Input{Source: new(flow.Source), Names: flow.NewNames(), Skipped: new(flow.Skipped)}
	err := readAt(bytes.NewReader(data), int64(len(data)), in,
		flow.Workers{Main: func(b flow.Batch) bool { n += len(b); return n < 2000 }}, options{maxRecord: MaxRecord, part: 10_000})
	if err != nil || n < 2000 || uint64(n) > totals.Tuples/2 {
		t.Errorf("%d of %d tuples: %v", n, totals.Tuples, err)
	}
}
