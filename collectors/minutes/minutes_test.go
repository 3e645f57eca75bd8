package minutes

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowctl/collectors/flow"
)

const base = 29_000_000 // a minute of 2025, not the first of its hour

// mark notes single minutes.
func (t *Table) mark(p Point, target flow.ID, minutes ...int64) {
	for _, m := range minutes {
		at := m / 60
		t.Add(p, target, Hour{At: at, Recorded: 1 << (m - at*60), Earlier: true, Later: true})
	}
}

func at(minute int64) time.Time { return time.Unix((base+minute)*60, 0).UTC() }

// world is random records of a few interfaces, and when logs were off.
type world struct {
	names    *flow.Names
	points   []Point
	marks    [][]int64 // by point
	followed []Followed
}

func newWorld(r *rand.Rand) world {
	w := world{names: flow.NewNames()}
	for i := range 1 + r.IntN(4) {
		p := Point{w.names.Of(fmt.Sprintf("LOG%d", i%2)), w.names.Of(fmt.Sprintf("MAC%d", i))}
		var marks []int64
		for range 1 + r.IntN(150) {
			marks = append(marks, base+r.Int64N(300))
		}
		w.points, w.marks = append(w.points, p), append(w.marks, marks)
	}
	for i := range r.IntN(4) {
		from := r.Int64N(300)
		f := Followed{Log: fmt.Sprintf("/log%d/", i), From: at(from), To: at(from + r.Int64N(200))}
		if r.IntN(2) == 0 { // two times of one log
			w.followed = append(w.followed, f)
			f.From = at(r.Int64N(300))
			f.To = f.From.Add(time.Hour)
		}
		for range r.IntN(3) {
			from := r.Int64N(300)
			off := Off{From: at(from), To: at(from + r.Int64N(120)), Why: "switched off"}
			if r.IntN(2) == 0 {
				off.Interfaces = []string{"mac1", "mac3"}
			}
			off.Read = r.IntN(3) == 0
			f.Off = append(f.Off, off)
		}
		w.followed = append(w.followed, f)
	}
	return w
}

func (w world) table(r *rand.Rand) *Table {
	t := &Table{}
	type mark struct{ point, minute int64 }
	var all []mark
	for i, marks := range w.marks {
		for _, m := range marks {
			all = append(all, mark{int64(i), m})
		}
	}
	r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	for _, m := range all {
		t.mark(w.points[m.point], w.names.Of("t"), m.minute)
	}
	return t
}

// count is the definition, minute by minute.
func (w world) count(from, to int64) (c Counts) {
	silent := map[string]bool{} // followed, and none of its records are there
	for _, f := range w.followed {
		silent[f.Log] = true
	}
	points, allMarks := w.points, w.marks
	for _, p := range w.points {
		silent["/"+strings.ToLower(w.names.Text(p.Log))+"/"] = false
	}
	for log, is := range silent {
		if is {
			points, allMarks = append(points, Point{Log: w.names.Of(strings.ToUpper(strings.Trim(log, "/")))}), append(allMarks, nil)
		}
	}
	for i, marks := range allMarks {
		log, mac := w.names.Text(points[i].Log), w.names.Text(points[i].Interface)
		is := map[int64]bool{}
		last := int64(0)
		for _, m := range marks {
			is[m] = true
			last = max(last, m)
		}
		for m := base + from; m < base+to; m++ {
			switch {
			case !w.isDue(log, m) || w.is(log, mac, m, true):
			case is[m]:
				c.Recorded++
			case w.is(log, mac, m, false):
				c.Unlogged++
			case m < last && !w.isDark(log, m):
				c.Silent++
			default:
				c.Unknown++
			}
		}
	}
	return c
}

func (w world) isDue(log string, minute int64) bool {
	known := false
	for _, f := range w.followed {
		if lowerID(f.Log) == lowerID(log) {
			known = true
			if minute >= f.From.Unix()/60 && minute < f.To.Unix()/60 {
				return true
			}
		}
	}
	return !known
}

// isDark reports whether a log that was followed has no record in all of the time
// around a minute in which it was.
func (w world) isDark(log string, minute int64) bool {
	if !slices.ContainsFunc(w.followed, func(f Followed) bool { return lowerID(f.Log) == lowerID(log) }) {
		return false
	}
	from, to := minute, minute+1
	for w.isDue(log, from-1) {
		from--
	}
	for w.isDue(log, to) {
		to++
	}
	for i, p := range w.points {
		if lowerID(w.names.Text(p.Log)) == lowerID(log) && slices.ContainsFunc(w.marks[i], func(m int64) bool { return m >= from && m < to }) {
			return false
		}
	}
	return true
}

// is reports whether the log was off for an interface at a minute, or another one is
// read that has it then.
func (w world) is(log, mac string, minute int64, read bool) bool {
	for _, f := range w.followed {
		for _, o := range f.Off {
			if o.Read == read && lowerID(f.Log) == lowerID(log) && minute >= o.From.Unix()/60 && minute < o.To.Unix()/60 &&
				(o.Interfaces == nil || slices.Contains(o.Interfaces, strings.ToLower(mac))) {
				return true
			}
		}
	}
	return false
}

// TestLaws checks random records against the definition; in any order the
// document is the same, and those of halves of a window add up.
func TestLaws(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		w := newWorld(r)
		document := func(from, to int64) *Document {
			return w.table(r).Document(w.names, Options{Start: at(from), End: at(to), Followed: w.followed})
		}
		from, to := r.Int64N(200)-50, 200+r.Int64N(200)
		middle := from + 1 + r.Int64N(to-from-1)
		all, first, second := document(from, to), document(from, middle), document(middle, to)
		if all == nil || first == nil || second == nil {
			if w.count(from, to) != (Counts{}) && all == nil {
				t.Fatalf("%+v from %d to %d: nothing, want %+v", w, from, to, w.count(from, to))
			}
			continue
		}
		if diff := cmp.Diff(w.count(from, to), all.Counts); diff != "" {
			t.Fatalf("%+v from %d to %d: -want +got\n%s", w, from, to, diff)
		}
		if diff := cmp.Diff(all, document(from, to)); diff != "" {
			t.Fatalf("%+v: another order\n%s", w, diff)
		}
		sum := first.Counts
		sum.add(second.Counts)
		if diff := cmp.Diff(all.Counts, sum); diff != "" {
			t.Fatalf("%+v cut at %d: -whole +halves\n%s", w, middle, diff)
		}
		var steps Counts
		for _, s := range all.Steps {
			steps.add(s.Counts)
		}
		var gaps int64
		for _, g := range all.Gaps {
			gaps += g.Minutes
		}
		if diff := cmp.Diff(all.Counts, steps); diff != "" || gaps != all.Counts.Gaps() {
			t.Fatalf("%+v: %d minutes of gaps, want %d; -whole +steps\n%s", w, gaps, all.Counts.Gaps(), diff)
		}
	}
}

// TestSentence shows documents as answers do.
func TestSentence(t *testing.T) {
	names := flow.NewNames()
	vnet := names.Of("/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/vnet-hub")
	log := names.Of("/LOG")
	minutes := func(from, to int64) (all []int64) {
		for m := from; m < to; m++ {
			all = append(all, base+m)
		}
		return all
	}
	rows := []struct {
		name  string
		fill  func(*Table)
		o     Options
		lines string
	}{
		{"whole", func(t *Table) { t.mark(Point{log, names.Of("A")}, vnet, minutes(0, 60)...) }, Options{}, "60 interface-minutes recorded, 0 silent."},
		{"one", func(t *Table) { t.mark(Point{log, names.Of("A")}, vnet, base) }, Options{}, "1 interface-minute recorded, 0 silent."},
		{"silent", func(t *Table) {
			t.mark(Point{log, names.Of("A")}, vnet, append(minutes(0, 10), minutes(20, 30)...)...)
		}, Options{}, "20 interface-minutes recorded, 10 silent."},
		{"one ends early", func(t *Table) {
			t.mark(Point{log, names.Of("A")}, vnet, minutes(0, 60)...)
			t.mark(Point{log, names.Of("B")}, vnet, minutes(0, 41)...)
		}, Options{Name: func(mac string) string { return map[string]string{"B": "nic-b"}[mac] }},
			"101 interface-minutes recorded, 0 silent, 19 unknown: vnet-hub at nic-b from 2025-02-19 22:01 to 22:20, " + notWritten + "."},
		{"both end early", func(t *Table) {
			t.mark(Point{log, names.Of("A")}, vnet, minutes(0, 40)...)
			t.mark(Point{log, names.Of("B")}, vnet, minutes(0, 40)...)
		}, Options{Start: at(0), End: at(60)},
			"80 interface-minutes recorded, 0 silent, 40 unknown: 2 interfaces of vnet-hub from 2025-02-19 22:00 to 22:20, " + notWritten + "."},
		{"off", func(t *Table) { t.mark(Point{log, names.Of("A")}, vnet, minutes(0, 40)...) },
			Options{Followed: []Followed{{Log: "/log", From: at(0), To: at(60), Off: []Off{{From: at(40), To: at(60), Why: "switched off by somebody else"}}}}},
			"40 interface-minutes recorded, 0 silent, 20 not logged: vnet-hub at A from 2025-02-19 22:00 to 22:20, switched off by somebody else."},
		{"taken over in part", func(t *Table) {
			t.mark(Point{log, names.Of("A")}, vnet, minutes(0, 60)...)
			t.mark(Point{log, names.Of("B")}, vnet, minutes(0, 30)...)
		}, Options{Followed: []Followed{{Log: "/log", From: at(0), To: at(60), Off: []Off{{From: at(30), To: at(60), Why: "nic-web-log took over", Interfaces: []string{"b"}}}}}},
			"90 interface-minutes recorded, 0 silent, 30 not logged: vnet-hub at B from 2025-02-19 21:50 to 22:20, nic-web-log took over."},
		{"taken over in part, by one that is read", func(t *Table) {
			t.mark(Point{log, names.Of("A")}, vnet, minutes(0, 60)...)
			t.mark(Point{log, names.Of("B")}, vnet, minutes(0, 30)...)
			t.mark(Point{names.Of("NIC-LOG"), names.Of("B")}, vnet, minutes(31, 60)...)
		}, Options{Followed: []Followed{
			{Log: "/log", From: at(0), To: at(60), Off: []Off{{From: at(30), To: at(60), Why: "nic-log is read", Interfaces: []string{"b"}, Read: true}}},
			{Log: "/nic-log", From: at(0), To: at(60), Off: []Off{{From: at(0), To: at(30), Why: "not read before", Read: true}}},
		}}, "119 interface-minutes recorded, 1 silent."},
		{"a log without any record", func(t *Table) { t.mark(Point{log, names.Of("A")}, vnet, minutes(0, 60)...) },
			Options{Followed: []Followed{{Log: "/LOG", From: at(0), To: at(60)}, {Log: "/other", Target: "/x/vnet-spoke", From: at(0), To: at(60)}}},
			"60 interface-minutes recorded, 0 silent, 60 unknown: vnet-spoke from 2025-02-19 21:20 to 22:20, " + never + "."},
		{"nothing in the first of two runs", func(t *Table) { t.mark(Point{log, names.Of("A")}, vnet, minutes(500, 510)...) },
			Options{Followed: []Followed{{Log: "/log", From: at(500), To: at(510)}, {Log: "/log", From: at(0), To: at(10)}}},
			"10 interface-minutes recorded, 0 silent, 10 unknown: vnet-hub at A from 2025-02-19 21:20 to 21:30, " + never + "."},
		{"two runs", func(t *Table) {
			t.mark(Point{log, names.Of("A")}, vnet, append(minutes(0, 10), minutes(500, 509)...)...)
		}, Options{Followed: []Followed{{Log: "/log", From: at(500), To: at(510)}, {Log: "/log", From: at(0), To: at(10)}}},
			"19 interface-minutes recorded, 0 silent, 1 unknown: vnet-hub at A from 2025-02-20 05:49 to 05:50, " + notWritten + "."},
	}
	for _, row := range rows {
		table := &Table{}
		row.fill(table)
		if diff := cmp.Diff(row.lines, table.Document(names, row.o).String()); diff != "" {
			t.Errorf("%s: -want +got\n%s", row.name, diff)
		}
	}
	if doc := new(Table).Document(names, Options{Start: at(0), End: at(9)}); doc != nil {
		t.Errorf("no record, but %v", doc)
	}
}

// TestFar wants records that are millennia apart to cost no more than others.
func TestFar(t *testing.T) {
	names := flow.NewNames()
	table := &Table{}
	far := time.Date(9999, 12, 31, 23, 59, 0, 0, time.UTC).Unix() / 60
	table.mark(Point{names.Of("L"), names.Of("A")}, 0, 0, far)
	table.mark(Point{names.Of("L"), names.Of("B")}, 0, 7)
	doc := table.Document(names, Options{})
	if doc.Recorded != 3 || doc.Silent != far-1+7 || doc.Unknown != far-7 || len(doc.Steps) > mostSteps+1 {
		t.Errorf("%+v, %d steps", doc.Counts, len(doc.Steps))
	}
	if _, err := json.Marshal(doc); err != nil {
		t.Error(err)
	}
}

// TestManyGaps wants the longest told.
func TestManyGaps(t *testing.T) {
	names := flow.NewNames()
	table := &Table{}
	for i := range int64(mostGaps + 100) {
		table.mark(Point{names.Of("L"), names.Of(fmt.Sprint(i))}, 0, base+i)
	}
	doc := table.Document(names, Options{})
	if len(doc.Gaps) != mostGaps || doc.More != 99 || doc.Gaps[0].Minutes != mostGaps+99 {
		t.Errorf("%d gaps and %d more, the first of %d minutes", len(doc.Gaps), doc.More, doc.Gaps[0].Minutes)
	}
}
