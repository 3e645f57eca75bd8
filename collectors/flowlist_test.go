package collectors

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"flowctl/collectors/summary"
	"flowctl/plan/question"
)

// singleFlows wants single flows to be as many, and as much, as the total says, each
// with what is known of it; and the same by any workers and from any order.
func singleFlows(t *testing.T, dir string, r *rand.Rand, records []string) error {
	one := saved(dir, "PT1H.json", file(records))
	r.Shuffle(len(records), func(i, j int) { records[i], records[j] = records[j], records[i] })
	first, again := flowsOf(t, Sum{Workers: 1}, one), flowsOf(t, Sum{Workers: 3}, saved(dir, "b.json", file(records)), one)
	var sum amount
	var denied uint64
	for i, row := range first.Rows {
		sum = sum.plus(row)
		denied += row.Denied.N
		f := row.Flow
		if f == nil || row.Flows != 1 || len(f.SeenAt) == 0 || (row.Denied.N == 1) != (f.Verdict == "denied") || f.State == "denied" && f.Verdict != "denied" {
			return fmt.Errorf("flow %v: %+v, %d denied", row.Key, f, row.Denied.N)
		}
		if a, b := fmt.Sprintf("%v %+v", row.Key, *f), fmt.Sprintf("%v %+v", again.Rows[i].Key, *again.Rows[i].Flow); pointless(f) != pointless(again.Rows[i].Flow) || row.Volume != again.Rows[i].Volume {
			return fmt.Errorf("%s, read otherwise %s", a, b)
		}
	}
	if uint64(len(first.Rows)) != first.Total.Flows || sum != (amount{}).plus(first.Total) || denied != first.Total.Denied.N {
		return fmt.Errorf("%d flows of %+v, %d denied; the total is %d of %+v", len(first.Rows), sum, denied, first.Total.Flows, first.Total)
	}
	return nil
}

// pointless is what is known of a flow, as text without addresses of memory.
func pointless(f *summary.Single) string {
	s := -1.0
	if f.Seconds != nil {
		s = *f.Seconds
	}
	return fmt.Sprint(f.State, f.Verdict, f.Rules, f.SeenAt, s)
}

func flowsOf(t *testing.T, s Sum, paths ...string) summary.Answer {
	t.Helper()
	q := summary.CompileFlows(question.Question{Name: "q", Top: 100_000})
	s.Items, s.Options = itemsOf(paths...), summary.Options{Questions: []*summary.Question{q}, Only: true}
	doc, _, err := s.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return doc.Asks[0]
}
