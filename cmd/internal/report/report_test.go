package report

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowctl/collectors/aggregate"
	"flowctl/collectors/flow"
	"flowctl/collectors/minutes"
	"flowctl/collectors/summary"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares got with a file under testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

// document reads the summary that the tests of reports and views share.
func document(t *testing.T) *summary.Document {
	t.Helper()
	f, err := os.Open("testdata/summary.json")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	doc, err := summary.Read(f)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestMarkdown(t *testing.T) {
	var b bytes.Buffer
	meta := Meta{
		Name: "egress-spike", Reason: "egress *tripled* on 12 November", Owner: "netops@example.com", Ticket: "NET-1 | <b>",
		Start: time.Date(2026, 5, 9, 10, 0, 0, 0, time.UTC), End: time.Date(2026, 5, 9, 12, 0, 0, 0, time.UTC),
		Recorded: []string{"flow log on vnet spoke"},
	}
	if err := Markdown(&b, document(t), meta); err != nil {
		t.Fatal(err)
	}
	golden(t, "report.md", b.String())
}

// TestMarkdownOfNothing checks that an empty run has a report as well.
func TestMarkdownOfNothing(t *testing.T) {
	doc, err := summary.Of(aggregate.New(flow.NewNames()), summary.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := Markdown(&b, doc, Meta{}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), "Nothing was recorded: there is no file") {
		t.Errorf("report:\n%s", b.String())
	}
}

func TestSentence(t *testing.T) {
	share := 0.92
	tests := map[string]struct {
		doc  summary.Document
		want string
	}{
		"egress": {summary.Document{Answer: &summary.Transfer{
			From: summary.End{Address: "10.0.0.4", VM: "vm-x", Scope: "vnet"}, To: summary.End{Address: "203.0.113.9", Scope: "internet"},
			Protocol: "TCP", Port: 443, Service: "https", IPBytes: 40_100_000_000, Share: &share}},
			"vm-x (10.0.0.4) sent 40.1 GB to 203.0.113.9 on the internet over 443/tcp (https), 92% of all bytes."},
		"no ports, foreign text": {summary.Document{Answer: &summary.Transfer{
			From: summary.End{Address: "10.0.0.4", VM: "a\x1b[31m"}, To: summary.End{Address: "10.0.0.5"}, Protocol: "GRE", IPBytes: 12}},
			`a\u001b[31m (10.0.0.4) sent 12 B to 10.0.0.5 over GRE.`},
		"denied":                     {summary.Document{Total: summary.Total{Flows: 1, Denied: summary.Known(1)}}, "Everything that was seen was denied: 1 flow."},
		"uncounted":                  {summary.Document{Total: summary.Total{Flows: 1200, Denied: summary.Known(1)}}, "How much was sent was not measured; 1,200 flows, 1 of them denied."},
		"no IP":                      {summary.Document{Total: summary.Total{Volume: summary.Volume{Packets: summary.Known(2)}}}, "No IP traffic, but 2 frames of other protocols."},
		"nothing":                    {summary.Document{}, "Nothing was recorded: there is no file to answer from, and what traffic there was is not known."},
		"a capture without a packet": {summary.Document{Sources: []summary.Source{{Kind: flow.Pcap, Status: flow.OK}}}, "No traffic was seen."},
		"a damaged capture": {summary.Document{Sources: []summary.Source{{Kind: flow.Pcap, Status: flow.Unreadable}}},
			"Nothing was recorded that can be read: what traffic there was is not known."},
		"an empty flow log": {summary.Document{Sources: []summary.Source{{Kind: flow.VNetFlowLog, Status: flow.OK}}},
			"Nothing was recorded that can be read: what traffic there was is not known."},
		"records of another time": {summary.Document{Sources: []summary.Source{{Kind: flow.VNetFlowLog, Status: flow.OK, Records: 9}}, Minutes: &minutes.Document{Counts: minutes.Counts{Unknown: 7}}},
			"Nothing was recorded in this time: what traffic there was is not known. 7 interface-minutes are missing."},
		"some of the time": {summary.Document{Sources: []summary.Source{{Kind: flow.VNetFlowLog, Status: flow.OK, Records: 9}}, Minutes: &minutes.Document{Counts: minutes.Counts{Recorded: 3, Unlogged: 4, Unknown: 3}}},
			"No traffic was seen in what was recorded. 7 interface-minutes are missing."},
		"all of the time": {summary.Document{Sources: []summary.Source{{Kind: flow.VNetFlowLog, Status: flow.OK, Records: 9}}, Minutes: &minutes.Document{Counts: minutes.Counts{Recorded: 9}}}, "No traffic was seen."},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := Sentence(&tt.doc); got != tt.want {
				t.Errorf("%s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestWords(t *testing.T) {
	share := func(v float64) *float64 { return &v }
	for _, tt := range []struct{ got, want string }{
		{Count(0), "0"}, {Count(999), "999"}, {Count(1000), "1,000"}, {Count(1234567), "1,234,567"},
		{Share(nil), "–"}, {Share(share(0)), "0.0%"}, {Share(share(0.0001)), "<0.1%"}, {Share(share(0.055)), "5.5%"},
		{Share(share(0.5)), "50%"}, {Share(share(0.9999)), ">99.9%"}, {Share(share(1)), "100%"},
		{Duration(1500 * time.Millisecond), "1.5s"}, {Duration(time.Hour), "1h"}, {Duration(90 * time.Minute), "1h30m"},
		{Duration(61 * time.Second), "1m1s"}, {Duration(60 * time.Hour), "2.5 days"},
		{Port("TCP", 443, "https"), "443/tcp (https)"}, {Port("ICMP", 0, ""), "ICMP"}, {Many(1, "flow"), "1 flow"}, {Many(0, "flow"), "0 flows"},
	} {
		if tt.got != tt.want {
			t.Errorf("%q, want %q", tt.got, tt.want)
		}
	}
}

func TestSlots(t *testing.T) {
	line := summary.Timeline{Seconds: 60}
	for i := range 100 {
		line.Steps = append(line.Steps, summary.Step{Start: summary.Instant(int64(i) * 60e9), Volume: summary.Volume{IPBytes: summary.Known(1)}})
	}
	slots, length := Slots(line, 24)
	var sum uint64
	for _, s := range slots {
		sum += s.IPBytes.N
	}
	if len(slots) != 20 || length != 5*time.Minute || sum != 100 || slots[0].Packets.Known {
		t.Errorf("%d slots of %s with %d bytes", len(slots), length, sum)
	}
}
