package summary

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowctl/collectors/aggregate"
	"flowctl/collectors/flow"
	"flowctl/plan/question"
)

// TestStepsOfTime asks for rows by steps of time and wants what each step has, in its
// order, as a loop over the records finds it; steps add up to the total.
func TestStepsOfTime(t *testing.T) {
	forms := map[string]string{"time(5m)": time.RFC3339, "time(1s)": time.RFC3339, "time(90s)": time.RFC3339, "hour": time.RFC3339, "day": time.DateOnly, "time(7d)": time.DateOnly}
	for by, form := range forms {
		length, _ := question.Step(by)
		for seed := range uint64(12) {
			r := rand.New(rand.NewPCG(seed, 5))
			names := flow.NewNames()
			var all flow.Batch
			flows, bytes := map[string]map[int]bool{}, map[string]uint64{}
			for range r.IntN(50) {
				port := r.IntN(5)
				m := made{sport: uint16(port + 1), dport: 443, at: r.Int64N(4 * length), sent: uint64(1 + r.IntN(1000))}
				rec := m.record(names)
				all = append(all, rec)
				second := rec.First / 1e9
				step := time.Unix(second-second%length, 0).UTC().Format(form)
				if flows[step] == nil {
					flows[step] = map[int]bool{}
				}
				flows[step][port] = true
				bytes[step] += m.sent
			}
			var want []string
			for step := range flows {
				want = append(want, fmt.Sprintf("%s: %d flows, %d bytes", step, len(flows[step]), bytes[step]))
			}
			slices.Sort(want)
			a := documentOf(t, names, all, Options{}, asked(t, "", "", by)).Asks[0]
			if diff := cmp.Diff(want, lined(a)); diff != "" {
				t.Fatalf("%s, seed %d: (-want +got)\n%s", by, seed, diff)
			}
			backwards := documentOf(t, names, all, Options{}, asked(t, "", "-"+by, by)).Asks[0]
			slices.Reverse(want)
			if diff := cmp.Diff(want, lined(backwards)); diff != "" {
				t.Fatalf("%s backwards, seed %d: (-want +got)\n%s", by, seed, diff)
			}
			var sum uint64
			for _, row := range a.Rows {
				sum += row.IPBytes.N
			}
			if sum != a.Total.IPBytes.N {
				t.Fatalf("%s, seed %d: steps have %d bytes, the total %d", by, seed, sum, a.Total.IPBytes.N)
			}
		}
	}
}

// TestConditionsOnTime wants halves of a window to add up, and each side of a moment to
// have what is there.
func TestConditionsOnTime(t *testing.T) {
	cut := time.Unix(testStart/1e9+60, 0).UTC().Format(time.RFC3339)
	for seed := range uint64(15) {
		r := rand.New(rand.NewPCG(seed, 6))
		names := flow.NewNames()
		var all flow.Batch
		count := map[string]uint64{}
		for port := range uint16(1 + r.IntN(60)) {
			m := made{sport: port + 1, dport: 443, at: 55 + r.Int64N(10), sent: 100}
			all = append(all, m.record(names))
			count["<"] += uint64(number(m.at < 60))
			count["=="] += uint64(number(m.at == 60))
			count[">"] += uint64(number(m.at > 60))
		}
		ask := func(src string) uint64 {
			return documentOf(t, names, all, Options{}, asked(t, src, "")).Asks[0].Total.Flows
		}
		for src, want := range map[string]uint64{
			`time < "%s"`: count["<"], `time <= "%s"`: count["<"] + count["=="], `time == "%s"`: count["=="], `time != "%s"`: count["<"] + count[">"],
			`time >= "%s"`: count["=="] + count[">"], `"%s" < time`: count[">"], `!(time < "%s")`: count["=="] + count[">"], `has(time)`: uint64(len(all)),
			`time < "%s" || port == 443`: uint64(len(all)),
		} {
			src = strings.ReplaceAll(src, "%s", cut)
			if got := ask(src); got != want {
				t.Fatalf("seed %d: %s: %d flows, want %d", seed, src, got, want)
			}
		}
	}
}

// TestTimeThatIsNotTold wants records without a time, or of several steps, in no step,
// and a condition on it undecided.
func TestTimeThatIsNotTold(t *testing.T) {
	names := flow.NewNames()
	all := recordsOf(names, made{sport: 1, dport: 1, sent: 10}, made{sport: 2, dport: 2, sent: 20}, made{sport: 3, dport: 3, sent: 30})
	all[1].First, all[1].Last = flow.NoTime, flow.NoTime
	all[2].Last += 3600e9
	doc := documentOf(t, names, all, Options{Sources: []flow.Source{{Kind: flow.VNetFlowLog, Records: 3}}}, asked(t, "", "", "time(5m)"),
		asked(t, `time >= "2026-05-09T10:05:00Z" && port == 2`, ""), asked(t, `time >= "2026-05-09T10:00:00Z" && port == 1`, ""), asked(t, `time < "2020-01-01" && port == 1`, ""))
	if diff := cmp.Diff([]string{"2026-05-09T10:00:00Z: 1 flows, 10 bytes", ": 2 flows, 50 bytes"}, slices.Sorted(slices.Values(lined(doc.Asks[0])))); diff != "" {
		t.Errorf("steps (-want +got)\n%s", diff)
	}
	for i, want := range []string{Answered, CannotAnswer, Answered, NothingFound} {
		a := doc.Asks[i]
		if a.Outcome != want {
			t.Errorf("question %d: %s, want %s", i, a.Outcome, want)
		}
		if want == CannotAnswer && (len(a.Needs) != 1 || a.Needs[0].Field != "time") {
			t.Errorf("needs %v", a.Needs)
		}
	}
	if !slices.ContainsFunc(doc.Coverage, func(c Coverage) bool {
		return c.Code == "time-too-coarse" && strings.HasPrefix(c.Text, "2 records have")
	}) {
		t.Errorf("nothing is said of it: %v", doc.Coverage)
	}
	early := documentOf(t, names, all[:1], Options{}, asked(t, `time < "2020-01-01"`, ""))
	if a := early.Asks[0]; a.Outcome != CannotAnswer || !slices.Equal(a.Unseen, []string{"nothing of what was read is of the time asked for"}) {
		t.Errorf("of a time of which nothing was read: %s, %v", a.Outcome, a.Unseen)
	}
}

// TestClockOf wants time cut where questions ask for it, and not otherwise.
func TestClockOf(t *testing.T) {
	if c := ClockOf([]*Question{asked(t, `port == 1`, "", "port")}); c != nil {
		t.Error("nobody asks when")
	}
	if c := ClockOf(nil); c != nil {
		t.Error("nobody asks")
	}
	clock := ClockOf([]*Question{asked(t, "", "", "time(90s)", "port"), asked(t, `time > "2026-05-09T10:01:00Z"`, "", "time(2m)")})
	table := aggregate.New(flow.NewNames())
	table.Steps(clock)
	begins := map[int64]bool{}
	for at := range int64(600) { // all steps are parts of 90 s and of 2 min, and end at the moment
		table.Add(0, flow.Batch{made{sport: 1, dport: 1, at: at, sent: 1}.record(table.Names)})
	}
	for _, k := range table.Contexts {
		at, ok := k.Step.Begin()
		if !ok {
			t.Fatalf("a step without a begin: %v", k.Step)
		}
		begins[at-testStart/1e9] = true
	}
	want := map[int64]bool{61: true}
	for at := int64(0); at < 600; at += 30 {
		want[at] = true
	}
	if diff := cmp.Diff(want, begins); diff != "" {
		t.Errorf("steps (-want +got)\n%s", diff)
	}
}

// TestSidedStepsOfTime wants what left and arrived at an end in each step.
func TestSidedStepsOfTime(t *testing.T) {
	names := flow.NewNames()
	all := recordsOf(names,
		made{sport: 1, dport: 443, sent: 100, back: 40}, made{sport: 1, dport: 443, at: 300, sent: 10, back: 4},
		made{src: "20.0.0.1", dst: "10.0.0.4", sport: 2, dport: 22, at: 301, sent: 7, back: 1000, in: true})
	a := documentOf(t, names, all, Options{}, asked(t, "", "", "time(5m)", "local.address")).Asks[0]
	var got []string
	for _, r := range a.Rows {
		got = append(got, fmt.Sprintf("%s left %s arrived %s flows %d", strings.Join(r.Key, " "), r.Left.IPBytes, r.Arrived.IPBytes, r.Flows))
	}
	if diff := cmp.Diff([]string{"2026-05-09T10:00:00Z 10.0.0.4 left 100 arrived 40 flows 1", "2026-05-09T10:05:00Z 10.0.0.4 left 1010 arrived 11 flows 2"}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestStepsOfSeveralQuestions wants each question in its own steps, though time is cut
// where any of them asks for it.
func TestStepsOfSeveralQuestions(t *testing.T) {
	names := flow.NewNames()
	all := recordsOf(names, made{sport: 1, dport: 443, sent: 1}, made{sport: 2, dport: 443, at: 95, sent: 10}, made{sport: 3, dport: 443, at: 119, sent: 100}, made{sport: 4, dport: 443, at: 185, sent: 1000})
	doc := documentOf(t, names, all, Options{}, asked(t, "", "", "time(2m)"), asked(t, "", "", "time(90s)"), asked(t, `time >= "2026-05-09T10:01:50Z"`, "", "time(5m)"))
	for i, want := range [][]string{
		{"2026-05-09T10:00:00Z: 3 flows, 111 bytes", "2026-05-09T10:02:00Z: 1 flows, 1000 bytes"},
		{"2026-05-09T10:00:00Z: 1 flows, 1 bytes", "2026-05-09T10:01:30Z: 2 flows, 110 bytes", "2026-05-09T10:03:00Z: 1 flows, 1000 bytes"},
		{"2026-05-09T10:00:00Z: 2 flows, 1100 bytes"},
	} {
		if diff := cmp.Diff(want, lined(doc.Asks[i])); diff != "" {
			t.Errorf("question %d (-want +got)\n%s", i, diff)
		}
	}
}
