//go:build lake

package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"flowctl/collectors/engine/enginetest"
	"flowctl/collectors/flowlog/flowlogtest"
)

// TestLake adds files twice, and one more, and lets another engine sum up what is there.
func TestLake(t *testing.T) {
	p := program{t, []string{"FLOWCTL_DIR=" + t.TempDir(), "CI=true"}}
	logs, lake := t.TempDir(), t.TempDir()
	var want uint64 // rows
	i := 0
	add := func(spec flowlogtest.Spec) string {
		var b bytes.Buffer
		truth, err := flowlogtest.Generate(&b, spec)
		if err != nil {
			t.Fatal(err)
		}
		want += uint64(truth.Tuples)
		i++
		path := filepath.Join(logs, fmt.Sprint(i, ".json"))
		if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, spec := range flowlogtest.Hours(flowlogtest.Spec{Seed: 5, Flows: 200}, 2, 1) {
		add(spec)
	}
	if _, errs := p.run(0, "lake", "add", "--to", lake, logs); !strings.Contains(errs, "2 files came in") {
		t.Error(errs)
	}
	if _, errs := p.run(0, "lake", "add", "--to", lake, logs); !strings.Contains(errs, "Nothing new: 2 files in already") {
		t.Error(errs)
	}
	last := add(flowlogtest.Spec{Seed: 9, NIC: 7, Flows: 100})
	if _, errs := p.run(0, "lake", "add", "--to", lake, logs); !strings.Contains(errs, "1 file came in") || !strings.Contains(errs, "2 in already") {
		t.Error(errs)
	}
	if err := os.WriteFile(last, []byte(`{"records":[]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, errs := p.run(1, "lake", "add", "--to", lake, logs); !strings.Contains(errs, "has changed since it was added") {
		t.Error(errs)
	}
	p.run(1, "lake", "add", "--to", "abfss://c@a.dfs.core.windows.net/x", logs)
	const sums = "SELECT count(), sum(sent_ip_bytes), sum(received_packets), uniqExact(source_address), max(last) FROM "
	table, files := enginetest.Ask(t, lake, sums+"icebergLocal('flowctl/flows')"), enginetest.Ask(t, lake, sums+"file('flowctl/flows/data/*.parquet')")
	if !strings.HasPrefix(table, fmt.Sprint(want, "\t")) || table != files {
		t.Errorf("the table has %s, its files %s; want %d rows", table, files, want)
	}
}
