package collectors

import (
	"bytes"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowctl/collectors/summary"
	"flowctl/plan/dictionary"
	"flowctl/plan/question"
)

func called(prefix, name string) dictionary.Entry {
	return dictionary.Entry{Prefix: netip.MustParsePrefix(prefix), Name: name}
}

// TestFlowsKeepTheirDictionary wants of a Parquet file alone, and of a file made of it,
// the answers that its sources give together with a dictionary; one that is given goes
// before.
func TestFlowsKeepTheirDictionary(t *testing.T) {
	dir := t.TempDir()
	mixedFiles(t, dir)
	ask := func(list ...dictionary.Entry) summary.Options {
		q := question.Question{Name: "q", By: []string{"source.name", "destination.name"}}
		return summary.Options{Dictionary: list, Questions: []*summary.Question{summary.Compile(q)}}
	}
	list := []dictionary.Entry{called("10.0.0.0/8", "office"), called("10.0.0.4/31", "front"), called("::/0", "six")}
	var b, again bytes.Buffer
	want := answer(t, Sum{Items: itemsOf(dir), Options: ask(list...), Flows: &Flows{To: &b, Version: "test"}})
	flows := filepath.Join(t.TempDir(), "flows.parquet")
	put(t, flows, b.Bytes())
	if diff := cmp.Diff(want, answer(t, Sum{Items: itemsOf(flows), Options: ask(), Flows: &Flows{To: &again, Version: "test"}})); diff != "" {
		t.Errorf("from Parquet without the dictionary (-want +got):\n%s", diff)
	}
	given := answer(t, Sum{Items: itemsOf(flows), Options: ask(called("10.0.0.0/8", "home"))})
	put(t, flows, again.Bytes())
	if diff := cmp.Diff(want, answer(t, Sum{Items: itemsOf(flows), Options: ask()})); diff != "" {
		t.Errorf("from Parquet of Parquet (-want +got):\n%s", diff)
	}
	if got := answer(t, Sum{Items: itemsOf(dir), Options: ask(append([]dictionary.Entry{called("10.0.0.0/8", "home")}, list...)...)}); cmp.Diff(got["asks"], given["asks"]) != "" {
		t.Errorf("what is given does not go before:\n%s", cmp.Diff(got["asks"], given["asks"]))
	}
}

// TestKeptDictionaries wants names in an order that does not depend on which file was
// read first, and a damaged one told.
func TestKeptDictionaries(t *testing.T) {
	texts := []string{`[{"prefix":"10.0.0.0/8","name":"b"},{"prefix":"10.0.0.0/16","name":"c"}]`, `[{"prefix":"10.0.0.0/8","name":"a"},{"prefix":"9.0.0.0/8","name":"d"}]`, `[{"prefix":"10.0.0.0/8","name":"b"}]`}
	want := []dictionary.Entry{called("10.0.0.0/8", "given"), called("9.0.0.0/8", "d"), called("10.0.0.0/8", "a"), called("10.0.0.0/8", "b"), called("10.0.0.0/16", "c")}
	for _, order := range [][]int{{0, 1, 2}, {2, 1, 0}, {1, 2, 0}} {
		var k inventories
		for _, i := range order {
			if err := k.addDictionary([]byte(texts[i])); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(want, k.dictionaryBeside(want[:1]), cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })); diff != "" {
			t.Errorf("order %v (-want +got):\n%s", order, diff)
		}
	}
	for _, text := range []string{`{}`, `[{"prefix":"10.0.0.0/99"}]`, `[`} {
		if err := (&inventories{}).addDictionary([]byte(text)); err == nil {
			t.Errorf("%s is a dictionary", text)
		}
	}
	var b bytes.Buffer
	huge := summary.Options{Dictionary: []dictionary.Entry{called("10.0.0.0/8", strings.Repeat("x", mostInventories))}}
	dir := t.TempDir()
	mixedFiles(t, dir)
	doc, _, err := Sum{Items: itemsOf(dir), Options: huge, Flows: &Flows{To: &b, Version: "test"}}.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	told := false
	for _, c := range doc.Coverage {
		told = told || c.Code == "dictionary-not-kept"
	}
	if !told || b.Len() > mostInventories/2 {
		t.Errorf("a huge dictionary: told %v, %d bytes", told, b.Len())
	}
}
