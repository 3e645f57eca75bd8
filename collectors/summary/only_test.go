package summary

import (
	"flowctl/collectors/aggregate"
	"sync"
	"sync/atomic"
	"testing"

	"flowctl/plan/question"
	"github.com/google/go-cmp/cmp"
)

// TestOnly checks that a question alone is answered as it is among all others.
func TestOnly(t *testing.T) {
	answer := func(only bool) (Answer, *Document) {
		q := Compile(question.Question{Name: "pairs", By: []string{"source.address", "destination.address"}, Top: 5})
		table := newWorld(1, 5, 300).count(20, 0)
		doc, err := Of(table, Options{Questions: []*Question{q}, Only: only})
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

// TestPairsAlone checks that lines that are of one pair of addresses each, and
// are made while that is at hand, are those that are found among all.
func TestPairsAlone(t *testing.T) {
	tests := map[string][]string{
		"pair":          {"source.address", "destination.address"},
		"pair and more": {"destination.address", "protocol", "port", "source.address", "nic", "verdict", "rule"},
	}
	for name, by := range tests {
		t.Run(name, func(t *testing.T) {
			answer := func(pairs bool) Answer {
				q := Compile(question.Question{Name: "pairs", By: by, Top: 7})
				table := newWorld(1, 25, 3000).count(60, 0)
				table.Flush()
				b1 := newBuilder(table, Options{Questions: []*Question{q}})
				b2 := b1.another(Options{Questions: []*Question{q}})
				for _, b := range []*builder{b1, b2} {
					g := b.answers[builtins]
					if g.pairs = pairs; !pairs {
						g.many = newManyLines(g.width, 1, 0)
					}
				}
				if !pairs {
					b2.answers[builtins].many = b1.answers[builtins].many.another()
				}
				return answerOf(t, table, b1, b2)
			}
			want := answer(false)
			if want.Groups < 20_000 {
				t.Fatalf("only %d lines", want.Groups)
			}
			if diff := cmp.Diff(want, answer(true)); diff != "" {
				t.Errorf("answer (-among all +pair by pair):\n%s", diff)
			}
		})
	}
}

// answerOf is the answer to the one question of two builders, which go over the
// table together.
func answerOf(t *testing.T, table *aggregate.Table, b1, b2 *builder) Answer {
	t.Helper()
	var next atomic.Int32
	var wg sync.WaitGroup
	wg.Go(func() { b1.build(table, &next) })
	wg.Go(func() { b2.build(table, &next) })
	wg.Wait()
	b1.merge(b2)
	if err := b1.rank(); err != nil {
		t.Fatal(err)
	}
	return b1.answers[builtins].answer(&b1.naming, b1.total.sum)
}
