package plan

import (
	"testing"
	"time"
)

func at(t *testing.T, s string) time.Time {
	t.Helper()
	x, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return x.UTC()
}

// Periods begin by the clocks of their zone, also when those change.
func TestPeriod(t *testing.T) {
	tests := map[string]struct {
		every          time.Duration
		zone           string
		in, start, end string
	}{
		"a day by UTC":            {Day, "", "2026-11-12T08:00:00Z", "2026-11-12T00:00:00Z", "2026-11-13T00:00:00Z"},
		"at its begin":            {Day, "", "2026-11-12T00:00:00Z", "2026-11-12T00:00:00Z", "2026-11-13T00:00:00Z"},
		"a day of 25 hours":       {Day, "Europe/Berlin", "2026-10-25T12:00:00Z", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"},
		"a day of 23 hours":       {Day, "Europe/Berlin", "2026-03-29T12:00:00Z", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"},
		"a week":                  {7 * Day, "", "2026-11-12T08:00:00Z", "2026-11-09T00:00:00Z", "2026-11-16T00:00:00Z"},
		"an hour":                 {time.Hour, "", "2026-11-12T08:30:00Z", "2026-11-12T08:00:00Z", "2026-11-12T09:00:00Z"},
		"a zone of half hours":    {6 * time.Hour, "Asia/Kolkata", "2026-11-12T08:00:00Z", "2026-11-12T06:30:00Z", "2026-11-12T12:30:00Z"},
		"the last of 25 hours":    {6 * time.Hour, "Europe/Berlin", "2026-10-25T22:30:00Z", "2026-10-25T16:00:00Z", "2026-10-25T23:00:00Z"},
		"the last of 23 hours":    {6 * time.Hour, "Europe/Berlin", "2026-03-29T21:00:00Z", "2026-03-29T17:00:00Z", "2026-03-29T22:00:00Z"},
		"an hour that is no more": {time.Hour, "Europe/Berlin", "2026-03-29T21:30:00Z", "2026-03-29T21:00:00Z", "2026-03-29T22:00:00Z"},
	}
	for name, tt := range tests {
		m := Monitor{Every: tt.every, Zone: tt.zone}
		if start, end := m.Period(at(t, tt.in)); !start.Equal(at(t, tt.start)) || !end.Equal(at(t, tt.end)) {
			t.Errorf("%s: %s to %s, want %s to %s", name, start, end, tt.start, tt.end)
		}
	}
}

// Whatever the length and zone, periods follow one another without a hole and without an overlap.
func TestPeriodsFollowOneAnother(t *testing.T) {
	for _, zone := range []string{"", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kathmandu"} {
		for _, every := range []time.Duration{time.Hour, 3 * time.Hour, 12 * time.Hour, Day, 2 * Day, 7 * Day, 31 * Day} {
			m := Monitor{Every: every, Zone: zone}
			if err := m.Check(); err != nil {
				t.Fatal(err)
			}
			_, from := m.Period(at(t, "2026-01-01T00:00:00Z"))
			for until := from.AddDate(1, 0, 0); from.Before(until); {
				start, end := m.Period(from)
				last, same := m.Period(end.Add(-time.Second))
				if !start.Equal(from) || !end.After(start) || !last.Equal(start) || !same.Equal(end) {
					t.Fatalf("%s of %s: from %s on is %s to %s, and its last second is in %s to %s", every, zone, from, start, end, last, same)
				}
				from = end
			}
		}
	}
}

func TestMonitorCheck(t *testing.T) {
	tests := map[string]struct {
		m  Monitor
		ok bool
	}{
		"a day":                  {Monitor{Every: Day}, true},
		"a month":                {Monitor{Every: 31 * Day}, true},
		"too short":              {Monitor{Every: time.Minute}, false},
		"too long":               {Monitor{Every: 32 * Day}, false},
		"no part of a day":       {Monitor{Every: 5 * time.Hour}, false},
		"a day and a half":       {Monitor{Every: 36 * time.Hour}, false},
		"no zone":                {Monitor{Every: Day, Zone: "Mars/Olympus"}, false},
		"a week ago":             {Monitor{Every: Day, Compare: WithLastWeek}, true},
		"three days, a week ago": {Monitor{Every: 3 * Day, Compare: WithLastWeek}, false},
	}
	for name, tt := range tests {
		if err := tt.m.Check(); (err == nil) != tt.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What a monitor keeps and is not as the file says is drift, each with its own words.
func TestDrift(t *testing.T) {
	inv := Investigation{Name: "db", Owner: "o", Monitor: &Monitor{Every: Day}}
	s := Session{Watches: []string{"vnet.a"}, Mechanism: FlowLog, Target: Target{ID: "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/a"},
		Watcher: "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/networkWatchers/w", Storage: "/st", FlowLog: &FlowLogSpec{}}
	started := s
	started.Deadline = Forever
	started.Name = Name{Investigation: inv.Name, Deadline: Forever, Mark: inv.Mark(), Fingerprint: s.Fingerprint()}.String()
	on := Recording{ID: started.ResourceID(), Mechanism: FlowLog, Target: s.Target.ID, Storage: s.Storage, Enabled: true, FlowLog: &FlowLogSpec{}}
	change := func(f func(*Recording)) []Recording { r := on; f(&r); return []Recording{r} }
	other := s
	other.FlowLog = &FlowLogSpec{RetentionDays: 7}
	tests := map[string]struct {
		want   []Session
		have   []Recording
		action Action
	}{
		"as it is":        {[]Session{s}, []Recording{on}, Keep},
		"off":             {[]Session{s}, change(func(r *Recording) { r.Enabled = false }), Update},
		"retargeted":      {[]Session{s}, change(func(r *Recording) { r.Target += "2" }), Update},
		"another account": {[]Session{s}, change(func(r *Recording) { r.Storage += "2" }), Update},
		"edited":          {[]Session{other}, []Recording{on}, Update},
		"deleted":         {[]Session{s}, nil, Create},
		"not selected":    {nil, []Recording{on}, Delete},
		"gone as well":    {nil, nil, Finish},
	}
	prior := Prior{Started: map[string]Known{s.Fingerprint(): {Session: started, Digest: s.Digest(), Recording: &on}}, Watches: []string{"vnet.a"}}
	for name, tt := range tests {
		got := Diff(inv, tt.want, tt.have, prior, at(t, "2026-11-12T08:00:00Z"))
		if len(got) != 1 || got[0].Action != tt.action {
			t.Errorf("%s: %+v, want %s", name, got, tt.action)
		}
	}
}
