package engine_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"

	"flowctl/collectors"
	"flowctl/collectors/engine"
	"flowctl/collectors/engine/enginetest"
	"flowctl/collectors/flow"
	"flowctl/collectors/flowlog/flowlogtest"
	"flowctl/collectors/pcap/pcaptest"
	"flowctl/collectors/summary"
	"flowctl/plan/config"
	"flowctl/plan/question"
	"flowctl/plan/syntax"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

// opened is an engine with tables.
func opened(t testing.TB, c *enginetest.Cluster, database string) *engine.Engine {
	t.Helper()
	a, err := engine.ParseURL(c.URL(database))
	if err != nil {
		t.Fatal(err)
	}
	e, err := engine.Open(t.Context(), a, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	nodes, err := e.Nodes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	changes, err := e.Init(nodes, 0)
	if err == nil {
		err = e.Apply(t.Context(), changes)
	}
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// put puts files into an engine.
func put(t testing.TB, e *engine.Engine, paths ...string) *collectors.Added {
	t.Helper()
	var done collectors.Added
	problems, err := collectors.Sum{Items: collectors.Args{List: paths}.Walk(t.Context())}.AddTo(t.Context(), e, "test", &done)
	if err != nil || problems.Count > 0 {
		t.Fatal(err, problems)
	}
	return &done
}

// answer is the JSON of a summary without its sources and what is said of them.
func answer(t testing.TB, s collectors.Sum) string {
	t.Helper()
	doc, _, err := s.Run(context.Background()) // files that cannot be read are among the sources
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
	for _, of := range []string{"sources", "merged"} {
		delete(m, of)
	}
	var kept []any
	for _, c := range m["coverage"].([]any) {
		if code := c.(map[string]any)["code"].(string); !strings.HasPrefix(code, "source-") && code != "records-repeated" && code != "outside-window" {
			kept = append(kept, c)
		}
	}
	m["coverage"] = kept
	text, _ := json.MarshalIndent(m, "", " ")
	return string(text)
}

func fromFiles(paths ...string) collectors.Sum {
	return collectors.Sum{Items: collectors.Args{List: paths}.Walk(context.Background()), Fine: true}
}

func fromEngine(e *engine.Engine) collectors.Sum {
	return collectors.Sum{Fine: true, Items: func(yield func(collectors.Item, error) bool) {
		yield(collectors.Item{Path: e.String(), Store: engine.Source{Engine: e}}, nil)
	}}
}

// mixed makes two flow logs of several hours, two of NSGs and a capture.
func mixed(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	save := func(name string, b []byte) {
		name = filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, spec := range flowlogtest.Hours(flowlogtest.Spec{Seed: 3, Flows: 150, IPv6: 0.1}, 2, 2) {
		var b bytes.Buffer
		if _, err := flowlogtest.Generate(&b, spec); err != nil {
			t.Fatal(err)
		}
		save(name, b.Bytes())
		save("second/"+filepath.Base(filepath.Dir(name))+filepath.Base(name)+fmt.Sprint(len(name), spec.NIC, spec.Hour.Hour()), otherView(t, b.Bytes()))
	}
	for version := 1; version <= 2; version++ {
		var nsg bytes.Buffer
		if _, err := flowlogtest.Generate(&nsg, flowlogtest.Spec{Seed: 4, Version: version, NIC: 9}); err != nil {
			t.Fatal(err)
		}
		save(fmt.Sprintf("nsg%d.json", version), nsg.Bytes())
	}
	file := pcaptest.Classic{Magic: pcaptest.Nano}
	b := file.Append(nil)
	for r := range (pcaptest.Traffic{Seed: 5, Packets: 3000, Flows: 200, Active: 50, Data: 400, Span: 3e9}).Records() {
		b = file.AppendRecord(b, r)
	}
	save("x.pcap", b)
	return dir
}

// otherView is what a second log of the same interface has that saw some of what the first
// saw.
func otherView(t testing.TB, b []byte) []byte {
	t.Helper()
	var log struct{ Records []map[string]any }
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	if err := d.Decode(&log); err != nil {
		t.Fatal(err)
	}
	some := log.Records[:0]
	for i, r := range log.Records {
		if i%3 > 0 {
			r["flowLogResourceID"] = fmt.Sprint(r["flowLogResourceID"], "/OTHER")
			some = append(some, r)
		}
	}
	out, _ := json.Marshal(map[string]any{"records": some})
	return out
}

// same wants an engine to answer as files do.
func same(t *testing.T, what, want string, e *engine.Engine) {
	t.Helper()
	if diff := cmp.Diff(want, answer(t, fromEngine(e))); diff != "" {
		t.Fatalf("%s: -files +engine\n%s", what, diff)
	}
}

// TestAnswersAreTheirSources is the law that an engine answers as the files do that came
// in: a node and three, asked for a part of the time, with everything sent twice, sharded in
// another way, and after a node was killed while files came in.
func TestAnswersAreTheirSources(t *testing.T) {
	dir := mixed(t)
	want := answer(t, fromFiles(dir))
	for _, n := range []int{1, 3} {
		t.Run(fmt.Sprint(n, " nodes"), func(t *testing.T) {
			c := enginetest.Start(t, n)
			e := opened(t, c, "flowctl")
			first := put(t, e, dir)
			same(t, "once", want, e)
			if again := put(t, e, dir); again.Rows.Load() != 0 || again.Known.Load() != first.Files.Load() {
				t.Errorf("again: %d rows sent, %d of %d files known", again.Rows.Load(), again.Known.Load(), first.Files.Load())
			}
			for _, part := range [][2]string{{"2026-11-01T00:00:00Z", "2026-11-01T00:30:00Z"}, {"2026-11-01T00:00:01Z", "2026-11-01T01:10:00Z"}} {
				files, stored := fromFiles(dir), fromEngine(e)
				files.Start, files.End = instant(part[0]), instant(part[1])
				stored.Start, stored.End = files.Start, files.End
				if diff := cmp.Diff(answer(t, files), answer(t, stored)); diff != "" {
					t.Errorf("%s: -files +engine\n%s", part, diff)
				}
			}
			for _, timed := range []bool{false, true} {
				files, stored := fromFiles(dir), fromEngine(e)
				files.Options.Questions, stored.Options.Questions = shipped(t, timed), shipped(t, timed)
				files.Options.Only, stored.Options.Only = true, true
				if diff := cmp.Diff(answer(t, files), answer(t, stored)); diff != "" {
					t.Errorf("%d questions, timed %t: -files +engine\n%s", len(files.Options.Questions), timed, diff)
				}
			}
			c.Exec(t, "TRUNCATE TABLE flowctl."+local(n, "ingest")) // so that nothing is known to have come in
			if again := put(t, e, dir); again.Rows.Load() != first.Rows.Load() {
				t.Errorf("%d rows were sent again, %d at first", again.Rows.Load(), first.Rows.Load())
			}
			same(t, "twice", want, e)
		})
	}
}

func asked(t *testing.T, name, where string, by ...string) question.Question {
	t.Helper()
	q := question.Question{Name: name, By: by, Top: 20}
	q.Order, _ = question.ParseOrder("", by...)
	if where == "" {
		return q
	}
	e, diags := syntax.Expression(where, "test")
	if !diags.HasErrors() {
		q.Where, diags = question.Check(e, question.Scope{Context: &hcl.EvalContext{Functions: config.Functions()}})
	}
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	return q
}

// shipped are the questions of the examples, one by each field, and some with conditions;
// timed ones ask by steps of time.
func shipped(t *testing.T, timed bool) (list []*summary.Question) {
	t.Helper()
	add := func(name, where string, by ...string) {
		list = append(list, summary.Compile(asked(t, name, where, by...)))
	}
	if timed {
		add("steps", "", "time(5m)", "port")
		add("hours", `direction == "inbound"`, "hour")
		return list
	}
	files, err := filepath.Glob("../../examples/*.hcl")
	if err != nil || len(files) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	for _, f := range files {
		if strings.HasSuffix(f, ".flowtest.hcl") {
			continue
		}
		cfg, diags := config.Load(f, config.Inputs{Open: true})
		if diags.HasErrors() {
			t.Fatal(diags)
		}
		for _, inv := range cfg.Investigations {
			for _, s := range inv.Summaries {
				list = append(list, summary.Compile(*s.Question))
			}
		}
	}
	for _, f := range question.Fields() {
		told := summary.AsksTold([]*summary.Question{summary.Compile(question.Question{By: []string{f.Name}})}) // which an engine refuses
		if f.Name != "time" && !told {
			add("by "+f.Name, "", f.Name)
		}
	}
	for _, where := range []string{
		`verdict == "denied"`, `cidrcontains("10.0.0.0/8", source.address) && port != 443`, `contains([22, 3389, 53], port) || encryption != "X"`, `!has(rule)`,
	} {
		add(where, where, "source.address", "destination.address", "protocol", "port")
	}
	return list
}

func local(nodes int, table string) string {
	if nodes == 1 {
		return table
	}
	return table + "_local"
}

func instant(text string) time.Time {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return at
}

// TestCorpus is the law over all real files together.
func TestCorpus(t *testing.T) {
	corpus := os.Getenv("FLOWCTL_CORPUS")
	if corpus == "" {
		t.Skip("FLOWCTL_CORPUS names no folder")
	}
	var files []string
	for _, pattern := range []string{"flowlogs/*", "captures/*", "etl/*.etl"} {
		found, _ := filepath.Glob(filepath.Join(corpus, pattern))
		for _, f := range found {
			if !strings.HasSuffix(f, ".truth.json") {
				files = append(files, f)
			}
		}
	}
	e := opened(t, enginetest.Start(t, 3), "flowctl")
	var done collectors.Added
	if _, err := (collectors.Sum{Items: collectors.Args{List: files}.Walk(t.Context())}).AddTo(t.Context(), e, "test", &done); err != nil {
		t.Fatal(err)
	}
	same(t, "all files", answer(t, fromFiles(files...)), e)
	t.Logf("%d files with %d rows", done.Files.Load(), done.Rows.Load())
}

// TestOtherShards is the law where rows are spread by what record they are of.
func TestOtherShards(t *testing.T) {
	dir := mixed(t)
	c := enginetest.Start(t, 3)
	e := opened(t, c, "flowctl")
	c.Exec(t, "DROP TABLE flowctl.flows SYNC", "CREATE TABLE flowctl.flows AS flowctl.flows_local ENGINE = Distributed('flows', 'flowctl', 'flows_local', cityHash64(record)) COMMENT 'flowctl schema 1'")
	put(t, e, dir)
	put(t, e, dir)
	same(t, "by record", answer(t, fromFiles(dir)), e)
}

// TestKilled kills a node while files come in, and starts it again with its data.
func TestKilled(t *testing.T) {
	dir := mixed(t)
	c := enginetest.Start(t, 3)
	e := opened(t, c, "flowctl")
	e.BatchRows = 200
	u := engine.Unit{ID: "killed", Name: dir, Kind: engine.Logs}
	w, err := e.Begin(t.Context(), u)
	if err != nil {
		t.Fatal(err)
	}
	sent, files := 0, fromFiles(dir)
	files.Workers = 1
	_, _, err = files.Put(t.Context(), "test", func(names *flow.Names) flow.Keeper {
		return keeper{w.Keeper(names), func() {
			if sent++; sent == 100 {
				c.Nodes[2].Stop()
			}
		}}
	})
	if err == nil {
		t.Fatal("nobody missed the node")
	}
	t.Logf("without a node: %v", err)
	c.Nodes[2].Start(t)
	var left uint64
	c.Scan(t, &left, "SELECT count() FROM flowctl.flows")
	if left == 0 {
		t.Error("nothing had come in before the node was killed")
	}
	put(t, e, dir)
	c.Exec(t, "ALTER TABLE flowctl.ingest_local DELETE WHERE unit = 'killed' SETTINGS mutations_sync = 1")
	same(t, "after the node was killed", answer(t, fromFiles(dir)), e)
}

type keeper struct {
	flow.Keeper
	before func()
}

func (k keeper) Keep(id flow.RecordID, b flow.Batch) error {
	k.before()
	return k.Keeper.Keep(id, b)
}

// TestGrown adds a log that has grown since it was added.
func TestGrown(t *testing.T) {
	dir := t.TempDir()
	var b bytes.Buffer
	if _, err := flowlogtest.Generate(&b, flowlogtest.Spec{Seed: 8, Flows: 300}); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "PT1H.json")
	e := opened(t, enginetest.Start(t, 1), "flowctl")
	for _, part := range []int{3, 2, 1} {
		text := b.Bytes()[:b.Len()/part]
		if part > 1 {
			text = append(text[:bytes.LastIndex(text, []byte(`,{"time"`)):bytes.LastIndex(text, []byte(`,{"time"`))], "]}"...)
		}
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		put(t, e, dir)
		same(t, fmt.Sprint("a part of ", part), answer(t, fromFiles(dir)), e)
	}
}

// TestShardMissing wants an answer of the nodes that are there, and to be told.
func TestShardMissing(t *testing.T) {
	dir := mixed(t)
	c := enginetest.Start(t, 3)
	e := opened(t, c, "flowctl")
	put(t, e, dir)
	c.Nodes[1].Stop()
	text := answer(t, fromEngine(e))
	if !strings.Contains(text, "1 node of the engine did not answer (2 of 3 answered)") {
		t.Error("that a node is missing is not said")
	}
	if text == answer(t, fromFiles(dir)) {
		t.Error("the answer is that of all nodes")
	}
	nodes, err := e.Nodes(t.Context())
	if err != nil || nodes[1].Err == nil || nodes[0].Err != nil {
		t.Errorf("nodes %+v, error %v", nodes, err)
	}
}
