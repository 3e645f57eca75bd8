package apply

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// Records are awaited as late as they have come, up to a limit, and what had
// not arrived by then is said.
func TestLateRecords(t *testing.T) {
	ends := noon.Add(2 * time.Hour)
	late := func(by time.Duration, last time.Time) func(time.Time) time.Time {
		return func(now time.Time) time.Time {
			newest := now.Add(-by).Truncate(time.Minute)
			if newest.Before(noon) {
				return time.Time{}
			}
			return earlier(newest, last)
		}
	}
	tests := map[string]struct {
		newest        func(now time.Time) time.Time
		behind        time.Duration
		after         time.Duration // of the end, at least
		most          time.Duration
		reason, event string
	}{
		"as usual":                  {late(2*time.Minute, ends), 2 * time.Minute, 5 * time.Minute, 6 * time.Minute, "", ""},
		"as usual, and then quiet":  {late(2*time.Minute, ends.Add(-20*time.Minute)), 2 * time.Minute, 5 * time.Minute, 7 * time.Minute, "", ""},
		"25 minutes late":           {late(25*time.Minute, ends), 25 * time.Minute, 26 * time.Minute, 29 * time.Minute, "", "records came up to 2"},
		"25 minutes late, and gone": {late(25*time.Minute, ends.Add(-30*time.Minute)), 25 * time.Minute, 25 * time.Minute, 31 * time.Minute, "none of after 2026-11-12T13:30:00Z had arrived by", "at most"},
		"later than the window":     {late(135*time.Minute, ends), 135 * time.Minute, 45 * time.Minute, 46 * time.Minute, "late, and none of after", "no record has arrived yet"},
		"never":                     {func(time.Time) time.Time { return time.Time{} }, 0, 45 * time.Minute, 46 * time.Minute, "no record had arrived by", "no record has arrived yet; they are awaited until"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.azure.newest, b.azure.behind = tt.newest, tt.behind
			r := b.run(flowLog())
			if err := errors.Join(r.Start(t.Context()), r.Wait(t.Context())); err != nil {
				t.Fatal(err)
			}
			if waited := b.azure.clock.Now().Sub(ends); waited < tt.after || waited > tt.most {
				t.Errorf("waited %s after the end, want %s to %s", waited, tt.after, tt.most)
			}
			m, err := r.Folder().Manifest()
			if err != nil {
				t.Fatal(err)
			}
			if reason := m.Sessions[0].Reason; !strings.Contains(reason, tt.reason) || !strings.HasPrefix(reason, "end of the window") || tt.reason == "" && reason != "end of the window" {
				t.Errorf("reason %q, want %q in it", reason, tt.reason)
			}
			said := ""
			for _, e := range b.events {
				if e.Kind == Waiting {
					said += e.Text + "\n"
				}
			}
			if (tt.event == "") != (said == "") || !strings.Contains(said, tt.event) || strings.Count(said, "\n") > 2 {
				t.Errorf("said %q, want %q", said, tt.event)
			}
		})
	}
}

// A step of a scheduler looks for the first time after the end: how late records
// come is seen by when they were written, and the last are awaited.
func TestOneLookTellsLateness(t *testing.T) {
	for _, behind := range []time.Duration{2 * time.Minute, 20 * time.Minute, 35 * time.Minute} {
		b := newBench(t)
		ends := noon.Add(2 * time.Hour)
		b.azure.behind = behind
		b.azure.newest = func(now time.Time) time.Time { return earlier(now.Add(-behind).Truncate(time.Minute), ends) }
		r := b.run(flowLog())
		if err := r.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		b.azure.clock.now = ends.Add(time.Minute)
		if err := r.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		if waited := b.azure.clock.Now().Sub(ends); waited < behind {
			t.Errorf("records that come %s late were awaited for %s", behind, waited)
		}
		if m, err := r.Folder().Manifest(); err != nil || m.Sessions[0].Reason != "end of the window" {
			t.Errorf("%s late: %+v, %v", behind, m.Sessions, err)
		}
	}
}

// A run that goes on later does not take its own absence for lateness.
func TestAbsenceIsNotLateness(t *testing.T) {
	b := newBench(t)
	b.azure.newest = func(time.Time) time.Time { return noon.Add(time.Hour) }
	r := b.run(flowLog())
	if err := r.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.azure.clock.now = noon.Add(10 * time.Hour)
	if err := r.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	if m, err := r.Folder().Manifest(); err != nil || m.Sessions[0].Reason != "end of the window" {
		t.Errorf("%+v, %v", m.Sessions, err)
	}
}
