package summary

import (
	"encoding/binary"
	"sync"
	"testing"

	"flowctl/plan/question"
	"github.com/google/go-cmp/cmp"
)

// TestManyLines adds to more lines than there is memory for, from two
// goroutines, and checks that all are there once, with their sums.
func TestManyLines(t *testing.T) {
	const keys, times = 5 * minLines, 3
	m := newManyLines(8, 1, 0)
	add := func(m *manyLines) {
		for n := range uint64(keys * times) {
			sum := &m.line(binary.BigEndian.AppendUint64(nil, n%keys))[0]
			sum.flows, sum.first, sum.last = n%keys, int64(n), int64(n)
		}
		m.flushAll()
	}
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() { add(m.another()) })
	}
	wg.Wait()
	if m.file == nil || m.used.Load() > 2*minLines {
		t.Errorf("%d lines are in memory, want about %d and a file", m.used.Load(), minLines)
	}
	seen := make([]bool, keys)
	err := m.each(func(key []byte, sums []group) {
		n := binary.BigEndian.Uint64(key)
		want := newGroup()
		want.flows, want.first, want.last = 2*times*n, int64(n), int64(n+keys*(times-1))
		if seen[n] || sums[0] != want {
			t.Fatalf("line %d: %+v, want %+v once", n, sums[0], want)
		}
		seen[n] = true
	})
	if err != nil {
		t.Fatal(err)
	}
	for n, ok := range seen {
		if !ok {
			t.Fatalf("line %d is lost", n)
		}
	}
}

// TestManyLinesBudget checks that the answer by pair of addresses is the same
// whether its lines fit into memory or not.
func TestManyLinesBudget(t *testing.T) {
	answer := func(budget int64) Answer {
		q := Compile(question.Question{Name: "pairs", By: []string{"source.address", "destination.address"}, Top: 50})
		table := newWorld(1, 25, 20_000).count(100, budget)
		doc, err := Of(table, Options{Questions: []*Question{q}})
		if err != nil {
			t.Fatal(err)
		}
		return doc.Asks[0]
	}
	want := answer(1 << 30)
	if want.Groups < 3*minLines {
		t.Fatalf("only %d lines, too few to need a file", want.Groups)
	}
	if diff := cmp.Diff(want, answer(1)); diff != "" {
		t.Errorf("answer (-in memory +with a file):\n%s", diff)
	}
}

// TestManyLinesLost checks that lines that cannot be read back are an error and
// not a smaller answer.
func TestManyLinesLost(t *testing.T) {
	m := newManyLines(8, 1, 0)
	for n := range uint64(3 * minLines) {
		m.line(binary.BigEndian.AppendUint64(nil, n))[0].flows = 1
	}
	m.flushAll()
	if err := m.file.File.Truncate(0); err != nil {
		t.Fatal(err)
	}
	if err := m.each(func([]byte, []group) {}); err == nil {
		t.Error("no error, though the file is empty")
	}
}
