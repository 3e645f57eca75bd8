package ledger

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowctl/plan"
)

// TestGaps shows when a log did not record, in minutes of a window of an hour.
func TestGaps(t *testing.T) {
	noon := time.Date(2026, 11, 12, 12, 0, 0, 0, time.UTC)
	at := func(minute int) time.Time { return noon.Add(time.Duration(minute) * time.Minute) }
	change := func(minute int, what What, text string, targets ...plan.ID) Change {
		return Change{At: at(minute), What: what, Text: text, Targets: targets}
	}
	log := plan.Session{Mechanism: plan.FlowLog}
	for name, tt := range map[string]struct {
		entry Entry
		want  []string
	}{
		"whole":                   {Entry{Session: log, Created: at(-1)}, nil},
		"late":                    {Entry{Session: log, Created: at(5)}, []string{"0 to 5: not started yet"}},
		"somebody else's is late": {Entry{Session: log, Created: at(5), Reused: true}, nil},
		"ended before":            {Entry{Session: log, Created: noon, Ended: &Ended{At: at(40)}}, []string{"40 to 60: it ended before"}},
		"ended in time":           {Entry{Session: log, Created: noon, Ended: &Ended{At: at(61)}}, nil},
		"off and on": {Entry{Session: log, Created: noon, Changes: []Change{change(10, Switched, ""), change(20, SwitchedOn, ""), change(50, Switched, "")}},
			[]string{"10 to 20: switched off by somebody else", "50 to 60: switched off by somebody else"}},
		"deleted":  {Entry{Session: log, Reused: true, Changes: []Change{change(30, Deleted, "")}}, []string{"30 to 60: deleted by somebody else"}},
		"settings": {Entry{Session: log, Created: noon, Changes: []Change{change(30, Settings, "filter")}}, nil},
		"elsewhere": {Entry{Session: log, Created: noon, Changes: []Change{change(30, Moved, "it writes to a"), change(40, Moved, "it writes to b")}},
			[]string{"30 to 40: storage account changed by somebody else", "40 to 60: storage account changed by somebody else"}},
		"taken over": {Entry{Session: log, Created: noon, Changes: []Change{
			change(10, TakenOver, "nic-log on nic-web", "/nic-web"), change(20, TakenOver, "nic-log on nic-web, sub-log on apps", "/nic-web", "/apps"), change(30, Returned, ""),
		}}, []string{"10 to 20: nic-log took over [/nic-web]", "20 to 30: nic-log, sub-log took over [/nic-web /apps]"}},
		"before the window": {Entry{Session: log, Created: at(-9), Changes: []Change{change(-5, Switched, ""), change(3, SwitchedOn, "")}},
			[]string{"0 to 3: switched off by somebody else"}},
		"a capture": {Entry{Session: plan.Session{Mechanism: plan.PacketCapture}, Created: at(5), Ended: &Ended{At: at(9)}}, nil},
	} {
		var got []string
		for _, g := range tt.entry.Gaps(noon, at(60)) {
			s := fmt.Sprintf("%.0f to %.0f: %s", g.From.Sub(noon).Minutes(), g.To.Sub(noon).Minutes(), g.Why)
			if g.Targets != nil {
				s += fmt.Sprint(" ", g.Targets)
			}
			got = append(got, s)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: -want +got\n%s", name, diff)
		}
	}
}
