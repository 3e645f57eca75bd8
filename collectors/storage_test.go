package collectors

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowctl/collectors/flow"
	"flowctl/collectors/flowlog"
	"flowctl/collectors/flowlog/flowlogtest"
	"flowctl/collectors/pcap/pcaptest"
	"flowctl/collectors/storage/storagetest"
	"flowctl/plan"
)

// walked are the names that a place means.
func walked(t *testing.T, s *Storage) []string {
	t.Helper()
	var names []string
	s.items(t.Context(), nil, func(i Item, err error) bool {
		if err != nil {
			names = append(names, "error: "+err.Error())
		} else {
			names = append(names, i.Blob.Name)
		}
		return true
	})
	return names
}

func TestParseStorage(t *testing.T) {
	type want struct{ account, container, prefix, sas, err string }
	tests := map[string]want{
		"https://logs.blob.core.windows.net/c":                           {"https://logs.blob.core.windows.net", "c", "", "", ""},
		"HTTPS://Logs.blob.core.windows.net/c/":                          {"https://logs.blob.core.windows.net", "c", "", "", ""},
		"https://logs.blob.core.windows.net/c/resourceId=/A/y=2026":      {"https://logs.blob.core.windows.net", "c", "resourceId=/A/y=2026", "", ""},
		"https://logs.blob.core.windows.net/c/flowLogResourceID%3D%2FA/": {"https://logs.blob.core.windows.net", "c", "flowLogResourceID=/A/", "", ""},
		"https://logs.blob.core.windows.net/c/a%20b.cap?sv=1&sig=s%2B":   {"https://logs.blob.core.windows.net", "c", "a b.cap", "sv=1&sig=s%2B", ""},
		"http://127.0.0.1:10000/devstoreaccount1/c/p":                    {"http://127.0.0.1:10000/devstoreaccount1", "c", "p", "", ""},
		"https://localhost:8443/logs/c":                                  {"https://localhost:8443/logs", "c", "", "", ""},
		"https://localhost:8443/logs":                                    {err: "names no container"},
		"https://logs.blob.core.windows.net":                             {err: "insights-logs-flowlogflowevent"},
		"https://logs.blob.core.windows.net/c?sv=secret":                 {err: "put the URL in quotes"},
		"http://logs.blob.core.windows.net/c?sig=secret":                 {err: "is not https"},
		"https://logs.dfs.core.windows.net/c?sig=secret":                 {err: "logs.blob.core.windows.net"},
		"https://logs.blob.core.windows.net/%zz?sig=secret":              {err: "no URL that can be read"},
	}
	for arg, want := range tests {
		s, err := ParseStorage(arg)
		if err != nil {
			if want.err == "" || !strings.Contains(err.Error(), want.err) || strings.Contains(err.Error(), "secret") {
				t.Errorf("%s: %v, want %q", arg, err, want.err)
			}
			continue
		}
		got := want
		got.account, got.container, got.prefix, got.sas = s.Account, s.Container, s.Prefix, s.SAS
		if got != want || want.err != "" {
			t.Errorf("%s: %+v, want %+v", arg, got, want)
		}
	}
	for arg, want := range map[string]string{
		"https://a.b/c?sig=secret#x": "https://a.b/c", "https://u:secret@a.b/c@d": "https://a.b/c@d", "https://a.b/c": "https://a.b/c",
	} {
		if got := WithoutQuery(arg); got != want {
			t.Errorf("%s without query: %s", arg, got)
		}
	}
}

func TestStorageMeans(t *testing.T) {
	s := storagetest.Of(map[string]string{
		"a": "x", "ab": "x", "dir": "", "dir/1": "x", "dir/2": "x", "dir2": "x", "empty": "", "z": "x",
	})
	tests := map[string][]string{
		"":      {"a", "ab", "dir/1", "dir/2", "dir2", "empty", "z"},
		"a":     {"a"}, // a blob, and not those that begin so
		"dir":   {"dir/1", "dir/2", "dir2"},
		"dir/":  {"dir/1", "dir/2"},
		"d":     {"dir/1", "dir/2", "dir2"},
		"empty": {"empty"},
		"no":    {"error: no blob has a name that begins so"},
	}
	for prefix, want := range tests {
		if diff := cmp.Diff(want, walked(t, &Storage{Blobs: s, Container: "c", Prefix: prefix})); diff != "" {
			t.Errorf("%q (-want +got):\n%s", prefix, diff)
		}
	}
	if got := walked(t, &Storage{Blobs: s, Container: "c", Prefix: "a", SAS: "sr=b&sig=x"}); !cmp.Equal(got, []string{"a"}) || s.Seen().Stats != 1 {
		t.Errorf("by the signature of a blob: %v, %+v", got, s.Seen())
	}
	s.Fail = errors.New("refused")
	if got := walked(t, &Storage{Blobs: s, Container: "c"}); !cmp.Equal(got, []string{"error: refused"}) {
		t.Errorf("a listing that fails: %v", got)
	}
}

// What several arguments mean is read once.
func TestArgsYieldOnce(t *testing.T) {
	s := storagetest.Of(map[string]string{"a": "x", "a/b": "x", "c": "x"})
	const u = "https://x.blob.core.windows.net/k"
	for _, tt := range []struct{ args, want []string }{
		{[]string{u + "/a/", u, u}, []string{u + "/a/b", u + "/a", u + "/c"}},
		{[]string{u + "/a", u + "/a/"}, []string{u + "/a", u + "/a/b"}}, // the first is a blob alone
		{[]string{u, "https://y.blob.core.windows.net/k/c"}, []string{u + "/a", u + "/a/b", u + "/c", "https://y.blob.core.windows.net/k/c"}},
		{[]string{u + "?sv=secret", u + "/c"}, []string{"error " + u, u + "/c"}},
	} {
		var got []string
		for i, err := range (Args{List: tt.args, Open: func(Storage) (plan.Blobs, error) { return s, nil }}).Walk(t.Context()) {
			if err != nil {
				i.Path = "error " + i.Path
			}
			got = append(got, i.Path)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%v (-want +got):\n%s", tt.args, diff)
		}
	}
}

// months are flow logs of two watchers, of the given interfaces, every hour.
func months(from time.Time, hours, nics int) map[string]string {
	all := map[string]string{}
	for _, log := range []string{"one", "two"} {
		for h := range hours {
			at := from.Add(time.Duration(h) * time.Hour)
			for n := range nics {
				all[storagetest.BlobName(log, at, fmt.Sprintf("0022480000%02d", n))] = "x"
			}
		}
	}
	return all
}

// A window of a container of months is asked for by its hours: what it costs
// depends on the window and on the number of logs, not on what there is.
func TestAWindowCostsItsHours(t *testing.T) {
	from := time.Date(2026, 8, 1, 0, 0, 0, 0, time.UTC)
	const hours = 100 * 24
	s := storagetest.Of(months(from, hours, 3))
	at := func(text string) time.Time { t, _ := time.Parse(time.RFC3339, text); return t }
	tests := map[string]struct {
		prefix     string
		start, end time.Time
		hours      int // of each log
		logs       int
		requests   int
	}{
		"two hours":             {"", at("2026-10-05T08:10:00Z"), at("2026-10-05T09:50:00Z"), 2, 2, 5 + 2*2},
		"late records":          {"", at("2026-10-05T08:10:00Z"), at("2026-10-05T09:56:00Z"), 3, 2, 5 + 2*3},
		"over midnight":         {"", at("2026-10-31T23:30:00Z"), at("2026-11-01T00:30:00Z"), 2, 2, 5 + 2*2},
		"one log":               {"flowLogResourceID=/11111111-2222-3333-4444-555555555555_NETWORKWATCHERRG/NETWORKWATCHER_WESTEUROPE_ONE/", at("2026-10-05T08:10:00Z"), at("2026-10-05T08:50:00Z"), 1, 1, 2},
		"a part of a log's":     {"flowLogResourceID=/11111111-2222-3333-4444-555555555555_NETWORKWATCHERRG/NETWORKWATCHER_WESTEUROPE_O", at("2026-10-05T08:10:00Z"), at("2026-10-05T08:50:00Z"), 1, 1, 3},
		"a day by its folder":   {"flowLogResourceID=/11111111-2222-3333-4444-555555555555_NETWORKWATCHERRG/NETWORKWATCHER_WESTEUROPE_ONE/y=2026/m=09/d=0", at("2026-09-07T22:10:00Z"), at("2026-09-30T00:00:00Z"), 2 + 48, 1, 4},
		"whole days and months": {"", at("2026-08-30T00:00:00Z"), at("2026-10-02T00:00:00Z"), 33*24 + 1, 2, 15},
		"all there is":          {"", at("1970-01-01T00:00:00Z"), at("2027-01-01T00:00:00Z"), hours, 2, 9},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s.Forget()
			got := walked(t, &Storage{Blobs: s, Container: flowlog.VNetContainer, Prefix: tt.prefix, Start: tt.start, End: tt.end})
			asked := s.Seen()
			n := asked.Lists + asked.Prefixes
			if len(got) != tt.hours*tt.logs*3 || n != tt.requests {
				t.Errorf("%d blobs by %d requests (%+v), want %d by %d", len(got), n, asked, tt.hours*tt.logs*3, tt.requests)
			}
			for _, name := range got {
				p, ok := flowlog.ParsePath(name)
				if !ok || p.Hour.Add(time.Hour).Before(tt.start) || p.Hour.After(tt.end.Add(late)) || !strings.HasPrefix(name, tt.prefix) {
					t.Fatalf("%s is not meant", name)
				}
			}
		})
	}
	nsgs := &storagetest.Account{}
	for _, name := range []string{"nsg-one", "nsg-two"} {
		for h := range 48 {
			nsg := storagetest.Watcher[:strings.Index(string(storagetest.Watcher), "/resourceGroups/")] + "/resourceGroups/rg/providers/Microsoft.Network/networkSecurityGroups/" + plan.ID(name)
			nsgs.Put(flowlog.NSGPrefix(nsg, from.Add(time.Duration(h)*time.Hour))+"002248000001/PT1H.json", "x")
		}
	}
	place := &Storage{Blobs: nsgs, Container: flowlog.NSGContainer, Start: from.Add(30 * time.Hour), End: from.Add(31 * time.Hour)}
	got := walked(t, place)
	if asked := nsgs.Seen(); len(got) != 4 || asked.Lists+asked.Prefixes != 9+2+2*2 {
		t.Errorf("of NSGs: %v by %+v", got, asked)
	}
	got = walked(t, &Storage{Blobs: s, Container: flowlog.VNetContainer, Start: at("2027-03-01T00:00:00Z"), End: at("2027-03-01T02:00:00Z")})
	if !cmp.Equal(got, []string{"error: there is no flow log of this time"}) {
		t.Errorf("a time of which there is nothing: %v", got)
	}
}

// sum reads what a place means, and says how much there was.
func sum(t *testing.T, s *Storage, workers int) (records uint64, packets uint64, problems Problems, sources int) {
	t.Helper()
	items := func(yield func(Item, error) bool) { s.items(t.Context(), nil, yield) }
	doc, problems, err := Sum{Items: items, Workers: workers}.Run(t.Context())
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

// hourName is the name of a flow log's blob.
func hourName(n int) string {
	return storagetest.BlobName("log", hour.Add(time.Duration(n)*time.Hour), "002248000001")
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
	if len(large) < wideBlob {
		t.Fatalf("%d bytes are not large", len(large))
	}
	middle, totals := generated(t, flowlogtest.Spec{Seed: 98, Flows: 20_000})
	s.Put(hourName(61), string(middle))
	want += totals.Tuples
	if len(middle) < 3*piece || len(middle) > wideBlob {
		t.Fatalf("%d bytes are not of the middle", len(middle))
	}
	s.Put("note.txt", "hello")
	s.Put("nothing", "")
	for _, workers := range []int{1, 3} {
		records, _, problems, ok := sum(t, &Storage{Blobs: s, Account: "https://x", Container: "c"}, workers)
		if records != want || ok != 42 || problems.Count != 2 {
			t.Errorf("%d workers: %d records of %d sources, want %d of 42; problems %v", workers, records, ok, want, problems)
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
	if len(b) < wideBlob {
		t.Fatalf("%d bytes are not large", len(b))
	}
	s := storagetest.Of(map[string]string{"a.cap": string(b)})
	if _, packets, problems, ok := sum(t, &Storage{Blobs: s, Account: "https://x", Container: "c"}, 2); packets != n || ok != 1 || problems.Count != 0 {
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
		"it grows":                {name, piece + 1000, old, before.Tuples, false},
		"it shrinks":              {name, piece + 1000, old[:piece+1000], 0, true},
		"it is no flow log":       {"a.json", piece + 1000, old, 0, true},
	}
	for what, tt := range tests {
		t.Run(what, func(t *testing.T) {
			s := storagetest.Of(map[string]string{tt.name: string(short)})
			s.Break(tt.name, tt.at, tt.next)
			records, _, problems, _ := sum(t, &Storage{Blobs: s, Account: "https://x", Container: "c"}, 2)
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

// Blobs are opened ahead of the reader, further if it waits for them, and no
// more than the bounds.
func TestBlobsAreOpenedAhead(t *testing.T) {
	s := &storagetest.Account{}
	text, _ := generated(t, flowlogtest.Spec{Seed: 1, Flows: 5})
	for i := range 400 {
		s.Put(hourName(i), string(text))
	}
	q := newQueue()
	place := &Storage{Blobs: s, Account: "https://x", Container: "c"}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	entries := q.ahead(ctx, func(yield func(Item, error) bool) { place.items(ctx, nil, yield) })
	most := 0
	for e := range entries {
		q.mu.Lock()
		most = max(most, q.opened)
		if q.opened > q.reach.n+1 || q.used > q.room {
			t.Errorf("%d opened, reach %d, %d bytes", q.opened, q.reach.n, q.used)
		}
		q.mu.Unlock()
		q.begin(e.stream)
		if all, ok := e.stream.whole(); !ok || !bytes.Equal(all, text) {
			t.Fatalf("%s: %d bytes, %v", e.Path, len(all), e.stream.err)
		}
		e.stream.close()
	}
	if q.used != 0 || q.opened != 0 || most < leastAhead-1 || len(s.Seen().Reads) != 400 {
		t.Errorf("%d bytes and %d streams are left, at most %d were ahead, %d requests", q.used, q.opened, most, len(s.Seen().Reads))
	}
}

func TestReach(t *testing.T) {
	r := reach{4, 4, 20}
	for range 10 {
		r.starved()
	}
	if r.n != 20 {
		t.Errorf("starved: %d", r.n)
	}
	r.plenty(10)
	if r.n != 20 {
		t.Errorf("half is there: %d", r.n)
	}
	for range 40 {
		r.plenty(r.n)
	}
	if r.n != 4 {
		t.Errorf("plenty: %d", r.n)
	}
}
