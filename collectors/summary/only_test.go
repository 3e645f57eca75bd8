package summary

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowctl/collectors/flow"
)

// TestOnly checks that a question alone is answered as it is among all others.
func TestOnly(t *testing.T) {
	answer := func(only bool) (Answer, *Document) {
		q, diags := Compile(Ask{Name: "pairs", By: []string{"source.address", "destination.address"}, Top: 5})
		if diags.HasErrors() {
			t.Fatal(diags)
		}
		w := newWorld(1, 5, 300)
		table := New(w.names)
		b := make(flow.Batch, 1000)
		for range 20 {
			w.fill(b)
			table.Add(0, b)
		}
		doc, err := table.Document(Options{Questions: []*Question{q}, Only: only})
		if err != nil {
			t.Fatal(err)
		}
		return doc.Asks[0], doc
	}
	all, _ := answer(false)
	alone, doc := answer(true)
	if diff := cmp.Diff(all, alone); diff != "" {
		t.Errorf("answer (-among all +alone):\n%s", diff)
	}
	if n := len(doc.Services.Rows) + len(doc.Top) + doc.Conversations.Len(); n > 0 {
		t.Errorf("%d rows that nobody asked for", n)
	}
}
