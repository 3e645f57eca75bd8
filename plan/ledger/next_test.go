package ledger

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"flowctl/plan"
)

var update = flag.Bool("update", false, "write the table of the documentation")

// every calls f with all combinations.
func every(f func(k Kind, s Stand, shown Shown, when When)) {
	for _, k := range Kinds() {
		for _, s := range Stands() {
			for _, shown := range Showns() {
				for _, when := range Whens() {
					f(k, s, shown, when)
				}
			}
		}
	}
}

func TestEveryCombinationHasARule(t *testing.T) {
	used := map[int]bool{}
	every(func(k Kind, s Stand, shown Shown, when When) {
		r := find(k, s, shown, when)
		if r < 0 {
			t.Errorf("no rule for a %s that is %s, shown %s, %s", k, s, shown, when)
		}
		used[r] = true
	})
	for i, r := range rules {
		if !used[i] {
			t.Errorf("rule %d (%s: %s) never counts", i, r.step, r.why)
		}
	}
}

// TestPromises holds what users are promised against all combinations. Each
// row says when a step may be taken at all.
func TestPromises(t *testing.T) {
	promises := map[string]func(k Kind, s Stand, shown Shown, when When, step Step) bool{
		"nothing starts outside its time": func(_ Kind, _ Stand, _ Shown, when When, step Step) bool {
			return step != Start || when == During
		},
		"only what is known to be absent starts": func(_ Kind, s Stand, shown Shown, _ When, step Step) bool {
			return step != Start || shown == Absent && (s == Planned || s == Starting)
		},
		"somebody else's is never written": func(k Kind, _ Stand, shown Shown, _ When, step Step) bool {
			return k != Reused && shown != Foreign || step != Start && step != Stop && step != Remove
		},
		"what cannot be read is never written": func(_ Kind, _ Stand, shown Shown, _ When, step Step) bool {
			return shown != Unreadable || step != Start && step != Stop && step != Remove && step != Adopt
		},
		"collected before removed": func(_ Kind, s Stand, shown Shown, _ When, step Step) bool {
			return step != Remove || s == Collected || s == Gone || s == GivenUp || shown == Broken && (s == Planned || s == Starting)
		},
		"nothing is stopped in its time": func(_ Kind, s Stand, _ Shown, when When, step Step) bool {
			return step != Stop || when == Ending || when == Settled || s == Over
		},
		"nothing records after its end unless a write on it is under way": func(k Kind, s Stand, shown Shown, when When, step Step) bool {
			records := k != Reused && (shown == On || shown == Other) && (when == Ending || when == Settled)
			return !records || step == Stop || step == Remove || step == Adopt
		},
		"only what has ended is fetched": func(k Kind, s Stand, _ Shown, when When, step Step) bool {
			return step != Fetch || when == Settled && (s == Over || k == Reused && s == Recording)
		},
	}
	every(func(k Kind, s Stand, shown Shown, when When) {
		step, why := Next(k, s, shown, when)
		for name, holds := range promises {
			if !holds(k, s, shown, when, step) {
				t.Errorf("%s: but a %s that is %s, shown %s, %s: %s (%s)", name, k, s, shown, when, step, why)
			}
		}
	})
}

func TestLook(t *testing.T) {
	log := plan.Session{Mechanism: plan.FlowLog, Target: plan.Target{ID: "/t"}, Storage: "/s", FlowLog: &plan.FlowLogSpec{},
		Tags: map[string]string{plan.TagInvestigation: "spike", plan.TagOwner: "a@x"}}
	there := plan.Recording{Mechanism: plan.FlowLog, Target: "/T", Storage: "/s", Enabled: true, FlowLog: &plan.FlowLogSpec{}}
	with := func(f func(*plan.Recording)) plan.Recording {
		r := there
		f(&r)
		return r
	}
	tests := map[string]struct {
		got  plan.Recording
		err  error
		want Shown
	}{
		"as asked":        {there, nil, On},
		"off":             {with(func(r *plan.Recording) { r.Enabled = false }), nil, Off},
		"other account":   {with(func(r *plan.Recording) { r.Storage = "/other" }), nil, Other},
		"creating":        {with(func(r *plan.Recording) { r.Provisioning = "Creating" }), nil, Creating},
		"deleting":        {with(func(r *plan.Recording) { r.Provisioning = "Deleting" }), nil, Deleting},
		"failed":          {with(func(r *plan.Recording) { r.Provisioning = "Failed" }), nil, Broken},
		"another owner's": {with(func(r *plan.Recording) { r.Tags = map[string]string{plan.TagOwner: "b@x"} }), nil, Foreign},
		"its tags lost":   {with(func(r *plan.Recording) { r.Tags = map[string]string{"cost": "7"} }), nil, On},
		"not there":       {there, fmt.Errorf("get: %w", plan.ErrNotFound), Absent},
		"not readable":    {there, fmt.Errorf("get: 500"), Unreadable},
	}
	for name, tt := range tests {
		if got := Look(log, tt.got, tt.err); got != tt.want {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
}

const (
	document = "../../cmd/flowctl/docs/sessions.md"
	first    = "<!-- table: written by go test ./plan/ledger -update -->\n"
	last     = "<!-- end of table -->\n"
)

// TestDocumentedTable keeps the table of the documentation that of the code.
func TestDocumentedTable(t *testing.T) {
	b, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(b), first)
	got, after, ok2 := strings.Cut(rest, last)
	if !ok || !ok2 {
		t.Fatalf("%s has no table between %q and %q", document, first, last)
	}
	want := drawn()
	if *update {
		if err := os.WriteFile(document, []byte(before+first+want+last+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got != want {
		t.Errorf("%s has another table than the code; go test ./plan/ledger -update writes it", document)
	}
}

// drawn is the table as Markdown: a section for each kind, a row for each
// place in the life of a session, a column for what Resource Manager shows.
func drawn() string {
	var b strings.Builder
	for _, k := range Kinds() {
		fmt.Fprintf(&b, "\n### A %s\n\n| the ledger says | time |", k)
		for _, s := range Showns() {
			fmt.Fprintf(&b, " %s |", s)
		}
		b.WriteString("\n|---|---|" + strings.Repeat("---|", len(Showns())) + "\n")
		for _, s := range Stands() {
			for _, row := range rows(k, s) {
				fmt.Fprintf(&b, "| %s | %s |", s, strings.Join(row.whens, ", "))
				for _, step := range row.steps {
					fmt.Fprintf(&b, " %s |", step)
				}
				b.WriteString("\n")
			}
		}
	}
	b.WriteString("\n")
	return b.String()
}

type row struct {
	whens []string
	steps []string
}

// rows are the steps at one place; times at which all are the same share one.
func rows(k Kind, s Stand) []row {
	var out []row
	for _, when := range Whens() {
		var steps []string
		for _, shown := range Showns() {
			step, _ := Next(k, s, shown, when)
			steps = append(steps, string(step))
		}
		if n := len(out); n > 0 && slices.Equal(out[n-1].steps, steps) {
			out[n-1].whens = append(out[n-1].whens, string(when))
			continue
		}
		out = append(out, row{[]string{string(when)}, steps})
	}
	return out
}
