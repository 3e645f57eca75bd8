package collectors

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"

	"flowctl/collectors/flow"
)

// TestOnly compares conditions with what they say in Go, over random records.
func TestOnly(t *testing.T) {
	tests := map[Only]func(*flow.Record) bool{
		{}:                             func(*flow.Record) bool { return true },
		{RecordTypes: "D"}:             func(r *flow.Record) bool { return r.State == flow.Deny },
		{RecordTypes: "B,E"}:           func(r *flow.Record) bool { return r.State == flow.Begin || r.State == flow.End },
		{Filter: "Direction=Outbound"}: func(r *flow.Record) bool { return r.Direction == flow.Outbound },
		{Filter: "Direction=Outbound", RecordTypes: "D"}: func(r *flow.Record) bool { return r.Direction == flow.Outbound && r.State == flow.Deny },
		{Filter: "DstPort=443,8000-8100"}:                func(r *flow.Record) bool { return r.DstPort == 443 || r.DstPort >= 8000 && r.DstPort <= 8100 },
		{Filter: "DstPort!=443,8000-8100"}:               func(r *flow.Record) bool { return r.DstPort != 443 && (r.DstPort < 8000 || r.DstPort > 8100) },
		{Filter: "SrcIP=10.0.0.0/8 && Protocol=UDP"}:     func(r *flow.Record) bool { return r.Src.Netip().As4()[0] == 10 && r.Proto == 17 },
		{Filter: "Protocol=TCP && DstIP!=10.0.0.1 || Action=Deny"}: func(r *flow.Record) bool {
			return r.Proto == 6 && r.Dst.Netip() != netip.MustParseAddr("10.0.0.1") || r.State == flow.Deny
		},
		{Filter: "Encryption=NX_ALL"}: func(r *flow.Record) bool { return strings.HasPrefix(r.Encryption.String(), "NX") },
		{Filter: "Encryption=X"}:      func(r *flow.Record) bool { return r.Encryption == flow.Encrypted },
		{Filter: "Shape=round"}:       func(*flow.Record) bool { return true }, // nothing is dropped for what is not understood
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	addr := func() flow.Addr {
		return flow.AddrOf(netip.AddrFrom4([4]byte{byte(10 + rnd.IntN(2)), 0, 0, byte(rnd.IntN(3))}))
	}
	ports := []uint16{0, 53, 443, 7999, 8000, 8050, 8100, 8101}
	met := map[string]bool{}
	for range 2000 {
		r := flow.Record{
			Key:       flow.Key{Src: addr(), Dst: addr(), SrcPort: ports[rnd.IntN(len(ports))], DstPort: ports[rnd.IntN(len(ports))], Proto: []uint8{6, 17}[rnd.IntN(2)]},
			Direction: flow.Direction(1 + rnd.IntN(2)), State: flow.State(1 + rnd.IntN(4)), Encryption: flow.Encryption(1 + rnd.IntN(8)),
		}
		for only, want := range tests {
			if got := only.wants()(&r); got != want(&r) {
				t.Fatalf("%+v of %+v: %v", only, r, got)
			}
			met[fmt.Sprint(only, want(&r))] = true
		}
	}
	if want := 2*len(tests) - 2; len(met) != want { // two conditions never fail
		t.Errorf("%d outcomes were met, want %d", len(met), want)
	}
}
