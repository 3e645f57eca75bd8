package minutes

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowctl/collectors/flow"
	"flowctl/collectors/flow/flowtest"
)

// random is a table of what a few sources say of hours, some of it damaged.
func random(r *rand.Rand, names *flow.Names) *Table {
	t := &Table{}
	for range 1 + r.IntN(12) {
		p := Point{names.Of(fmt.Sprintf("LOG%d", r.IntN(2))), names.Of(fmt.Sprintf("MAC%d", r.IntN(3)))}
		said := Hour{At: base/60 + r.Int64N(5), Recorded: r.Uint64() & r.Uint64() & wholeHour, Earlier: r.IntN(2) == 0, Later: r.IntN(2) == 0}
		if r.IntN(3) == 0 {
			from := r.Int64N(60)
			said.Lost = Bits(from, from+r.Int64N(60), 0)
		}
		t.Add(p, names.Of("target"), said)
	}
	return t
}

// TestKept is the law that a table which was kept and restored says the same, in any
// window, once or twice, into an empty table or the one that it is of.
func TestKept(t *testing.T) {
	for seed := range flowtest.Seeds(500) {
		r := rand.New(rand.NewPCG(seed, 4))
		names := flow.NewNames()
		table := random(r, names)
		var o Options
		if r.IntN(2) == 0 {
			o.Followed = newWorld(r).followed
		}
		if r.IntN(3) == 0 {
			from := r.Int64N(250)
			o.Start, o.End = at(from), at(from+1+r.Int64N(100))
		}
		want := table.Document(names, o)
		text, err := table.Keep(names, o)
		if err != nil {
			t.Fatal(err)
		}
		restored, other := &Table{}, flow.NewNames()
		into := map[string]*Table{"empty": restored}
		if o.End.IsZero() {
			into["itself"] = table
		}
		for name, to := range into {
			as := names
			if to == restored {
				as = other
			}
			for times := range 2 {
				followed, err := to.Restore(text, as)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, to.Document(as, Options{Followed: followed})); text != nil && diff != "" {
					t.Fatalf("seed %d, restored into %s, %d times before (-table +restored)\n%s\n%s", seed, name, times, diff, text)
				}
			}
		}
	}
}

// A window that was kept holds nothing from without, but whether there was something
// later.
func TestKeptWindow(t *testing.T) {
	names := flow.NewNames()
	p := Point{names.Of("log"), names.Of("mac")}
	var table Table
	table.mark(p, 0, base, base+1, base+2, base+90)
	text, err := table.Keep(names, Options{Start: at(1), End: at(10)})
	if err != nil {
		t.Fatal(err)
	}
	var restored Table
	if _, err := restored.Restore(text, names); err != nil {
		t.Fatal(err)
	}
	got := restored.Document(names, Options{})
	if want := (Counts{Recorded: 2, Silent: 7}); got.Counts != want || len(got.Gaps) > 0 {
		t.Errorf("%+v, gaps %v, want %+v", got.Counts, got.Gaps, want)
	}
	restored.Add(p, 0, Hour{At: base / 60, Recorded: 1 << (base%60 + 20)}) // of what comes later: nobody kept what lies between
	got = restored.Document(names, Options{})
	if want := (Counts{Recorded: 3, Silent: 7, Unknown: 10}); got.Counts != want || len(got.Gaps) != 1 || got.Gaps[0].Why != notKept {
		t.Errorf("with a part that is later %+v, want %+v: %v", got.Counts, want, got.Gaps)
	}
	restored.mark(p, 0, base+20) // another file, of all of the hour
	got = restored.Document(names, Options{})
	if want := (Counts{Recorded: 3, Silent: 17}); got.Counts != want {
		t.Errorf("with a later file %+v, want %+v", got.Counts, want)
	}
}

// What makes no sense is refused, and more than is kept is told.
func TestKeptBounds(t *testing.T) {
	names := flow.NewNames()
	for _, text := range []string{
		"", "[]", `{"points":[{"hours":[{"at":-1}]}]}`, `{"points":[{"hours":[{"at":9223372036854775807}]}]}`,
		`{"points":[{"hours":[{"at":1,"recorded":"1000000000000000"}]}]}`, `{"points":[{"hours":[{"at":1,"begun":61}]}]}`,
	} {
		if _, err := new(Table).Restore([]byte(text), names); err == nil {
			t.Errorf("%q is restored", text)
		}
	}
	var table Table
	for h := range int64(mostKept + 1) {
		table.Add(Point{names.Of("log"), names.Of("mac")}, 0, Hour{At: h, Recorded: 1})
	}
	if _, err := table.Keep(names, Options{}); !errors.Is(err, ErrTooMany) {
		t.Errorf("of too many hours: %v", err)
	}
	table = Table{}
	table.Add(Point{names.Of("log"), names.Of("mac")}, 0, Hour{At: -5, Recorded: 1})
	text, err := table.Keep(names, Options{})
	if err == nil {
		_, err = new(Table).Restore(text, names)
	}
	if err != nil {
		t.Errorf("of a time before 1970: %v", err)
	}
	if text, err := new(Table).Keep(names, Options{Start: time.Unix(0, 0)}); text != nil || err != nil {
		t.Errorf("of no log: %s, %v", text, err)
	}
}
