package question

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

func scope() Scope {
	return Scope{Context: &hcl.EvalContext{
		Variables: map[string]cty.Value{
			"var": cty.ObjectVal(map[string]cty.Value{
				"port": cty.NumberIntVal(443), "secret": cty.StringVal("x").Mark("sensitive"), "unset": cty.NullVal(cty.String),
				"later": cty.UnknownVal(cty.String), "nets": cty.ListVal([]cty.Value{cty.StringVal("10.9.0.1/16")}),
			}),
		},
		Functions: map[string]function.Function{"lower": stdlib.LowerFunc, "contains": stdlib.ContainsFunc, "regex": stdlib.RegexFunc},
	}}
}

func check(t *testing.T, src string) (*Expr, hcl.Diagnostics) {
	t.Helper()
	e, diags := hclsyntax.ParseExpression([]byte(src), "a.hcl", hcl.InitialPos)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	return Check(e, scope())
}

// Each mistake is told with its place, its cause and the way out.
func TestRefused(t *testing.T) {
	tests := map[string]struct{ summary, detail, at string }{
		`direktion == "outbound"`:                {"Unknown field", `Did you mean "direction"?`, "direktion"},
		`price_class == "internet"`:              {"Unknown field", "Name it in by", "price_class"},
		`source.adress == "10.0.0.4"`:            {"Unknown field", `Did you mean "source.address"?`, "source.adress"},
		`source == "x"`:                          {"Unknown field", `no field "source". Known here: source.address`, "source"},
		`source.vm[0] == "x"`:                    {"Unknown field", `"source.vm[…]"`, "source.vm[0]"},
		`encryption == "nx_falback"`:             {"Unknown value", `Did you mean "NX_FALLBACK"?`, `"nx_falback"`},
		`direction == "outwards"`:                {"Unknown value", `direction is never "outwards". Known here: unknown, inbound, outbound.`, `"outwards"`},
		`contains(["allow"], verdict)`:           {"Unknown value", `"allowed"`, `["allow"]`},
		`port == "443"`:                          {"Wrong type", "without quotes", `"443"`},
		`"443" != port`:                          {"Wrong type", "without quotes", `"443"`},
		`service == 443`:                         {"Wrong type", "in double quotes", `443`},
		`service == ["a"]`:                       {"Wrong type", "contains([…], service)", `["a"]`},
		`service > "a"`:                          {"Wrong type", "service is text", `service`},
		`port > "a"`:                             {"Wrong type", "compare numbers; this is text", `"a"`},
		`port == service`:                        {"Wrong type", "port, which is a number, cannot be compared with service, which is text", `port == service`},
		`port + 1 == 2`:                          {"Unsupported condition", "compute the value in locals", `port + 1`},
		`-port == 2`:                             {"Unsupported condition", "cannot be calculated with", `-port`},
		`port`:                                   {"Wrong type", "such as port == 443", `port`},
		`"x"`:                                    {"Wrong type", "true or false for each flow", `"x"`},
		`service && port == 1`:                   {"Wrong type", "service is text", `service`},
		`true || port`:                           {"Wrong type", "&& and || join conditions; port is a number", `port`},
		`!service`:                               {"Wrong type", "service is text", `service`},
		`"${service}x" == "y"`:                   {"Unsupported condition", "Compute everything else in locals", `"${service}x"`},
		`lower(service) == "y"`:                  {"Unsupported function", "without regard to case", `lower`},
		`startwith(service, "x")`:                {"Unknown function", `Did you mean "startswith"?`, `startwith`},
		`contains([1], service)`:                 {"Invalid argument", "in quotes", `[1]`},
		`contains(["1"], port)`:                  {"Invalid argument", "without quotes", `["1"]`},
		`contains(service, "x")`:                 {"Invalid argument", "contains([22, 3389], port)", `service`},
		`startswith(service)`:                    {"Wrong number of arguments", "takes 2 and has 1", `startswith(service)`},
		`startswith(port, "4")`:                  {"Invalid argument", "two texts", `port`},
		`has("x")`:                               {"Invalid argument", "has(destination.vm)", `"x"`},
		`has(source.vm, vm)`:                     {"Wrong number of arguments", "takes 1 and has 2", `has(source.vm, vm)`},
		`cidrcontains("10.0.0.0", peer)`:         {"Invalid address", "not a network such as 10.0.0.0/8", `"10.0.0.0"`},
		`cidrcontains("10.0.0.0/8", service)`:    {"Invalid argument", "Write source.address", `service`},
		`source.address == "10.0.0.0/8"`:         {"Invalid address", "cidrcontains", `"10.0.0.0/8"`},
		`source.address == "010.0.0.4"`:          {"Invalid address", "never", `"010.0.0.4"`},
		`service == var.unset`:                   {"Invalid value", "not null", `var.unset`},
		`service == var.secret`:                  {"Sensitive value", "nonsensitive", `var.secret`},
		`service == var.missing`:                 {"Unsupported attribute", "missing", `.missing`},
		`port == 1 ? "a" : 2`:                    {"Wrong type", "same type", `port == 1 ? "a" : 2`},
		`[for s in [service] : s] == [true]`:     {"Unsupported condition", "Compute everything else", `[for s in [service] : s]`},
		`contains([true], port == 443 ? 1 : 2)`:  {"Invalid value", "text or numbers", `[true]`},
		`src_ip == "10.0.0.4"`:                   {"Unknown field", "Write source.address.", `src_ip`},
		`ip.dst == "10.0.0.4"`:                   {"Unknown field", "Write destination.address.", `ip.dst`},
		`source.ip == "10.0.0.4"`:                {"Unknown field", "Write source.address.", `source.ip`},
		`dst-port == 443`:                        {"Unknown field", "Write port.", `dst-port`},
		`src_port == 443`:                        {"Unknown field", "Write source.port.", `src_port`},
		`timestamp > 5`:                          {"Unknown field", "Write time.", `timestamp`},
		`time > 5`:                               {"Wrong type", `time >= "2026-11-12T14:00:00Z"`, `time > 5`},
		`time`:                                   {"Wrong type", "time is a time", `time`},
		`time > port`:                            {"Wrong type", "with a time in double quotes", `time > port`},
		`hour == "2026-11-12"`:                   {"Wrong type", "is a dimension", `hour == "2026-11-12"`},
		`time > "2026-11-12T14:00:00"`:           {"Invalid time", `If it is UTC, write "2026-11-12T14:00:00Z"`, `"2026-11-12T14:00:00"`},
		`"noon" < time`:                          {"Invalid time", "RFC 3339", `"noon"`},
		`time < "2026-11-12T14:00:00.5Z"`:        {"Invalid time", "whole seconds", `"2026-11-12T14:00:00.5Z"`},
		`contains(["2026-11-12"], time)`:         {"Invalid argument", "contains takes", `time`},
		`bytes > 1000`:                           {"Unknown field", "It is measured", `bytes`},
		`verdict == "deny"`:                      {"Unknown value", `Did you mean "denied"?`, `"deny"`},
		`direction == "egress"`:                  {"Unknown value", `Did you mean "outbound"?`, `"egress"`},
		`"verdict == denied"`:                    {"Wrong type", "without quotes around it", `"verdict == denied"`},
		`regex("^10", source.address)`:           {"Unsupported function", "cidrcontains", `regex`},
		`direction == "inbound" && (rul == "x")`: {"Unknown field", `"rule"`, `rul`},
	}
	for src, tt := range tests {
		t.Run(src, func(t *testing.T) {
			x, diags := check(t, src)
			if !diags.HasErrors() || x != nil {
				t.Fatal("passed")
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

// What is not known yet passes, and is no condition.
func TestNotKnownYet(t *testing.T) {
	for _, src := range []string{`service == var.later`, `contains([var.later], service)`, `startswith(rule, var.later) && port == 1`, `var.later == "x"`} {
		if x, diags := check(t, src); x != nil || diags.HasErrors() {
			t.Errorf("%s: %v, %v", src, x, diags)
		}
	}
}

// Texts get the form that their field has.
func TestForms(t *testing.T) {
	tests := map[string]string{
		`peer == "::FFFF:10.0.0.4"`:          "10.0.0.4",
		`"OUTBOUND" == direction`:            "outbound",
		`service == "HTTPS"`:                 "https",
		`source.address == "2001:DB8::0:01"`: "2001:db8::1",
		`vm == ""`:                           "",
		`encryption == "nx"`:                 "NX",
		`encryption == "NX_NEW_REASON"`:      "NX_NEW_REASON",
	}
	for src, want := range tests {
		x, diags := check(t, src)
		if diags.HasErrors() {
			t.Fatal(diags)
		}
		if got := x.Args[0].Text + x.Args[1].Text; got != want {
			t.Errorf("%s: %q, want %q", src, got, want)
		}
	}
	x, _ := check(t, `has(rule) && (contains(["a"], rule) || cidrcontains(var.nets, peer)) && !(port == var.port ? false : has(vm))`)
	if diff := cmp.Diff([]string{"rule", "peer", "port", "vm"}, x.Fields()); diff != "" {
		t.Errorf("fields (-want +got)\n%s", diff)
	}
}

func TestDimensions(t *testing.T) {
	got := Dimensions([]string{"source.vm", "destination.servis", "source.vm", "rule"})
	if got[0] != nil || got[3] != nil || got[1] == nil || got[2] == nil {
		t.Fatalf("problems %v", got)
	}
	if !strings.Contains(got[1].Detail, `Did you mean "destination.service"?`) || !strings.Contains(got[2].Detail, "twice") {
		t.Errorf("%v, %v", got[1], got[2])
	}
}

func TestTooManyDimensions(t *testing.T) {
	got := Dimensions(Names()[:22])
	for i, p := range got {
		if (p != nil) != (i == mostDimensions) {
			t.Errorf("%d: %v", i, p)
		}
	}
}

// What is answered to the spelling of another tool is a field, and no field is
// taken for one of another tool.
func TestAliases(t *testing.T) {
	for alias, name := range aliases {
		for _, n := range strings.Split(name, " or ") {
			if _, ok := Lookup(n); !ok {
				t.Errorf("%s stands for %s, which is no field", alias, n)
			}
		}
		if _, ok := Lookup(alias); ok {
			t.Errorf("%s is a field", alias)
		}
	}
	values := map[string]bool{}
	for _, f := range Fields() {
		for _, v := range f.Values {
			values[v] = true
		}
	}
	for word, v := range meant {
		if !values[v] {
			t.Errorf("%s stands for %s, which no field has", word, v)
		}
	}
}

// Every field has a doc, and what knows it if it may be unknown.
func TestFields(t *testing.T) {
	for _, f := range Fields() {
		if f.Doc == "" || f.Type != Text && f.Type != Number && f.Type != Address && f.Type != Moment {
			t.Errorf("%+v", f)
		}
		if again, ok := Lookup(f.Name); !ok || again.Name != f.Name {
			t.Errorf("%s is not found", f.Name)
		}
	}
	if _, ok := Lookup("source"); ok {
		t.Error("a side is taken for a field")
	}
}
