package collectors

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowctl/collectors/flow"
	"flowctl/collectors/flowlog/flowlogtest"
	"flowctl/collectors/storage/storagetest"
)

// Many sources are told together, with all that was counted of them; what is
// wrong with any is told by its name.
func TestManySourcesAreToldTogether(t *testing.T) {
	s := &storagetest.Account{}
	text, totals := generated(t, flowlogtest.Spec{Seed: 1, Flows: 3})
	const files = mostNamed + 300
	for i := range files {
		s.Put(hourName(i), string(text))
	}
	s.Put(hourName(-1)+"x", string(text[:len(text)-2]))    // among the first
	s.Put(hourName(files)+"x", string(text[:len(text)-2])) // and the last ones
	s.Put(hourName(files+1), "hello")                      // of no kind
	s.Put(hourName(files+2), `{"records":[]}`)             // without a record
	large, more := generated(t, flowlogtest.Spec{Seed: 2, Flows: 75_000})
	s.Put(hourName(files+3), string(large))
	doc, problems, err := Sum{Items: itemsIn(t, s), Workers: 3}.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer doc.Conversations.Close()
	type told struct {
		status  flow.Status
		files   int
		records uint64
		packets uint64
	}
	packets := totals.PacketsSent + totals.PacketsReceived
	want := []told{
		{flow.Truncated, 0, totals.Tuples, packets},
		{flow.OK, files + 1, files*totals.Tuples + more.Tuples, files*packets + more.PacketsSent + more.PacketsReceived},
		{flow.Truncated, 0, totals.Tuples, packets},
		{flow.Unreadable, 0, 0, 0},
		{flow.OK, 1, 0, 0},
	}
	var got []told
	for _, src := range doc.Sources {
		got = append(got, told{src.Status, src.Files, src.Records, src.Total.Packets.N})
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(told{})); diff != "" {
		t.Errorf("sources (-want +got):\n%s", diff)
	}
	if folder := "https://x/c/" + hourName(0)[:len("flowLogResourceID=/11111111-2222-3333-4444-555555555555_NETWORKWATCHERRG/NETWORKWATCHER_WESTEUROPE_LOG/")]; doc.Sources[1].Path != folder {
		t.Errorf("the folder of all is %s, want %s", doc.Sources[1].Path, folder)
	}
	if problems.Count != 1 {
		t.Errorf("%d problems", problems.Count)
	}
}

// A list of sources keeps to its bounds.
func TestRoll(t *testing.T) {
	r := newSourceList(2)
	r.named, r.bad = 3, 2
	status := []flow.Status{flow.OK, flow.Corrupt, flow.OK, flow.OK, flow.Truncated, flow.Unreadable, flow.Truncated, flow.Unreadable, flow.Unreadable, flow.OK}
	var numbers []int
	for i, st := range status {
		src := r.begin(fmt.Sprintf("logs/%d/%d", i/5, i))
		src.Status, src.Records = st, 10
		n := src.number
		if n < 0 {
			n = r.settle(src)
		}
		numbers = append(numbers, n)
	}
	if diff := cmp.Diff([]int{2, 3, 4, 5, 6, 7, 8, 9, 9, 5}, numbers); diff != "" {
		t.Errorf("numbers (-want +got):\n%s", diff)
	}
	all, to := r.end()
	var got []string
	for _, s := range all {
		got = append(got, fmt.Sprintf("%s %s %d %d", s.Path, s.Status, s.Files, s.Records))
	}
	want := []string{
		"logs/ ok 4 40", "logs/0/1 corrupt 0 10", "logs/0/4 truncated 0 10", "logs/1/5 unreadable 0 10",
		"logs/1/ truncated 1 10", "logs/1/ unreadable 2 20",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("sources (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]int{-1, -1, 0, 1, 0, 0, 2, 3, 4, 5}, to); diff != "" {
		t.Errorf("places (-want +got):\n%s", diff)
	}
}

// What is skipped in very many places is counted without them.
func TestSkippedIsBounded(t *testing.T) {
	var s flow.Skipped
	for i := range 5000 {
		s.Add(fmt.Sprint("file ", i), "bad", int64(i))
	}
	for i := range 5000 {
		s.Add("one", fmt.Sprint("reason ", i), 7)
	}
	var n uint64
	for _, k := range s.All() {
		n += k.Count
	}
	all := s.All()
	if len(all) > 4002 || n != 10_000 || all[0].Source != "file 0" || all[2000].Source != "" || all[2000].Count != 3000 {
		t.Errorf("%d entries count %d, the one after the first 2000 is %+v", len(all), n, all[2000])
	}
	var again flow.Skipped // in another order: the same
	for _, i := range rand.Perm(10_000) {
		if i < 5000 {
			again.Add(fmt.Sprint("file ", i), "bad", int64(i))
		} else {
			again.Add("one", fmt.Sprint("reason ", i-5000), 7)
		}
	}
	if diff := cmp.Diff(all, again.All()); diff != "" {
		t.Errorf("in another order: -want +got\n%s", diff)
	}
}

// A large file has all who are idle, also if it is the last or the only one.
func TestALargeFileIsReadByAll(t *testing.T) {
	var b bytes.Buffer
	if _, err := flowlogtest.Generate(&b, flowlogtest.Spec{Seed: 1, Flows: 160_000}); err != nil {
		t.Fatal(err)
	}
	if b.Len() < wideFrom {
		t.Fatalf("%d bytes are not large", b.Len())
	}
	name := filepath.Join(t.TempDir(), "PT1H.json")
	put(t, name, b.Bytes())
	r := &reading{Sum: Sum{Items: itemsOf(name), Workers: 3}, names: flow.NewNames(), skipped: &flow.Skipped{}, hosts: &flow.Hosts{}}
	table := r.read(t.Context())
	defer table.Close()
	for range 3 {
		if w := <-r.idle; w.cache.Intervals == nil {
			t.Errorf("worker %d had nothing to read", w.number)
		}
	}
}
