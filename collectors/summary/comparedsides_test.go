package summary

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowctl/collectors/flow"
	"flowctl/collectors/minutes"
	"flowctl/plan/question"
)

// sideWith is a side of a comparison: an answer of rows by port, in lines such as
// "443 5 flows 100 bytes 2 denied", and what its document says besides.
func sideWith(lines []string, change ...func(*Document)) *Document {
	a := Answer{By: []string{"port"}, Outcome: Answered}
	for _, line := range lines {
		var key string
		var flows uint64
		var bytes, denied string
		fmt.Sscanf(line, "%s %d flows %s bytes %s denied", &key, &flows, &bytes, &denied)
		figure := func(text string) Figure {
			var f Figure
			if f.UnmarshalJSON([]byte(text)) != nil {
				return Figure{}
			}
			return f
		}
		a.Rows = append(a.Rows, Row{Key: []string{key}, Flows: flows, Denied: figure(denied), Volume: Volume{IPBytes: figure(bytes)}})
	}
	a.Groups = uint64(len(a.Rows))
	d := &Document{Asks: []Answer{a}, Total: Total{Records: 1, Flows: 1}}
	if len(lines) == 0 {
		d.Asks[0].Outcome = NothingFound
	}
	for _, f := range change {
		f(d)
	}
	return d
}

// TestChanges wants each way in which a row can differ, and none where none is.
func TestChanges(t *testing.T) {
	for _, tt := range []struct{ a, b, want string }{
		{"443 5 flows 100 bytes 0 denied", "443 5 flows 100 bytes 0 denied", ""},
		{"443 5 flows 100 bytes 0 denied", "443 5 flows 101 bytes 0 denied", Grown},
		{"443 5 flows 100 bytes 0 denied", "443 9 flows 99 bytes 0 denied", Shrunk}, // bytes count before flows
		{"443 5 flows 100 bytes 0 denied", "443 6 flows 100 bytes 0 denied", Grown}, // flows where bytes are alike
		{"443 5 flows null bytes 0 denied", "443 4 flows 100 bytes 0 denied", Shrunk},
		{"443 5 flows null bytes 0 denied", "443 5 flows null bytes 0 denied", ""},
		{"443 5 flows 100 bytes 0 denied", "443 5 flows null bytes 5 denied", Flipped},
		{"443 5 flows null bytes 5 denied", "443 2 flows 100 bytes 0 denied", Flipped},
		{"443 5 flows 100 bytes 0 denied", "443 5 flows 100 bytes 4 denied", ""}, // in part only
		{"443 5 flows 100 bytes null denied", "443 5 flows null bytes 5 denied", ""},
		{"443 5 flows 100 bytes 0 denied", "", Gone},
		{"", "443 5 flows 100 bytes 0 denied", New},
	} {
		list := func(line string) []string {
			if line == "" {
				return nil
			}
			return []string{line}
		}
		c := Compare(sideWith(list(tt.a)), sideWith(list(tt.b)), time.Time{}, time.Time{})
		got := ""
		for _, change := range c.Changes {
			got += change.Change
		}
		if got != tt.want || c.Same != 1-len(c.Changes) {
			t.Errorf("%q to %q: %q and %d the same, want %q", tt.a, tt.b, got, c.Same, tt.want)
		}
	}
}

// TestOrderOfChanges wants the biggest first, and rows of one size by their keys.
func TestOrderOfChanges(t *testing.T) {
	c := Compare(sideWith([]string{"1 1 flows 50 bytes 0 denied", "2 1 flows 900 bytes 0 denied", "3 1 flows 10 bytes 0 denied", "4 1 flows null bytes 0 denied"}),
		sideWith([]string{"1 1 flows 70 bytes 0 denied", "2 1 flows 100 bytes 0 denied", "5 1 flows 20 bytes 0 denied", "4 3 flows null bytes 0 denied", "3 1 flows 10 bytes 0 denied"}), time.Time{}, time.Time{})
	var got []string
	for _, change := range c.Changes {
		got = append(got, change.Key[0]+" "+change.Change)
	}
	if want := []string{"2 shrunk", "1 grown", "5 new", "4 grown"}; !slices.Equal(got, want) || c.Same != 1 {
		t.Errorf("%v and %d the same, want %v", got, c.Same, want)
	}
}

// TestWhatASideLacks wants what a side has less of to be unclear for each reason for
// which it may have been there, and certain on the side that lacks nothing.
func TestWhatASideLacks(t *testing.T) {
	answer := func(f func(*Answer)) func(*Document) { return func(d *Document) { f(&d.Asks[0]) } }
	covered := func(code string) func(*Document) {
		return func(d *Document) {
			d.Coverage = append(d.Coverage, Coverage{Code: code, Text: "what " + code + " says"})
		}
	}
	for name, tt := range map[string]struct {
		change func(*Document)
		lacks  string
	}{
		"nothing":           {func(*Document) {}, ""},
		"other coverage":    {covered("no-icmp"), ""},
		"undecided flows":   {answer(func(a *Answer) { a.Undecided = 2 }), "2 flows of which it cannot be said whether they are meant"},
		"one undecided":     {answer(func(a *Answer) { a.Undecided = 1 }), "1 flow of which it cannot be said whether they are meant"},
		"rows not compared": {answer(func(a *Answer) { a.Groups += 3 }), "3 further rows that were not compared"},
		"cut":               {covered("source-truncated"), "what source-truncated says"},
		"damaged":           {covered("source-corrupt"), "what source-corrupt says"},
		"unreadable":        {covered("source-unreadable"), "what source-unreadable says"},
		"lost":              {covered("rows-lost"), "what rows-lost says"},
		"not recorded":      {answer(func(a *Answer) { a.Unseen = []string{"denied flows"} }), "denied flows"},
		"nothing measured":  {func(d *Document) { d.Total.Records, d.Asks[0].Outcome = 0, CannotAnswer }, "nothing was measured"},
	} {
		whole, less := []string{"443 5 flows 100 bytes 0 denied", "22 1 flows 7 bytes 0 denied"}, []string{"443 4 flows 60 bytes 0 denied"}
		c := Compare(sideWith(whole), sideWith(less, tt.change), time.Time{}, time.Time{})
		want := map[string]string{"443": Shrunk, "22": Gone}
		if tt.lacks != "" {
			want = map[string]string{"443": Unclear, "22": Unclear}
		}
		got := map[string]string{}
		for _, change := range c.Changes {
			got[change.Key[0]] = change.Change
			if change.Why != tt.lacks {
				t.Errorf("%s: %s is %s because %q, want %q", name, change.Key, change.Change, change.Why, tt.lacks)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" || strings.Join(c.B.Lacks, ";") != tt.lacks || len(c.A.Lacks) > 0 {
			t.Errorf("%s: lacks %q and %q (-want +got):\n%s", name, c.A.Lacks, c.B.Lacks, diff)
		}
		back := Compare(sideWith(less, tt.change), sideWith(whole), time.Time{}, time.Time{}) // what is more on the whole side
		for _, change := range back.Changes {
			if change.Change == Shrunk || change.Change == Gone || (change.Change == Unclear) != (tt.lacks != "") {
				t.Errorf("%s, the other way: %+v", name, change)
			}
		}
	}
	unseen := func(d *Document) { d.Asks[0].Unseen = []string{"flow logs hold TCP and UDP only"} }
	if c := Compare(sideWith([]string{"443 5 flows 100 bytes 0 denied"}, unseen), sideWith([]string{"443 4 flows 60 bytes 0 denied"}, unseen), time.Time{}, time.Time{}); c.Changes[0].Change != Shrunk || len(c.A.Lacks)+len(c.B.Lacks) > 0 {
		t.Errorf("what neither side records: %+v", c)
	}
}

// TestInterfacesThatAreNotThere wants rows that an interface saw of which the other side
// has no record, nor one of its log, to be unclear.
func TestInterfacesThatAreNotThere(t *testing.T) {
	seenAt := func(d *Document, at map[string]string, interfaces ...minutes.Interface) *Document {
		second := Answer{By: []string{"port", "nic"}}
		for _, r := range d.Asks[0].Rows {
			second.Rows = append(second.Rows, Row{Key: []string{r.Key[0], at[r.Key[0]]}})
		}
		second.Groups = uint64(len(second.Rows))
		d.Asks = append(d.Asks, second)
		d.Minutes = &minutes.Document{Interfaces: interfaces}
		return d
	}
	a, b, c := minutes.Interface{Log: "L1", MAC: "AA", Name: "nic-a"}, minutes.Interface{Log: "L2", MAC: "BB", Name: "nic-b"}, minutes.Interface{Log: "L1", MAC: "CC"}
	first := seenAt(sideWith([]string{"1 1 flows 10 bytes 0 denied", "2 1 flows 10 bytes 0 denied", "3 1 flows 10 bytes 0 denied"}), map[string]string{"1": "nic-a", "2": "nic-b", "3": "CC"}, a, b, c)
	second := seenAt(sideWith(nil), nil, a)
	got := map[string]string{}
	comparison := Compare(first, second, time.Time{}, time.Time{})
	for _, change := range comparison.Changes {
		got[change.Key[0]] = change.Change + " " + change.Why
	}
	want := map[string]string{"1": "gone ", "2": "unclear no record of nic-b", "3": "gone "} // the log of the third has records there
	if diff := cmp.Diff(want, got); diff != "" || !slices.Equal(comparison.B.Lacks, []string{"no record of 1 interface that the other side has, or of a log that they are in"}) {
		t.Errorf("%q (-want +got):\n%s", comparison.B.Lacks, diff)
	}
	second.Asks = second.Asks[:1] // it is not known which interfaces saw the rows
	for _, change := range Compare(first, second, time.Time{}, time.Time{}).Changes {
		if change.Change != Unclear {
			t.Errorf("without interfaces: %+v", change)
		}
	}
}

// TestComparedQuestions wants the second question to be by interface besides, and of all
// rows.
func TestComparedQuestions(t *testing.T) {
	q := question.Question{Name: "q", By: []string{"port"}, Having: rowsWhere(t, "bytes > 5"), Top: 3, Order: question.Order{Measure: "flows"}, Where: where(t, "port != 22")}
	list := Compared(Compile(q))
	if len(list) != 2 || list[0].Name != "q" || !slices.Equal(list[1].By, []string{"port", "nic"}) || list[1].Having != nil || list[1].Top != mostSaw || list[1].Where != q.Where || list[1].Order != (question.Order{}) {
		t.Errorf("%+v", list[1].Question)
	}
	q.By = []string{"nic", "port"}
	if list = Compared(Compile(q)); !slices.Equal(list[1].By, q.By) {
		t.Errorf("by %v", list[1].By)
	}
	names := flow.NewNames()
	doc := documentOf(t, names, recordsOf(names, made{sport: 1, dport: 443, sent: 900}, made{sport: 2, dport: 443, sent: 900, point: macB}), Options{}, Compared(Compile(question.Question{By: []string{"port"}}))...)
	if s := sawOf(doc); !slices.Equal(slices.Sorted(slices.Values(s.of(&doc.Asks[0].Rows[0]))), []string{macA, macB}) || s.of(nil) != nil {
		t.Errorf("seen at %v", s)
	}
	doc.Asks[1].Groups = mostSaw + 1
	if sawOf(doc) != nil {
		t.Error("more rows by interface than are kept")
	}
}
