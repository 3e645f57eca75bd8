package parquet

import (
	"bytes"
	"net/netip"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowctl/collectors/flow"
	"flowctl/collectors/summary"
	"flowctl/plan"
	"flowctl/plan/dictionary"
)

// TestNamesOfHostsAndDictionaries wants columns of what people call networks and of the
// names of hosts, as far as they are known when a row group is written, and nulls for
// the rest.
func TestNamesOfHostsAndDictionaries(t *testing.T) {
	names, hosts := flow.NewNames(), &flow.Hosts{}
	vnet := plan.ID("/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/v")
	inv := &plan.Inventory{VNets: []plan.VNet{{ID: vnet, Prefixes: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/16")}}}, NICs: []plan.NIC{{
		ID: "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/networkInterfaces/n", Addresses: []netip.Addr{netip.MustParseAddr("10.0.0.4")},
		VM: "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/web", MAC: "000D3A000001"}}}
	list := []dictionary.Entry{{Prefix: netip.MustParsePrefix("10.0.0.0/8"), Name: "office"}, {Prefix: netip.MustParsePrefix("20.0.0.9/32"), Name: "partner"}, {Prefix: netip.MustParsePrefix("::/128"), Name: "nobody"}}
	record := func(n int, src, dst string) flow.Record {
		return flow.Record{Key: flow.Key{Src: flow.AddrOf(netip.MustParseAddr(src)), Dst: flow.AddrOf(netip.MustParseAddr(dst)), DstPort: 443, Proto: 6}, First: int64(n) * 1e9, Last: int64(n) * 1e9, State: flow.Begin}
	}
	early := []flow.Record{record(1, "10.0.0.4", "20.0.0.1"), record(2, "10.0.0.5", "20.0.0.9")}
	late := []flow.Record{record(3, "10.0.0.4", "20.0.0.1"), record(4, "::", "::ffff:20.0.0.1"), record(5, "10.0.0.5", "20.0.0.9")}
	file := func(namer Namer) []byte {
		var b bytes.Buffer
		w, err := newWriter(&b, names, namer, 2)
		if err != nil {
			t.Fatal(err)
		}
		*hosts = flow.Hosts{}
		w.Add(early)
		hosts.Add(flow.AddrOf(netip.MustParseAddr("20.0.0.1")), "by-dns.example", flow.FromDNS)
		hosts.Add(flow.AddrOf(netip.MustParseAddr("20.0.0.1")), "asked.example", flow.FromTLS)
		hosts.Add(flow.AddrOf(netip.MustParseAddr("20.0.0.1")), "also.example", flow.FromTLS)
		w.Add(late)
		if _, err := w.Close(Meta{Hosts: hosts}); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	columnsOf := func(b []byte, cols ...int) (list [][]string) {
		for _, col := range cols {
			list = append(list, cells(t, b, col, names))
		}
		return list
	}
	all := []int{colSourceNames + nameName, colDestinationNames + nameName, colSourceNames + nameHost, colDestinationNames + nameHost, colSourceNames + nameVM, colDestinationNames + nameServiceTag}
	empty := []string{"", "", "", "", ""}
	host := []string{"", "", "also.example", "", ""}
	for name, tt := range map[string]struct {
		namer Namer
		want  [][]string
	}{
		"nobody": {nil, [][]string{empty, empty, empty, empty, empty, empty}},
		"hosts":  {summary.NewNamer(summary.Options{Hosts: hosts}, names), [][]string{empty, empty, empty, host, empty, empty}},
		"all": {summary.NewNamer(summary.Options{Hosts: hosts, Dictionary: list, Inventories: []*plan.Inventory{inv}}, names), [][]string{
			{"web", "office", "web", "nobody", "office"}, {"", "partner", "", "", "partner"}, empty, host, {"web", "", "web", "", ""}, empty}},
		"a dictionary alone": {summary.NewNamer(summary.Options{Dictionary: list}, names), [][]string{
			{"office", "office", "office", "nobody", "office"}, {"", "partner", "", "", "partner"}, empty, empty, empty, empty}},
	} {
		if diff := cmp.Diff(tt.want, columnsOf(file(tt.namer), all...)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if n := summary.NewNamer(summary.Options{}, names); n != nil {
		t.Error("nobody knows any name")
	}
	back := &flow.Hosts{}
	b := file(nil)
	in := flow.Input{Source: &flow.Source{}, Names: names, Skipped: &flow.Skipped{}, Hosts: back}
	if err := ReadAt(bytes.NewReader(b), int64(len(b)), in, flow.Workers{Main: func(flow.Batch) bool { return true }}); err != nil {
		t.Fatal(err)
	}
	a := flow.AddrOf(netip.MustParseAddr("20.0.0.1"))
	if back.Len() != 1 || back.First(a) != "also.example" || !slices.Contains(back.Of(a), flow.Host{Name: "by-dns.example", How: flow.FromDNS}) {
		t.Errorf("read back: %v", back.Of(a))
	}
}
