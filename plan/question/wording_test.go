package question

import (
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// refusal is the first thing that is wrong with a condition: what, and at which part.
func refusal(t *testing.T, src string, check func(hcl.Expression) (*Expr, hcl.Diagnostics)) (summary, detail, at string) {
	t.Helper()
	e, diags := hclsyntax.ParseExpression([]byte(src), "a.hcl", hcl.InitialPos)
	if diags.HasErrors() {
		t.Fatal(src, diags)
	}
	x, diags := check(e)
	if x != nil || !diags.HasErrors() {
		t.Errorf("%s: passed", src)
		return "", "", ""
	}
	return diags[0].Summary, diags[0].Detail, string(diags[0].Subject.SliceBytes([]byte(src)))
}

func overFlows(e hcl.Expression) (*Expr, hcl.Diagnostics) { return Check(e, scope()) }

// TestWayOut wants of a mistake in a value the text that would have been right, as a
// whole: what a reader copies.
func TestWayOut(t *testing.T) {
	tests := map[string]string{
		// Numbers.
		`port == "22-443"`:             "port is a number: compare it with a number, without quotes. A range is port >= 22 && port <= 443.",
		`source.port == "1 - 2"`:       "source.port is a number: compare it with a number, without quotes. A range is source.port >= 1 && source.port <= 2.",
		`port == "https"`:              `port is a number: compare it with a number, without quotes. By name that is service == "https".`,
		`port == "RDP"`:                `port is a number: compare it with a number, without quotes. By name that is service == "rdp".`,
		`port == "what"`:               "port is a number: compare it with a number, without quotes.",
		`port == -1`:                   "port is never -1: it is a whole number from 0 to 65535.",
		`port == 1.5`:                  "port is never 1.5: it is a whole number from 0 to 65535.",
		`contains([80, 70000], port)`:  "port is never 70000: it is a whole number from 0 to 65535.",
		`port < "80"`:                  "<, <=, > and >= compare numbers; this is text. Write it without quotes.",
		`port < (port == 1)`:           "<, <=, > and >= compare numbers; this is a condition. Write each comparison by itself, as in port >= 80 && port <= 90.",
		`80 <= port <= 90`:             "<, <=, > and >= compare numbers; this is a condition. Write each comparison by itself, as in port >= 80 && port <= 90.",
		`protocol == 6`:                `protocol is text: compare it with text in double quotes, as in "TCP".`,
		`verdict == true`:              `verdict is text: compare it with text in double quotes, as in "allowed".`,
		`scope == 1`:                   `scope is text: compare it with text in double quotes, as in "internet".`,
		`encryption == 1`:              `encryption is text: compare it with text in double quotes, as in "X".`,
		`rule == 1`:                    "rule is text: compare it with text in double quotes.",
		`tunnel == 1`:                  "tunnel is text: compare it with text in double quotes.",
		`peer == 10`:                   `peer is an IP address: compare it with text in double quotes, as in "10.0.0.4".`,
		`rule == ["a", "b"]`:           "rule has one value and is never equal to a list. Write contains([…], rule).",
		`[1] == port`:                  "port has one value and is never equal to a list. Write contains([…], port).",
		`(port == 1 ? 1 : 2) == [1]`:   "Lists cannot be compared. Write contains([…], field).",
		`(port == 1 ? "a" : "b") == 5`: "text cannot be compared with a number.",
		// Addresses and networks.
		`peer == "10.0"`:                             `peer is an IP address, and never "10.0". Write cidrcontains("10.0.0.0/16", peer).`,
		`peer == "10.0.*"`:                           `peer is an IP address, and never "10.0.*". Write cidrcontains("10.0.0.0/16", peer).`,
		`peer == "10.1.2.x"`:                         `peer is an IP address, and never "10.1.2.x". Write cidrcontains("10.1.2.0/24", peer).`,
		`peer == "10.0.0.1-10.0.0.9"`:                `peer is an IP address, and never "10.0.0.1-10.0.0.9". Networks are asked with cidrcontains("10.0.0.0/8", peer).`,
		`peer == "sqlserver"`:                        `peer is an IP address, and never "sqlserver". A machine is asked by its name: destination.vm == "sqlserver".`,
		`source.address == "web-1"`:                  `source.address is an IP address, and never "web-1". A machine is asked by its name: source.vm == "web-1".`,
		`peer == "example.com"`:                      `peer is an IP address, and never "example.com". It is such as 10.0.0.4 or fd00::4.`,
		`peer == "fe80::1%eth0"`:                     `peer is an IP address, and never "fe80::1%eth0". A machine is asked by its name: destination.vm == "fe80::1%eth0".`,
		`contains(["10.0.0.0/8"], peer)`:             `peer is one address and never equal to a network. Write cidrcontains("10.0.0.0/8", peer).`,
		`cidrcontains("10.0.0.4", peer)`:             `"10.0.0.4" is not a network such as 10.0.0.0/8 or fd00::/8. Write "10.0.0.4/32" for that one address.`,
		`cidrcontains("fd00::4", peer)`:              `"fd00::4" is not a network such as 10.0.0.0/8 or fd00::/8. Write "fd00::4/128" for that one address.`,
		`cidrcontains("10.0.0.0/255.255.0.0", peer)`: `"10.0.0.0/255.255.0.0" is not a network such as 10.0.0.0/8 or fd00::/8. Write "10.0.0.0/16".`,
		`cidrcontains("10.0.0.0/255.0.255.0", peer)`: `"10.0.0.0/255.0.255.0" is not a network such as 10.0.0.0/8 or fd00::/8. The number of bits is 0 to 32.`,
		`cidrcontains("10.0.0.0/33", peer)`:          `"10.0.0.0/33" is not a network such as 10.0.0.0/8 or fd00::/8. The number of bits is 0 to 32.`,
		`cidrcontains("fd00::/129", peer)`:           `"fd00::/129" is not a network such as 10.0.0.0/8 or fd00::/8. The number of bits is 0 to 128.`,
		`cidrcontains("10.0.0/8", peer)`:             `"10.0.0/8" is not a network such as 10.0.0.0/8 or fd00::/8. "10.0.0" is not an address.`,
		`cidrcontains("10", peer)`:                   `"10" is not a network such as 10.0.0.0/8 or fd00::/8. Write "10.0.0.0/8".`,
		`cidrcontains("10.0.0.1-10.0.0.9", peer)`:    `"10.0.0.1-10.0.0.9" is not a network such as 10.0.0.0/8 or fd00::/8. A range is written as the networks that it is made of.`,
		`cidrcontains("hub", peer)`:                  `"hub" is not a network such as 10.0.0.0/8 or fd00::/8.`,
		`cidrcontains("10.0.0.0/8", source.vm)`:      "cidrcontains takes an address, and source.vm is text. Write source.address.",
		`cidrcontains("10.0.0.0/8", remote.subnet)`:  "cidrcontains takes an address, and remote.subnet is text. Write remote.address.",
		`cidrcontains(source.address, "10.0.0.0/8")`: `The field comes last in cidrcontains: write cidrcontains("10.0.0.0/8", source.address).`,
		`contains(port, [22])`:                       "The field comes last in contains: write contains([22, 3389], port).",
		`contains("web", rule)`:                      "contains takes a list and a field, as in contains([22, 3389], port). What text begins or ends with is asked with startswith and endswith.",
		`contains(rule, "web")`:                      "contains takes a list and a field, as in contains([22, 3389], port). What text begins or ends with is asked with startswith and endswith.",
		`contains(["a"], port == 1 ? 1 : 2)`:         "This is a number: write the numbers of the list without quotes.",
		`contains([1], port == 1 ? "a" : rule)`:      "This is text: write the values of the list in quotes.",
		`startswith(rule, 5)`:                        `startswith takes two texts, as in startswith(rule, "UserRule_").`,
		`endswith(5, rule)`:                          `endswith takes two texts, as in endswith(source.vm, "-db").`,
		`has(port == 1 ? rule : vm)`:                 "has takes a field, as in has(destination.vm).",
		`has(hour)`:                                  `hour is a dimension, for by. Select times with time, such as time >= "2026-11-12T14:00:00Z" && time < "2026-11-13T00:00:00Z".`,
		`startswith(rule, "a", "b")`:                 `startswith takes 2 and has 3, as in startswith(rule, "UserRule_").`,
		`contains([1, 2], port...)`:                  "contains takes 2 and has 2, as in contains([22, 3389], port).",
		`regex("a", rule)`:                           "Fields are not matched with regular expressions. Write startswith(rule, \"…\"), endswith(…), contains([…], port), or of addresses cidrcontains(\"10.0.0.0/8\", source.address).",
		// Protocols and services.
		`protocol == "https"`:           `protocol is never "https", which is spoken over one. Write service == "https".`,
		`protocol == "TPC"`:             `protocol is never "TPC". Did you mean "TCP"? Others have their number, as in "99".`,
		`protocol == "256"`:             `protocol is never "256". Known here: TCP, UDP, ICMP, IPv6-ICMP, GRE, ESP. Others have their number, as in "99".`,
		`service == "443"`:              `service is a name and never "443". Write port == 443.`,
		`destination.service == "htps"`: `destination.service is never "htps". Did you mean "https"?`,
		`service == "our-app"`:          `service is never "our-app". Ask for the port instead, as in port == 8000.`,
		`contains(["htps"], service)`:   `service is never "htps". Did you mean "https"?`,
		// Enumerated values.
		`encryption == "encrypted"`: `encryption is never "encrypted". Did you mean "X"?`,
		`encryption == "nx new"`:    `encryption is never "nx new". Known here: unknown, X, NX, NX_HW_NOT_SUPPORTED, NX_SW_NOT_READY, NX_NOT_ACCEPTED, NX_NOT_SUPPORTED, NX_LOCAL_DST, NX_FALLBACK, other.`,
		`tunnel == "vxlann"`:        `tunnel is never "vxlann". Did you mean "VXLAN"?`,
		`source.scope == "public"`:  `source.scope is never "public". Did you mean "internet"?`,
		// Conditions.
		`"denied"`:                     `where must be true or false for each flow, such as direction == "outbound"; this is text. Write verdict == "denied".`,
		`port == 1 && "inbound"`:       `&& and || join conditions; this is text. Write direction == "inbound".`,
		`port == 1 || 7`:               "&& and || join conditions; this is a number.",
		`peer`:                         `peer is an IP address. Compare it with == or !=, such as peer == "…".`,
		`{ port = port }`:              asCondition,
		`{ verdict = "denied" }`:       asCondition,
		`port + 1 > 2`:                 noArithmetic,
		`port % 2 == 0`:                noArithmetic,
		`[port][0] == 1`:               onlyThese,
		`source.vm == null`:            "A condition needs a value that is not null. Whether a field has a value is asked with has(…).",
		`contains(["a", null], rule)`:  "A condition needs a value that is not null. Whether a field has a value is asked with has(…).",
		`contains([["a"], "b"], rule)`: "The elements of a list must be text or numbers.",
		`rule == { a = 1 }`:            asCondition,
		`oneof(["a"], rule)`:           `There is no function "oneof". Write contains, as in contains([22, 3389], port).`,
		`is_null(rule)`:                `There is no function "is_null". Write !has(destination.vm).`,
		`exists(rule)`:                 `There is no function "exists". Write has(destination.vm).`,
		`in_subnet(peer)`:              `There is no function "in_subnet". Write cidrcontains, as in cidrcontains("10.0.0.0/8", source.address).`,
		`conains([1], port)`:           `There is no function "conains". Did you mean "contains"?`,
		`frobnicate(rule)`:             `There is no function "frobnicate". Fields are given to contains, startswith, endswith, cidrcontains, has.`,
		`rule == upper("x")`:           `There is no function "upper". Fields are given to contains, startswith, endswith, cidrcontains, has.`,
		// Time.
		`time == "2026-13-01"`:                  `"2026-13-01" is not a time. Write it as RFC 3339 with a zone, such as "2026-11-12T14:00:00Z", or a day of UTC, such as "2026-11-12".`,
		`time < "2026-11-12 14:00"`:             `"2026-11-12 14:00" has no zone. If it is UTC, write "2026-11-12T14:00:00Z".`,
		`time < "2026-11-12T14:00:00.25+02:00"`: `"2026-11-12T14:00:00.25+02:00" has a part of a second; flows are told apart by whole seconds. Write "2026-11-12T14:00:00+02:00".`,
		`day > "2026-11-12"`:                    `day is a dimension, for by. Select times with time, such as time >= "2026-11-12T14:00:00Z" && time < "2026-11-13T00:00:00Z".`,
	}
	for src, want := range tests {
		if _, got, _ := refusal(t, src, overFlows); got != want {
			t.Errorf("%s:\n got %s\nwant %s", src, got, want)
		}
	}
}

// TestOtherTools wants every spelling of other tools to be told what it is here, in a
// condition and as a dimension.
func TestOtherTools(t *testing.T) {
	for alias, name := range aliases {
		want := "Write " + name + "."
		if alias != "remote" && !strings.Contains(alias, " ") {
			if _, got, at := refusal(t, alias+` == "x"`, overFlows); !strings.HasSuffix(got, want) || at != alias {
				t.Errorf("%s: at %s: %s", alias, at, got)
			}
		}
		for _, spelled := range []string{alias, strings.ToUpper(alias), strings.ReplaceAll(alias, ".", "_"), strings.ReplaceAll(alias, ".", "-")} {
			if _, ok := Lookup(spelled); ok {
				continue
			}
			if p := Dimensions([]string{spelled})[0]; p == nil || !strings.HasSuffix(p.Detail, want) {
				t.Errorf("by %s: %v, want %s", spelled, p, want)
			}
		}
	}
	for side, s := range sideNames {
		for part, name := range partNames {
			given := side + "." + part
			if _, ok := Lookup(s + "." + name); !ok || aliases[given] != "" {
				continue
			}
			if p := Dimensions([]string{given})[0]; p == nil || p.Detail != "Flows have no field "+quote(given)+". Write "+s+"."+name+"." {
				t.Errorf("by %s: %v", given, p)
			}
		}
	}
	for _, m := range measures {
		if p := Dimensions([]string{m})[0]; p == nil || !strings.Contains(p.Detail, "It is measured") {
			t.Errorf("by %s: %v", m, p)
		}
	}
}

// TestDimensionsThatAreNone wants the way out of a by that cannot be.
func TestDimensionsThatAreNone(t *testing.T) {
	for given, want := range map[string]string{
		"":                     `Flows have no field "". Known here: direction, verdict,`,
		"source.adress":        `Did you mean "source.address"?`,
		"source.colour":        "Known here: source.address, source.name,",
		"vredict":              `Did you mean "verdict"?`,
		"colour":               "of source, destination, local and remote, as in source.address.",
		"source.address, port": `Write each field in quotes of its own, as in ["source.address", "port"].`,
		"source.address port":  `Write each field in quotes of its own, as in ["source.address", "port"].`,
		"time":                 `Rows are by steps of time. Write "time(5m)", with a length of whole seconds from 1s on, or "hour" or "day".`,
		"time(0s)":             `"time(0s)" is no step of time. Write "time(5m)",`,
		"time(5 minutes)":      `"time(5 minutes)" is no step of time.`,
		"time(500ms)":          `"time(500ms)" is no step of time.`,
		"TIME(5m)":             `"TIME(5m)" is no step of time.`,
	} {
		if p := Dimensions([]string{given})[0]; p == nil || p.Summary != "Unknown field" || !strings.Contains(p.Detail, want) {
			t.Errorf("by %q: %v, want …%s…", given, p, want)
		} else if p.Error() != p.Summary+": "+p.Detail {
			t.Errorf("as an error: %s", p.Error())
		}
	}
}

// TestNamesOfTheFile wants names that a file has to stay the file's: fields are found
// among them, what is ambiguous is refused, and what is neither is not guessed.
func TestNamesOfTheFile(t *testing.T) {
	locals := scope()
	locals.Context.Variables["local"] = cty.ObjectVal(map[string]cty.Value{"port": cty.NumberIntVal(5), "ports": cty.ListVal([]cty.Value{cty.NumberIntVal(5)}), "vm": cty.StringVal("a")})
	check := func(src string) (*Expr, hcl.Diagnostics) {
		e, diags := hclsyntax.ParseExpression([]byte(src), "a.hcl", hcl.InitialPos)
		if diags.HasErrors() {
			t.Fatal(diags)
		}
		return Check(e, locals)
	}
	for src, want := range map[string]string{
		`contains(local.ports, port)`: "", // a local of the file
		`local.address == "10.0.0.4"`: "", // a field
		`local.port == 5`:             "Ambiguous name",
		`local.vm == "a"`:             "Ambiguous name",
		`local.missing == 5`:          "Unsupported attribute",
	} {
		x, diags := check(src)
		switch {
		case want == "" && (x == nil || diags.HasErrors()):
			t.Errorf("%s: %v", src, diags)
		case want != "" && (!diags.HasErrors() || diags[0].Summary != want):
			t.Errorf("%s: %v, want %s", src, diags, want)
		}
	}
	child := Scope{Context: locals.Context.NewChild()} // what a parent has counts
	e, _ := hclsyntax.ParseExpression([]byte(`port == var.port && rule == lower("A")`), "a.hcl", hcl.InitialPos)
	if x, diags := Check(e, child); x == nil || diags.HasErrors() {
		t.Errorf("in a child: %v", diags)
	}
}

// TestReference wants whoever knows the file to say what is wrong with its names.
func TestReference(t *testing.T) {
	s := scope()
	var asked []string
	s.Reference = func(tr hcl.Traversal) hcl.Diagnostics {
		asked = append(asked, nameOf(tr))
		if tr.RootName() == "var" {
			return nil
		}
		return hcl.Diagnostics{{Severity: hcl.DiagError, Summary: "Nothing of the name", Detail: "x", Subject: tr.SourceRange().Ptr()}}
	}
	in := func(e hcl.Expression) (*Expr, hcl.Diagnostics) { return Check(e, s) }
	if summary, _, at := refusal(t, `port == var.port && rule == each.key`, in); summary != "Nothing of the name" || at != "each.key" {
		t.Errorf("%s at %s", summary, at)
	}
	if len(asked) != 2 {
		t.Errorf("asked for %v", asked)
	}
	if summary, _, at := refusal(t, `rule == var.secret`, in); summary != "Sensitive value" || at != "var.secret" {
		t.Errorf("%s at %s", summary, at)
	}
}
