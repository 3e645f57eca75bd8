package summary

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowctl/collectors/flow"
)

// sawFlows is a side that saw flows, in words such as
// "TCP 10.0.0.4:50001>10.0.0.5:443 0-60 500 bytes" or "… denied", in seconds since noon.
func sawFlows(kind flow.Kind, from, to int, lines ...string) *Document {
	noon := time.Date(2026, 5, 9, 12, 0, 0, 0, time.UTC)
	at := func(s int) Instant { return Instant(noon.Add(time.Duration(s) * time.Second).UnixNano()) }
	a := Answer{By: FlowFields, Outcome: Answered}
	for _, line := range lines {
		w := strings.Fields(line)
		src, dst, _ := strings.Cut(w[1], ">")
		split := func(s string) (string, string) { i := strings.LastIndexByte(s, ':'); return s[:i], s[i+1:] }
		sa, sp := split(src)
		da, dp := split(dst)
		r := Row{Key: []string{w[0], sa, sp, da, dp}, Flows: 1}
		first, last, _ := strings.Cut(w[2], "-")
		seconds := func(text string) (n int) {
			for _, c := range text {
				n = n*10 + int(c-'0')
			}
			return n
		}
		r.First, r.Last = at(seconds(first)), at(seconds(last))
		if w[3] == "denied" {
			r.Denied = Known(1)
		} else {
			n := uint64(seconds(w[3]))
			r.IPBytes, r.Packets = Known(n), Known(n/100)
			r.Sent.IPBytes, r.Sent.Packets, r.Received.IPBytes = Known(n), Known(n/100), Known(0)
		}
		a.Rows = append(a.Rows, r)
	}
	a.Groups = uint64(len(a.Rows))
	return &Document{Asks: []Answer{a}, Sources: []Source{{Kind: kind, Status: flow.OK}}, Total: Total{Records: 1, Flows: a.Groups, First: at(from), Last: at(to)}}
}

// TestFlowsBeside wants each flow once, and of each difference why.
func TestFlowsBeside(t *testing.T) {
	log := sawFlows(flow.VNetFlowLog, 0, 600,
		"TCP 10.0.0.4:50001>10.0.0.5:443 10-20 500 bytes",
		"TCP 10.0.0.4:50002>10.0.0.5:443 10-200 9000 bytes",
		"TCP 10.0.0.9:50003>10.0.0.4:22 10-10 denied",
		"TCP 10.0.0.4:50004>10.0.0.5:443 500-510 700 bytes",
		"TCP 203.0.113.1:1024>10.0.0.6:80 15-20 800 bytes",
		"UDP 10.0.0.4:50006>10.0.0.5:53 20-20 60 bytes",
	)
	capture := sawFlows(flow.Pcap, 5, 120,
		"TCP 10.0.0.5:443>10.0.0.4:50001 10-20 500 bytes", // guessed the other way
		"TCP 10.0.0.4:50002>10.0.0.5:443 40-120 4000 bytes",
		"ICMP 10.0.0.4:0>10.0.0.5:0 30-31 100 bytes",
		"TCP 10.0.0.7:60000>10.0.0.6:80 15-20 800 bytes",
	)
	want := map[string][]string{
		"50001": {}, "50002": {"B saw it first 30s later than A", "B saw it last 1m20s earlier than A"},
		"50003": {"it was refused before it came to the machine"}, "50004": {"B recorded from 12:00:05 to 12:02:00, and this was at another time"},
		"1024":  {"perhaps B saw it as 10.0.0.7:60000, behind address translation"},
		"60000": {"perhaps A saw it as 203.0.113.1:1024, behind address translation"},
		"50006": {"not known: B recorded at that time, and not this: it has a filter, a limit of size, or is of another machine"},
		"0":     {"flow logs hold TCP and UDP only"},
	}
	got := map[string][]string{}
	s := FlowsBeside(log, capture)
	for _, f := range s.Flows {
		got[f.Key[2]] = f.Why
		if f.A == nil && f.B == nil {
			t.Errorf("%v was seen by nobody", f.Key)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if s.Flows[0].Key[2] != "50002" || len(s.Flows) != len(want) {
		t.Errorf("%d flows, %v first", len(s.Flows), s.Flows[0].Key)
	}
	for _, f := range s.Flows {
		if f.Key[2] == "50001" && (f.B.Received.IPBytes.N != 500 || f.B.Sent.IPBytes.N != 0) {
			t.Errorf("the other way: %v", f.B)
		}
	}
	capture.Coverage = []Coverage{{Code: "capture-filtered"}}
	for _, f := range FlowsBeside(log, capture).Flows {
		if f.Key[2] == "50006" && !cmp.Equal(f.Why, []string{"B has a filter"}) {
			t.Errorf("%q", f.Why)
		}
	}
}
