package summary

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowctl/collectors/flow"
	"flowctl/plan/question"
)

// singles are the single flows of records, each in a line.
func singles(t *testing.T, names *flow.Names, all flow.Batch, q question.Question) (list []string) {
	t.Helper()
	a := documentOf(t, names, all, Options{}, CompileFlows(q)).Asks[0]
	for _, r := range a.Rows {
		pace := "at once"
		if s := r.Flow.Seconds; s == nil {
			pace = "no time"
		} else if *s > 0 {
			pace = fmt.Sprintf("%gs", *s)
		}
		if b := r.Flow.BitsPerS; b != nil {
			pace += fmt.Sprintf(" %gbit/s", *b)
		}
		list = append(list, fmt.Sprintf("%s %s %s [%s] [%s] %s %d flow", strings.Join(r.Key, " "), r.Flow.State, r.Flow.Verdict,
			strings.Join(r.Flow.Rules, " "), strings.Join(r.Flow.SeenAt, " "), pace, r.Flows))
	}
	return list
}

// TestSingleFlows wants of each flow how it went, what decided, where it was seen and
// how long it took.
func TestSingleFlows(t *testing.T) {
	names := flow.NewNames()
	all := recordsOf(names,
		made{sport: 1, dport: 443, state: flow.Begin, rule: "a"}, made{sport: 1, dport: 443, at: 4, sent: 500, back: 500, rule: "a"}, made{sport: 1, dport: 443, at: 8, state: flow.End, rule: "b"},
		made{sport: 2, dport: 443, state: flow.Begin, rule: "a"}, made{sport: 2, dport: 443, at: 2, sent: 300, rule: "a"},
		made{sport: 3, dport: 22, state: flow.Deny, rule: "no"},
		made{sport: 4, dport: 22, at: 1, sent: 100}, made{sport: 4, dport: 22, at: 1, point: macB, in: true, state: flow.Deny, rule: "no"},
		made{sport: 5, dport: 22, sent: 50, state: flow.End},
	)
	untimed := made{sport: 6, dport: 22, sent: 40}.record(names)
	untimed.First, untimed.Last = flow.NoTime, flow.NoTime
	captured := made{src: "fd00::4", dst: "::1", sport: 7, dport: 53, proto: protoUDP, at: 2, sent: 30, point: "a.pcap"}.record(names)
	captured.Class, captured.First, captured.Direction = flow.Capture, testStart, flow.DirectionUnknown
	all = append(all, untimed, captured)
	want := []string{
		"TCP 10.0.0.4 1 20.0.0.1 443 ended allowed [a b] [" + macA + "] 8s 1000bit/s 1 flow",
		"TCP 10.0.0.4 2 20.0.0.1 443 open allowed [a] [" + macA + "] 2s 1200bit/s 1 flow",
		"TCP 10.0.0.4 4 20.0.0.1 22 open denied [no] [" + macA + " " + macB + "] at once 1 flow",
		"TCP 10.0.0.4 5 20.0.0.1 22 ended allowed [] [" + macA + "] at once 1 flow",
		"TCP 10.0.0.4 6 20.0.0.1 22 open allowed [] [" + macA + "] no time 1 flow",
		"UDP fd00::4 7 ::1 53 open unknown [] [a.pcap] 2s 120bit/s 1 flow",
		"TCP 10.0.0.4 3 20.0.0.1 22 denied denied [no] [" + macA + "] at once 1 flow",
	}
	if diff := cmp.Diff(want, singles(t, names, all, question.Question{Top: 10})); diff != "" {
		t.Errorf("flows (-want +got)\n%s", diff)
	}
	port := func(line string) string { return strings.Fields(line)[2] }
	for order, ports := range map[string]string{
		"state": "3 1 5 2 4 6 7", "-state": "2 4 6 7 1 5 3", "verdict": "1 2 5 6 4 3 7", "-verdict": "4 3 1 2 5 6 7", "rule": "2 1 4 3 5 6 7", "-rule": "4 3 1 2 5 6 7",
		"source.port": "1 2 3 4 5 6 7", "-duration": "1 2 7 4 5 3 6", "-rate": "2 1 7 4 5 6 3", "destination.address": "1 2 4 5 6 3 7",
	} {
		o, problem := question.ParseOrder(order, append(slices.Clone(FlowFields), SingleOrders()...)...)
		if problem != nil {
			t.Fatal(problem)
		}
		var got []string
		for _, line := range singles(t, names, all, question.Question{Top: 10, Order: o}) {
			got = append(got, port(line))
		}
		if strings.Join(got, " ") != ports {
			t.Errorf("by %s: %v, want %s", order, got, ports)
		}
		for top := 1; top < 7; top++ { // the first of all, not the first that were met
			var some []string
			for _, line := range singles(t, names, all, question.Question{Top: top, Order: o}) {
				some = append(some, port(line))
			}
			if !slices.Equal(some, got[:top]) {
				t.Errorf("by %s, the first %d: %v of %v", order, top, some, got)
			}
		}
	}
	if got := singles(t, names, all, question.Question{Where: where(t, `verdict == "denied" && port == 22`), Top: 10}); len(got) != 2 {
		t.Errorf("denied flows: %v", got)
	}
	if !slices.Equal(SingleOrders(), []string{"rule", "state", "verdict"}) {
		t.Errorf("orders %v", SingleOrders())
	}
}

// TestGuessedDirection wants a flow whose opener was guessed to be of one direction:
// the one that another record knows, else one of all.
func TestGuessedDirection(t *testing.T) {
	there := made{src: "10.0.0.4", dst: "20.0.0.1", sport: 50000, dport: 8000, sent: 100, back: 10, point: "a.pcap"}
	back := made{src: "20.0.0.1", dst: "10.0.0.4", sport: 8000, dport: 50000, at: 5, sent: 7, back: 70, point: "a.pcap"}
	capture := func(names *flow.Names, m made, guessed bool) flow.Record {
		r := m.record(names)
		r.Class, r.Guessed, r.Direction = flow.Capture, guessed, flow.DirectionUnknown
		return r
	}
	for name, tt := range map[string]struct {
		there, back bool // guessed
		want        string
	}{
		"both known":         {false, false, ""}, // two flows, with the ports of each other
		"the second guessed": {false, true, "TCP 10.0.0.4 50000 20.0.0.1 8000 sent 170 received 17"},
		"the first guessed":  {true, false, "TCP 20.0.0.1 8000 10.0.0.4 50000 sent 17 received 170"},
		"both guessed":       {true, true, "TCP 10.0.0.4 50000 20.0.0.1 8000 sent 170 received 17"},
	} {
		names := flow.NewNames()
		all := flow.Batch{capture(names, there, tt.there), capture(names, back, tt.back)}
		doc := documentOf(t, names, all, Options{}, CompileFlows(question.Question{Top: 10}))
		a := doc.Asks[0]
		var got []string
		for _, r := range a.Rows {
			got = append(got, fmt.Sprintf("%s sent %s received %s", strings.Join(r.Key, " "), r.Sent.IPBytes, r.Received.IPBytes))
		}
		if tt.want == "" {
			if len(got) != 2 {
				t.Errorf("%s: %v", name, got)
			}
			continue
		}
		if len(got) != 1 || got[0] != tt.want || a.Total.Flows != 1 {
			t.Errorf("%s: %v, %d flows, want %s", name, got, a.Total.Flows, tt.want)
		}
		if guessed := slices.ContainsFunc(doc.Coverage, func(c Coverage) bool { return c.Code == "initiator-guessed" }); guessed != (tt.there && tt.back) {
			t.Errorf("%s: said to be guessed: %v", name, guessed)
		}
	}
}
