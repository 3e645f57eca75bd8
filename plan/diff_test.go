package plan

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const (
	subscription = ID("/subscriptions/11111111-2222-3333-4444-555555555555")
	vnet         = subscription + "/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/hub"
	subnet       = vnet + "/subnets/web"
	watcher      = subscription + "/resourceGroups/NetworkWatcherRG/providers/Microsoft.Network/networkWatchers/NetworkWatcher_westeurope"
	account      = subscription + "/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/logs"
	vm           = subscription + "/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/db"
)

var spike = Investigation{Name: "spike", Owner: "netops@example.com"}

var noon = time.Date(2026, 11, 12, 12, 0, 0, 0, time.UTC)

func logOf(target ID) Session {
	return Session{
		Watches: []string{"vnet.hub"}, Why: "asked for", Mechanism: FlowLog, Target: Target{Kind: "vnet", ID: target, Location: "westeurope"},
		Watcher: watcher, Storage: account, FlowLog: &FlowLogSpec{},
	}
}

// ours is the recording that flowctl makes for s with the given deadline.
func ours(s Session, deadline time.Time) Recording {
	s.Name = Name{spike.Name, deadline, spike.Mark(), s.Fingerprint()}.String()
	return Recording{ID: s.ResourceID(), Mechanism: s.Mechanism, Target: s.Target.ID, Storage: s.Storage, Enabled: true, FlowLog: s.FlowLog, Capture: s.Capture}
}

func foreign(name string, target ID) Recording {
	return Recording{ID: watcher + ID("/flowLogs/"+name), Mechanism: FlowLog, Target: target, Storage: account, Enabled: true, FlowLog: &FlowLogSpec{RetentionDays: 7}}
}

func TestDiff(t *testing.T) {
	hub := logOf(vnet)
	inner := logOf(subnet)
	inner.Within = []ID{vnet}
	disabled := foreign("corp", vnet)
	disabled.Enabled = false
	part := foreign("corp", subnet)
	part.Within = []ID{vnet}
	moved := ours(hub, noon.Add(time.Hour))
	moved.Storage += "2"
	otherCase := ours(hub, noon.Add(time.Hour))
	otherCase.Target = ID("/SUBSCRIPTIONS" + string(vnet[len("/subscriptions"):]))
	other := ours(hub, noon.Add(time.Hour))
	other.ID = watcher + ID("/flowLogs/"+Name{"another", noon.Add(time.Hour), "", hub.Fingerprint()}.String())
	orphan := ours(logOf(subnet), noon.Add(time.Hour))

	tests := map[string]struct {
		want      []Session
		have      []Recording
		collected map[string]string
		actions   []Action
	}{
		"nothing":                    {nil, nil, nil, nil},
		"new":                        {[]Session{hub}, nil, nil, []Action{Create}},
		"running":                    {[]Session{hub}, []Recording{ours(hub, noon.Add(time.Hour))}, nil, []Action{Keep}},
		"running, other case":        {[]Session{hub}, []Recording{otherCase}, nil, []Action{Keep}},
		"over":                       {[]Session{hub}, []Recording{ours(hub, noon)}, nil, []Action{Finish}},
		"edited":                     {[]Session{hub}, []Recording{moved}, nil, []Action{Replace}},
		"not selected any more":      {nil, []Recording{orphan}, nil, []Action{Keep}},
		"another investigation's":    {nil, []Recording{other}, nil, nil},
		"another's covers":           {[]Session{hub}, []Recording{other}, nil, []Action{Create}},
		"somebody's on target":       {[]Session{hub}, []Recording{foreign("corp", vnet)}, nil, []Action{Reuse}},
		"somebody's on the holder":   {[]Session{inner}, []Recording{foreign("corp", vnet)}, nil, []Action{Reuse}},
		"somebody's on a part":       {[]Session{hub}, []Recording{part}, nil, []Action{Create, Reuse}},
		"somebody's, switched off":   {[]Session{hub}, []Recording{disabled}, nil, []Action{Create}},
		"collected":                  {[]Session{hub}, nil, map[string]string{hub.Fingerprint(): hub.Digest()}, []Action{Leave}},
		"collected, edited since":    {[]Session{hub}, nil, map[string]string{hub.Fingerprint(): "other"}, []Action{Create}},
		"collected, but still there": {[]Session{hub}, []Recording{ours(hub, noon)}, map[string]string{hub.Fingerprint(): hub.Digest()}, []Action{Finish}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			var got []Action
			for _, c := range Diff(spike, tc.want, tc.have, Prior{Collected: tc.collected}, noon) {
				got = append(got, c.Action)
			}
			if diff := cmp.Diff(tc.actions, got); diff != "" {
				t.Errorf("actions (-want +got):\n%s", diff)
			}
		})
	}
}

// TestDiffFollowsWhatWasStarted: whatever becomes of file and target, what was
// started is neither forgotten nor started twice nor taken by somebody else.
func TestDiffFollowsWhatWasStarted(t *testing.T) {
	hub := logOf(vnet)
	core := hub
	core.Watches = []string{"vnet.core"}
	box := noon.Add(time.Hour)
	there := ours(hub, box)
	edited := hub
	edited.FlowLog = &FlowLogSpec{RetentionDays: 3}
	elsewhere := there
	elsewhere.Storage += "2"
	theirs := there
	theirs.ID = watcher + ID("/flowLogs/"+Name{"spike", box, Investigation{Name: "spike", Owner: "other"}.Mark(), hub.Fingerprint()}.String())
	tagged := there
	tagged.Tags = map[string]string{TagOwner: "other"}
	started := hub
	started.Name, started.Deadline = there.ID.Name(), box
	ledger := map[string]Known{hub.Fingerprint(): {Session: started, Digest: hub.Digest(), Recording: &there}}
	both := []string{"vnet.hub", "vnet.core"}

	tests := map[string]struct {
		want  []Session
		have  []Recording
		prior Prior
		want2 []Action
		name  string // of the session of the first change
	}{
		"its target is gone":               {nil, []Recording{there}, Prior{Started: ledger, Watches: both}, []Action{Keep}, there.ID.Name()},
		"its watch is gone":                {nil, []Recording{there}, Prior{Started: ledger, Watches: []string{"vm.b"}}, []Action{Delete}, there.ID.Name()},
		"its watch is gone, ledger lost":   {nil, []Recording{there}, Prior{Watches: []string{"vm.b"}}, []Action{Keep}, there.ID.Name()},
		"its watch has another name":       {[]Session{core}, []Recording{there}, Prior{Started: ledger, Watches: []string{"vnet.core"}}, []Action{Keep}, there.ID.Name()},
		"another name, ledger lost":        {[]Session{core}, []Recording{there}, Prior{Watches: []string{"vnet.core"}}, []Action{Keep}, there.ID.Name()},
		"another name, as the file says":   {[]Session{core}, []Recording{there}, Prior{Started: ledger, Watches: both, Moved: map[string]string{"vnet.core": "vnet.hub"}}, []Action{Keep}, there.ID.Name()},
		"another watch wants the same too": {[]Session{hub, core}, []Recording{there}, Prior{Started: ledger, Watches: both}, []Action{Keep, Create}, there.ID.Name()},
		"somebody deleted it":              {[]Session{hub}, nil, Prior{Started: ledger, Watches: both}, []Action{Finish}, there.ID.Name()},
		"the file was edited":              {[]Session{edited}, []Recording{there}, Prior{Started: ledger, Watches: both}, []Action{Replace}, ""},
		"somebody changed it":              {[]Session{hub}, []Recording{elsewhere}, Prior{Started: ledger, Watches: both}, []Action{Keep}, there.ID.Name()},
		"another owner's":                  {[]Session{hub}, []Recording{theirs}, Prior{Watches: both}, []Action{Create}, ""},
		"another owner's, by its tags":     {nil, []Recording{tagged}, Prior{Watches: both}, nil, ""},
		"collected under another name":     {[]Session{core}, nil, Prior{Past: []Known{{Session: hub, Digest: hub.Digest()}}, Watches: []string{"vnet.core"}}, []Action{Leave}, ""},
		"collected, moved":                 {[]Session{core}, nil, Prior{Past: []Known{{Session: hub, Digest: hub.Digest()}}, Watches: both, Moved: map[string]string{"vnet.core": "vnet.hub"}}, []Action{Leave}, ""},
		"collected by another watch":       {[]Session{core}, nil, Prior{Past: []Known{{Session: hub, Digest: hub.Digest()}}, Watches: both}, []Action{Create}, ""},
		"collected, edited, renamed":       {[]Session{core}, nil, Prior{Past: []Known{{Session: hub, Digest: edited.Digest()}}, Watches: []string{"vnet.core"}}, []Action{Create}, ""},
		"too late":                         {[]Session{core}, nil, Prior{Watches: both, Over: noon}, []Action{Leave}, ""},
	}
	for name, tt := range tests {
		changes := Diff(spike, tt.want, tt.have, tt.prior, noon)
		var got []Action
		for _, c := range changes {
			got = append(got, c.Action)
		}
		if diff := cmp.Diff(tt.want2, got); diff != "" {
			t.Errorf("%s: actions (-want +got):\n%s", name, diff)
		} else if tt.name != "" && changes[0].Session.ResourceID() != there.ID {
			t.Errorf("%s: session is %s, want that of %s", name, changes[0].Session.ResourceID(), there.ID)
		}
	}
}

func TestTimeBox(t *testing.T) {
	tests := map[string]struct {
		inv        Investigation
		start, end time.Time
	}{
		"window":             {Investigation{Window: time.Hour}, noon, noon.Add(time.Hour)},
		"start and end":      {Investigation{Start: noon.Add(-time.Hour), End: noon.Add(time.Minute), Window: 61 * time.Minute}, noon.Add(-time.Hour), noon.Add(time.Minute)},
		"start to come":      {Investigation{Start: noon.Add(time.Hour), Window: time.Hour}, noon.Add(time.Hour), noon.Add(2 * time.Hour)},
		"parts of a second":  {Investigation{Window: 1500 * time.Millisecond}, noon, noon.Add(time.Second)},
		"end, started later": {Investigation{End: noon.Add(time.Minute), Window: time.Hour}, noon, noon.Add(time.Minute)},
	}
	for name, tt := range tests {
		if start, end := tt.inv.TimeBox(noon); !start.Equal(tt.start) || !end.Equal(tt.end) {
			t.Errorf("%s: %s to %s, want %s to %s", name, start, end, tt.start, tt.end)
		}
	}
}

func TestDiffDoesNotDependOnOrder(t *testing.T) {
	a, b := foreign("a", vnet), foreign("b", vnet)
	orphan1, orphan2 := ours(logOf(subnet), noon), ours(logOf(subnet+"2"), noon)
	have := []Recording{a, orphan1, b, orphan2}
	first := Diff(spike, []Session{logOf(vnet)}, have, Prior{}, noon)
	slices.Reverse(have)
	if diff := cmp.Diff(first, Diff(spike, []Session{logOf(vnet)}, have, Prior{}, noon)); diff != "" {
		t.Errorf("changes depend on the order of what is there (-one +other):\n%s", diff)
	}
}

func TestDiffers(t *testing.T) {
	capture := Session{Mechanism: PacketCapture, Target: Target{ID: vm}, Storage: account, Capture: &CaptureSpec{MaxBytes: 1, Duration: time.Minute}}
	same := Recording{Target: vm, Storage: account, Capture: &CaptureSpec{MaxBytes: 1, Duration: time.Minute, Filters: []CaptureFilter{}}}
	if got := Differs(capture, same); got != "" {
		t.Errorf("equal settings differ in %q", got)
	}
	explicit := capture
	explicit.Capture = &CaptureSpec{MaxBytes: 1, Duration: time.Minute, Filters: []CaptureFilter{{Protocol: "Any", LocalPort: "53"}}}
	same.Capture.Filters = []CaptureFilter{{LocalPort: "53"}}
	if got := Differs(explicit, same); got != "" {
		t.Errorf("any protocol and none differ in %q", got)
	}
	same.Capture = &CaptureSpec{MaxBytes: 2, Duration: time.Minute}
	if got, want := Differs(capture, same), "max bytes"; got != want {
		t.Errorf("Differs = %q, want %q", got, want)
	}
}

func TestName(t *testing.T) {
	n := Name{"egress-spike", noon, "abcdef", "0123456789"}
	got, ok := ParseName(n.String())
	if !ok || got != n {
		t.Errorf("ParseName(%q) = %v, %v", n, got, ok)
	}
	for _, s := range []string{"", "flowctl", "corp-flowlog", "flowctl_x_20261112T120000Z_012345678", "flowctl_X_20261112T120000Z_0123456789", "flowctl_x_20261312T120000Z_0123456789"} {
		if n, ok := ParseName(s); ok {
			t.Errorf("ParseName(%q) = %v, want none", s, n)
		}
	}
}

func TestID(t *testing.T) {
	tests := map[string]struct {
		id                       ID
		group, typ, name, subscr string
		parent                   ID
	}{
		"child":      {subnet, "rg", "Microsoft.Network/virtualNetworks/subnets", "web", "11111111-2222-3333-4444-555555555555", vnet},
		"top":        {vnet, "rg", "Microsoft.Network/virtualNetworks", "hub", "11111111-2222-3333-4444-555555555555", ""},
		"other case": {"/SUBSCRIPTIONS/S/RESOURCEGROUPS/G/PROVIDERS/MICROSOFT.NETWORK/NETWORKSECURITYGROUPS/N/", "G", "MICROSOFT.NETWORK/NETWORKSECURITYGROUPS", "N", "S", ""},
		"no id":      {"web", "", "", "web", "", ""},
		"empty":      {"", "", "", "", "", ""},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got := []string{tc.id.ResourceGroup(), tc.id.Type(), tc.id.Name(), tc.id.Subscription(), string(tc.id.Parent())}
			if diff := cmp.Diff([]string{tc.group, tc.typ, tc.name, tc.subscr, string(tc.parent)}, got); diff != "" {
				t.Errorf("parts (-want +got):\n%s", diff)
			}
		})
	}
}
