package summary

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowctl/collectors/flow/flowtest"
)

// anyAnswer is a document with one answer of some rows.
func anyAnswer(r *rand.Rand) *Document {
	a := Answer{By: []string{"port"}, Outcome: Answered}
	for _, key := range []string{"22", "80", "443", "1433"} {
		if flows := uint64(r.IntN(3)); flows > 0 {
			row := Row{Key: []string{key}, Flows: flows, Denied: known(uint64(r.IntN(2))*flows, r.IntN(4) > 0)}
			row.IPBytes = known(uint64(r.IntN(3)), r.IntN(3) > 0)
			a.Rows = append(a.Rows, row)
		}
	}
	if a.Groups = uint64(len(a.Rows)); r.IntN(3) == 0 {
		a.Undecided = 1
	}
	return &Document{Asks: []Answer{a}}
}

// TestCompareLaws: nothing differs from itself, and both ways say the same.
func TestCompareLaws(t *testing.T) {
	mirror := map[string]string{New: Gone, Gone: New, Grown: Shrunk, Shrunk: Grown, Flipped: Flipped, Unclear: Unclear}
	met := map[string]bool{}
	for seed := range flowtest.Seeds(500) {
		r := rand.New(rand.NewPCG(seed, 1))
		a, b := anyAnswer(r), anyAnswer(r)
		if c := Compare(a, a, time.Time{}, time.Time{}); len(c.Changes) > 0 || c.Same != len(a.Asks[0].Rows) {
			t.Fatalf("seed %d: a document differs from itself: %+v", seed, c.Changes)
		}
		there, back := Compare(a, b, time.Time{}, time.Time{}), Compare(b, a, time.Time{}, time.Time{})
		for i := range back.Changes {
			x := &back.Changes[i]
			x.A, x.B, x.Change = x.B, x.A, mirror[x.Change]
			met[x.Change] = true
		}
		if diff := cmp.Diff(there.Changes, back.Changes); diff != "" || there.Same != back.Same {
			t.Fatalf("seed %d: (-there +back):\n%s", seed, diff)
		}
		for _, x := range there.Changes {
			less := there.B
			if x.A == nil || x.B != nil && (x.Change == Grown) {
				less = there.A
			}
			if len(less.Lacks) > 0 && x.Change != Unclear && x.Change != Flipped {
				t.Fatalf("seed %d: %s of a side that lacks %q", seed, x.Change, less.Lacks)
			}
		}
	}
	if len(met) != len(mirror) {
		t.Errorf("only %v were met", met)
	}
}
