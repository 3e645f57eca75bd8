package collectors

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"

	"flowctl/collectors/pcap/pcaptest"
	"flowctl/collectors/summary"
	"flowctl/plan/question"
	"flowctl/plan/syntax"
)

// stepsAddUp wants the steps of a flow log to add up, also where another log saw
// some of it too, and moments to cut as windows do.
func stepsAddUp(t *testing.T, dir string, r *rand.Rand, records []string) error {
	var some []string
	for _, record := range records {
		if other := otherLog(record); other != record && r.IntN(3) > 0 {
			some = append(some, other)
		}
	}
	one, other := saved(dir, "PT1H.json", file(records)), saved(dir, "other.json", file(some))
	if err := stepsOf(t, r, one); err != nil {
		return err
	}
	return stepsOf(t, r, one, other)
}

func captureSteps(t *testing.T, dir string, r *rand.Rand, data []byte) error {
	return stepsOf(t, r, saved(dir, "a.pcap", string(data)))
}

// stepsOf compares steps of time with what is said without, and each of two halves
// of the time with a window. Nothing but whether it is cut tells these readings
// apart.
func stepsOf(t *testing.T, r *rand.Rand, paths ...string) error {
	by := []string{"source.address", "destination.address", "verdict"}
	whole := rowsOf(t, Sum{}, "", by, paths...)
	for _, step := range []string{"time(1s)", "time(7s)", "time(5m)", "hour"} {
		stepped := rowsOf(t, Sum{}, "", slices.Insert(slices.Clone(by), r.IntN(4), step), paths...)
		at := slices.Index(stepped.By, step)
		sum := map[string]amount{}
		for _, row := range stepped.Rows {
			key := strings.Join(slices.Delete(slices.Clone(row.Key), at, at+1), " ")
			sum[key] = sum[key].plus(row)
		}
		if diff := cmp.Diff(amounts(whole), sum); diff != "" {
			return fmt.Errorf("%s does not add up: -without +with\n%s", step, diff)
		}
		if diff := cmp.Diff(amount{}.plus(whole.Total), amount{}.plus(stepped.Total)); diff != "" {
			return fmt.Errorf("%s: total %s", step, diff)
		}
	}
	if !whole.Total.First.Known() || whole.Total.First.Time().Before(time.Unix(3600, 0)) {
		return nil
	}
	from, to := whole.Total.First.Time(), whole.Total.Last.Time()
	middle := from.Add(time.Duration(r.Int64N(int64(to.Sub(from)) + 1))).Truncate(time.Second)
	for _, half := range []struct {
		where string
		sum   Sum
	}{
		{"time < %q", Sum{Start: time.Unix(0, 0), End: middle}},
		{"time >= %q", Sum{Start: middle, End: to.Add(time.Hour)}},
	} {
		where := fmt.Sprintf(half.where, middle.UTC().Format(time.RFC3339))
		sum := func(a summary.Answer) [2]uint64 { return [2]uint64{a.Total.Packets.N, a.Total.IPBytes.N} } // who opened a flow can be seen in one half alone
		if diff := cmp.Diff(sum(rowsOf(t, half.sum, "", by, paths...)), sum(rowsOf(t, Sum{}, where, by, paths...))); diff != "" {
			return fmt.Errorf("%s: -window +where\n%s", where, diff)
		}
	}
	return nil
}

// amount is what rows add up to.
type amount struct{ Packets, Sent, Received uint64 }

func (a amount) plus(r summary.Row) amount {
	return amount{a.Packets + r.Packets.N, a.Sent + r.Sent.IPBytes.N, a.Received + r.Received.IPBytes.N}
}

func amounts(a summary.Answer) map[string]amount {
	sum := map[string]amount{}
	for _, row := range a.Rows {
		sum[strings.Join(row.Key, " ")] = amount{}.plus(row)
	}
	return sum
}

// rowsOf is the answer to a question, with all of its rows.
func rowsOf(t *testing.T, s Sum, where string, by []string, paths ...string) summary.Answer {
	t.Helper()
	q := question.Question{Name: "q", By: by, Top: 100_000}
	if where != "" {
		expr, diags := syntax.Expression(where, "where")
		if diags.HasErrors() {
			t.Fatal(where, diags)
		}
		if q.Where, diags = question.Check(expr, question.Scope{Context: &hcl.EvalContext{}}); diags.HasErrors() {
			t.Fatal(where, diags)
		}
	}
	s.Items, s.Options = itemsOf(paths...), summary.Options{Questions: []*summary.Question{summary.Compile(q)}, Only: true}
	doc, _, err := s.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return doc.Asks[0]
}

// TestTime is what is said of single times.
func TestTime(t *testing.T) {
	dir := t.TempDir()
	at := func(minute int) string { return time.Unix(lawsStart+int64(minute*60), 0).UTC().Format(time.RFC3339) }
	log := saved(dir, "PT1H.json", string(logOfNoted(
		noted{mac: macA, log: "v", tuples: []string{tuple(0, 0, web, "O", "B", "NX", "0,0,0,0"), tuple(0, 30, web, "O", "C", "NX", "1,100,2,200")}},
		noted{mac: macA, log: "v", minute: 6, tuples: []string{tuple(6, 0, web, "O", "E", "NX", "10,1000,20,2000")}},
	)))
	for where, want := range map[string]uint64{
		fmt.Sprintf("time >= %q", at(0)):                         33,
		fmt.Sprintf("time < %q", at(1)):                          3,
		fmt.Sprintf("time > %q", at(0)):                          33,
		fmt.Sprintf("time > %q && time <= %q", at(1), at(6)):     30,
		fmt.Sprintf("time > %q && time < %q", at(1), at(6)):      0,
		fmt.Sprintf("time == %q", at(6)):                         30,
		fmt.Sprintf("!(time != %q) || time < %q", at(6), at(1)):  33,
		fmt.Sprintf("%q <= time && source.port == 50001", at(6)): 30,
		"source.port == 50002":                                   0,
	} {
		a := rowsOf(t, Sum{}, where, nil, log)
		if a.Total.Packets.N != want || (a.Outcome == summary.Answered) != (want > 0) {
			t.Errorf("%s: %s of %s packets, want %d", where, a.Outcome, a.Total.Packets, want)
		}
	}
	if a := rowsOf(t, Sum{}, `time >= "2200-01-01"`, nil, log); a.Outcome != summary.CannotAnswer || len(a.Unseen) != 1 {
		t.Errorf("a time that is not in the log: %s, %q", a.Outcome, a.Unseen)
	}
	// A flow is in each step in which it was counted, and once in the total.
	a := rowsOf(t, Sum{}, "", []string{"time(5m)", "source.port"}, log)
	if len(a.Rows) != 2 || a.Rows[0].Flows != 1 || a.Rows[1].Flows != 1 || a.Total.Flows != 1 || a.Rows[0].Packets.N != 3 || a.Rows[1].Packets.N != 30 || a.Rows[1].Key[1] != "50001" {
		t.Errorf("rows %+v of %+v", a.Rows, a.Total)
	}
	if a := rowsOf(t, Sum{}, "", []string{"day"}, log); len(a.Rows) != 1 || a.Rows[0].Key[0] != at(0)[:10] {
		t.Errorf("days %+v", a.Rows)
	}
}

// TestCoarseTimes are not made finer: a capture that was kept as flows does not
// say when in its flows' time the packets were.
func TestCoarseTimes(t *testing.T) {
	dir := t.TempDir()
	capture := saved(dir, "a.pcap", string(pcaptest.Pcapng(true, connection(60, 5*time.Second)...)))
	var kept bytes.Buffer
	if _, _, err := (Sum{Items: itemsOf(capture), Flows: &Flows{To: &kept}}).Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	flows := saved(dir, "a.parquet", kept.String())
	fine, coarse := rowsOf(t, Sum{}, "", []string{"time(10s)"}, capture), rowsOf(t, Sum{}, "", []string{"time(10s)"}, flows)
	if len(fine.Rows) != 30 {
		t.Errorf("%d steps of packets", len(fine.Rows))
	}
	var untold, all uint64
	for _, r := range coarse.Rows {
		if all += r.Packets.N; r.Key[0] == "" {
			untold += r.Packets.N
		}
	}
	if untold == 0 || all != fine.Total.Packets.N {
		t.Errorf("%d of %d packets have no time, of %s", untold, all, fine.Total.Packets)
	}
	where := fmt.Sprintf("time >= %q", time.Unix(lawsStart+65, 0).UTC().Format(time.RFC3339))
	if a := rowsOf(t, Sum{}, where, nil, flows); a.Undecided == 0 || len(a.Needs) != 1 || a.Needs[0].Field != "time" {
		t.Errorf("%s: %d undecided, needs %v", where, a.Undecided, a.Needs)
	}
}

// Flows of a capture are kept as one row each: what a window or another capture cuts
// counts whole, or not at all, and both are told.
func TestKeptFlowsThatCannotBeCut(t *testing.T) {
	seen := connection(100, time.Second) // 100 s
	dir := t.TempDir()
	keep := func(name string, rs []pcaptest.Record) string {
		var flows bytes.Buffer
		_, _, err := Sum{Items: itemsOf(saved(dir, name+".pcap", string(pcaptest.Classic{}.File(rs...)))), Flows: &Flows{To: &flows}}.Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return saved(dir, name+".parquet", flows.String())
	}
	whole, start := keep("whole", seen), time.Unix(lawsStart, 0)
	tests := map[string]struct {
		s    Sum
		want counts
		code string
	}{
		"a window":          {Sum{Items: itemsOf(whole), Start: start.Add(10 * time.Second), End: start.Add(11 * time.Second)}, weigh(between(seen, 0, time.Minute)), "coarser-than-window"},
		"a window of all":   {Sum{Items: itemsOf(whole), Start: start, End: start.Add(time.Hour)}, weigh(seen), ""},
		"two captures":      {Sum{Items: itemsOf(keep("a", between(seen, 0, 70*time.Second)), keep("b", between(seen, 50*time.Second, time.Hour)))}, weigh(between(seen, 0, 70*time.Second)), "undecided"},
		"captures in a row": {Sum{Items: itemsOf(keep("c", between(seen, 0, 50*time.Second)), keep("d", between(seen, 50*time.Second, time.Hour)))}, weigh(seen), ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			doc := caseOf(t, test.want, test.s)
			for _, code := range []string{"coarser-than-window", "undecided"} {
				if told := slices.ContainsFunc(doc.Coverage, func(c summary.Coverage) bool { return c.Code == code }); told != (code == test.code) {
					t.Errorf("%s is told: %v", code, told)
				}
			}
		})
	}
}
