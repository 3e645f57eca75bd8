package ledger

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowctl/plan"
)

// TestInstead shows of which minutes, of a window of an hour, another log is read.
func TestInstead(t *testing.T) {
	noon := time.Date(2026, 11, 12, 12, 0, 0, 0, time.UTC)
	at := func(minute int) time.Time { return noon.Add(time.Duration(minute) * time.Minute) }
	log := func(name string, target plan.ID, within ...plan.ID) plan.Session {
		return plan.Session{Name: name, Mechanism: plan.FlowLog, Target: plan.Target{ID: target}, Within: within}
	}
	ours := func(changes ...Change) *Entry {
		return &Entry{Session: log("ours", "/hub"), Created: noon, Changes: changes}
	}
	took := func(name string, since int, target plan.ID, changes ...Change) *Entry {
		return &Entry{Session: log(name, target, "/hub"), Reused: true, Created: at(since), Since: at(since), Changes: changes}
	}
	gone := func(minute int) Change { return Change{At: at(minute), What: Deleted} }
	for name, tt := range map[string]struct {
		of    *Entry
		other *Entry
		want  []string
	}{
		"a part is taken over":           {ours(), took("nic-log", 10, "/nic"), []string{"10 to 60: nic-log is read [/nic]"}},
		"and is its own again":           {ours(Change{At: at(30), What: Returned}), took("nic-log", 10, "/nic"), []string{"10 to 30: nic-log is read [/nic]"}},
		"and the other one is deleted":   {ours(), took("nic-log", 10, "/nic", gone(20)), []string{"10 to 20: nic-log is read [/nic]"}},
		"all is, after ours was deleted": {ours(gone(5)), took("vnet-log", 10, "/hub"), []string{"10 to 60: vnet-log is read"}},
		"something else is recorded":     {ours(), &Entry{Session: log("spoke", "/spoke"), Created: noon, Reused: true}, nil},
		"it is the same log":             {took("nic-log", 10, "/nic"), took("nic-log", 10, "/nic"), nil},
		"a capture":                      {ours(gone(5)), &Entry{Session: plan.Session{Name: "c", Mechanism: plan.PacketCapture, Target: plan.Target{ID: "/hub"}}, Created: noon}, nil},
		"never there":                    {ours(gone(5)), &Entry{Session: log("x", "/hub")}, nil},
		"ours comes after somebody's":    {&Entry{Session: log("ours", "/hub"), Created: at(20)}, &Entry{Session: log("soc", "/hub"), Reused: true, Created: noon, Changes: []Change{gone(15)}}, []string{"0 to 15: soc is read"}},
		"somebody's was before ours":     {&Entry{Session: log("soc", "/hub"), Reused: true, Created: noon, Changes: []Change{gone(15)}}, &Entry{Session: log("ours", "/hub"), Created: at(20)}, []string{"20 to 60: ours is read"}},
		"off and on while ours is there": {&Entry{Session: log("soc", "/hub"), Reused: true, Created: noon, Changes: []Change{{At: at(15), What: Switched}, {At: at(40), What: SwitchedOn}}}, &Entry{Session: log("ours", "/hub"), Created: at(20), Ended: &Ended{At: at(30)}}, []string{"20 to 30: ours is read"}},
	} {
		run := Run{Started: noon, Ends: at(60), Sessions: map[string]*Entry{"of": tt.of, "other": tt.other}}
		var got []string
		for _, g := range run.Instead(tt.of) {
			s := fmt.Sprintf("%.0f to %.0f: %s", g.From.Sub(noon).Minutes(), g.To.Sub(noon).Minutes(), g.Why)
			if g.Targets != nil {
				s += fmt.Sprint(" ", g.Targets)
			}
			if !g.Read {
				s += ", not read"
			}
			got = append(got, s)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: -want +got\n%s", name, diff)
		}
	}
}
