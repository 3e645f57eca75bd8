package collectors

import (
	"fmt"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"flowctl/collectors/pcap/pcaptest"
	"flowctl/collectors/summary"
)

// TestTunnelOutside wants a tunnel's bytes named where it counts between its ends, since a
// capture of all interfaces has what is inside as well; and nothing said where there is none.
func TestTunnelOutside(t *testing.T) {
	at := netip.MustParseAddrPort
	inner := pcaptest.TCP(at("10.244.1.5:40000"), at("10.244.2.7:443"), 0x10, 1, 1, []byte("of one pod to another"))
	vxlan := append([]byte{8, 0, 0, 0, 0, 0, 42, 0}, pcaptest.Ethernet(inner)...)
	outer := pcaptest.UDP(at("10.0.0.4:51820"), at("10.0.0.5:4789"), vxlan)
	for name, tt := range map[string]struct {
		frames [][]byte
		told   bool
	}{
		"a node, all interfaces": {[][]byte{pcaptest.Cooked2(7, pcaptest.ToUs, inner), pcaptest.Cooked2(2, pcaptest.Outgoing, outer)}, true},
		"no overlay":             {[][]byte{pcaptest.Cooked2(7, pcaptest.ToUs, inner)}, false},
	} {
		file := filepath.Join(t.TempDir(), "node.pcap")
		var records []pcaptest.Record
		for i, f := range tt.frames {
			records = append(records, pcaptest.Record{At: int64(1e18) + int64(i), Data: f})
		}
		put(t, file, pcaptest.Classic{Link: 276}.File(records...))
		doc, _, err := Sum{Items: itemsOf(file)}.Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		n := slices.IndexFunc(doc.Coverage, func(c summary.Coverage) bool { return c.Code == "tunnel-outside" })
		if n >= 0 != tt.told || tt.told && !strings.HasPrefix(doc.Coverage[n].Text, fmt.Sprintf("%d IP bytes ", len(outer))) {
			t.Errorf("%s: %+v", name, doc.Coverage)
		}
		if got := doc.Total.IPBytes.N; got != uint64(len(inner)+number(tt.told)*len(outer)) {
			t.Errorf("%s: %d IP bytes", name, got)
		}
	}
}

func number(b bool) int {
	if b {
		return 1
	}
	return 0
}
