package summary

import (
	"flowctl/collectors/aggregate"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowctl/collectors/flow"
)

// The names that captures show go with the answer and with the names.
func TestHosts(t *testing.T) {
	a, b := flow.Addr4(10<<24|4), flow.Addr4(203<<24|113<<8|77)
	hosts := &flow.Hosts{}
	hosts.Add(b, "z.example", flow.FromDNS)
	hosts.Add(b, "sync.example", flow.FromTLS)
	table := aggregate.New(flow.NewNames())
	table.Add(0, flow.Batch{{
		Key: flow.Key{Src: a, Dst: b, DstPort: 443, Proto: 6}, State: flow.End,
		Sent: flow.Count{Packets: 1, IPBytes: 1000}, Measured: flow.Packets | flow.IPBytes,
	}})
	doc, err := Of(table, Options{Sources: []flow.Source{{Path: "x", Kind: flow.VNetFlowLog, Records: 1}}, Hosts: hosts})
	if err != nil {
		t.Fatal(err)
	}
	if got := doc.Answer.To.Host; got != "sync.example" {
		t.Errorf("the answer names the host %q, want the one that a client asked for", got)
	}
	want := []Name{{Address: "203.0.113.77", Hosts: []Host{{"sync.example", "tls"}, {"z.example", "dns"}}}}
	if diff := cmp.Diff(want, doc.Names); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
}
