package engine_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"flowctl/collectors"
	"flowctl/collectors/engine"
	"flowctl/collectors/engine/enginetest"
	"flowctl/collectors/flow"
	"flowctl/collectors/flowlog/flowlogtest"
	"flowctl/collectors/summary"
)

// TestReach puts many rows into three nodes, and prints what that and answers took
// beside files read by one process. FLOWCTL_REACH is how many rows, about.
func TestReach(t *testing.T) {
	rows := 40_000
	if text := os.Getenv("FLOWCTL_REACH"); text != "" {
		var err error
		if rows, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	c := enginetest.Start(t, 3)
	dir, want := t.TempDir(), flowlogtest.Totals{}
	for name, spec := range flowlogtest.Hours(flowlogtest.Spec{Seed: 11, Flows: max(20, rows/40)}, 5, 2) {
		f, err := os.Create(filepath.Join(dir, strings.ReplaceAll(name, "/", "_")))
		if err != nil {
			t.Fatal(err)
		}
		is, err := flowlogtest.Generate(f, spec)
		if err := errors.Join(err, f.Close()); err != nil {
			t.Fatal(err)
		}
		want.Bytes, want.Tuples, want.BytesSent = want.Bytes+is.Bytes, want.Tuples+is.Tuples, want.BytesSent+is.BytesSent
	}
	e := opened(t, c, "flowctl")
	busy := func() (all time.Duration) {
		for _, n := range c.Nodes {
			all += n.CPU()
		}
		return all
	}
	took := func(what string, do func()) time.Duration {
		runtime.GC()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		begin, cpu := time.Now(), busy()
		do()
		runtime.ReadMemStats(&after)
		t.Logf("%-34s %8.2f s, nodes %8.2f s of processor time, flowctl allocates %4d MB", what, time.Since(begin).Seconds(), (busy() - cpu).Seconds(), (after.TotalAlloc-before.TotalAlloc)>>20)
		return time.Since(begin)
	}
	t.Logf("%d rows of flow logs, %d MB, three nodes", want.Tuples, want.Bytes>>20)
	in := took("put in", func() { put(t, e, dir) })
	took("put in again", func() { put(t, e, dir) })
	var n, sent, disk uint64
	c.Scan(t, &n, "SELECT count() FROM flowctl.flows FINAL")
	c.Scan(t, &sent, "SELECT sum(sent_ip_bytes) FROM flowctl.flows FINAL")
	c.Scan(t, &disk, "SELECT sum(bytes_on_disk) FROM clusterAllReplicas('flows', system.parts) WHERE active AND database = 'flowctl'")
	if n != want.Tuples || sent != want.BytesSent {
		t.Errorf("%d rows with %d bytes, want %d with %d", n, sent, want.Tuples, want.BytesSent)
	}
	t.Logf("%-34s %8.1f bytes a row", "on disk", float64(disk)/float64(n))
	ask := func(s collectors.Sum, name string, by ...string) string {
		s.Options = summary.Options{Questions: []*summary.Question{summary.Compile(asked(t, name, "", by...))}, Only: true}
		return answer(t, s)
	}
	var files, nodes time.Duration
	questions := [][]string{{"source.address", "destination.address"}, {"port"}, {"rule", "verdict"}, {"hour"}}
	for _, by := range questions {
		var a, b string
		files += took("by "+strings.Join(by, ", ")+", files", func() { a = ask(fromFiles(dir), "q", by...) })
		nodes += took("by "+strings.Join(by, ", ")+", nodes", func() { b = ask(fromEngine(e), "q", by...) })
		if a != b {
			t.Errorf("by %s: the answers differ", by)
		}
	}
	if gain := files - nodes; gain > 0 {
		t.Logf("the cluster has paid for itself after %.0f questions", in.Seconds()/(gain.Seconds()/float64(len(questions))))
	} else {
		t.Logf("here, from memory and on one machine, files are %.1f times as fast: the cluster pays where files are read over a network, or by many", nodes.Seconds()/files.Seconds())
	}
}

// TestWindowReachesTheKey wants a window to leave out days and hours before rows are read.
func TestWindowReachesTheKey(t *testing.T) {
	dir := t.TempDir()
	for day := range 3 {
		var b bytes.Buffer
		if _, err := flowlogtest.Generate(&b, flowlogtest.Spec{Seed: uint64(day), Flows: 50, Hour: time.Date(2026, 5, 1+day, 10, 0, 0, 0, time.UTC)}); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprint(day)), b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c := enginetest.Start(t, 1)
	e := opened(t, c, "flowctl")
	put(t, e, dir)
	at := time.Date(2026, 5, 2, 10, 0, 0, 0, time.UTC)
	s := engine.Select{Start: at.UnixNano(), End: at.Add(time.Hour).UnixNano()}
	for name, statement := range map[string]string{"flows": s.Flows(e.Address), "minutes": s.Intervals(e.Address), "rows": s.Tuples(e.Address), "captures": s.Records(e.Address, true)} {
		var plan string
		c.Scan(t, &plan, "SELECT arrayStringConcat(groupArray(explain), '\\n') FROM (EXPLAIN indexes = 1 "+statement+")")
		parts := regexp.MustCompile(`Parts: (\d+)/(\d+)`).FindStringSubmatch(plan)
		if !strings.Contains(plan, "toStartOfHour") || !strings.Contains(plan, "Partition") || parts == nil || parts[2] != "3" || parts[1] == "3" {
			t.Errorf("%s: %q\n%s", name, parts, plan)
		}
	}
}

// TestCancelled wants a query that is not wanted any more to end at the server.
func TestCancelled(t *testing.T) {
	dir := mixed(t)
	c := enginetest.Start(t, 1)
	e := opened(t, c, "flowctl")
	put(t, e, dir)
	ctx, cancel := context.WithCancel(t.Context())
	in := flow.Input{Source: &flow.Source{}, Names: flow.NewNames(), Skipped: &flow.Skipped{}}
	err := engine.Source{Engine: e}.Read(ctx, in, func(flow.Batch) bool { cancel(); return true })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	running := uint64(1)
	for until := time.Now().Add(10 * time.Second); running > 0 && time.Now().Before(until); {
		c.Scan(t, &running, "SELECT count() FROM system.processes WHERE query LIKE '%flowctl%flows%' AND query NOT LIKE '%system.processes%'")
	}
	if running > 0 {
		t.Errorf("%d queries go on", running)
	}
}

// TestUpgrade adds the column that an earlier flowctl did not have.
func TestUpgrade(t *testing.T) {
	c := enginetest.Start(t, 3)
	e := opened(t, c, "flowctl")
	c.Exec(t, "ALTER TABLE flowctl.flows_local DROP COLUMN received_keep_alive", "ALTER TABLE flowctl.flows DROP COLUMN received_keep_alive")
	if _, err := e.Begin(t.Context(), engine.Unit{}); err == nil || !strings.Contains(err.Error(), "flowctl engine upgrade") {
		t.Errorf("without the column: %v", err)
	}
	for _, want := range []int{6, 0} {
		nodes, err := e.Nodes(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		changes, err := e.Upgrade(nodes)
		if err != nil || len(changes) != want {
			t.Fatalf("%d changes, want %d: %v", len(changes), want, err)
		}
		if err := e.Apply(t.Context(), changes); err != nil {
			t.Fatal(err)
		}
	}
	c.Exec(t, "ALTER TABLE flowctl.flows MODIFY COMMENT 'flowctl schema 99'")
	nodes, _ := e.Nodes(t.Context())
	if _, err := e.Upgrade(nodes); err == nil || !strings.Contains(err.Error(), "newer flowctl") {
		t.Errorf("a later schema: %v", err)
	}
	if _, err := e.Begin(t.Context(), engine.Unit{}); err == nil {
		t.Error("a later schema is written to")
	}
}
