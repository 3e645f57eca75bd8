package view

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"flowctl/plan"
)

// every is a plan with every action and both kinds of finding.
func every() []plan.Plan {
	const net = plan.ID("/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/")
	session := func(name string) *plan.Session {
		return &plan.Session{
			Watches: []string{"vnet." + name}, Mechanism: plan.FlowLog, FlowLog: &plan.FlowLogSpec{Filter: "dstPort=443"},
			Target: plan.Target{Kind: "vnet", ID: net + plan.ID("virtualNetworks/"+name), Location: "westeurope"},
		}
	}
	capture := &plan.Session{
		Watches: []string{"vm.db", `vm.app["x"]`}, Mechanism: plan.PacketCapture,
		Target: plan.Target{Kind: "vm", ID: "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/vm-\x1b[31mdb", Location: "westeurope"},
		Capture: &plan.CaptureSpec{Duration: 10 * time.Minute, MaxBytes: 256 << 20, BytesPerPacket: 128,
			Filters: []plan.CaptureFilter{{Protocol: "TCP", RemotePort: "443"}, {LocalAddress: "10.0.0.4"}}},
	}
	rec := &plan.Recording{ID: net + "networkWatchers/nw/flowLogs/corp", Mechanism: plan.FlowLog, Target: net + "virtualNetworks/old", Location: "westeurope"}
	at := time.Date(2026, 11, 12, 10, 0, 0, 0, time.UTC)
	return []plan.Plan{{
		Investigation: plan.Investigation{Name: "spike", Reason: "egress", Owner: "o@example.com", Ticket: "OPS-1", Window: 90 * time.Minute},
		Made:          at, Ends: at.Add(90 * time.Minute),
		Changes: []plan.Change{
			{Action: plan.Create, Reason: "asked for", Session: session("a")},
			{Action: plan.Create, Reason: "asked for", Session: capture},
			{Action: plan.Reuse, Reason: "flow log corp covers it", Session: session("b"), Recording: rec},
			{Action: plan.Keep, Reason: "is there", Session: session("c"), Recording: rec},
			{Action: plan.Finish, Reason: "its time ended", Session: session("d"), Recording: rec},
			{Action: plan.Replace, Reason: "is there with another filter", Session: session("e"), Recording: rec},
			{Action: plan.Delete, Reason: "nothing in the file asks for it", Recording: rec},
			{Action: plan.Leave, Reason: "recorded and collected before", Session: session("f")},
		},
		Findings: []plan.Finding{
			{Code: "storage-premium", Severity: plan.Error, Summary: "Premium storage", Detail: "Name another one."},
			{Code: "vm-not-running", Severity: plan.Warning, Summary: "Machine is not running", Detail: "vm-2 is deallocated.", File: "a.hcl", Line: 7},
		},
		Cost: cost(),
	}}
}

// cost is an estimate of which a part is not known.
func cost() *plan.Estimate {
	f := func(v float64) *float64 { return &v }
	return &plan.Estimate{
		Currency: "USD", Source: "Azure retail prices", Date: "2026-08-21", Total: 1.2, Notes: []string{"free allowances are not taken off"},
		Items: []plan.CostItem{
			{Session: "vnet.a/a", Meter: plan.NetworkLogs, Quantity: f(2.4), Price: f(0.5), Amount: f(1.2), Basis: "log_rate of the file, for 12 interfaces"},
			{Session: "vnet.b/b", Meter: plan.NetworkLogs, Basis: "not estimated: no flow log is there to look at"},
			{Session: "vm.db/db", Meter: plan.CaptureCheck, Quantity: f(1), Price: f(0.001), Amount: f(0.001), Basis: "one capture"},
			{Session: "vnet.b/b", Meter: plan.Egress, Basis: "not estimated: no flow log is there to look at"},
		},
	}
}

func TestPlan(t *testing.T) {
	doc := NewPlanDoc(every(), func(string) string { return "results/spike" })
	var js bytes.Buffer
	if err := PlanJSON(&js, doc); err != nil {
		t.Fatal(err)
	}
	for name, width := range map[string]int{"plan.txt": wide, "plan-80.txt": 80, "plan-40.txt": 40} {
		var text bytes.Buffer
		planText(&text, doc, width)
		compareGolden(t, "testdata/"+name, text.String())
		for l := range strings.Lines(text.String()) {
			if ansi.StringWidth(strings.TrimRight(l, "\n")) > width {
				t.Errorf("wider than %d: %q", width, l)
			}
		}
	}
	compareGolden(t, "testdata/plan.json", js.String())
}

// TestManyAlike counts findings that differ in their target only.
func TestManyAlike(t *testing.T) {
	var fs []plan.Finding
	for _, name := range []string{"a", "b", "c", "d", "e", "a"} {
		fs = append(fs, plan.Finding{Code: "mac-unknown", Severity: plan.Info, Summary: "No MAC", Detail: name + " has none.", File: "a.hcl", Line: 3})
	}
	var text bytes.Buffer
	findingsText(&text, fs, wide)
	want := "  Note: No MAC (a.hcl:3) [mac-unknown]\n    a has none.\n    b has none.\n    c has none.\n    … and 2 more like this; flowctl plan --json has all\n\n"
	if text.String() != want {
		t.Errorf("got\n%s\nwant\n%s", text.String(), want)
	}
}

func TestPlanOfNothing(t *testing.T) {
	p := every()[0]
	p.Changes, p.Findings, p.Cost, p.Finished = p.Changes[7:], nil, nil, true
	var text bytes.Buffer
	PlanText(&text, NewPlanDoc([]plan.Plan{p}, func(string) string { return "results/spike" }))
	compareGolden(t, "testdata/nothing.txt", text.String())
}
