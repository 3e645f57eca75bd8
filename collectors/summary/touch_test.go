package summary

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"flowctl/collectors/flow/flowtest"
	"flowctl/collectors/minutes"
)

// TestOnlyWhatTouchesAGap makes two sides of the same rows, each row seen by some
// interfaces, of which the second lacks some for a time, and some rows have less there.
// Such a row is unclear exactly if an interface of its own has a gap.
func TestOnlyWhatTouchesAGap(t *testing.T) {
	met := map[string]int{}
	for seed := range flowtest.Seeds(300) {
		r := rand.New(rand.NewPCG(seed, 4))
		a := &Document{Asks: []Answer{{By: []string{"port"}, Outcome: Answered}, {By: []string{"port", "nic"}}}, Minutes: &minutes.Document{}}
		b := &Document{Asks: []Answer{{By: []string{"port"}, Outcome: Answered}, {By: []string{"port", "nic"}}}, Minutes: &minutes.Document{}}
		dark := map[string]bool{}
		for i := range 4 {
			nic := fmt.Sprintf("00224800000%d", i)
			for _, d := range []*Document{a, b} {
				d.Minutes.Interfaces = append(d.Minutes.Interfaces, minutes.Interface{Log: "log", MAC: nic})
			}
			if dark[nic] = r.IntN(3) == 0; dark[nic] {
				b.Minutes.Unknown++
				b.Minutes.Gaps = append(b.Minutes.Gaps, minutes.Gap{Interface: nic, From: time.Unix(60, 0), To: time.Unix(120, 0), Minutes: 1})
			}
		}
		want := map[string]string{}
		for port := range 10 {
			key := fmt.Sprint(port)
			row := Row{Key: []string{key}, Flows: 2, Volume: Volume{IPBytes: Known(100)}}
			less := row
			less.IPBytes = Known(uint64(50 + 25*r.IntN(4))) // 50, 75, 100 or 125
			touched := false
			for i := range 4 {
				if nic := fmt.Sprintf("00224800000%d", i); r.IntN(3) == 0 {
					seenBy := Row{Key: []string{key, nic}}
					a.Asks[1].Rows = append(a.Asks[1].Rows, seenBy)
					touched = touched || dark[nic]
				}
			}
			if len(a.Asks[1].Rows) == 0 || a.Asks[1].Rows[len(a.Asks[1].Rows)-1].Key[0] != key {
				continue
			}
			a.Asks[0].Rows, b.Asks[0].Rows = append(a.Asks[0].Rows, row), append(b.Asks[0].Rows, less)
			switch n := less.IPBytes.N; {
			case n > 100:
				want[key] = Grown
			case n < 100 && touched:
				want[key] = Unclear
			case n < 100:
				want[key] = Shrunk
			}
		}
		for _, d := range []*Document{a, b} {
			d.Asks[0].Groups, d.Asks[1].Groups = uint64(len(d.Asks[0].Rows)), uint64(len(d.Asks[1].Rows))
		}
		got := map[string]string{}
		for _, c := range Compare(a, b, time.Time{}, time.Time{}).Changes {
			got[c.Key[0]] = c.Change
			met[c.Change]++
			if (c.Why != "") != (c.Change == Unclear) {
				t.Errorf("seed %d: %s is %s because %q", seed, c.Key, c.Change, c.Why)
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("seed %d: got %v, want %v", seed, got, want)
		}
	}
	if len(met) != 3 {
		t.Errorf("met %v", met)
	}
}

// TestClocks: what is as long after the begin of its side is the same row, and the time
// of a row on its side is that of its step.
func TestClocks(t *testing.T) {
	day := func(d int, s string) time.Time {
		at, err := time.Parse(time.RFC3339, fmt.Sprintf("2026-05-%02dT%sZ", d, s))
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	side := func(d int) *Document {
		return &Document{Total: Total{First: Instant(day(d, "10:02:30").UnixNano()), Last: Instant(day(d, "11:00:00").UnixNano())}}
	}
	a, b := clocks([]string{"time(5m)", "port"}, side(9), side(10), time.Time{}, day(10, "09:57:00"))
	for _, c := range []struct {
		of   clock
		key  string
		want string
	}{{a, "2026-05-09T10:00:00Z", "+00:00:00"}, {a, "2026-05-10T11:05:00Z", "+25:05:00"}, {b, "2026-05-10T10:00:00Z", "+00:05:00"}, {b, "2026-05-10T09:50:00Z", "-00:05:00"}} {
		key := c.of.key([]string{c.key, "443"})
		if strings.Join(key, " ") != c.want+" 443" {
			t.Errorf("%s is %s, want %s", c.key, key[0], c.want)
		}
		from, to, ok := c.of.bounds(key)
		if !ok || from.Format(time.RFC3339) != c.key || to.Sub(from) != 5*time.Minute {
			t.Errorf("%s is from %s to %s", c.key, from, to)
		}
	}
	if same, _ := clocks([]string{"hour"}, side(9), side(9), time.Time{}, time.Time{}); same.aligned {
		t.Error("sides of one time are compared as they are")
	}
}
