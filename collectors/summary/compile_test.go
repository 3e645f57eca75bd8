package summary

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"

	"flowctl/collectors/aggregate"
	"flowctl/collectors/flow"
	"flowctl/plan"
	"flowctl/plan/question"
)

func evalContext() *hcl.EvalContext {
	return &hcl.EvalContext{
		Variables: map[string]cty.Value{
			"var": cty.ObjectVal(map[string]cty.Value{
				"port": cty.NumberIntVal(443), "name": cty.StringVal("vm-a"), "nets": cty.ListVal([]cty.Value{cty.StringVal("10.9.0.0/16"), cty.StringVal("10.0.0.0/30")}),
			}),
		},
		Functions: map[string]function.Function{"lower": stdlib.LowerFunc},
	}
}

// sample is one flow of which every field is known: vm-a asks 20.0.0.1.
func sample() (*naming, *enriched) {
	names := flow.NewNames()
	p := newLocator([]*plan.Inventory{inventory()})
	k := aggregate.Context{
		Point: names.Of(macA), Rule: names.Of("UserRule_web"), ACL: names.Of("AAAA-BBBB"),
		Direction: flow.Outbound, Encryption: flow.NotEncrypted, Tunnel: flow.VXLAN,
		Step: aggregate.StepAt(1778320860), // 2026-05-09T10:01:00Z
	}
	r := &aggregate.Row{Key: aggregate.Key{Src: flow.Addr4(10<<24 | 4), Dst: flow.Addr4(20<<24 | 1), SrcPort: 50000, Port: 443, Proto: protoTCP}}
	s := &enriched{}
	s.fill(r, aggregate.FrameBytes{}, pointOf(k, names, p), p)
	return &naming{names: names, locator: p}, s
}

func TestWhere(t *testing.T) {
	tests := map[string]bool{
		`direction == "outbound"`:                                 true,
		`direction != "outbound"`:                                 false,
		`protocol == "tcp"`:                                       true,
		`port == 443`:                                             true,
		`destination.port >= 1024`:                                false,
		`port > 442 && port < 444`:                                true,
		`443 == port`:                                             true,
		`port == var.port`:                                        true,
		`source.vm == var.name`:                                   true,
		`source.vm == "VM-A"`:                                     true,
		`source.vm == "vm-${"a"}"`:                                true,
		`source.vm == lower("VM-A")`:                              true,
		`!(verdict == "denied")`:                                  true,
		`verdict == "denied" || service == "https"`:               true,
		`scope == "internet" && source.scope == "vnet"`:           true,
		`destination.scope == "internet"`:                         true,
		`contains([22, 443], port)`:                               true,
		`contains(["ssh", "rdp"], service)`:                       false,
		`contains(["20.0.0.1"], peer)`:                            true,
		`startswith(rule, "userrule_")`:                           true,
		`endswith(source.subnet, "/default")`:                     true,
		`cidrcontains("10.0.0.0/8", source.address)`:              true,
		`cidrcontains(["192.0.2.0/24", "20.0.0.0/30"], peer)`:     true,
		`cidrcontains(var.nets, source.address)`:                  false,
		`source.address == "::ffff:10.0.0.4"`:                     true,
		`(port == 443 ? "https" : "other") == service`:            true,
		`(source.vm == "vm-a" ? port : 0) == 443`:                 true,
		`acl == "nsg-a" && nic == "nic-vm-a" && vm == "vm-a"`:     true,
		`encryption == "NX" && tunnel == "VXLAN"`:                 true,
		`source.vnet == "spoke" && source.region == "westeurope"`: true,
		`destination.vm == "" && destination.nic == ""`:           true,
		`true`:           true,
		`var.port == 80`: false,
		`source.nic == "nic-vm-a" && destination.address == "20.0.0.1"`: true,
		`rule == acl`: false,
		`destination.service == "https" && destination.subnet == ""`: true,
	}
	n, s := sample()
	for src, want := range tests {
		t.Run(src, func(t *testing.T) {
			q := Compile(question.Question{Where: where(t, src)})
			if got := q.where(n, s); got != truthOf(want) {
				t.Errorf("%v, want %v", got, want)
			}
		})
	}
}

// TestEveryField checks that all fields of flows are there, with their type,
// and that a value of every enumeration is one that question.Fields lists.
func TestEveryField(t *testing.T) {
	want := map[string]string{
		"direction": "outbound", "verdict": "allowed", "protocol": "TCP", "port": "443", "service": "https", "scope": "internet",
		"rule": "UserRule_web", "acl": "nsg-a", "encryption": "NX", "tunnel": "VXLAN", "nic": "nic-vm-a", "vm": "vm-a", "peer": "20.0.0.1", "price_class": "unknown",
		"source.address": "10.0.0.4", "source.vm": "vm-a", "source.nic": "nic-vm-a", "source.subnet": "spoke/default", "source.vnet": "spoke",
		"source.region": "westeurope", "source.scope": "vnet", "source.service_tag": "<private>", "source.azure_service": "", "destination.address": "20.0.0.1", "destination.vm": "", "destination.name": "", "local.name": "vm-a", "remote.name": "", "source.name": "vm-a",
		"destination.nic":    "",
		"destination.subnet": "", "destination.vnet": "", "destination.region": "", "destination.scope": "internet", "destination.service_tag": "", "destination.azure_service": "",
		"tls.server_name": "", "tls.version": "unknown", "tls.alpn": "", "http.host": "", "dns.asked": "", "dns.answered": "",
		"source.port": "50000", "time": "2026-05-09T10:01:00Z",
		"destination.port": "443", "destination.service": "https",
		"local.address": "10.0.0.4", "local.vm": "vm-a", "local.nic": "nic-vm-a", "local.subnet": "spoke/default", "local.vnet": "spoke",
		"local.region": "westeurope", "local.scope": "vnet", "local.service_tag": "<private>", "local.azure_service": "", "local.port": "", "remote.address": "20.0.0.1", "remote.vm": "", "remote.nic": "",
		"remote.subnet": "", "remote.vnet": "", "remote.region": "", "remote.scope": "internet", "remote.service_tag": "", "remote.azure_service": "", "remote.port": "443",
	}
	n, s := sample()
	got := map[string]string{}
	for _, f := range question.Fields() {
		field, ok := lookupField(f.Name)
		if !ok {
			t.Errorf("no field %s", f.Name)
			continue
		}
		got[f.Name] = field.value(n, s)
		if (field.number != nil) != (f.Type == question.Number || f.Type == question.Moment) {
			t.Errorf("field %s has another type than question.Fields says", f.Name)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
	if extra := len(fields()) - len(question.Fields()); extra != 0 {
		t.Errorf("%d fields more than question.Fields lists", extra)
	}
	for _, f := range fields() {
		q, _ := question.Lookup(f.name)
		if (f.codes != nil) != (q.Values != nil) {
			t.Errorf("%s has values here or in question.Fields only", f.name)
		}
		for _, v := range f.codes {
			if !slices.Contains(q.Values, v) {
				t.Errorf("%s can be %q, which question.Fields does not list", f.name, v)
			}
		}
	}
}

// where checks a condition.
func where(t *testing.T, src string) *question.Expr {
	t.Helper()
	e, diags := hclsyntax.ParseExpression([]byte(src), "a.hcl", hcl.InitialPos)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	x, diags := question.Check(e, question.Scope{Context: evalContext()})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	return x
}

// rowsWhere is a condition on the measures of rows.
func rowsWhere(t *testing.T, src string) *question.Expr {
	t.Helper()
	e, diags := hclsyntax.ParseExpression([]byte(src), "a.hcl", hcl.InitialPos)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	x, diags := question.CheckRows(e, question.Scope{Context: evalContext()})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	return x
}

// TestAsk checks rows, others and shares of a question.
func TestAsk(t *testing.T) {
	q := Compile(question.Question{
		Name: "egress", Where: where(t, `scope == "internet" && verdict == "allowed"`), By: []string{"source.vm", "destination.service"}, Top: 1,
	})
	names := flow.NewNames()
	table := aggregate.New(names)
	for i, port := range []uint16{443, 22, 22} {
		k := flow.Key{Src: flow.Addr4(10<<24 | 4), Dst: flow.Addr4(20<<24 | uint32(i)), SrcPort: 50000, DstPort: port, Proto: protoTCP}
		table.Add(0, flow.Batch{observation{point: macA, direction: flow.Outbound, packets: uint64(i + 1)}.record(names, k)})
	}
	k := flow.Key{Src: flow.Addr4(10<<24 | 4), Dst: flow.Addr4(10<<24 | 5), SrcPort: 50000, DstPort: 443, Proto: protoTCP}
	table.Add(0, flow.Batch{observation{point: macA, direction: flow.Outbound, packets: 4}.record(names, k)})
	doc, err := Of(table, Options{Inventories: []*plan.Inventory{inventory()}, Questions: []*Question{q}})
	if err != nil {
		t.Fatal(err)
	}
	a := doc.Asks[0]
	half, tenth := 0.5, 0.1
	for _, tt := range []struct {
		what      string
		got, want any
	}{
		{"name", a.Name, "egress"},
		{"by", a.By, []string{"source.vm", "destination.service"}},
		{"groups", a.Groups, uint64(2)},
		{"key", a.Rows[0].Key, []string{"vm-a", "ssh"}},
		{"rows", len(a.Rows), 1},
		{"packets", a.Rows[0].Packets, Known(5)},
		{"share", a.Rows[0].Share, &half},
		{"others", a.Others.Packets, Known(1)},
		{"share of others", a.Others.Share, &tenth},
		{"total", a.Total.Packets, Known(6)},
		{"flows", a.Total.Flows, uint64(3)},
	} {
		if diff := cmp.Diff(tt.want, tt.got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.what, diff)
		}
	}
}
