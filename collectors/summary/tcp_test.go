package summary

import (
	"flowctl/collectors/aggregate"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowctl/collectors/flow"
)

// TestTCP checks that the figures of records of two workers are summed by
// source, and that a flow log has none.
func TestTCP(t *testing.T) {
	names := flow.NewNames()
	one := aggregate.New(names)
	two := one.Worker()
	record := func(tcp flow.TCP) flow.Batch {
		return flow.Batch{{
			Key:   flow.Key{Src: flow.Addr4(1), Dst: flow.Addr4(2), SrcPort: 3, DstPort: 443, Proto: protoTCP},
			First: testStart, Last: testStart, Measured: flow.Packets | flow.IPBytes | flow.FrameBytes, State: flow.Continue, TCP: tcp,
		}}
	}
	one.Add(1, record(flow.TCP{Sent: flow.TCPCount{SYN: 1, Retransmitted: 2, RetransmittedBytes: 300}, Seen: flow.TCPSent | flow.TCPAnswered, Answered: 2000}))
	two.Add(1, record(flow.TCP{Received: flow.TCPCount{SYNACK: 1, RST: 1, ZeroWindow: 4}, Seen: flow.TCPReceived | flow.TCPAnswered | flow.TCPPartly, Answered: 4000}))
	one.Merge(two)
	doc, err := Of(one, Options{Sources: []flow.Source{{Path: "PT1H.json"}, {Path: "a.cap"}}})
	if err != nil {
		t.Fatal(err)
	}
	least, mean, most := 2., 3., 4.
	want := &TCP{SYN: 1, SYNACK: 1, RST: 1, Retransmitted: 2, RetransmittedBytes: 300, ZeroWindow: 4, Partly: true, Answered: Latency{2, &least, &mean, &most}}
	if diff := cmp.Diff(want, doc.Sources[1].TCP); diff != "" {
		t.Errorf("of the capture (-want +got):\n%s", diff)
	}
	if doc.Sources[0].TCP != nil {
		t.Errorf("of the flow log: %+v", doc.Sources[0].TCP)
	}
}
