package plan

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const pastGroup = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/"

// TestPast reads, of a window that is over, what anybody recorded, and creates nothing.
func TestPast(t *testing.T) {
	vnet, subnet, nic, nsg := ID(pastGroup+"virtualNetworks/v"), ID(pastGroup+"virtualNetworks/v/subnets/a"), ID(pastGroup+"networkInterfaces/n"), ID(pastGroup+"networkSecurityGroups/x")
	log := func(name string, target ID, change func(*Recording)) Recording {
		r := Recording{ID: pastGroup + "networkWatchers/w/flowLogs/" + ID(name), Mechanism: FlowLog, Target: target, Enabled: true}
		if change != nil {
			change(&r)
		}
		return r
	}
	session := func(target ID, within ...ID) Session {
		return Session{Mechanism: FlowLog, Target: Target{ID: target, Kind: kindOf(target)}, Within: within, Watches: []string{"w"}, FlowLog: &FlowLogSpec{}}
	}
	off := func(r *Recording) { r.Enabled = false }
	guards := func(r *Recording) { r.Guards, r.GuardsIn = []ID{subnet}, []ID{vnet} }
	inSubnet := func(r *Recording) { r.Within = []ID{vnet} }
	tests := map[string]struct {
		s    Session
		have []Recording
		want []string
	}{
		"on it":            {session(vnet), []Recording{log("l", vnet, nil)}, []string{"= v by l"}},
		"off by now":       {session(vnet), []Recording{log("l", vnet, off)}, []string{"= v by l"}},
		"around it":        {session(nic, subnet, vnet), []Recording{log("l", vnet, nil), log("m", subnet, inSubnet)}, []string{"= n by l", "= n by m"}},
		"a part of it":     {session(vnet), []Recording{log("m", subnet, inSubnet)}, []string{"= a by m"}},
		"an NSG over it":   {session(nic, subnet, vnet), []Recording{log("g", nsg, guards)}, []string{"= n by g"}},
		"an NSG in it":     {session(vnet), []Recording{log("g", nsg, guards)}, []string{"= v by g"}},
		"an NSG elsewhere": {session(nic, vnet+"/subnets/b", vnet), []Recording{log("g", nsg, guards)}, []string{". n"}},
		"nobody":           {session(vnet), nil, []string{". v"}},
	}
	for name, tt := range tests {
		var got []string
		for _, c := range Diff(Investigation{Name: "i", Past: true}, []Session{tt.s}, tt.have, Prior{}, time.Unix(0, 0)) {
			line := string(c.Action) + " " + c.Target().Name()
			if c.Recording != nil {
				line += " by " + c.Recording.ID.Name()
			}
			got = append(got, line)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestEarlier records what is to come, and reads what there is until now.
func TestEarlier(t *testing.T) {
	vnet, nsg, now := ID(pastGroup+"virtualNetworks/v"), ID(pastGroup+"networkSecurityGroups/x"), time.Unix(100_000, 0)
	old := Recording{ID: pastGroup + "networkWatchers/w/flowLogs/g", Mechanism: FlowLog, Target: nsg, Enabled: true, GuardsIn: []ID{vnet}}
	s := Session{Mechanism: FlowLog, Target: Target{ID: vnet, Kind: "vnet"}, Watches: []string{"w"}, FlowLog: &FlowLogSpec{}}
	for begins, want := range map[time.Duration]string{-time.Hour: "+=", time.Hour: "+"} {
		got := ""
		for _, c := range Diff(Investigation{Name: "i", Start: now.Add(begins), End: now.Add(2 * time.Hour)}, []Session{s}, []Recording{old}, Prior{}, now) {
			got += string(c.Action)
		}
		if got != want {
			t.Errorf("a window that begins %s from now: got %q, want %q", begins, got, want)
		}
	}
}

// TestGaps names the hours of which no source has anything; what could not be listed is unknown.
func TestGaps(t *testing.T) {
	v, at := ID(pastGroup+"virtualNetworks/v"), time.Date(2026, 11, 12, 3, 30, 0, 0, time.UTC)
	hour := func(h int) Hour {
		return Hour{Start: at.Truncate(time.Hour).Add(time.Duration(h) * time.Hour), Files: 1, Bytes: 5}
	}
	c := Coverage{From: at, To: at.Add(4 * time.Hour), Rows: []Covered{
		{Target: v, Watches: []string{"vnet.v"}, Source: FromBlobs, Recording: "a", Hours: []Hour{hour(1)}},
		{Target: v, Source: FromNSGBlobs, Recording: "b", Hours: []Hour{hour(1), hour(3)}},
	}}
	found := c.Unrecorded()
	want := "03:30:00Z to 2026-11-12T04:00:00Z, from 2026-11-12T05:00:00Z to 2026-11-12T06:00:00Z, from 2026-11-12T07:00:00Z to 2026-11-12T07:30:00Z"
	if len(found) != 1 || found[0].Code != NotRecorded || found[0].Watch != "vnet.v" || !strings.Contains(found[0].Detail, want) {
		t.Errorf("got %+v, want gaps %s", found, want)
	}
	if n, ok := c.Volume(v, "b"); n != 10 || !ok {
		t.Errorf("volume is %d, %t", n, ok)
	}
	c.Rows[0].Unread = "no permission"
	if found := c.Unrecorded(); len(found) != 0 {
		t.Errorf("what could not be listed is taken for not recorded: %v", found)
	}
}
