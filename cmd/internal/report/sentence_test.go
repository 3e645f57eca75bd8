package report

import (
	"strings"
	"testing"

	"flowctl/collectors/summary"
)

// A question is answered in a sentence: who, whom, over what, by which rule and
// how much, as far as its rows have it.
func TestSentenceOfAnswer(t *testing.T) {
	share := 0.5
	bytes := func(n uint64) summary.Volume { return summary.Volume{IPBytes: summary.Known(n)} }
	left, arrived := bytes(7e6), bytes(1e6)
	doc := &summary.Document{Names: []summary.Name{
		{Address: "203.0.113.77", Hosts: []summary.Host{{Name: "sync.example", How: "tls"}}},
		{Address: "10.0.0.4", VM: "vm-a", Hosts: []summary.Host{{Name: "a.example", How: "dns"}}},
	}}
	tests := map[string]struct {
		by, key string
		row     summary.Row
		groups  uint64
	}{
		"vm-a sent 5.0 MB to sync.example (203.0.113.77) over https, 50% of all bytes; the first of 9 rows.": {
			"source.vm destination.address destination.service", "vm-a 203.0.113.77 https", summary.Row{Sent: bytes(5e6), Received: bytes(1), Volume: bytes(5e6 + 1), Flows: 2, Share: &share}, 9},
		"vm-a (10.0.0.4) sent 7.0 MB to 198.51.100.1.": {
			"local.vm local.address remote.address", "vm-a 10.0.0.4 198.51.100.1", summary.Row{Left: &left, Arrived: &arrived, Sent: bytes(1), Received: bytes(9e6), Volume: bytes(8e6), Flows: 2}, 1},
		"235 flows from 10.1.1.5 to vm-db-1 over port 1433 were denied by UserRule_deny.": {
			"source.address destination.vm port rule", "10.1.1.5 vm-db-1 1433 UserRule_deny", summary.Row{Flows: 235, Denied: summary.Known(235)}, 1},
		"1 flow to vm-db-1 over 22/tcp (ssh) was denied.": {
			"destination.vm protocol port service", "vm-db-1 TCP 22 ssh", summary.Row{Flows: 1, Denied: summary.Known(1)}, 1},
		"3 flows from vm-a; how much was sent was not measured.": {"vm", "vm-a", summary.Row{Flows: 3}, 1},
		"vm-a got 2.0 MB from vm-b.":                             {"source.vm destination.vm", "vm-a vm-b", summary.Row{Sent: bytes(1), Received: bytes(2e6), Volume: bytes(2e6 + 1), Flows: 1}, 1},
		"4.0 kB in 2 flows, 50% of all bytes.":                   {"", "", summary.Row{Volume: bytes(4e3), Flows: 2, Share: &share}, 1},
		"4.0 kB in 2 flows with internet, encryption NX; the first of 2 rows.": {
			"encryption scope", "NX internet", summary.Row{Volume: bytes(4e3), Flows: 2}, 2},
	}
	for want, test := range tests {
		test.row.Key = strings.Fields(test.key)
		a := &summary.Answer{Name: "q", By: strings.Fields(test.by), Rows: []summary.Row{test.row}, Groups: test.groups, Outcome: summary.Answered}
		if got := sentence(doc, a); got != want {
			t.Errorf("%s, want %s", got, want)
		}
		if got := Sentence(&summary.Document{Names: doc.Names, Asks: []summary.Answer{*a}}); got != "q: "+want {
			t.Errorf("headline %s", got)
		}
	}
}

// What was not found and what cannot be answered head the report as well.
func TestSentenceOfNothing(t *testing.T) {
	measured := uint64(7)
	for want, a := range map[string]summary.Answer{
		"q: No flow matches. Measured: 7 flows.": {Name: "q", Outcome: summary.NothingFound, Measured: &measured},
		"q: Cannot be answered from these sources: verdict is not known of 2 flows. It takes a VNet flow log.": {
			Name: "q", Outcome: summary.CannotAnswer, Undecided: 2, Needs: []summary.Need{{Field: "verdict", From: "a VNet flow log"}}},
	} {
		doc := &summary.Document{Asks: []summary.Answer{a}}
		if got := Sentence(doc); got != want {
			t.Errorf("%s, want %s", got, want)
		}
		if notes := Ask(doc, &a).Notes(); len(notes) != 1 || "q: "+notes[0] != want {
			t.Errorf("notes %q", notes)
		}
	}
}
