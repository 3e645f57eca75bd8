package summary

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowctl/collectors/flow"
	"flowctl/plan"
	"flowctl/plan/dictionary"
)

// TestInventoriesTogether wants of several inventories each network and interface once,
// peerings across them, and what lies at their edges named as Azure shows it.
func TestInventoriesTogether(t *testing.T) {
	const group = "/subscriptions/s/resourceGroups/rg/providers/"
	vnet := func(name, prefix string, peers ...plan.Peering) plan.VNet {
		p := netip.MustParsePrefix(prefix)
		id := plan.ID(group + "Microsoft.Network/virtualNetworks/" + name)
		return plan.VNet{ID: id, Location: "westeurope", Prefixes: []netip.Prefix{p}, Peerings: peers, Subnets: []plan.Subnet{{ID: id + "/subnets/a", Prefixes: []netip.Prefix{p}}}}
	}
	nic := func(name, mac, vnet, vm string, addresses ...string) plan.NIC {
		n := plan.NIC{ID: plan.ID(group + "Microsoft.Network/networkInterfaces/" + name), MAC: mac, VM: plan.ID(vm), Location: "westeurope"}
		if vnet != "" {
			n.Subnets = []plan.ID{plan.ID(group + "Microsoft.Network/virtualNetworks/" + vnet + "/subnets/a")}
		}
		for _, a := range addresses {
			n.Addresses = append(n.Addresses, netip.MustParseAddr(a))
		}
		return n
	}
	to := func(name, state string, prefixes ...string) plan.Peering {
		p := plan.Peering{Remote: plan.ID(group + "Microsoft.Network/virtualNetworks/" + name), State: state}
		for _, prefix := range prefixes {
			p.Prefixes = append(p.Prefixes, netip.MustParsePrefix(prefix))
		}
		return p
	}
	const vm, instance = group + "Microsoft.Compute/virtualMachines/web", group + "Microsoft.Compute/virtualMachineScaleSets/set/virtualMachines/3"
	one := &plan.Inventory{VNets: []plan.VNet{vnet("hub", "10.0.0.0/16", to("spoke", "connected"), to("gone", "Connected", "10.9.0.0/16"), to("off", "Disconnected", "10.8.0.0/16"))},
		NICs: []plan.NIC{nic("n1", macA, "hub", vm, "10.0.0.4", "20.0.0.5"), nic("n2", macB, "hub", strings.ToUpper(vm), "10.0.0.5"), nic("n3", "", "hub", "", "10.0.0.6"), nic("n4", "", "", "", "10.7.0.4")}}
	two := &plan.Inventory{VNets: []plan.VNet{vnet("spoke", "10.1.0.0/16", to("hub", "Connected")), vnet("hub", "10.0.0.0/16")},
		NICs: []plan.NIC{nic("n5", macOther, "spoke", instance, "10.1.0.4"), nic("again", macA, "spoke", vm, "10.1.0.9")}}
	for _, order := range [][]*plan.Inventory{{one, two}, {two, one}} {
		p := newLocator(order)
		if len(p.vnets) != 3 || len(p.vms) != 3 {
			t.Fatalf("%d networks and %d machines, with the unknown ones", len(p.vnets), len(p.vms))
		}
		from := func(mac string) int32 { return p.nics[p.byMAC[mac]].vnet }
		for _, tt := range []struct{ address, from, vm, nic, subnet, scope string }{
			{"10.0.0.5", macB, "web", "n2", "hub/a", "vnet"},
			{"10.0.0.6", macB, "", "n3", "hub/a", "vnet"},
			{"10.1.0.4", macB, "set_3", "n5", "spoke/a", "peered"},
			{"10.0.0.5", macOther, "web", "n2", "hub/a", "peered"},
			{"10.9.0.1", macB, "", "", "", "peered"},
			{"10.8.0.1", macB, "", "", "", "private"},
			{"10.7.0.4", macB, "", "n4", "", "private"},
			{"20.0.0.5", macB, "web", "n1", "hub/a", "vnet"},
			{"::", macB, "", "", "", "private"},
		} {
			if order[0] == two && tt.nic == "n1" {
				continue // the interface of this MAC is the one that was read first
			}
			a := addr(tt.address)
			at := p.find(a, from(tt.from), 0)
			got := []string{vmOfNIC(p, at.nic), p.nics[at.nic].name, p.subnets[at.subnet].name, scopes[p.scope(a, at, from(tt.from))]}
			if want := []string{tt.vm, tt.nic, tt.subnet, tt.scope}; !slices.Equal(got, want) {
				t.Errorf("%s from %s: %v, want %v", tt.address, tt.from, got, want)
			}
		}
		if p.nicName(macB) != "n2" || p.nicName("000000000099") != "" {
			t.Errorf("interfaces %q and %q", p.nicName(macB), p.nicName("000000000099"))
		}
	}
}

// TestNamesOfAddresses wants a document to name the addresses that occur, by all who
// know them, in their order and each once.
func TestNamesOfAddresses(t *testing.T) {
	hosts := &flow.Hosts{}
	hosts.Add(addr("20.0.0.1"), "www.example", flow.FromTLS)
	hosts.Add(addr("20.0.0.99"), "never.example", flow.FromDNS)
	list := []dictionary.Entry{{Prefix: netip.MustParsePrefix("20.0.0.0/24"), Name: "partner"}, {Prefix: netip.MustParsePrefix("10.0.0.0/8"), Name: "office"}, {Prefix: netip.MustParsePrefix("fd00::/8"), Name: "lab"}}
	names := flow.NewNames()
	all := recordsOf(names, made{sport: 1, dport: 443, sent: 100}, made{dst: "10.0.0.77", sport: 2, dport: 443, sent: 50}, made{dst: "fd00::9", sport: 3, dport: 22, sent: 5})
	doc := documentOf(t, names, all, Options{Inventories: []*plan.Inventory{inventory()}, Hosts: hosts, Dictionary: list}, asked(t, "", "", "remote.address"))
	var got []string
	for _, n := range doc.Names {
		line := n.Address + " " + strings.Join([]string{n.Name, n.VM, n.NIC, n.Subnet, n.VNet, n.Region}, ",")
		for _, h := range n.Hosts {
			line += " " + h.Name + "/" + h.How
		}
		got = append(got, line)
	}
	want := []string{
		"10.0.0.4 ,vm-a,nic-vm-a,spoke/default,spoke,westeurope",
		"10.0.0.77 office,,,,,",
		"20.0.0.1 partner,,,,, www.example/tls",
		"20.0.0.99 partner,,,,, never.example/dns",
		"fd00::9 lab,,,,,",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
}

// TestTextOfTheList wants the list of service tags named with its date, and how far it
// is from what it names.
func TestTextOfTheList(t *testing.T) {
	at := time.Date(2026, 5, 9, 0, 0, 0, 0, time.UTC)
	tags := ServiceTags{File: "x.json", Cloud: "Public", ChangeNumber: "7", Origin: "file", Tags: 3}
	for date, want := range map[string]string{
		"2026-05-09": "", "2026-05-23": "", "2026-05-24": "That is 15 days from the flows", "2026-04-25": "", "2026-04-24": "That is 15 days from the flows", "": "Its date is not known", "May": "Its date is not known",
	} {
		list := tags
		list.Date = date
		got := list.named(at, at)
		if !strings.HasPrefix(got, "Public addresses are named by the Public list of Azure's service tags") || (want == "") != strings.HasSuffix(got, "3 tags).") || !strings.Contains(got, want) {
			t.Errorf("%q: %s", date, got)
		}
		if list.named(time.Time{}, time.Time{}) != list.String() && date == "2026-05-24" {
			t.Errorf("of no flows: %s", list.named(time.Time{}, time.Time{}))
		}
	}
	tags.Origin = "api"
	if got := tags.String(); !strings.HasSuffix(got, "It is Resource Manager's list, which lacks tags that the weekly file has.") {
		t.Error(got)
	}
	if serviceTagsOf(nil) != nil {
		t.Error("no list is shown")
	}
	if l := tagList(); serviceTagsOf(l).Origin != "file" || serviceTagsOf(l).Tags != l.Tags {
		t.Errorf("%+v", serviceTagsOf(l))
	}
}

// TestMACsInThePlaceOfNames wants an interface that is not known by name asked by its
// MAC, of which alone it can be said that it is another one.
func TestMACsInThePlaceOfNames(t *testing.T) {
	names := flow.NewNames()
	all := recordsOf(names, made{sport: 1, dport: 443, sent: 100})
	for src, want := range map[string]string{
		`nic == "` + macA + `"`: Answered, `nic == "` + strings.ToLower(macA) + `"`: Answered, `nic == "` + macB + `"`: NothingFound, `nic == "nic-vm-a"`: CannotAnswer, `nic != "` + macB + `"`: Answered,
		`contains(["` + macB + `", "` + macA + `"], nic)`: Answered, `contains(["` + macB + `", "nic-x"], nic)`: CannotAnswer, `nic == "00000000000G"`: CannotAnswer, `startswith(nic, "00")`: CannotAnswer,
	} {
		if a := documentOf(t, names, all, Options{}, asked(t, src, "")).Asks[0]; a.Outcome != want {
			t.Errorf("%s: %s, want %s", src, a.Outcome, want)
		}
	}
}
