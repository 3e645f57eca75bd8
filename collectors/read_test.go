package collectors

import (
	"bytes"
	"errors"
	"iter"
	"slices"
	"testing"
	"time"

	"flowctl/collectors/flow"
	"flowctl/collectors/flowlog"
	"flowctl/collectors/flowlog/flowlogtest"
	"flowctl/collectors/pcap/pcaptest"
	"flowctl/collectors/storage"
	"flowctl/collectors/storage/storagetest"
	"flowctl/plan"
)

// itemsIn are the blobs of the container https://x/c of an account.
func itemsIn(t *testing.T, a *storagetest.Account) iter.Seq2[Item, error] {
	args := Args{List: []string{"https://x/c"}, Open: func(storage.Location) (plan.Blobs, error) { return a, nil }}
	return args.Walk(t.Context())
}

// sum reads what is in an account, and says how much there was.
func sum(t *testing.T, a *storagetest.Account, workers int) (records uint64, packets uint64, problems Problems, sources int) {
	t.Helper()
	doc, problems, err := Sum{Items: itemsIn(t, a), Workers: workers}.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer doc.Conversations.Close()
	n := 0
	for _, src := range doc.Sources {
		if src.Status == flow.OK {
			n++
		}
	}
	return doc.Total.Records + doc.Merged.Records, doc.Total.Packets.N + doc.Merged.Packets.N, problems, n
}

func generated(t *testing.T, spec flowlogtest.Spec) ([]byte, flowlogtest.Totals) {
	t.Helper()
	var b bytes.Buffer
	totals, err := flowlogtest.Generate(&b, spec)
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), totals
}

// hourName is the name of a flow log's blob of the n-th hour.
func hourName(n int) string {
	return storagetest.BlobName("log", time.Date(2026, 11, 12, 8+n, 0, 0, 0, time.UTC), "002248000001")
}

func TestBlobsAreReadWhereTheyAre(t *testing.T) {
	s := &storagetest.Account{}
	var want uint64
	for i := range 40 {
		text, totals := generated(t, flowlogtest.Spec{Seed: uint64(i), Flows: 20})
		s.Put(hourName(i), string(text))
		want += totals.Tuples
	}
	large, totals := generated(t, flowlogtest.Spec{Seed: 99, Flows: 75_000})
	s.Put(hourName(60), string(large))
	want += totals.Tuples
	if len(large) < storage.Large {
		t.Fatalf("%d bytes are not large", len(large))
	}
	middle, totals := generated(t, flowlogtest.Spec{Seed: 98, Flows: 20_000})
	s.Put(hourName(61), string(middle))
	want += totals.Tuples
	if len(middle) < 3<<20 || len(middle) > storage.Large {
		t.Fatalf("%d bytes are not of the middle", len(middle))
	}
	s.Put("note.txt", "hello")
	s.Put("nothing", "")
	for _, workers := range []int{1, 3} {
		records, _, problems, ok := sum(t, s, workers)
		if records != want || ok != 42 || problems.Count != 2 {
			t.Errorf("%d workers: %d records of %d sources, want %d of 42; problems %v", workers, records, ok, want, problems)
		}
	}
}

// Flows that were kept are read from storage, in one piece and in several.
func TestFlowsInStorage(t *testing.T) {
	for n, most := range map[int]int{20: 1 << 20, 25_000: storage.Large} {
		text, totals := generated(t, flowlogtest.Spec{Seed: 5, Flows: n})
		var kept bytes.Buffer
		logs := storagetest.Of(map[string]string{hourName(0): string(text)})
		doc, _, err := Sum{Items: itemsIn(t, logs), Flows: &Flows{To: &kept}}.Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		doc.Conversations.Close()
		if kept.Len() >= most || kept.Len() < most/16 && n > 20 {
			t.Fatalf("%d bytes for %d flows are not of the size to test", kept.Len(), n)
		}
		flows := storagetest.Of(map[string]string{"flows.parquet": kept.String()})
		if records, _, problems, ok := sum(t, flows, 2); records != totals.Tuples || ok != 1 || problems.Count != 0 {
			t.Errorf("%d records of %d bytes, want %d; problems %v", records, kept.Len(), totals.Tuples, problems)
		}
	}
}

func TestLargeCaptureInStorage(t *testing.T) {
	var file pcaptest.Classic
	b, n := file.Append(nil), uint64(0)
	for r := range (pcaptest.Traffic{Seed: 1, Packets: 40_000, Flows: 200, Active: 50, Data: 1200, Span: time.Minute}).Records() {
		b = file.AppendRecord(b, r)
		n++
	}
	if len(b) < storage.Large {
		t.Fatalf("%d bytes are not large", len(b))
	}
	s := storagetest.Of(map[string]string{"a.cap": string(b)})
	if _, packets, problems, ok := sum(t, s, 2); packets != n || ok != 1 || problems.Count != 0 {
		t.Errorf("%d packets, want %d; problems %v", packets, n, problems)
	}
}

// A flow log that grows while it is read is read on from its new version, and
// nothing of it twice; anything else that changes is said to have changed.
func TestBlobsThatChange(t *testing.T) {
	old, before := generated(t, flowlogtest.Spec{Seed: 3, Flows: 30_000})
	cut := before.Blocks[0]
	for _, n := range before.Blocks[1 : len(before.Blocks)-5] {
		cut += n
	}
	short := append(slices.Clone(old[:cut]), "]}"...)
	_, few := generatedOf(t, short)
	name := hourName(0)
	tests := map[string]struct {
		name    string
		at      int64
		next    []byte
		want    uint64
		problem bool
	}{
		"before anything is read": {name, 0, old, before.Tuples, false},
		"it grows":                {name, 1<<20 + 1000, old, before.Tuples, false},
		"it shrinks":              {name, 1<<20 + 1000, old[:1<<20+1000], 0, true},
		"it is no flow log":       {"a.json", 1<<20 + 1000, old, 0, true},
	}
	for what, tt := range tests {
		t.Run(what, func(t *testing.T) {
			s := storagetest.Of(map[string]string{tt.name: string(short)})
			s.Break(tt.name, tt.at, tt.next)
			records, _, problems, _ := sum(t, s, 2)
			if tt.problem {
				if problems.Count != 1 || !errors.Is(problems.First[0].Err, plan.ErrChanged) || records == 0 || records > few {
					t.Errorf("%d records, %v; want some and that it changed", records, problems)
				}
			} else if records != tt.want || problems.Count != 0 {
				t.Errorf("%d records, %v; want %d", records, problems, tt.want)
			}
		})
	}
}

// generatedOf counts the records of a flow log.
func generatedOf(t *testing.T, text []byte) ([]byte, uint64) {
	t.Helper()
	src := flow.Source{}
	in := flow.Input{Source: &src, Names: flow.NewNames(), Skipped: &flow.Skipped{}}
	var n uint64
	for b, err := range flowlog.Read(bytes.NewReader(text), in) {
		if err != nil {
			t.Fatal(err)
		}
		n += uint64(len(b))
	}
	return text, n
}
