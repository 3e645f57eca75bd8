package collectors

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowctl/collectors/flowlog/flowlogtest"
	"flowctl/collectors/summary"
)

// A law holds for any records of flow logs, each a JSON text. It gets a folder
// of its own and an oracle for chance.
type law func(t *testing.T, dir string, r *rand.Rand, records []string) error

var laws = map[string]law{
	"twice is once":                copies,
	"a prefix changes nothing":     prefix,
	"cut anywhere is whole":        pieces,
	"halves of a window add up":    halves,
	"in any order, by any workers": orders,
	"a second view adds nothing":   secondView,
	"steps of time add up":         stepsAddUp,
	"single flows are the total":   singleFlows,
}

// TestLaws tries all laws on generated logs and on the real ones of the corpus.
func TestLaws(t *testing.T) {
	logs := logsForLaws(t)
	n := 0
	for name, records := range logs {
		n += len(records)
		for says, holds := range laws {
			t.Run(name+", "+says, func(t *testing.T) {
				try(t, holds, records)
			})
		}
	}
	t.Logf("%d laws over %d flow logs of %d records", len(laws), len(logs), n)
}

// try tries a law. Of records that break it, it shows the fewest that do.
func try(t *testing.T, holds law, records []string) {
	t.Helper()
	h := fnv.New64a()
	for _, r := range records {
		h.Write([]byte(r))
	}
	seed := h.Sum64()
	if text := os.Getenv("FLOWCTL_SEED"); text != "" {
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		seed = n
	}
	breaks := func(records []string) error {
		return holds(t, t.TempDir(), rand.New(rand.NewPCG(seed, 1)), records)
	}
	err := breaks(records)
	if err == nil {
		return
	}
	for size := max(1, len(records)/2); size >= 1; size /= 2 {
		for i := 0; i < len(records); {
			fewer := slices.Delete(slices.Clone(records), i, min(len(records), i+size))
			if e := breaks(fewer); e != nil {
				records, err = fewer, e
				continue
			}
			i += size
		}
	}
	t.Errorf("seed %d: %v\nwith no more than\n%s", seed, err, file(records))
}

// logsForLaws are the records of logs, by name.
func logsForLaws(t *testing.T) map[string][]string {
	logs := map[string][]string{"none": nil}
	for name, spec := range map[string]flowlogtest.Spec{
		"VNet": {Flows: 120, IPv6: 0.2}, "NSG 1": {Version: 1, Flows: 60}, "NSG 2": {Version: 2, Flows: 60},
	} {
		data, _ := generated(t, spec)
		logs[name] = recordsOf(t, data)
	}
	back := slices.Clone(logs["VNet"]) // time steps back, and a delivery comes again
	slices.Reverse(back)
	logs["VNet, out of order"] = append(back, logs["VNet"][:3]...)
	if corpus := os.Getenv("FLOWCTL_CORPUS"); corpus != "" {
		files, _ := filepath.Glob(filepath.Join(corpus, "*.json"))
		more, _ := filepath.Glob(filepath.Join(corpus, "flowlogs", "*.json"))
		for _, name := range append(files, more...) {
			if strings.HasSuffix(name, ".truth.json") {
				continue
			}
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			logs[filepath.Base(name)] = recordsOf(t, data)
		}
	}
	return logs
}

func recordsOf(t *testing.T, data []byte) (list []string) {
	t.Helper()
	var log struct{ Records []json.RawMessage }
	if err := json.Unmarshal(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")), &log); err != nil {
		t.Fatal(err)
	}
	for _, r := range log.Records {
		list = append(list, string(r))
	}
	return list
}

func file(records []string) string { return `{"records":[` + strings.Join(records, ",") + `]}` }

// saved writes a file into dir and returns its path.
func saved(dir, name, text string) string {
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		panic(err)
	}
	return path
}

// lawful is what files answer: all that is not said of sources, and the totals.
type lawful struct {
	text string
	doc  *summary.Document
}

func ask(t *testing.T, s Sum, paths ...string) lawful {
	t.Helper()
	s.Items = itemsOf(paths...)
	doc, _, err := s.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer doc.Conversations.Close()
	var b bytes.Buffer
	if err := doc.Write(&b); err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	if err := json.Unmarshal(b.Bytes(), &m); err != nil {
		t.Fatal(err)
	}
	for _, of := range []string{"sources", "merged", "skipped"} {
		delete(m, of)
	}
	m["coverage"] = slices.DeleteFunc(m["coverage"].([]any), func(c any) bool {
		code := c.(map[string]any)["code"].(string)
		return strings.HasPrefix(code, "source-") || code == "records-repeated" || code == "outside-window"
	})
	text, _ := json.MarshalIndent(m, "", " ")
	return lawful{string(text), doc}
}

// withoutMinutes is an answer without what it says of minutes.
func (l lawful) withoutMinutes() lawful {
	var m map[string]any
	if err := json.Unmarshal([]byte(l.text), &m); err != nil {
		panic(err)
	}
	delete(m, "minutes")
	m["coverage"] = slices.DeleteFunc(m["coverage"].([]any), func(c any) bool { return c.(map[string]any)["code"] == "minutes" })
	text, _ := json.MarshalIndent(m, "", " ")
	return lawful{string(text), l.doc}
}

// same wants two answers to be equal, and what b's sources hold to be what
// counts and what is merged.
func same(what string, a, b lawful) error {
	if diff := cmp.Diff(a.text, b.text); diff != "" {
		return fmt.Errorf("%s: -alone +so\n%s", what, diff)
	}
	var records, packets, bytes uint64
	for _, s := range b.doc.Sources {
		records += s.Records
		packets += s.Total.Packets.N
		bytes += s.Total.IPBytes.N
	}
	d := b.doc
	got := [3]uint64{d.Total.Records + d.Merged.Records, d.Total.Packets.N + d.Merged.Packets.N, d.Total.IPBytes.N + d.Merged.IPBytes.N}
	if want := [3]uint64{records, packets, bytes}; got != want {
		return fmt.Errorf("%s: sources hold %d, total and merged are %d", what, want, got)
	}
	return nil
}

// writtenAgain is a file written again by somebody else: in another order of keys, with
// white space, and with escapes.
func writtenAgain(text string) string {
	var v any
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		panic(err)
	}
	b, _ := json.MarshalIndent(v, "", "\t")
	return strings.Replace(string(b), "flowTuples", `flow\u0054uples`, 1)
}

func copies(t *testing.T, dir string, _ *rand.Rand, records []string) error {
	text := file(records)
	one := saved(dir, "PT1H.json", text)
	alone := ask(t, Sum{}, one)
	for name, copied := range map[string]string{
		"PT1H (1).json": text, "a.json": text + "\n" + text, "PT1H.json.gz": string(zipped([]byte(text))), "other.json": writtenAgain(text),
		"b.txt": string(encoded(text, true, false)), "lines.json": strings.Join(records, "\n"),
	} {
		if err := same(name, alone, ask(t, Sum{}, one, saved(dir, name, copied))); err != nil {
			return err
		}
	}
	return same("all of them", alone, ask(t, Sum{}, dir))
}

func prefix(t *testing.T, dir string, r *rand.Rand, records []string) error {
	text := file(records)
	one := saved(dir, "PT1H.json", text)
	alone := ask(t, Sum{}, one)
	for _, name := range []string{"A.json", "Z.json"} {
		cut := saved(dir, name, text[:r.IntN(len(text)+1)])
		if err := same(name, alone, ask(t, Sum{}, cut, one)); err != nil {
			return err
		}
	}
	return nil
}

// pieces cuts anywhere. What the cuts do not touch counts as if they were not.
func pieces(t *testing.T, dir string, r *rand.Rand, records []string) error {
	text := file(records)
	cuts := []int{0, len(text)}
	for range 3 {
		cuts = append(cuts, r.IntN(len(text)+1))
	}
	slices.Sort(cuts)
	var names, whole []string
	for i, from := range cuts[:len(cuts)-1] {
		names = append(names, saved(dir, fmt.Sprintf("piece%d", i), text[from:cuts[i+1]]))
	}
	at := len(`{"records":[`)
	touched := 0
	for _, record := range records {
		inside := slices.ContainsFunc(cuts, func(c int) bool { return c > at && c < at+len(record) })
		if inside {
			touched++
		} else {
			whole = append(whole, record)
		}
		at += len(record) + 1
	}
	got, want := ask(t, Sum{}, names...), ask(t, Sum{}, saved(dir, "whole.json", file(whole)))
	// Minutes of what is cut are unknown, see TestLostMinutes.
	if err := same(fmt.Sprintf("cut at %d, %d records of %d touched", cuts, touched, len(records)), want.withoutMinutes(), got.withoutMinutes()); err != nil {
		return err
	}
	told := slices.ContainsFunc(got.doc.Sources, func(s summary.Source) bool { return s.Status != "ok" })
	if touched > 0 && !told {
		return fmt.Errorf("cut at %d: %d records are cut and all sources are ok", cuts, touched)
	}
	return nil
}

func halves(t *testing.T, dir string, r *rand.Rand, records []string) error {
	one := saved(dir, "PT1H.json", file(records))
	whole := ask(t, Sum{}, one)
	first, last := whole.doc.Total.First, whole.doc.Total.Last
	if !first.Known() || last == first {
		return nil
	}
	from, to := first.Time(), last.Time().Add(time.Millisecond)
	middle := from.Add(time.Duration(r.Int64N(int64(to.Sub(from))))).Truncate(time.Millisecond)
	if !middle.After(from) {
		return nil
	}
	all := ask(t, Sum{Start: from, End: to}, one).doc
	a, b := ask(t, Sum{Start: from, End: middle}, one).doc, ask(t, Sum{Start: middle, End: to}, one).doc
	sum := func(docs ...*summary.Document) (n [6]uint64) {
		for _, d := range docs {
			n[0], n[1] = n[0]+d.Total.Records, n[1]+d.Merged.Records
			n[2], n[3] = n[2]+d.Total.Packets.N, n[3]+d.Merged.Packets.N
			n[4], n[5] = n[4]+d.Total.IPBytes.N, n[5]+d.Merged.IPBytes.N
		}
		return n
	}
	if w, p, h := sum(whole.doc), sum(all), sum(a, b); w != p || p != h {
		return fmt.Errorf("%s to %s cut at %s: without a window %d, with it %d, its halves %d", from, to, middle, w, p, h)
	}
	if a.Total.Records > 0 && a.Total.Last.Time().After(middle) || b.Total.Records > 0 && b.Total.First.Time().Before(middle) {
		return errors.New("a half holds what is in the other")
	}
	return nil
}

func orders(t *testing.T, dir string, r *rand.Rand, records []string) error {
	var paths []string
	for i := range 4 {
		some := slices.Clone(records[i*len(records)/5 : (i+2)*len(records)/5]) // each but the first and the last in two
		r.Shuffle(len(some), func(i, j int) { some[i], some[j] = some[j], some[i] })
		paths = append(paths, saved(dir, fmt.Sprintf("%d.json", i), file(some)))
	}
	first := ask(t, Sum{Workers: 1}, paths...)
	for workers := 1; workers <= 4; workers++ {
		r.Shuffle(len(paths), func(i, j int) { paths[i], paths[j] = paths[j], paths[i] })
		other := ask(t, Sum{Workers: workers, Memory: int64(workers%2) << 10}, paths...) // also spilled
		if err := same(fmt.Sprintf("%d workers, %s", workers, paths), first, other); err != nil {
			return err
		}
		if diff := cmp.Diff(first.doc.Merged, other.doc.Merged); diff != "" {
			return fmt.Errorf("%d workers, %s: merged %s", workers, paths, diff)
		}
	}
	return nil
}

// otherLog makes a record one of another log of the same interface: a view of the
// same traffic.
func otherLog(record string) string {
	for _, of := range []string{"flowLogResourceID", "resourceId"} {
		if i := strings.Index(record, `"`+of+`"`); i >= 0 {
			at := i + len(of) + 2
			n := strings.IndexByte(record[at:], '"') + 1
			return record[:at+n] + "/OTHER" + record[at+n:]
		}
	}
	return record
}

// secondView adds a second log of the same interfaces that saw some of what the first
// saw: no 5-tuple more or less, and nothing but what is merged changes.
func secondView(t *testing.T, dir string, r *rand.Rand, records []string) error {
	one := saved(dir, "PT1H.json", file(records))
	var some []string
	for _, record := range records {
		if other := otherLog(record); other != record && r.IntN(3) > 0 {
			some = append(some, other)
		}
	}
	alone, both := ask(t, Sum{}, one).doc, ask(t, Sum{}, one, saved(dir, "other.json", file(some))).doc
	type seen struct{ packets, bytes, flows, denied, pairs uint64 }
	of := func(d *summary.Document) seen {
		return seen{d.Total.Packets.N, d.Total.IPBytes.N, d.Total.Flows, d.Total.Denied.N, d.Total.Conversations}
	}
	if of(alone) != of(both) {
		return fmt.Errorf("a second view of %d of %d records: %+v, alone %+v", len(some), len(records), of(both), of(alone))
	}
	return nil
}
