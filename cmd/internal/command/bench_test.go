package command

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"
	"testing"

	"flowctl/collectors"
)

// TestBenchPeer wants of the peer in this program what summarize finds, as
// every comparison does.
func TestBenchPeer(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "logs")
	run := func(args ...string) []byte {
		var out, errs bytes.Buffer
		if code := Main(context.Background(), &Env{Args: args, Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs}); code != 0 {
			t.Fatalf("%v: status %d: %s", args, code, errs.String())
		}
		return out.Bytes()
	}
	run("gen", "flowlog", "--out", dir, "--nics", "1", "--hours", "1", "--size", "300KB")
	var file string
	for f, err := range (collectors.Args{List: []string{dir}}).Walk(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		file = f.Path
	}
	want, err := logTotal(run("summarize", "--json", file))
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := line(run("bench", "peer-json", file)); got != want || strings.HasPrefix(got, "0 ") {
		t.Errorf("the peer found %s, summarize %s", got, want)
	}
}

// TestBenchFind takes numbers out of what programs print.
func TestBenchFind(t *testing.T) {
	out := map[string]string{
		"`capinfos -c`, only counts":     "File name: x\nNumber of packets:   1234\n",
		"`tcpdump --count`, only counts": "1234 packets\n",
		"`tshark -z conv,ip`":            "| Interval    | Frames |  Bytes  |\n|-----\n| 0.0 <> 59.9 | 1234   | 7300000 |\n",
	}
	for _, c := range (benchOptions{}).captureContenders("flowctl", "x", "y") {
		if text, ok := out[c.name]; ok {
			if got, err := c.total([]byte(text)); err != nil || got != "1234 packets" {
				t.Errorf("%s: %q, %v", c.name, got, err)
			}
		}
	}
	for _, pattern := range []string{`<>[^|]*\|\s*(\d+)\s*\|`} {
		if got, err := find(pattern)([]byte(out["`tshark -z conv,ip`"])); err != nil || got != "1234 packets" {
			t.Errorf("%q, %v", got, err)
		}
	}
}
