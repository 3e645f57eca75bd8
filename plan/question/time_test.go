package question

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestStep wants steps of whole seconds up to a year, and nothing else taken for one.
func TestStep(t *testing.T) {
	for name, want := range map[string]int64{
		"hour": 3600, "day": 86400, "time(1s)": 1, "time(5m)": 300, "time(90s)": 90, "time(1h30m)": 5400, "time(1d)": 86400, "time(7d)": 7 * 86400,
		"time(366d)": 366 * 86400, "time(8784h)": 366 * 86400, "time(1.5m)": 90, "time(1000ms)": 1,
		"time(367d)": 0, "time(8785h)": 0, "time(0s)": 0, "time(-5m)": 0, "time(1500ms)": 0, "time(999ms)": 0, "time(5)": 0, "time()": 0, "time(5m": 0, "time5m)": 0,
		"time(1d12h)": 0, "time(d)": 0, "time(-1d)": 0, "time(99999999999999999999d)": 0, "time(200000000000000d)": 0, "time(213503982334602d)": 0, "time(-213503982334602d)": 0, "Hour": 0, "hours": 0, "week": 0, "": 0, "time": 0,
	} {
		got, ok := Step(name)
		if got != want || ok != (want > 0) {
			t.Errorf("%s: %d, %v, want %d", name, got, ok, want)
		}
		if ok {
			f, found := Lookup(name)
			if !found || f.Type != Moment || f.Needs == "" || f.Name != name {
				t.Errorf("%s: %+v", name, f)
			}
			if p := Dimensions([]string{name}); p[0] != nil {
				t.Errorf("by %s: %v", name, p[0])
			}
		}
	}
}

// TestMoments wants comparisons with time to be of seconds, whichever side the time is
// on, and the times they cut at to be known.
func TestMoments(t *testing.T) {
	turns := map[string]string{"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
	for text, want := range map[string]time.Time{
		"2026-11-12T14:00:00Z":      time.Date(2026, 11, 12, 14, 0, 0, 0, time.UTC),
		"2026-11-12T14:00:00+02:00": time.Date(2026, 11, 12, 12, 0, 0, 0, time.UTC),
		"2026-11-12T14:00Z":         time.Date(2026, 11, 12, 14, 0, 0, 0, time.UTC),
		"2026-11-12T14:00-01:30":    time.Date(2026, 11, 12, 15, 30, 0, 0, time.UTC),
		"2026-11-12":                time.Date(2026, 11, 12, 0, 0, 0, 0, time.UTC),
		"1970-01-01":                time.Unix(0, 0),
		"1969-12-31T23:59:59Z":      time.Unix(-1, 0),
	} {
		for op, turned := range turns {
			x, diags := check(t, fmt.Sprintf("time %s %q", op, text))
			y, _ := check(t, fmt.Sprintf("%q %s time", text, turned))
			if x == nil || y == nil {
				t.Fatal(text, op, diags)
			}
			if diff := cmp.Diff(x, y); diff != "" {
				t.Errorf("time %s %q is not %q %s time:\n%s", op, text, text, turned, diff)
			}
			if x.Args[1].Number != float64(want.Unix()) || !slices.Equal(x.Moments(), []int64{want.Unix()}) {
				t.Errorf("time %s %q: %v, %v, want %d", op, text, x.Args[1].Number, x.Moments(), want.Unix())
			}
		}
	}
	x, _ := check(t, `!(time < "1970-01-02") && (port == 1 ? time >= "1970-01-03" : has(rule)) || "1970-01-04" == time`)
	if got := x.Moments(); !slices.Equal(got, []int64{86400, 2 * 86400, 3 * 86400}) {
		t.Errorf("moments %v", got)
	}
	if got := (*Expr)(nil).Moments(); got != nil {
		t.Errorf("of no condition: %v", got)
	}
	if x, diags := check(t, "time > var.later"); x != nil || diags.HasErrors() {
		t.Errorf("a time that is not known yet: %v, %v", x, diags)
	}
}

// TestKinds wants a question to say what it needs: times, ends and prices.
func TestKinds(t *testing.T) {
	where := func(src string) *Expr {
		x, diags := check(t, src)
		if x == nil {
			t.Fatal(src, diags)
		}
		return x
	}
	rows := func(src string) *Expr {
		x, diags := checkRows(t, src)
		if x == nil {
			t.Fatal(src, diags)
		}
		return x
	}
	for _, tt := range []struct {
		q    Question
		is   string // of sided, timed, priced
		most int    // rows
	}{
		{Question{}, "", 20},
		{Question{By: []string{"port", "source.vm"}}, "", 20},
		{Question{By: []string{"port", "local.vm"}}, "sided", 20},
		{Question{By: []string{"remote.port"}}, "sided", 20},
		{Question{Where: where(`port == 1 && has(local.vm)`)}, "sided", 20},
		{Question{Where: where(`port == 1 && has(source.vm)`)}, "", 20},
		{Question{Having: rows(`left > 5`)}, "sided", 20},
		{Question{Having: rows(`sent > 5 || arrived == 0`)}, "sided", 20},
		{Question{Having: rows(`sent > 5`)}, "", 20},
		{Question{Order: Order{"arrived", true}}, "sided", 20},
		{Question{Order: Order{"sent", true}}, "", 20},
		{Question{By: []string{"port", "hour"}}, "timed", 288},
		{Question{By: []string{"time(5m)", "local.vm"}}, "sided timed", 288},
		{Question{Where: where(`time < "2026-01-01"`)}, "timed", 20},
		{Question{Where: where(`has(time)`)}, "", 20},
		{Question{Order: Order{Measure: "cost"}}, "priced", 20},
		{Question{By: []string{PriceClass}}, "priced", 20},
	} {
		var is []string
		for name, v := range map[string]bool{"sided": tt.q.Sided(), "timed": tt.q.Timed(), "priced": tt.q.Priced()} {
			if v {
				is = append(is, name)
			}
		}
		slices.SortFunc(is, func(a, b string) int {
			return strings.Index("sided timed priced", a) - strings.Index("sided timed priced", b)
		})
		if got := strings.Join(is, " "); got != tt.is || TopOf(tt.q.By) != tt.most {
			t.Errorf("%+v: %q and %d rows, want %q and %d", tt.q, got, TopOf(tt.q.By), tt.is, tt.most)
		}
	}
}
