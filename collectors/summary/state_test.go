package summary

import (
	"strings"
	"testing"

	"flowctl/collectors/aggregate"
	"flowctl/collectors/flow"
	"flowctl/plan"
	"flowctl/plan/question"
)

// rowKind is a row of a kind of source, with the fields that it has no value of and
// those that it does not know; it has all others.
type rowKind struct {
	record  func(names *flow.Names) flow.Record
	inv     []*plan.Inventory
	absent  string
	unknown string
}

// spread is a list of fields of some sides.
func spread(sides, parts string) string {
	var all []string
	for _, side := range strings.Fields(sides) {
		for _, part := range strings.Fields(parts) {
			all = append(all, side+"."+part)
		}
	}
	return strings.Join(all, " ") + " "
}

// rowKinds are the kinds of rows that differ in what they have.
func rowKinds() map[string]rowKind {
	inv := []*plan.Inventory{inventory()}
	base := made{sport: 50000, dport: 443, sent: 100, rule: "UserRule_web"}
	class := func(m made, c flow.Class, change func(*flow.Record)) func(*flow.Names) flow.Record {
		return func(names *flow.Names) flow.Record {
			r := m.record(names)
			r.Class, r.ACL = c, names.Of("acl")
			if change != nil {
				change(&r)
			}
			return r
		}
	}
	const all = "source destination local remote"
	places := spread("destination remote", "vm nic subnet vnet name")
	const said, dns = "tls.server_name tls.version tls.alpn http.host ", "dns.asked dns.answered " // by TCP, on other ports than 53
	ping := base
	ping.proto, ping.sport, ping.dport, ping.rule = 1, 0, 0, ""
	return map[string]rowKind{
		"log": {class(base, flow.VNetLog, nil), inv, places + spread("source local", "azure_service") + "local.port tunnel " + dns, spread("destination remote", "region service_tag azure_service") + said},
		"arriving": {class(made{src: "20.0.0.1", dst: "10.0.0.4", sport: 50000, dport: 22, sent: 5, in: true, rule: "x"}, flow.VNetLog, nil), inv,
			spread("source remote", "vm nic subnet vnet name") + spread("destination local", "azure_service") + "remote.port tunnel " + dns, spread("source remote", "region service_tag azure_service") + said},
		"unknown service": {class(made{sport: 50000, dport: 9999, sent: 5, rule: "x"}, flow.VNetLog, nil), inv,
			places + spread("source local", "azure_service") + "local.port tunnel service destination.service " + dns, spread("destination remote", "region service_tag azure_service") + said},
		"forwarded": {class(made{src: "10.0.0.4", dst: "10.0.0.5", sport: 50000, dport: 443, sent: 5, point: macRouter, rule: "x"}, flow.VNetLog, nil), inv,
			spread("local remote", "address vm nic subnet vnet name scope port region service_tag azure_service") + spread("source destination", "azure_service") + "tunnel " + dns, "" + said},
		"ping": {class(ping, flow.Capture, func(r *flow.Record) { r.Target, r.Rule, r.ACL, r.Encryption = 0, 0, 0, 0; r.Direction = 0 }), nil,
			said + dns + "port source.port destination.port service destination.service tunnel source.azure_service ",
			spread(all, "vm nic subnet vnet name region") + spread("local remote", "address scope port azure_service service_tag") + "destination.service_tag destination.azure_service nic vm verdict rule acl encryption direction "},
		"NSG log": {class(base, flow.NSGLog, func(r *flow.Record) { r.Encryption = 0 }), inv,
			places + spread("source local", "azure_service") + "local.port tunnel " + dns, spread("destination remote", "region service_tag azure_service") + "encryption " + said},
		"refused": {class(base, flow.VNetLog, func(r *flow.Record) { r.State, r.Measured, r.Sent = flow.Deny, 0, flow.Count{} }), inv,
			places + spread("source local", "azure_service") + "local.port tunnel " + dns, spread("destination remote", "region service_tag azure_service") + said},
		"captured": {class(base, flow.Capture, func(r *flow.Record) { r.Target, r.Rule, r.ACL, r.Encryption = 0, 0, 0, 0 }), inv,
			places + spread("source local", "azure_service") + "local.port tunnel " + dns, spread("destination remote", "region service_tag azure_service") + "verdict rule acl encryption " + said},
		"log without an inventory": {class(base, flow.VNetLog, nil), nil,
			"local.port tunnel source.azure_service local.azure_service " + dns, spread(all, "vm nic subnet vnet name region") + spread("destination remote", "service_tag azure_service") + "vm nic " + said},
		"ARP": {class(made{}, flow.Capture, func(r *flow.Record) {
			*r = flow.Record{EtherType: 0x0806, First: r.First, Last: r.Last, Point: r.Point, Class: flow.Capture, Measured: flow.Packets | flow.FrameBytes, Sent: flow.Count{Packets: 1, FrameBytes: 42}, State: flow.Continue}
		}), nil,
			said + dns + spread(all, "address vm nic subnet vnet name region service_tag azure_service scope") + "peer port source.port destination.port local.port remote.port service destination.service scope tunnel direction verdict encryption rule acl ",
			"nic vm "},
		"Analytics without addresses": {class(base, flow.Analytics, func(r *flow.Record) { r.Src, r.Dst, r.SrcPort, r.Rule, r.ACL = flow.Addr{}, flow.Addr{}, 7, 0, 0 }), inv,
			"local.port tunnel " + dns, spread(all, "address vm nic subnet vnet name region service_tag azure_service scope") + "peer scope source.port rule acl " + said},
		"Agent": {class(base, flow.Agent, func(r *flow.Record) { r.SrcPort, r.Rule, r.ACL, r.Encryption = 7, 0, 0, 0 }), inv,
			places + spread("source local", "azure_service") + "local.port tunnel " + dns, spread("destination remote", "region service_tag azure_service") + "source.port rule acl verdict encryption " + said},
	}
}

// TestStateOfEveryField wants of each field of each kind of row whether it has a value,
// has none, or is not known to its source; and whether conditions agree.
func TestStateOfEveryField(t *testing.T) {
	for name, k := range rowKinds() {
		names := flow.NewNames()
		r := k.record(names)
		for _, f := range append(question.Fields(), tagsOfSides()...) {
			if f.Name == question.PriceClass || f.Type == question.Moment {
				continue
			}
			want := present
			if _, _, is := question.Tag(f.Name); is {
				side, _, _ := strings.Cut(f.Name, ".")
				want = absent
				if contains(k.unknown, side+".vm") {
					want = unknown
				}
			}
			switch {
			case contains(k.absent, f.Name):
				want = absent
			case contains(k.unknown, f.Name):
				want = unknown
			}
			got, has := stateIn(t, names, r, k.inv, f.Name)
			if got != want {
				t.Errorf("%s, %s: state %d, want %d", name, f.Name, got, want)
			}
			if wantHas := map[state]string{present: Answered, absent: NothingFound, unknown: CannotAnswer}[want]; has != wantHas {
				t.Errorf("%s, has(%s): %s, want %s", name, f.Name, has, wantHas)
			}
		}
	}
}

// tagsOfSides are fields of a tag that no machine has: where the machine is known there is
// none, as there is none of what is no machine.
func tagsOfSides() (list []question.Field) {
	for _, side := range question.Sides() {
		f, _ := question.Lookup(side + ".tag.role")
		list = append(list, f)
	}
	return list
}

// stateIn is the state of a field of a record, and what has says of it.
func stateIn(t *testing.T, names *flow.Names, r flow.Record, inv []*plan.Inventory, name string) (state, string) {
	t.Helper()
	p := newLocator(inv)
	p.called.use(p.vms, nil)
	table := aggregate.New(names)
	table.Add(0, flow.Batch{r})
	table.Ready()
	f, ok := lookupField(name)
	if !ok {
		t.Fatal(name)
	}
	var s enriched
	for i := range table.Parts {
		if rows := &table.Parts[i].Rows; rows.N > 0 {
			row := rows.At(0)
			s.fill(row, rows.Frames(0), pointOf(table.Contexts[row.Context], names, p), p)
		}
	}
	a := documentOf(t, names, flow.Batch{r}, Options{Inventories: inv}, asked(t, "has("+name+")", "")).Asks[0]
	return f.stateOf(&s), a.Outcome
}
