package migrate

import (
	"fmt"
	"strings"
	"testing"

	"flowctl/plan"
)

const sub = "/subscriptions/5ab0c1d2-6e3f-4a5b-8c7d-9e0f1a2b3c4d/resourceGroups/rg/providers/Microsoft.Network/"

func subnet(n int) plan.ID { return plan.ID(fmt.Sprintf(sub+"virtualNetworks/v/subnets/s%d", n)) }
func nic(n int) plan.ID    { return plan.ID(fmt.Sprintf(sub+"networkInterfaces/n%d", n)) }
func group(n int) plan.ID  { return plan.ID(fmt.Sprintf(sub+"networkSecurityGroups/g%d", n)) }
func logID(name string) plan.ID {
	return plan.ID(sub + "networkWatchers/w/flowLogs/" + name)
}

// network has one machine in each of so many subnets, each with a group of its own.
func network(subnets int) *plan.Inventory {
	inv := &plan.Inventory{Provider: "azure", Subscription: "5ab0c1d2-6e3f-4a5b-8c7d-9e0f1a2b3c4d"}
	v := plan.VNet{ID: sub + "virtualNetworks/v"}
	for i := range subnets {
		v.Subnets = append(v.Subnets, plan.Subnet{ID: subnet(i), NSG: group(i)})
		inv.NICs = append(inv.NICs, plan.NIC{ID: nic(i), Subnets: []plan.ID{subnet(i)}, VM: plan.ID(fmt.Sprint("vm", i))})
		inv.NSGs = append(inv.NSGs, plan.NSG{ID: group(i), Subnets: []plan.ID{subnet(i)}})
	}
	inv.VNets = []plan.VNet{v}
	return inv
}

// recorded is a flow log on a target.
func recorded(name string, target plan.ID, change func(*plan.Recording)) plan.Recording {
	r := plan.Recording{ID: logID(name), Mechanism: plan.FlowLog, Target: target, Enabled: true, Provisioning: "Succeeded", Location: "westeurope", Storage: "st", FlowLog: &plan.FlowLogSpec{}}
	if change != nil {
		change(&r)
	}
	return r
}

// draw shows what each part of each log has or gets, and then the proposals.
func draw(inv *plan.Inventory, recs ...plan.Recording) string {
	logs := Inventory([]*plan.Inventory{inv}, recs)
	proposals := Propose([]*plan.Inventory{inv}, logs)
	var out []string
	for _, l := range logs {
		for _, p := range l.Parts {
			out = append(out, fmt.Sprintf("%s %s:%s→%s", l.ID.Name(), p.Target.Name(), p.By.Name(), p.Proposed.Name()))
		}
	}
	for _, p := range proposals {
		out = append(out, fmt.Sprintf("+%s %s %d/%d keep %d for %d", p.Kind, p.Target.Name(), p.More, p.Interfaces, p.RetentionDays, len(p.Replaces)))
	}
	return strings.Join(out, "; ")
}

func TestPropose(t *testing.T) {
	both := []plan.Recording{recorded("a", group(0), nil), recorded("b", group(1), nil)}
	onNIC := network(2)
	onNIC.NSGs = append(onNIC.NSGs, plan.NSG{ID: group(9), NICs: []plan.ID{nic(1)}})
	tests := map[string]struct {
		inv  *plan.Inventory
		recs []plan.Recording
		want string
	}{
		"every interface":         {network(2), both, "a s0:→v; b s1:→v; +vnet v 0/2 keep 0 for 2"},
		"one is not recorded":     {network(3), both, "a s0:→s0; b s1:→s1; +subnet s0 0/1 keep 0 for 1; +subnet s1 0/1 keep 0 for 1"},
		"one subnet alone":        {network(1), both[:1], "a s0:→s0; +subnet s0 0/1 keep 0 for 1"},
		"on an interface":         {onNIC, []plan.Recording{recorded("c", group(9), nil)}, "c n1:→n1; +nic n1 0/1 keep 0 for 1"},
		"one that is off is none": {network(3), append(both, recorded("c", group(2), func(r *plan.Recording) { r.Enabled = false })), "a s0:→s0; b s1:→s1; c s2:→; +subnet s0 0/1 keep 0 for 1; +subnet s1 0/1 keep 0 for 1"},
		"the network is recorded": {network(2), append(both, recorded("new", sub+"virtualNetworks/v", nil)), "a s0:new→; b s1:new→"},
		"a log with a filter does not do": {network(1), append(both[:1:1], recorded("new", subnet(0), func(r *plan.Recording) { r.FlowLog.Filter = "x" })),
			"a s0:→s0; +subnet s0 0/1 keep 0 for 1"},
		"a log that is off does not do": {network(1), append(both[:1:1], recorded("new", subnet(0), func(r *plan.Recording) { r.Enabled = false })),
			"a s0:→s0; +subnet s0 0/1 keep 0 for 1"},
		"the most specific one": {network(1), append(both[:1:1], recorded("outer", sub+"virtualNetworks/v", nil), recorded("inner", subnet(0), nil)), "a s0:inner→"},
		"for ever is longest": {network(2), []plan.Recording{recorded("a", group(0), func(r *plan.Recording) { r.FlowLog.RetentionDays = 9 }), both[1]},
			"a s0:→v; b s1:→v; +vnet v 0/2 keep 0 for 2"},
		"the longer of two": {network(2), []plan.Recording{recorded("a", group(0), func(r *plan.Recording) { r.FlowLog.RetentionDays = 9 }), recorded("b", group(1), func(r *plan.Recording) { r.FlowLog.RetentionDays = 90 })},
			"a s0:→v; b s1:→v; +vnet v 0/2 keep 90 for 2"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := draw(tt.inv, tt.recs...); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// TestWorkspaces: what cannot be carried over is said, and no workspace is made up.
func TestWorkspaces(t *testing.T) {
	with := func(id plan.ID, minutes int) func(*plan.Recording) {
		return func(r *plan.Recording) {
			r.FlowLog.TrafficAnalytics = &plan.TrafficAnalytics{Workspace: id, Interval: minutes}
		}
	}
	tests := map[string]struct {
		a, b func(*plan.Recording)
		want string
		note string
	}{
		"one":         {with("/w/one", 60), with("/w/one", 10), "/w/one 10", "the shorter is taken"},
		"two":         {with("/w/one", 60), with("/w/two", 60), "/w/one 60", "and the first is taken"},
		"some":        {nil, with("/w/one", 60), "/w/one 60", "only some of its"},
		"without id":  {with("", 60), nil, "none", "add traffic_analytics by hand"},
		"only one id": {with("", 60), with("/w/two", 10), "/w/two 10", "add traffic_analytics by hand"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			inv := []*plan.Inventory{network(2)}
			p := Propose(inv, Inventory(inv, []plan.Recording{recorded("a", group(0), tt.a), recorded("b", group(1), tt.b)}))[0]
			got := "none"
			if ta := p.TrafficAnalytics; ta != nil {
				got = fmt.Sprintf("%s %d", ta.Workspace, ta.Interval)
			}
			if got != tt.want || !strings.Contains(strings.Join(p.Notes, "; "), tt.note) {
				t.Errorf("%s, notes %q; want %s, %q", got, p.Notes, tt.want, tt.note)
			}
		})
	}
}

func TestRemoval(t *testing.T) {
	inv := network(2)
	recs := []plan.Recording{recorded("a", group(0), nil), recorded("b", group(1), nil), recorded("gone", group(7), nil), recorded("new", subnet(0), nil)}
	logs := Inventory([]*plan.Inventory{inv}, recs)
	for proven, want := range map[bool]string{true: "a | b no flow log records s1 | gone its security group guards nothing", false: " | a flow log new has written nothing | b no flow log records s1 | gone its security group guards nothing"} {
		remove, kept := Removal(logs, map[string]bool{logID("new").Key(): proven})
		var got []string
		for _, r := range remove {
			got = append(got, r.ID.Name())
		}
		text := strings.Join(got, ",")
		for _, k := range kept {
			text += " | " + k.ID.Name() + " " + k.Why
		}
		for i, part := range strings.Split(want, " | ") {
			if have := strings.Split(text, " | "); i >= len(have) || !strings.HasPrefix(have[i], part) {
				t.Errorf("proven %v: %q, want %q", proven, text, want)
			}
		}
	}
}

func TestEstimate(t *testing.T) {
	prices := plan.Prices{Currency: "USD"}
	logs := []Log{{Enabled: true, nics: map[string]bool{"x": true}}, {Enabled: true, nics: map[string]bool{"x": true, "y": true}}}
	if v := Estimate(logs, []Proposal{{Interfaces: 2}}, prices); v.Now != nil || v.Proposed != nil {
		t.Errorf("nothing was measured, and the estimate is %+v", v)
	}
	one, two := int64(300), int64(100)
	logs[0].Bytes, logs[1].Bytes = &one, &two
	v := Estimate(logs, []Proposal{{Interfaces: 3}}, prices)
	if v.Now == nil || *v.Now != 400 || *v.Proposed != 600 || v.NowMonth != nil {
		t.Errorf("estimate %+v", v)
	}
}

// TestFileHoldsNames: what Azure names cannot leave a comment or a text of the file.
func TestFileHoldsNames(t *testing.T) {
	p := Proposal{Kind: "vnet", Target: "/x/${evil}\"\nprovider", Location: "w", Storage: "st", Replaces: []plan.ID{"/y/a\nwatch \"vm\" \"x\" {}"}, Notes: []string{"n\r\nlocals {}"}}
	q := p
	q.Storage = "other"
	text := string(Monitor(File{Owner: "${o}"}, []Proposal{p, p, q}))
	for _, no := range []string{"\nwatch \"vm\"", "\nlocals", "\nprovider", "= \"${"} {
		if strings.Contains(text, no) {
			t.Errorf("%q got into\n%s", no, text)
		}
	}
	if !strings.Contains(text, `monitor "nsg-migration-2"`) || strings.Count(text, `watch "vnet" "`) != 3 {
		t.Errorf("a second account, or two targets of one name:\n%s", text)
	}
}
