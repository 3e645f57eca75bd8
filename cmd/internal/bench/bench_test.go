package bench

import (
	"bytes"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"flowctl/collectors"
)

// TestBenchPeer wants of the peer in this program what summarize finds, as
// every comparison does.
func TestBenchPeer(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "logs")
	if err := (FlowLogs{Out: dir, NICs: 1, Hours: 1, Size: "300KB", Seed: 1, Version: 4}).Write(Streams{Out: io.Discard, Err: io.Discard}); err != nil {
		t.Fatal(err)
	}
	args := collectors.Args{List: []string{dir}}
	var file string
	for f, err := range args.Walk(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		file = f.Path
	}
	doc, _, err := collectors.Sum{Items: args.Walk(t.Context())}.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer doc.Conversations.Close()
	var summary, peer bytes.Buffer
	if err := errors.Join(doc.Write(&summary), SumJSON(Streams{Out: &peer}, []string{file})); err != nil {
		t.Fatal(err)
	}
	want, err := logTotal(summary.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := line(peer.Bytes()); got != want || strings.HasPrefix(got, "0 ") {
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
	for _, c := range (Options{}).captureContenders("flowctl", "x", "y") {
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
