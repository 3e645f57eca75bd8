package bench

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"flowctl/collectors"
)

// TestFlowsOfLimits checks that captures of very many flows have as many, between as
// many pairs.
func TestFlowsOfLimits(t *testing.T) {
	for _, pairs := range []int{1, 3000} {
		name := filepath.Join(t.TempDir(), "x.pcap")
		if err := writeFlows(name, 3000, pairs); err != nil {
			t.Fatal(err)
		}
		doc, _, err := collectors.Sum{Items: collectors.Args{List: []string{name}}.Walk(t.Context())}.Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if doc.Total.Flows != 3000 || doc.Total.Conversations != uint64(pairs) {
			t.Errorf("%d flows of %d pairs, want 3000 of %d", doc.Total.Flows, doc.Total.Conversations, pairs)
		}
		doc.Conversations.Close()
	}
}

// TestLimit wants each row to say whether what was asked is met, and programs that
// are not there left out.
func TestLimit(t *testing.T) {
	var out bytes.Buffer
	s := Streams{Out: &out, Err: io.Discard}
	echo := contender{name: "timer", args: []string{"x"}}
	timer := filepath.Join(t.TempDir(), "timer")
	if err := writeScript(timer, `echo '{"Wall":2000000000,"CPU":2000000000,"Peak":3000000}'`); err != nil {
		t.Fatal(err)
	}
	for _, l := range []limit{{work: "a", this: echo, other: echo, most: 1}, {work: "b", this: echo, other: echo, most: 0.9}, {work: "c", this: echo, megabytes: 2}} {
		if err := l.run(t.Context(), s, timer, 3); err != nil {
			t.Fatal(err)
		}
	}
	rows := strings.Split(strings.TrimSpace(out.String()), "\n")
	for i, want := range []string{"1.00× | 1.00× | met", "1.00× | 0.90× | **not met**", "peak 3.0 MB | | | 2.0 MB | **not met**"} {
		if i >= len(rows) || !strings.Contains(rows[i], want) {
			t.Errorf("row %d of\n%s\nwants %q", i, out.String(), want)
		}
	}
	for _, l := range (Options{DuckDB: "/nowhere/duckdb"}).limits("flowctl", "logs", "x.parquet", nil, map[string]string{}) {
		if l.other.name == "DuckDB" {
			t.Error("DuckDB is compared with, and not there")
		}
	}
}

func writeScript(name, text string) error {
	return os.WriteFile(name, []byte("#!/bin/sh\n"+text+"\n"), 0o700)
}
