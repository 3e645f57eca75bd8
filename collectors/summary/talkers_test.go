package summary

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowctl/collectors/flow"
	"flowctl/collectors/flow/flowtest"
	"flowctl/plan"
)

// TestTalkersLaw wants of each address that is no stranger what it sent and got, and
// apart what of it went to and came from the internet, as a loop over the flows says.
func TestTalkersLaw(t *testing.T) {
	hosts := []string{"10.0.0.4", "10.0.0.5", "fd00::4", "20.0.0.1", "20.0.0.2", "2603:1020::1", "168.63.129.16", "::"}
	inside := func(a string) bool { return !strings.HasPrefix(a, "20.") && !strings.HasPrefix(a, "2603:") }
	type sums struct{ sent, got, flows uint64 }
	for seed := range flowtest.Seeds(200) {
		r := rand.New(rand.NewPCG(seed, 8))
		names := flow.NewNames()
		var all flow.Batch
		want, egress := map[string]*sums{}, map[string]*sums{}
		count := func(to map[string]*sums, who string, sent, got uint64) {
			if to[who] == nil {
				to[who] = &sums{}
			}
			v := to[who]
			v.sent, v.got, v.flows = v.sent+sent, v.got+got, v.flows+1
		}
		for port := range uint16(r.IntN(40)) {
			m := made{src: hosts[r.IntN(len(hosts))], dst: hosts[r.IntN(len(hosts))], sport: 1000 + port, dport: 443, sent: uint64(r.IntN(9) * 100), back: uint64(r.IntN(9) * 100)}
			all = append(all, m.record(names))
			a, b := inside(m.src), inside(m.dst)
			if m.src == m.dst {
				count(want, m.src, m.sent+m.back, 0)
				continue
			}
			if a || !b { // of two strangers both are talkers
				count(want, m.src, m.sent, m.back)
			}
			if b || !a {
				count(want, m.dst, m.back, m.sent)
			}
			if a && !b {
				count(egress, m.src, m.sent, m.back)
			}
			if b && !a {
				count(egress, m.dst, m.back, m.sent)
			}
		}
		doc := documentOf(t, names, all, Options{Top: 100})
		for _, c := range []struct {
			want map[string]*sums
			got  Answer
		}{{want, doc.Talkers}, {egress, doc.Egress}} {
			got := map[string]*sums{}
			for _, row := range c.got.Rows {
				got[row.Key[1]] = &sums{row.Sent.IPBytes.N, row.Received.IPBytes.N, row.Flows}
			}
			if diff := cmp.Diff(c.want, got, cmp.AllowUnexported(sums{})); diff != "" {
				t.Fatalf("seed %d: %s (-want +got)\n%s", seed, c.got.Name, diff)
			}
		}
	}
}

// TestBiggestTransferLaw wants the most that one side sent another over one service,
// whoever opened the flows.
func TestBiggestTransferLaw(t *testing.T) {
	hosts := []string{"10.0.0.4", "10.0.0.5", "20.0.0.1", "fd00::1"}
	for seed := range flowtest.Seeds(300) {
		r := rand.New(rand.NewPCG(seed, 9))
		names := flow.NewNames()
		var all flow.Batch
		sent := map[string]uint64{}
		for port := range uint16(r.IntN(20)) {
			m := made{src: hosts[r.IntN(4)], dst: hosts[r.IntN(4)], sport: 1000 + port, dport: []uint16{443, 22}[r.IntN(2)], sent: uint64(r.IntN(50)), back: uint64(r.IntN(50))}
			if m.src == m.dst {
				continue
			}
			all = append(all, m.record(names))
			sent[fmt.Sprint(m.src, ">", m.dst, ":", m.dport)] += m.sent
			sent[fmt.Sprint(m.dst, ">", m.src, ":", m.dport)] += m.back
		}
		var most uint64
		for _, n := range sent {
			most = max(most, n)
		}
		doc := documentOf(t, names, all, Options{})
		if (doc.Answer == nil) != (most == 0) {
			t.Fatalf("seed %d: %+v, want %d bytes", seed, doc.Answer, most)
		}
		if a := doc.Answer; a != nil && (a.IPBytes != most || sent[fmt.Sprint(a.From.Address, ">", a.To.Address, ":", a.Port)] != most) {
			t.Fatalf("seed %d: %+v, want %d bytes of %v", seed, a, most, sent)
		}
	}
}

// TestOpened says who opened the flows of the biggest transfer.
func TestOpened(t *testing.T) {
	for name, tt := range map[string]struct {
		flows []made
		want  bool
	}{
		"upload":            {[]made{{src: "10.0.0.4", dst: "10.0.0.9", sport: 1, dport: 443, sent: 9, back: 1}}, true},
		"download":          {[]made{{src: "10.0.0.4", dst: "10.0.0.9", sport: 1, dport: 443, sent: 1, back: 9}}, false},
		"upload to lower":   {[]made{{src: "10.0.0.9", dst: "10.0.0.4", sport: 1, dport: 443, sent: 9, back: 1}}, true},
		"download of lower": {[]made{{src: "10.0.0.9", dst: "10.0.0.4", sport: 1, dport: 443, sent: 1, back: 9}}, false},
	} {
		names := flow.NewNames()
		doc := documentOf(t, names, recordsOf(names, tt.flows...), Options{Hosts: hostsNamed("10.0.0.9", "db.example")})
		if a := doc.Answer; a.Opened != tt.want || a.IPBytes != 9 || *a.Share != 0.9 || a.Service != "https" || a.From.Host+a.To.Host != "db.example" {
			t.Errorf("%s: %+v", name, a)
		}
	}
}

func hostsNamed(address, name string) *flow.Hosts {
	h := &flow.Hosts{}
	h.Add(addr(address), name, flow.FromTLS)
	return h
}

// TestSumsOfTheService wants rows of Traffic Analytics, which have no source port, once:
// of the end that opened the flow, and of two logs of one interface from the one that
// saw most.
func TestSumsOfTheService(t *testing.T) {
	const a, b = macA, macB
	row := func(point string, in bool, log string, flows uint32, bytes uint64, change ...func(*made)) func(*flow.Names) flow.Record {
		return func(names *flow.Names) flow.Record {
			m := made{src: "10.0.0.4", dst: "10.0.0.5", sport: 7, dport: 443, point: point, in: in, sent: bytes}
			for _, f := range change {
				f(&m)
			}
			r := m.record(names)
			r.Class, r.Log, r.Begins, r.Records = flow.Analytics, names.Of(log), flows, 1
			return r
		}
	}
	denied := func(m *made) { m.state = flow.Deny }
	later := func(m *made) { m.sport, m.at = 8, 3600 }
	other := func(m *made) { m.dport = 22 }
	for name, tt := range map[string]struct {
		rows []func(*flow.Names) flow.Record
		want string
	}{
		"both ends":              {rows(row(a, false, "L", 3, 500), row(b, true, "L", 4, 480)), "3 flows, 500 bytes, 0 denied, 480 merged"},
		"only arriving":          {rows(row(b, true, "L", 4, 480)), "4 flows, 480 bytes, 0 denied, 0 merged"},
		"two logs, the bigger":   {rows(row(a, false, "L", 3, 500), row(a, false, "M", 3, 400)), "3 flows, 500 bytes, 0 denied, 400 merged"},
		"two logs, alike":        {rows(row(a, false, "M", 3, 500), row(a, false, "L", 3, 500)), "3 flows, 500 bytes, 0 denied, 500 merged"},
		"one log, two rows":      {rows(row(a, false, "L", 3, 500), row(a, false, "L", 1, 100)), "4 flows, 600 bytes, 0 denied, 0 merged"},
		"through a machine":      {rows(row(a, true, "L", 3, 500), row(a, false, "L", 3, 500)), "6 flows, 1000 bytes, 0 denied, 0 merged"},
		"another interval":       {rows(row(a, false, "L", 3, 500), row(b, true, "L", 3, 480, later)), "6 flows, 980 bytes, 0 denied, 0 merged"},
		"another port":           {rows(row(a, false, "L", 3, 500), row(b, true, "L", 3, 480, other)), "6 flows, 980 bytes, 0 denied, 0 merged"},
		"let out and refused":    {rows(row(a, false, "L", 3, 500), row(b, true, "L", 2, 0, denied)), "5 flows, 500 bytes, 2 denied, 0 merged"},
		"refused at both":        {rows(row(a, false, "L", 3, 0, denied), row(b, true, "L", 2, 0, denied)), "3 flows, unknown bytes, 3 denied, 0 merged"},
		"interfaces not known":   {rows(row("", false, "L", 3, 500), row("", true, "L", 3, 480)), "6 flows, 980 bytes, 0 denied, 0 merged"},
		"both ends, in two logs": {rows(row(a, false, "L", 3, 500), row(a, false, "M", 3, 490), row(b, true, "L", 3, 480), row(b, true, "M", 3, 470)), "3 flows, 500 bytes, 0 denied, 1440 merged"},
	} {
		for _, backwards := range []bool{false, true} {
			names := flow.NewNames()
			for _, text := range []string{"L", "M"} {
				names.Of(text)
			}
			var all flow.Batch
			for _, r := range tt.rows {
				all = append(all, r(names))
			}
			if backwards {
				slices.Reverse(all)
			}
			doc := documentOf(t, names, all, Options{Sources: []flow.Source{{Kind: flow.TrafficAnalytics, Records: uint64(len(all))}}}, asked(t, "", "", "port"))
			got := fmt.Sprintf("%d flows, %s bytes, %s denied, %d merged", doc.Total.Flows, doc.Total.IPBytes, doc.Total.Denied, doc.Merged.IPBytes.N)
			if got != tt.want || doc.Asks[0].Total.Flows != doc.Total.Flows {
				t.Errorf("%s, backwards %v: %s, want %s", name, backwards, got, tt.want)
			}
			if both := said(doc, "seen-at-both-ends"); (both != "") != (doc.Merged.Records > 0) || said(doc, "no-source-port") == "" || said(doc, "logs-beside-sums") != "" {
				t.Errorf("%s: %v", name, doc.Coverage)
			}
		}
	}
}

func rows(list ...func(*flow.Names) flow.Record) []func(*flow.Names) flow.Record { return list }

// TestNamer wants names as documents have them: those of the VNet from which an address
// was seen.
func TestNamer(t *testing.T) {
	names := flow.NewNames()
	if NewNamer(Options{}, names) != nil {
		t.Error("nobody knows any name")
	}
	inv := inventory()
	n := NewNamer(Options{Inventories: []*plan.Inventory{inv}, Tags: tagList()}, names)
	view := func(mac, target string) int32 { return n.View(names.Of(mac), names.Of(target)) }
	if spoke, captured := view(macA, ""), view("x.pcap", strings.ToUpper(string(inv.NICs[1].VM))); spoke == 0 || captured != spoke || view("000000000099", "") != 0 {
		t.Errorf("views %d and %d", spoke, captured)
	}
	text := func(a flow.AddressNames) string {
		var list []string
		for _, id := range []flow.ID{a.VM, a.NIC, a.Subnet, a.VNet, a.Region, a.ServiceTag} {
			list = append(list, names.Text(id))
		}
		return strings.Join(list, ",")
	}
	for _, tt := range []struct{ address, from, want string }{
		{"10.0.0.5", macA, "vm-b,nic-vm-b,spoke/default,spoke,westeurope,<private>"},
		{"10.0.0.4", macB, "vm-a,nic-vm-a,spoke/default,spoke,westeurope,<private>"},
		{"10.0.0.4", macOther, "vm-other,nic-vm-other,island/default,island,westeurope,<private>"},
		{"10.0.0.4", "", ",,,,,<private>"},
		{"10.0.9.9", macA, ",,spoke/default,spoke,westeurope,<private>"},
	} {
		if got := text(n.Names(addr(tt.address), view(tt.from, ""))); got != tt.want {
			t.Errorf("%s from %q: %s, want %s", tt.address, tt.from, got, tt.want)
		}
	}
	if got := n.Names(flow.Addr{}, 1); got != (flow.AddressNames{}) {
		t.Errorf("no address is called %v", got)
	}
	alone := &plan.Inventory{NICs: []plan.NIC{{ID: "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/networkInterfaces/n", Location: "westeurope", Addresses: []netip.Addr{netip.MustParseAddr("20.1.2.9")}}}}
	listed := NewNamer(Options{Inventories: []*plan.Inventory{alone}, Tags: tagList()}, names)
	var regions []string
	for _, a := range []string{"20.1.2.9", "20.1.2.8"} { // of one range of the list; the first is that of an interface
		regions = append(regions, names.Text(listed.Names(addr(a), 0).Region))
	}
	if regions[0] != "westeurope" || regions[1] == "westeurope" || regions[1] == "" {
		t.Errorf("regions %q", regions)
	}
	if public := text(n.Names(addr("20.0.0.1"), view(macA, ""))); !strings.HasPrefix(public, ",,,,") {
		t.Errorf("a public address is called %s", public)
	}
}
