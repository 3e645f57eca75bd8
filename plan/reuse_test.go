package plan

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// What others record is read beside what was started, and what was read once is
// followed whatever becomes of it.
func TestDiffReadsOthers(t *testing.T) {
	hub, nic := logOf(vnet), ID("/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/networkInterfaces/nic")
	hub.Within = []ID{"/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/holder"}
	end := noon.Add(time.Hour)
	own := ours(hub, end)
	off := own
	off.Enabled = false
	part := foreign("part", nic)
	part.Within = []ID{vnet}
	gone := foreign("gone", vnet)
	disabled := gone
	disabled.Enabled = false
	read := func(r Recording, s Session) Known {
		s.Name = r.ID.Name()
		return Known{Session: s, Digest: s.Digest(), Recording: &r}
	}
	another := foreign("x", nic)
	another.ID = watcher + ID("/flowLogs/"+Name{"another", end, "", "0000000000"}.String())
	another.Within = []ID{vnet}
	for name, tt := range map[string]struct {
		want  []Session
		have  []Recording
		prior Prior
		now   time.Time
		told  []string
	}{
		"a part is taken over":          {[]Session{hub}, []Recording{own, part}, Prior{}, noon, []string{"~ hub", "= nic by part"}},
		"by another investigation":      {[]Session{hub}, []Recording{own, another}, Prior{}, noon, []string{"~ hub", "= nic by " + another.ID.Name()}},
		"somebody's on ours":            {[]Session{hub}, []Recording{own, gone}, Prior{}, noon, []string{"~ hub"}},
		"somebody's, and ours is off":   {[]Session{hub}, []Recording{off, gone}, Prior{}, noon, []string{"~ hub", "= hub by gone"}},
		"after the end":                 {[]Session{hub}, []Recording{own, part}, Prior{}, end, []string{"> hub"}},
		"read, deleted since":           {[]Session{hub}, nil, Prior{Reading: []Known{read(gone, hub)}}, noon, []string{"+ hub", "= hub by gone"}},
		"read, switched off since":      {[]Session{hub}, []Recording{disabled}, Prior{Reading: []Known{read(gone, hub)}}, noon, []string{"= hub by gone"}},
		"switched off and never read":   {[]Session{hub}, []Recording{disabled}, Prior{}, noon, []string{"+ hub"}},
		"read, the window is over":      {[]Session{hub}, []Recording{gone}, Prior{Over: noon, Reading: []Known{read(gone, hub)}}, noon, []string{"= hub by gone"}},
		"deleted, the window is over":   {[]Session{hub}, nil, Prior{Over: noon, Reading: []Known{read(gone, hub)}}, noon, []string{". hub", "= hub by gone"}},
		"no ledger, the window is over": {[]Session{hub}, []Recording{gone}, Prior{Over: noon}, noon, []string{"= hub by gone"}},
		"a part, the window is over":    {[]Session{hub}, []Recording{part}, Prior{Over: noon}, noon, []string{". hub", "= nic by part"}},
		"never recorded, and over":      {[]Session{hub}, nil, Prior{Over: noon}, noon, []string{". hub"}},
		"read, selected no more":        {nil, []Recording{gone}, Prior{Watches: []string{"vnet.hub"}, Reading: []Known{read(gone, hub)}}, noon, []string{"= hub by gone"}},
		"read, its watch is gone":       {nil, []Recording{gone}, Prior{Watches: []string{}, Reading: []Known{read(gone, hub)}}, noon, nil},
		"a part that went away again":   {[]Session{hub}, []Recording{own}, Prior{Reading: []Known{read(part, partOf(hub, part))}}, noon, []string{"~ hub", "= nic by part"}},
		"recovered by its name alone":   {nil, []Recording{gone}, Prior{Reading: []Known{{Session: read(gone, hub).Session}}}, noon, []string{"= hub by gone"}},
		"recovered, and not there":      {nil, nil, Prior{Reading: []Known{{Session: read(gone, hub).Session}}}, noon, nil},
	} {
		var got []string
		for _, c := range Diff(spike, tt.want, tt.have, tt.prior, tt.now) {
			text := fmt.Sprintf("%s %s", c.Action, c.Target().Name())
			if c.Action == Reuse {
				text += " by " + c.Recording.ID.Name()
			}
			got = append(got, text)
		}
		if diff := cmp.Diff(tt.told, got); diff != "" {
			t.Errorf("%s: -want +got\n%s", name, diff)
		}
	}
}

func partOf(s Session, r Recording) Session { return part(s, r) }

// A capture tells its watch by the fingerprint in its name alone.
func TestDiffKnowsTheWatchOfACapture(t *testing.T) {
	s := Session{Watches: []string{"vm.web"}, Mechanism: PacketCapture, Target: Target{Kind: "vm", ID: vm}, Watcher: watcher, Storage: account, Capture: &CaptureSpec{}}
	r := ours(s, noon.Add(time.Hour))
	for name, tt := range map[string]struct {
		prior Prior
		want  string
	}{
		"of the file":          {Prior{Watches: []string{"vm.db", "vm.web"}}, "vm.web"},
		"that was moved":       {Prior{Watches: []string{"vm.front"}, Moved: map[string]string{"vm.front": "vm.web"}}, "vm.web"},
		"that nobody knows":    {Prior{Watches: []string{"vm.db"}}, "unknown"},
		"and nothing is known": {Prior{}, "unknown"},
	} {
		changes := Diff(spike, nil, []Recording{r}, tt.prior, noon)
		if len(changes) != 1 || changes[0].Session.Watches[0] != tt.want {
			t.Errorf("%s: %+v, want watch %s", name, changes, tt.want)
		}
	}
}
