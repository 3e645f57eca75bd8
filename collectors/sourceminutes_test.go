package collectors

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowctl/collectors/flow/flowtest"
	"flowctl/collectors/minutes"
)

// An interface's log of some hours of which each lies where Azure puts it, with
// minutes left out.
type hourFiles struct {
	dir   string
	texts []string       // of the hours
	has   []map[int]bool // minutes with a record, by hour
}

func newHourFiles(r *rand.Rand, dir string, hours int) hourFiles {
	f := hourFiles{dir: dir}
	for h := range hours {
		has, list := map[int]bool{}, []noted{}
		for m := range 60 {
			if r.IntN(3) > 0 || m == 59 || m == 0 { // so that each hour begins and ends with a record
				has[m] = true
				list = append(list, noted{minute: h*60 + m - 1, mac: macA, log: "v", tuples: []string{tuple(h*60+m, 1, web, "O", "C", "NX", "1,100,1,100")}})
			}
		}
		text := strings.ReplaceAll(string(logOfNoted(list...)), "/X/FLOWLOGS/v", "/SUBSCRIPTIONS/S/RESOURCEGROUPS/NW/PROVIDERS/MICROSOFT.NETWORK/NETWORKWATCHERS/NETWORKWATCHER_W/FLOWLOGS/V")
		f.texts, f.has = append(f.texts, text), append(f.has, has)
	}
	return f
}

// path is where an hour lies. Its log is that of the records.
func (f hourFiles) path(h int) string {
	at := time.Unix(lawsStart, 0).UTC().Add(time.Duration(h) * time.Hour)
	return filepath.Join(f.dir, "flowLogResourceID=", "S_NW", "NETWORKWATCHER_W_V", at.Format("y=2006"), at.Format("m=01"), at.Format("d=02"), at.Format("h=15"), "m=00", "macAddress="+macA, "PT1H.json")
}

// minutes is what is said of minutes when hour h is some other bytes.
func (f hourFiles) minutes(t *testing.T, h int, bytes string, beside ...string) *minutes.Document {
	t.Helper()
	for i, text := range f.texts {
		if i == h {
			text = bytes
		}
		put(t, f.path(i), []byte(text))
	}
	doc, _, err := Sum{Items: itemsOf(append([]string{f.dir}, beside...)...)}.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	doc.Conversations.Close()
	return doc.Minutes
}

// TestLostMinutes cuts an hour anywhere, from either end, fills any part with zeros,
// or takes it away: a minute that had a record is recorded or unknown, and never
// silent; what was not damaged stays what it was.
func TestLostMinutes(t *testing.T) {
	for seed := range flowtest.Seeds(60) {
		r := rand.New(rand.NewPCG(seed, 7))
		f := newHourFiles(r, t.TempDir(), 3)
		text := f.texts[1]
		from := r.IntN(len(text) - 1)
		if seed%3 == 0 { // where a record begins
			from = strings.LastIndex(text[:from+1], `{"time"`)
			if from < 0 {
				from = strings.Index(text, `{"time"`)
			}
		}
		to := from + r.IntN(min(4000, len(text)-from))
		damages := map[string]string{
			"cut": text[:from], "begins inside": text[from:], "zeros": text[:from] + string(bytes.Repeat([]byte{0}, to-from)) + text[to:],
			"empty": "", "noise": string(bytes.Repeat([]byte{0xf7, 0x45, 0x01}, 1000)),
		}
		want := f.minutes(t, 1, text)
		for name, damaged := range damages {
			got := f.minutes(t, 1, damaged)
			if err := f.sound(got); err != nil {
				t.Errorf("seed %d, %s at %d to %d of %d: %v\n%s", seed, name, from, to, len(text), err, got)
			}
			whole := filepath.Join(t.TempDir(), "whole.json")
			put(t, whole, []byte(text))
			if got := f.minutes(t, 1, damaged, whole); got.String() != want.String() {
				t.Errorf("seed %d, %s at %d to %d of %d, beside the whole: %s\nwant %s", seed, name, from, to, len(text), got, want)
			}
		}
	}
}

// sound reports whether all minutes with a record are recorded or unknown, by the
// gaps that a document lists, and no more are unknown than the damaged hour has.
func (f hourFiles) sound(got *minutes.Document) error {
	unknown := func(at time.Time) bool {
		return slices.ContainsFunc(got.Gaps, func(g minutes.Gap) bool {
			return g.State == "unknown" && !at.Before(g.From) && at.Before(g.To)
		})
	}
	recorded := int64(0)
	for h, has := range f.has {
		for m := range 60 {
			at := time.Unix(lawsStart, 0).UTC().Add(time.Duration(h*60+m) * time.Minute)
			switch missing := unknown(at); {
			case missing && h != 1:
				return fmt.Errorf("hour %d minute %d is unknown", h, m)
			case has[m] && !missing:
				recorded++
			}
		}
	}
	total := got.Recorded + got.Silent + got.Unknown
	if got.Recorded < recorded || total != 180 {
		return fmt.Errorf("%d recorded of %d that had a record and are not unknown; %d in all", got.Recorded, recorded, total)
	}
	return nil
}

// TestLosses wants each hour once, whatever is lost, against minutes that are marked
// one by one; and no more hours than are allowed, of times that may be anything.
func TestLosses(t *testing.T) {
	for seed := range flowtest.Seeds(200) {
		r := rand.New(rand.NewPCG(seed, 3))
		var l sourceMinutes
		want := map[int64]uint64{}
		for range r.IntN(8) {
			from := r.Int64N(900) - 300
			to := from + r.Int64N(200)
			l.lose(to, from)
			for m := from; m <= to; m++ {
				want[hourOf(m)] |= 1 << (m - hourOf(m)*60)
			}
		}
		got := map[int64]uint64{}
		for hour, bits := range l.losses(mostLost) {
			if got[hour] != 0 {
				t.Fatalf("seed %d: hour %d comes twice of %v", seed, hour, l.lost)
			}
			got[hour] = bits
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("seed %d: %v (-want +got):\n%s", seed, l.lost, diff)
		}
	}
	var l sourceMinutes
	for i := range int64(100_000) {
		l.lose(i*1e12-4e16, i*1e12+9e11-4e16)
	}
	n := 0
	for range l.losses(mostLost) {
		n++
	}
	if n > mostLost {
		t.Errorf("%d hours of at most %d", n, mostLost)
	}
}

// TestLostMinutesOfNoName does not know of which hour a file is that says nothing.
func TestLostMinutesOfNoName(t *testing.T) {
	f := newHourFiles(rand.New(rand.NewPCG(1, 1)), t.TempDir(), 1)
	name := filepath.Join(t.TempDir(), "x.json")
	if err := os.WriteFile(name, []byte(`{"records":[{"time":"2026-`), 0o600); err != nil {
		t.Fatal(err)
	}
	want := f.minutes(t, 0, f.texts[0])
	packed := f.path(1) + ".gz" // a name that says it
	put(t, packed, zipped([]byte(f.texts[0]))[:9])
	if got := f.minutes(t, 0, f.texts[0]); got.Unknown != 60 {
		t.Errorf("beside a packed hour that cannot be read: %s", got)
	}
	if err := os.Remove(packed); err != nil {
		t.Fatal(err)
	}
	if got := f.minutes(t, 0, f.texts[0], name); got.String() != want.String() {
		t.Errorf("beside a file that says nothing: %s, want %s", got, want)
	}
}
