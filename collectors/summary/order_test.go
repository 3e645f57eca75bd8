package summary

import (
	"slices"
	"strings"
	"testing"

	"flowctl/collectors/aggregate"
	"flowctl/collectors/flow"
	"flowctl/plan/question"
)

// Rows are ordered by each measure, both ways, and the ones that are shown are
// the first of all; what was not measured comes last.
func TestOrderOfRows(t *testing.T) {
	names := flow.NewNames()
	add := func(table *aggregate.Table) {
		for port, f := range map[uint16]struct {
			flows, denied int
			bytes         uint64 // of the first flow
			last          int64
		}{1: {1, 0, 900, 50}, 2: {3, 0, 500, 10}, 3: {2, 2, 0, 90}, 4: {5, 1, 100, 70}} {
			for i := range f.flows {
				r := flow.Record{
					Key:   flow.Key{Src: flow.Addr4(10<<24 | 4), Dst: flow.Addr4(20<<24 | uint32(port)), SrcPort: uint16(1000 + i), DstPort: port, Proto: protoTCP},
					Point: names.Of(macA), First: testStart + f.last, Last: testStart + f.last, Direction: flow.Outbound, State: flow.Begin,
				}
				if i < f.denied {
					r.State = flow.Deny
				}
				if i == f.denied && f.bytes > 0 {
					r.State, r.Measured, r.Sent = flow.Continue, flow.Packets|flow.IPBytes, flow.Count{Packets: 1, IPBytes: f.bytes}
				}
				table.Add(0, flow.Batch{r})
			}
		}
	}
	want := map[string]string{
		"": "1 2 4 3", "-bytes": "1 2 4 3", "bytes": "4 2 1 3", "-flows": "4 2 3 1", "flows": "1 3 2 4", "-denied": "3 4 1 2", "sent": "4 2 1 3",
		"first": "2 1 4 3", "-last": "3 4 1 2", "port": "1 2 3 4", "-port": "4 3 2 1",
	}
	for text, want := range want {
		for _, top := range []int{4, 2, 1} {
			o, problem := question.ParseOrder(text, "port")
			if problem != nil {
				t.Fatal(problem)
			}
			table := aggregate.New(names)
			add(table)
			q := Compile(question.Question{Name: "q", By: []string{"port"}, Top: top, Order: o})
			doc, err := Of(table, Options{Questions: []*Question{q}})
			if err != nil {
				t.Fatal(err)
			}
			var ports []string
			for _, r := range doc.Asks[0].Rows {
				ports = append(ports, r.Key[0])
			}
			if all := strings.Fields(want)[:top]; !slices.Equal(ports, all) {
				t.Errorf("%q, %d rows: %v, want %v", text, top, ports, all)
			}
		}
	}
	for _, m := range question.Measures() {
		if measures[m] == nil && rates[m] == nil {
			t.Errorf("nothing orders by %s", m)
		}
	}
	if len(measures)+len(rates) != len(question.Measures()) {
		t.Errorf("%d measures here, %d in question", len(measures), len(question.Measures()))
	}
}
