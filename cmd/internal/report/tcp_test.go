package report

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowctl/collectors/summary"
)

func TestTCP(t *testing.T) {
	ms := 12.3456
	doc := &summary.Document{Sources: []summary.Source{
		{Path: "flows/PT1H.json"},
		{Path: "a.cap", TCP: &summary.TCP{SYN: 3, SYNACK: 2, RST: 1, Retransmitted: 4, RetransmittedBytes: 5000, ZeroWindow: 6, Answered: summary.Latency{Count: 2, Mean: &ms}}},
		{Path: "b.cap", TCP: &summary.TCP{Partly: true}},
	}}
	got := tcp(doc)
	want := [][]string{
		{"a.cap", "3", "2", "12.3 ms", "1", "4", "5.0 kB", "6"},
		{"b.cap", "0", "0", unknown, "0", "0", "0 B", "0"},
	}
	if diff := cmp.Diff(want, got.Rows); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	if got.Note == "" {
		t.Error("nothing says that headers were cut off")
	}
	if n := len(tcp(&summary.Document{Sources: doc.Sources[:1]}).Rows); n != 0 {
		t.Errorf("%d rows of flow logs", n)
	}
}
