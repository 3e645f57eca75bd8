package summary

import (
	"flowctl/collectors/aggregate"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestSums checks that all parts of a document add up to its total, and that
// what was counted and what was merged is all there was.
func TestSums(t *testing.T) {
	w := newWorld(9, 4, 200)
	all := records(w, 10_000)
	table := aggregate.New(w.names)
	table.Add(0, all)
	doc, err := Of(table, Options{Top: 3})
	if err != nil {
		t.Fatal(err)
	}
	if doc.Merged.Conversations == 0 || doc.Total.Denied.N == 0 {
		t.Fatal("nothing was merged or denied; the test needs both")
	}
	if got := doc.Total.Records + doc.Merged.Records; got != uint64(len(all)) {
		t.Errorf("%d records counted and merged, want %d", got, len(all))
	}
	var given uint64
	for _, r := range all {
		given += r.Sent.IPBytes + r.Received.IPBytes
	}
	if got := doc.Total.IPBytes.N + doc.Merged.IPBytes.N; got != given {
		t.Errorf("%d bytes counted and merged, want %d", got, given)
	}

	type sums struct{ packets, ipBytes, flows, denied uint64 }
	total := sums{doc.Total.Packets.N, doc.Total.IPBytes.N, doc.Total.Flows, doc.Total.Denied.N}
	same := func(what string, got sums) {
		if diff := cmp.Diff(total, got, cmp.AllowUnexported(sums{})); diff != "" {
			t.Errorf("%s (-total +sum):\n%s", what, diff)
		}
	}
	var got sums
	for c := range doc.Conversations.All() {
		got.packets += c.PacketsAB.N + c.PacketsBA.N
		got.ipBytes += c.IPBytesAB.N + c.IPBytesBA.N
		got.flows += c.Flows
		got.denied += c.Denied.N
	}
	same("conversations", got)
	for _, a := range []Answer{doc.Services, doc.Encryption} {
		got = sums{}
		rows := a.Rows
		if a.Others != nil {
			rows = append(rows, *a.Others)
		}
		for _, r := range rows {
			got.packets += r.Packets.N
			got.ipBytes += r.IPBytes.N
			got.flows += r.Flows
			got.denied += r.Denied.N
		}
		same(a.Name, got)
		same(a.Name+" in total", sums{a.Total.Packets.N, a.Total.IPBytes.N, a.Total.Flows, a.Total.Denied.N})
	}
	if doc.Services.Others == nil {
		t.Error("all services are shown; the test needs others")
	}
	var packets, ipBytes uint64
	for _, s := range doc.Timeline.Steps {
		packets += s.Packets.N
		ipBytes += s.IPBytes.N
	}
	if packets != total.packets || ipBytes != total.ipBytes {
		t.Errorf("timeline has %d packets and %d bytes, want %d and %d", packets, ipBytes, total.packets, total.ipBytes)
	}
}
