package collectors

import (
	"bytes"
	"context"
	"encoding/json"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowctl/collectors/files"
	"flowctl/collectors/flow"
	"flowctl/collectors/flowlog/flowlogtest"
	"flowctl/collectors/pcap/pcaptest"
	"flowctl/plan/session"
)

// mixedFiles makes two flow logs, a capture and a damaged log below dir.
func mixedFiles(t *testing.T, dir string) {
	t.Helper()
	for name, spec := range flowlogtest.Hours(flowlogtest.Spec{Seed: 3, Flows: 400, IPv6: 0.1}, 2, 1) {
		var b bytes.Buffer
		if _, err := flowlogtest.Generate(&b, spec); err != nil {
			t.Fatal(err)
		}
		put(t, filepath.Join(dir, filepath.FromSlash(name)), b.Bytes())
	}
	var nsg bytes.Buffer
	if _, err := flowlogtest.Generate(&nsg, flowlogtest.Spec{Seed: 4, Version: 2, NIC: 9}); err != nil {
		t.Fatal(err)
	}
	damaged := bytes.Replace(nsg.Bytes(), []byte(`"flowTuples":["1`), []byte(`"flowTuples":["z`), 1)
	put(t, filepath.Join(dir, "nsg.json"), damaged)
	file := pcaptest.Classic{Magic: pcaptest.Nano}
	b := file.Append(nil)
	for r := range (pcaptest.Traffic{Seed: 5, Packets: 3000, Flows: 200, Active: 50, Data: 400, Span: 1e9}).Records() {
		b = file.AppendRecord(b, r)
	}
	put(t, filepath.Join(dir, "x.pcap"), b)
}

func put(t *testing.T, name string, b []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func itemsOf(paths ...string) iter.Seq2[Item, error] {
	return Args{List: paths}.Walk(context.Background())
}

// answer is a summary's JSON without the sources and what is said of them, and
// without minutes, which Parquet does not have.
func answer(t *testing.T, s Sum) map[string]any {
	t.Helper()
	m, problems := answerOf(t, s)
	if problems.Count > 0 {
		t.Fatal(problems)
	}
	return m
}

// answerOf is that of what can be read.
func answerOf(t *testing.T, s Sum) (map[string]any, Problems) {
	t.Helper()
	doc, problems, err := s.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := doc.Write(&b); err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	if err := json.Unmarshal(b.Bytes(), &m); err != nil {
		t.Fatal(err)
	}
	delete(m, "sources")
	var kept []any
	for _, c := range m["coverage"].([]any) {
		if code := c.(map[string]any)["code"].(string); !strings.HasPrefix(code, "source-") {
			kept = append(kept, c)
		}
	}
	m["coverage"] = kept
	return m, problems
}

// TestFlowsAnswerAsTheirSources wants of a Parquet file the answers of the
// logs and captures it was made from: names, what was skipped and all.
func TestFlowsAnswerAsTheirSources(t *testing.T) {
	dir, flows := t.TempDir(), filepath.Join(t.TempDir(), "flows.parquet")
	mixedFiles(t, dir)
	var b bytes.Buffer
	want := answer(t, Sum{Items: itemsOf(dir), Flows: &Flows{To: &b, Version: "test"}})
	put(t, flows, b.Bytes())
	if diff := cmp.Diff(want, answer(t, Sum{Items: itemsOf(flows)})); diff != "" {
		t.Errorf("from Parquet (-want +got):\n%s", diff)
	}
	var again bytes.Buffer
	answer(t, Sum{Items: itemsOf(flows), Flows: &Flows{To: &again, Version: "test"}})
	put(t, flows, again.Bytes())
	if diff := cmp.Diff(want, answer(t, Sum{Items: itemsOf(flows)})); diff != "" {
		t.Errorf("from Parquet of Parquet (-want +got):\n%s", diff)
	}
	if want["skipped"] == nil || len(want["skipped"].([]any)) == 0 {
		t.Error("the damaged log has nothing to skip")
	}
}

// TestFlowsOfResultsAreNotReadBeside leaves out flows that lie beside what
// they were made from, unless they are named.
func TestFlowsOfResultsAreNotReadBeside(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"r/manifest.json", "r/a.json", "r/flows.parquet", "other/flows.parquet"} {
		put(t, filepath.Join(dir, filepath.FromSlash(name)), []byte("x"))
	}
	if _, err := (session.Folder{Path: filepath.Join(dir, "r")}).Inventory(); err != nil {
		t.Fatal(err)
	}
	walk := func(paths ...string) (got []string) {
		for f, err := range new(files.Walker).Walk(paths...) {
			if err != nil {
				t.Fatal(err)
			}
			rel, _ := filepath.Rel(dir, f)
			got = append(got, filepath.ToSlash(rel))
		}
		return got
	}
	if diff := cmp.Diff([]string{"other/flows.parquet", "r/a.json", "r/manifest.json"}, walk(dir)); diff != "" {
		t.Errorf("walk (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"r/flows.parquet"}, walk(filepath.Join(dir, "r", "flows.parquet"))); diff != "" {
		t.Errorf("named (-want +got):\n%s", diff)
	}
}

// TestFlowsOfOthers says what a foreign file lacks, and that a cut one is cut.
func TestFlowsOfOthers(t *testing.T) {
	var b bytes.Buffer
	answer(t, Sum{Items: itemsOf(), Flows: &Flows{To: &b}})
	tests := map[string]struct {
		file []byte
		says string
	}{
		"cut":     {b.Bytes()[:b.Len()-9], "was cut"},
		"foreign": {bytes.ReplaceAll(b.Bytes(), []byte("flowctl.format"), []byte("dusterl.format")), "no flowctl.format"},
		"column":  {bytes.ReplaceAll(b.Bytes(), []byte("source_port"), []byte("source_pork")), "no column source_port"},
		"footer":  {append([]byte("PAR1"), "\xff\xff\xff\x0fxxxx\x04\x00\x00\x00PAR1"...), "footer is damaged"},
	}
	for name, tt := range tests {
		path := filepath.Join(t.TempDir(), name)
		put(t, path, tt.file)
		src := &flow.Source{Path: path}
		got := readFile(t.Context(), path, flow.Input{Source: src, Names: flow.NewNames(), Skipped: &flow.Skipped{}}, sinks{
			Workers: flow.Workers{Main: func(flow.Batch) bool { return true }}, bytes: new(atomic.Int64),
		})
		if got == nil || !strings.Contains(got.Error(), tt.says) || src.Status != flow.Unreadable {
			t.Errorf("%s: %v, status %s; want an error with %q", name, got, src.Status, tt.says)
		}
	}
}
