package plan

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestContain(t *testing.T) {
	hub, db := logOf(vnet), Session{Watches: []string{"vm.db"}, Mechanism: PacketCapture, Target: Target{ID: vm}, Storage: account, Capture: &CaptureSpec{}}
	there := ours(hub, noon.Add(time.Hour))
	running := Change{Keep, "is there", &hub, &there}
	about := Finding{Code: MachineOff, Severity: Error, Summary: "Machine is off", Watch: "vm.db", Target: vm}
	tests := map[string]struct {
		changes  []Change
		finding  Finding
		actions  []Action
		blocking bool
	}{
		"nothing runs":            {[]Change{{Create, "", &db, nil}}, about, []Action{Create}, true},
		"something runs":          {[]Change{running, {Create, "", &db, nil}}, about, []Action{Keep, Leave}, false},
		"about another watch":     {[]Change{running, {Create, "", &db, nil}}, Finding{Severity: Error, Watch: "vm.other"}, []Action{Keep, Create}, false},
		"about all":               {[]Change{running, {Create, "", &db, nil}}, Finding{Severity: Error}, []Action{Keep, Leave}, false},
		"what would be replaced":  {[]Change{{Replace, "", &hub, &there}}, Finding{Severity: Error, Watch: "vnet.hub"}, []Action{Keep}, false},
		"a warning stops nothing": {[]Change{running, {Create, "", &db, nil}}, Finding{Severity: Warning, Watch: "vm.db"}, []Action{Keep, Create}, false},
	}
	for name, tt := range tests {
		p := Plan{Changes: tt.changes, Findings: []Finding{tt.finding}}
		p.Contain()
		var got []Action
		for _, c := range p.Changes {
			got = append(got, c.Action)
		}
		if diff := cmp.Diff(tt.actions, got); diff != "" || Blocking(p.Findings) != tt.blocking {
			t.Errorf("%s: blocking %v, actions (-want +got):\n%s", name, Blocking(p.Findings), diff)
		}
	}
}

func TestLate(t *testing.T) {
	capture := ours(Session{Watches: []string{"vm.db"}, Mechanism: PacketCapture, Target: Target{ID: vm}, Watcher: watcher, Storage: account, Capture: &CaptureSpec{}}, noon.Add(time.Minute))
	kept := SessionOf(capture)
	many := func(n, watchers int) []Change {
		var out []Change
		for i := range n {
			s := logOf(vnet)
			s.Watcher = ID(fmt.Sprint(watcher, i%watchers))
			out = append(out, Change{Create, "", &s, nil})
		}
		return out
	}
	agent := Session{Watches: []string{"vm.a"}, Mechanism: PacketCapture, Watcher: watcher, InstallAgent: "Linux"}
	tests := map[string]struct {
		changes []Change
		start   time.Duration // of the window, before noon
		window  time.Duration
		want    string
	}{
		"few":                        {many(3, 1), 0, time.Hour, ""},
		"many":                       {many(60, 1), 0, 10 * time.Minute, StartsLate},
		"too many":                   {many(1000, 1), 0, 10 * time.Minute, StartsTooLate},
		"too many, but side by side": {many(1000, 20), 0, 30 * time.Minute, ""},
		"too many, as measured":      {many(60, 1), 0, 10 * time.Minute, StartsLate},
		"an agent takes longer":      {[]Change{{Create, "", &agent, nil}}, 0, time.Minute, StartsTooLate},
		"an agent":                   {[]Change{{Create, "", &agent, nil}}, 0, 5 * time.Minute, StartsLate},
		"over":                       {many(3, 1), 0, -time.Minute, ""},
		"began already":              {many(1, 1), time.Hour, 2 * time.Hour, StartsLate},
		"a capture runs":             {[]Change{{Keep, "", &kept, &capture}}, 0, time.Hour, WindowFixed},
	}
	for name, tt := range tests {
		p := Plan{Made: noon, Ends: noon.Add(tt.window - tt.start), Changes: tt.changes}
		if tt.start > 0 {
			p.Investigation.Start = noon.Add(-tt.start)
		}
		var got string
		for _, f := range p.Late(Pace{}) {
			got += f.Code
		}
		if got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

// TestPace: what was measured counts instead of the usual.
func TestPace(t *testing.T) {
	var changes []Change
	for range 60 {
		changes = append(changes, Change{Create, "", &Session{Watches: []string{"vnet.a"}, Mechanism: FlowLog, Watcher: watcher}, nil})
	}
	p := Plan{Made: noon, Ends: noon.Add(10 * time.Minute), Changes: changes}
	for pace, want := range map[Pace]string{
		{}:                                      StartsLate,
		{Log: time.Second, Measured: true}:      "",
		{Log: 20 * time.Second, Measured: true}: StartsTooLate,
		{Capture: time.Hour, Measured: true}:    StartsLate,
	} {
		var got string
		for _, f := range p.Late(pace) {
			got += f.Code
			if pace.Measured != strings.Contains(f.Detail, "as measured") {
				t.Errorf("%+v: %s", pace, f.Detail)
			}
		}
		if got != want {
			t.Errorf("%+v: %q, want %q", pace, got, want)
		}
	}
}

func TestRemember(t *testing.T) {
	nic := func(id ID, addr string) NIC { return NIC{ID: id, Addresses: []netip.Addr{netip.MustParseAddr(addr)}} }
	set := func(ids ...ID) []ScaleSet {
		s := ScaleSet{ID: "/set"}
		for _, id := range ids {
			s.Instances = append(s.Instances, Instance{ID: id})
		}
		return []ScaleSet{s}
	}
	now := Inventory{VMs: []VM{{ID: "/b"}}, NICs: []NIC{nic("/nb", "10.0.0.2")}, ScaleSets: set("/set/0")}
	now.Remember(&Inventory{VMs: []VM{{ID: "/A"}, {ID: "/B"}}, NICs: []NIC{nic("/na", "10.0.0.1"), nic("/nc", "10.0.0.2")}, ScaleSets: set("/set/0", "/set/1")})
	want := Inventory{VMs: []VM{{ID: "/b"}, {ID: "/A"}}, NICs: []NIC{nic("/nb", "10.0.0.2"), nic("/na", "10.0.0.1"), nic("/nc", "10.0.0.2")}, ScaleSets: set("/set/0", "/set/1")}
	if diff := cmp.Diff(want, now, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
		t.Errorf("inventory (-want +got):\n%s", diff)
	}
}

// TestRememberTimes wants of interfaces, over three looks, which of them found each first and
// last, where not all did.
func TestRememberTimes(t *testing.T) {
	look := func(n int, ids ...ID) *Inventory {
		inv := &Inventory{Read: time.Unix(int64(n)*600, 0).UTC()}
		for _, id := range ids {
			inv.NICs = append(inv.NICs, NIC{ID: id})
		}
		return inv
	}
	first, second, third := look(1, "/a", "/b", "/c"), look(2, "/a", "/d"), look(3, "/a", "/b", "/e")
	second.Remember(first)
	third.Remember(second)
	at := func(n int) time.Time { return time.Unix(int64(n)*600, 0).UTC() }
	got := map[ID][2]time.Time{}
	for _, n := range third.NICs {
		got[n.ID] = [2]time.Time{n.Since, n.Until}
	}
	want := map[ID][2]time.Time{"/a": {}, "/b": {at(3), {}}, "/c": {{}, at(1)}, "/d": {at(2), at(2)}, "/e": {at(3), {}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
