package view

import (
	"bytes"
	"testing"
	"time"

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
			{Code: "vm-not-running", Severity: plan.Warning, Summary: "Machine is not running", Detail: "vm-2 is deallocated.", File: "a.hcl", Line: 7},
			{Code: "storage-premium", Severity: plan.Error, Summary: "Premium storage", Detail: "Name another one."},
		},
	}}
}

func TestPlan(t *testing.T) {
	doc := NewPlanDoc(every(), func(string) string { return "results/spike" })
	var text, js bytes.Buffer
	PlanText(&text, doc)
	if err := PlanJSON(&js, doc); err != nil {
		t.Fatal(err)
	}
	compareGolden(t, "testdata/plan.txt", text.String())
	compareGolden(t, "testdata/plan.json", js.String())
}

func TestPlanOfNothing(t *testing.T) {
	p := every()[0]
	p.Changes, p.Findings, p.Finished = p.Changes[7:], nil, true
	var text bytes.Buffer
	PlanText(&text, NewPlanDoc([]plan.Plan{p}, func(string) string { return "results/spike" }))
	compareGolden(t, "testdata/nothing.txt", text.String())
}
