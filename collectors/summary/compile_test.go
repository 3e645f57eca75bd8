package summary

import (
	"flowctl/collectors/aggregate"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"

	"flowctl/collectors/flow"
	"flowctl/plan"
)

func evalContext() *hcl.EvalContext {
	return &hcl.EvalContext{
		Variables: map[string]cty.Value{
			"var": cty.ObjectVal(map[string]cty.Value{
				"port": cty.NumberIntVal(443), "name": cty.StringVal("vm-a"), "secret": cty.StringVal("x").Mark("sensitive"),
				"unset": cty.NullVal(cty.String), "nets": cty.ListVal([]cty.Value{cty.StringVal("10.9.0.0/16"), cty.StringVal("10.0.0.0/30")}),
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
	}
	r := &aggregate.Row{Key: aggregate.Key{Src: flow.Addr4(10<<24 | 4), Dst: flow.Addr4(20<<24 | 1), Port: 443, Proto: protoTCP}}
	s := &enriched{}
	s.fill(r, aggregate.FrameBytes{}, pointOf(k, names, p), p)
	return &naming{names, p}, s
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
		`source.address == "010.0.0.4" ? true : port == 443`:      false,
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
		`destination.service == "https" && destination.subnet == ""`:     true,
		`destination.vnet == "" && destination.region == source.service`: false,
	}
	n, s := sample()
	for src, want := range tests {
		t.Run(src, func(t *testing.T) {
			e, diags := hclsyntax.ParseExpression([]byte(src), "a.hcl", hcl.InitialPos)
			if diags.HasErrors() {
				t.Fatal(diags)
			}
			q, diags := Compile(Ask{Where: e, Context: evalContext()})
			if strings.Contains(src, "source.service") || strings.Contains(src, "010.") {
				if !diags.HasErrors() {
					t.Error("compiled")
				}
				return
			}
			if diags.HasErrors() {
				t.Fatal(diags)
			}
			if got := q.where(n, s); got != want {
				t.Errorf("%v, want %v", got, want)
			}
		})
	}
}

func TestWhereRefused(t *testing.T) {
	tests := map[string]struct{ summary, detail, at string }{
		`direktion == "outbound"`:                {"Unknown field", `"direction"`, "direktion"},
		`source.adress == "10.0.0.4"`:            {"Unknown field", `"source.address"`, "source.adress"},
		`source == "x"`:                          {"Unknown field", `no field "source"`, "source"},
		`direction == "outward"`:                 {"Unknown value", `"outbound"`, `"outward"`},
		`contains(["allow"], verdict)`:           {"Unknown value", `"allowed"`, `["allow"]`},
		`port == "443"`:                          {"Invalid comparison", "without quotes", `port == "443"`},
		`service == 443`:                         {"Invalid comparison", "in quotes", `service == 443`},
		`service == ["a"]`:                       {"Invalid comparison", "contains", `service == ["a"]`},
		`service > "a"`:                          {"Invalid comparison", "compare numbers", `service > "a"`},
		`port + 1 == 2`:                          {"Unsupported condition", "compute the value in locals", `port + 1`},
		`-port == 2`:                             {"Unsupported condition", "operators", `-port`},
		`port`:                                   {"Invalid condition", "this is a number", `port`},
		`"x"`:                                    {"Invalid condition", "this is a text", `"x"`},
		`service && port == 1`:                   {"Invalid condition", "this is a text", `service`},
		`"${service}x" == "y"`:                   {"Unsupported condition", "nothing else", `"${service}x"`},
		`lower(service) == "y"`:                  {"Unsupported function", "startswith", `lower`},
		`contains([1], service)`:                 {"Invalid argument", "in quotes", `[1]`},
		`contains(["1"], port)`:                  {"Invalid argument", "without quotes", `["1"]`},
		`contains(service, "x")`:                 {"Invalid argument", "a list and a field", `service`},
		`startswith(service)`:                    {"Wrong number of arguments", "2 arguments", `startswith(service)`},
		`startswith(port, "4")`:                  {"Invalid argument", "two texts", `startswith(port, "4")`},
		`cidrcontains("10.0.0.0", peer)`:         {"Invalid prefix", "10.0.0.0/8", `"10.0.0.0"`},
		`cidrcontains("10.0.0.0/8", service)`:    {"Invalid argument", "an address", `cidrcontains("10.0.0.0/8", service)`},
		`source.address == "10.0.0.0/8"`:         {"Invalid address", "cidrcontains", `"10.0.0.0/8"`},
		`service == var.unset`:                   {"Invalid value", "not null", `var.unset`},
		`service == var.missing`:                 {"Unsupported attribute", "missing", `.missing`},
		`port == 1 ? "a" : 2`:                    {"Invalid condition", "same kind", `port == 1 ? "a" : 2`},
		`[for s in [service] : s] == [true]`:     {"Unsupported condition", "nothing else", `[for s in [service] : s]`},
		`contains([true], port == 443 ? 1 : 2)`:  {"Invalid value", "text or numbers", `[true]`},
		`direction == "inbound" && (rul == "x")`: {"Unknown field", `"rule"`, `rul`},
	}
	for src, tt := range tests {
		t.Run(src, func(t *testing.T) {
			e, diags := hclsyntax.ParseExpression([]byte(src), "a.hcl", hcl.InitialPos)
			if diags.HasErrors() {
				t.Fatal(diags)
			}
			_, diags = Compile(Ask{Where: e, Context: evalContext()})
			if !diags.HasErrors() {
				t.Fatal("compiled")
			}
			d := diags[0]
			if d.Summary != tt.summary || !strings.Contains(d.Detail, tt.detail) {
				t.Errorf("%s: %s\nwant %s: …%s…", d.Summary, d.Detail, tt.summary, tt.detail)
			}
			if got := string(d.Subject.SliceBytes([]byte(src))); got != tt.at {
				t.Errorf("at %s, want %s", got, tt.at)
			}
		})
	}
}

// TestEveryField checks that all fields of flows are there, with their type,
// and that a value of every enumeration is one that flow.Fields lists.
func TestEveryField(t *testing.T) {
	want := map[string]string{
		"direction": "outbound", "verdict": "allowed", "protocol": "TCP", "port": "443", "service": "https", "scope": "internet",
		"rule": "UserRule_web", "acl": "nsg-a", "encryption": "NX", "tunnel": "VXLAN", "nic": "nic-vm-a", "vm": "vm-a", "peer": "20.0.0.1",
		"source.address": "10.0.0.4", "source.vm": "vm-a", "source.nic": "nic-vm-a", "source.subnet": "spoke/default", "source.vnet": "spoke",
		"source.region": "westeurope", "source.scope": "vnet", "destination.address": "20.0.0.1", "destination.vm": "", "destination.nic": "",
		"destination.subnet": "", "destination.vnet": "", "destination.region": "", "destination.scope": "internet",
		"destination.port": "443", "destination.service": "https",
	}
	n, s := sample()
	got := map[string]string{}
	for _, f := range flow.Fields() {
		field, ok := lookupField(f.Name)
		if !ok {
			t.Errorf("no field %s", f.Name)
			continue
		}
		got[f.Name] = field.value(n, s)
		if (field.number != nil) != (f.Type == flow.Number) {
			t.Errorf("field %s has another type than flow.Fields says", f.Name)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
	if extra := len(fields()) - len(flow.Fields()); extra != 0 {
		t.Errorf("%d fields more than flow.Fields lists", extra)
	}
	for name, texts := range map[string][]string{"verdict": aggregate.Verdicts, "scope": scopes, "source.scope": scopes} {
		values := valuesOf(name)
		for _, v := range texts {
			if !strings.Contains(strings.Join(values, " ")+" ", v+" ") {
				t.Errorf("%s can be %q, which flow.Fields does not list", name, v)
			}
		}
	}
}

func TestUnknownBy(t *testing.T) {
	_, diags := Compile(Ask{By: []string{"source.vm", "destination.servis"}})
	if len(diags) != 1 || !strings.Contains(diags[0].Detail, `"destination.service"`) {
		t.Errorf("diagnostics: %v", diags)
	}
}

// TestAsk checks rows, others and shares of a question.
func TestAsk(t *testing.T) {
	e, diags := hclsyntax.ParseExpression([]byte(`scope == "internet" && verdict == "allowed"`), "a.hcl", hcl.InitialPos)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	q, diags := Compile(Ask{Name: "egress", Where: e, By: []string{"source.vm", "destination.service"}, Top: 1})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	names := flow.NewNames()
	table := aggregate.New(names)
	for i, port := range []uint16{443, 22, 22} {
		k := flow.Key{Src: flow.Addr4(10<<24 | 4), Dst: flow.Addr4(20<<24 | uint32(i)), SrcPort: 50000, DstPort: port, Proto: protoTCP}
		table.Add(0, flow.Batch{sighting{point: macA, direction: flow.Outbound, packets: uint64(i + 1)}.record(names, k)})
	}
	k := flow.Key{Src: flow.Addr4(10<<24 | 4), Dst: flow.Addr4(10<<24 | 5), SrcPort: 50000, DstPort: 443, Proto: protoTCP}
	table.Add(0, flow.Batch{sighting{point: macA, direction: flow.Outbound, packets: 4}.record(names, k)})
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
