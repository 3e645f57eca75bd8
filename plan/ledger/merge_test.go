package ledger

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowctl/plan"
)

// TestMerge: what two machines know of a run is the same in whichever order it is put
// together, twice is once, and no session goes back in its life.
func TestMerge(t *testing.T) {
	at := time.Date(2026, 11, 12, 8, 0, 0, 0, time.UTC)
	entry := func(s Stand) *Entry {
		e := &Entry{Digest: string(s)}
		switch s {
		case Gone:
			e.Removed = at
		case Collected:
			e.Fetched = &Fetched{At: at}
		case Over:
			e.Ended = &Ended{At: at, Reason: "r"}
		case Recording:
			e.Created = at
		case Starting:
			e.Asked = at
		case GivenUp:
			e.Failed = &Failed{At: at}
		}
		return e
	}
	run := func(s Stand, agent string) *Run {
		return &Run{Sessions: map[string]*Entry{"x": entry(s)}, Agents: map[string]plan.Agent{agent: {}}}
	}
	order := map[Stand]int{Planned: 0, Starting: 1, GivenUp: 2, Recording: 3, Over: 4, Collected: 5, Gone: 6}
	for _, a := range Stands() {
		for _, b := range Stands() {
			one, other := run(a, "m"), run(b, "n")
			one.Merge(run(b, "n"))
			other.Merge(run(a, "m"))
			if diff := cmp.Diff(one, other); diff != "" {
				t.Errorf("%s and %s: %s", a, b, diff)
			}
			want := a
			if order[b] > order[a] {
				want = b
			}
			if got := one.Sessions["x"].Stand(); got != want || len(one.Agents) != 2 {
				t.Errorf("%s and %s are %s with %d agents, want %s with 2", a, b, got, len(one.Agents), want)
			}
			if done := want == Gone || want == GivenUp; one.Done() != done {
				t.Errorf("%s: done is %v", want, one.Done())
			}
		}
	}
	one := run(Recording, "m")
	one.Merge(&Run{Sessions: map[string]*Entry{"y": entry(Gone)}, Stopped: true})
	if len(one.Sessions) != 2 || !one.Stopped || one.Done() {
		t.Errorf("%d sessions, stopped %v, done %v", len(one.Sessions), one.Stopped, one.Done())
	}
}
