package question

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// written is what a reader is told to write: the condition in the last sentence that
// begins with Write, or the fields.
var written = regexp.MustCompile(`Write ([^…]+?)\.$`)

// TestHintsAreRight makes mistakes of all kinds, and wants what is told to be written
// instead to be right itself.
func TestHintsAreRight(t *testing.T) {
	told := 0
	passes := func(mistake, what string) {
		t.Helper()
		e, diags := hclsyntax.ParseExpression([]byte(what), "a.hcl", hcl.InitialPos)
		if diags.HasErrors() {
			t.Errorf("%s: is told to be written as %s, which is no expression", mistake, what)
			return
		}
		if x, diags := overFlows(e); x == nil {
			t.Errorf("%s: is told to be written as %s, of which: %v", mistake, what, diags)
		}
		told++
	}
	value := func(f Field) string {
		switch {
		case f.Type == Number:
			return "443"
		case f.Type == Address:
			return `"10.0.0.4"`
		case f.Type == Moment:
			return `"2026-11-12"`
		case f.Name == "protocol":
			return `"TCP"`
		case f.Name == "service" || f.Name == "destination.service":
			return `"https"`
		case f.Values != nil:
			return quote(f.Values[1])
		}
		return `"x"`
	}
	for alias, names := range aliases { // in each of the ways in which words are joined
		for _, name := range []string{alias, strings.ReplaceAll(alias, ".", "_"), strings.ToUpper(alias), strings.ReplaceAll(alias, ".", "-")} {
			detail := noField(name)
			m := written.FindStringSubmatch(detail)
			if _, own := Lookup(name); own {
				continue
			}
			if m == nil || m[1] != names {
				t.Errorf("%s: %s, want %s", name, detail, names)
				continue
			}
			for _, n := range strings.Split(m[1], " or ") {
				f, _ := Lookup(n)
				passes(name, f.Name+" == "+value(f))
			}
		}
	}
	for side, ours := range sideNames {
		for part, field := range partNames {
			name := side + "_" + part
			if f, ok := Lookup(ours + "." + field); !ok || !strings.Contains(noField(name), "Write ") {
				t.Errorf("%s: %s", name, noField(name))
			} else if m := written.FindStringSubmatch(noField(name)); m != nil {
				n, _ := Lookup(m[1])
				if n.Type != f.Type && !strings.Contains(m[1], " or ") {
					t.Errorf("%s is %s, and is told to be %s", name, f.Name, m[1])
				}
			}
		}
	}
	for name := range functionNames {
		detail := functionHint(name, functions)
		_, example, _ := strings.Cut(strings.TrimSuffix(detail, "."), "as in ")
		if example == "" {
			example = strings.TrimSuffix(strings.TrimPrefix(detail, "Write "), ".")
		}
		passes(name, example)
	}
	for name, example := range calls {
		passes(name, example)
		if arguments[name] == "" {
			t.Errorf("%s: nothing says what it takes", name)
		}
	}
	for _, src := range []string{
		`peer == "10.0"`, `peer == "10.*"`, `source.address == "10.1.2.x"`, `local.address == "10"`, `destination.address == "10.0.0.0/8"`, `peer == "fd00::/8"`, `remote.address == "web-01"`, `peer == "web"`,
		`service == "8080"`, `destination.service == "22"`, `protocol == "ssh"`, `protocol == "HTTPS"`, `protocol == "QUIC"`, `direction == ["inbound"]`, `port == [80]`, `cidrcontains("10.0.0.0/8", source.vm)`, `contains(port, [80])`,
		`cidrcontains(peer, "10.0.0.0/8")`,
	} {
		x, diags := check(t, src)
		if x != nil {
			t.Errorf("%s: passed", src)
			continue
		}
		what := strings.TrimSuffix(diags[0].Detail[strings.LastIndex(diags[0].Detail, "rite ")+len("rite "):], ".")
		if strings.Contains(diags[0].Detail, "by its name: ") {
			_, what, _ = strings.Cut(strings.TrimSuffix(diags[0].Detail, "."), "by its name: ")
		}
		if strings.Contains(what, "…") {
			what = strings.Replace(what, "[…]", map[bool]string{true: "[80]", false: `["inbound"]`}[strings.Contains(src, "port")], 1)
		}
		if strings.HasSuffix(what, ".address") { // the field alone
			what = "has(" + what + ")"
		}
		passes(src, what)
	}
	for text, want := range map[string]string{ // of networks
		"10.0.0.4": ` Write "10.0.0.4/32" for that one address.`, "fd00::4": ` Write "fd00::4/128" for that one address.`, "10.0.0.0/255.0.0.0": ` Write "10.0.0.0/8".`, "10.0.0.0/255.255.255.255": ` Write "10.0.0.0/32".`,
		"10.0.0.0/255.0.255.0": " The number of bits is 0 to 32.", "10.0.0.0/33": " The number of bits is 0 to 32.", "fd00::/129": " The number of bits is 0 to 128.", "fd00::/255.0.0.0": ` Write "fd00::/8".`,
		"web/24": ` "web" is not an address.`, "10.0": ` Write "10.0.0.0/16".`, "10.0.*": ` Write "10.0.0.0/16".`, "10.0.0.1-10.0.0.9": " A range is written as the networks that it is made of.", "web": "",
	} {
		if got := networkHint(text); got != want {
			t.Errorf("network %q: %q, want %q", text, got, want)
		}
	}
	if told < 250 {
		t.Errorf("%d mistakes are told how it is right", told)
	}
}

// TestTimesCompared compares times by chance, in any zone and on either side, and wants
// the condition to hold for just the seconds for which it is true.
func TestTimesCompared(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 61))
	holds := map[Op]func(a, b int64) bool{
		Equal: func(a, b int64) bool { return a == b }, NotEqual: func(a, b int64) bool { return a != b }, Less: func(a, b int64) bool { return a < b },
		LessOrEqual: func(a, b int64) bool { return a <= b }, Greater: func(a, b int64) bool { return a > b }, GreaterOrEqual: func(a, b int64) bool { return a >= b },
	}
	ops := map[string]func(a, b int64) bool{"==": holds[Equal], "!=": holds[NotEqual], "<": holds[Less], "<=": holds[LessOrEqual], ">": holds[Greater], ">=": holds[GreaterOrEqual]}
	for range 200 {
		at := time.Unix(r.Int64N(4e9), 0)
		text := at.In(time.FixedZone("", (r.IntN(27)-13)*3600+r.IntN(4)*900)).Format(time.RFC3339)
		for op, want := range ops {
			for _, src := range []string{"time " + op + " " + quote(text), quote(text) + " " + op + " time", "!(!(time " + op + " " + quote(text) + "))"} {
				x, diags := check(t, src)
				if x == nil {
					t.Fatal(src, diags)
				}
				for x.Op == Not {
					x = x.Args[0]
				}
				for _, second := range []int64{at.Unix() - 1, at.Unix(), at.Unix() + 1} {
					is := want(second, at.Unix())
					if strings.HasPrefix(src, `"`) {
						is = want(at.Unix(), second)
					}
					a, b := float64(second), x.Args[1].Number
					if x.Args[0].Op != Value {
						t.Fatalf("%s: the field is not first: %+v", src, x)
					}
					if got := holds[x.Op](int64(a), int64(b)); got != is {
						t.Fatalf("%s at %d: %t", src, second, got)
					}
				}
			}
		}
	}
	for text, want := range map[string]string{
		"2026-11-12T14:00:00.5Z": `has a part of a second; flows are told apart by whole seconds. Write "2026-11-12T14:00:00Z".`, "2026-11-12T14:00:00": `has no zone. If it is UTC, write "2026-11-12T14:00:00Z".`,
		"2026-11-12 14:00": `has no zone. If it is UTC, write "2026-11-12T14:00:00Z".`, "12.11.2026": "is not a time.", "2026-02-30": "is not a time.", "": "is not a time.", "now": "is not a time.", "1762956000": "is not a time.",
	} {
		for _, src := range []string{"time >= " + quote(text), quote(text) + " == time"} {
			if summary, detail, at := refusal(t, src, overFlows); summary != "Invalid time" || !strings.HasPrefix(detail, quote(text)+" "+want) || at != quote(text) {
				t.Errorf("%s: %s at %s: %s", src, summary, at, detail)
			}
		}
	}
}

// TestNetworksOfConditions wants networks by chance, in lists and alone and with host bits,
// to hold the addresses that their bits say, and addresses in one form.
func TestNetworksOfConditions(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 61))
	for range 300 {
		var nets []string
		var low []uint32
		var bits []int
		for range 1 + r.IntN(3) {
			a, n := r.Uint32(), r.IntN(33)
			low, bits = append(low, a), append(bits, n)
			nets = append(nets, fmt.Sprintf("%q", fmt.Sprintf("%s/%d", netip.AddrFrom4([4]byte{byte(a >> 24), byte(a >> 16), byte(a >> 8), byte(a)}), n)))
		}
		src := "cidrcontains([" + strings.Join(nets, ", ") + "], peer)"
		if len(nets) == 1 && r.IntN(2) == 0 {
			src = "cidrcontains(" + nets[0] + ", peer)"
		}
		x, diags := check(t, src)
		if x == nil || len(x.Prefixes) != len(nets) || x.Op != Within {
			t.Fatal(src, diags)
		}
		for i := range 20 {
			a := low[i%len(low)] ^ 1<<r.IntN(32)
			want := false
			for k := range low {
				want = want || (uint64(a)^uint64(low[k]))>>(32-bits[k]) == 0
			}
			ip := netip.AddrFrom4([4]byte{byte(a >> 24), byte(a >> 16), byte(a >> 8), byte(a)})
			if got := slices.ContainsFunc(x.Prefixes, func(p netip.Prefix) bool { return p.Contains(ip) }); got != want {
				t.Fatalf("%s, %s: %t", src, ip, got)
			}
		}
	}
	for text, want := range map[string]string{"2001:DB8:0:0::1": "2001:db8::1", "::ffff:10.0.0.4": "10.0.0.4", "10.0.0.4": "10.0.0.4", "0:0:0:0:0:0:0:0": "::"} {
		for _, src := range []string{"peer == " + quote(text), quote(text) + " != peer", "contains([" + quote(text) + "], peer)"} {
			x, diags := check(t, src)
			if x == nil {
				t.Fatal(src, diags)
			}
			got := append(slices.Clone(x.Texts), "")[0]
			for _, a := range x.Args {
				got += a.Text
			}
			if got != want {
				t.Errorf("%s: %q, want %q", src, got, want)
			}
		}
	}
	for _, text := range []string{"fe80::1%eth0", "010.0.0.1", "10.0.0.256", "1.2.3.4.5", ":::", " 10.0.0.4"} {
		if summary, _, at := refusal(t, "peer == "+quote(text), overFlows); summary != "Invalid address" || at != quote(text) {
			t.Errorf("%q: %s at %s", text, summary, at)
		}
	}
}

// TestPartsWithoutFields wants what a condition has besides fields to be a value that can
// be compared, and all else to be told at its place.
func TestPartsWithoutFields(t *testing.T) {
	for src, want := range map[string][2]string{ // summary, at
		"rule == null":                              {"Invalid value", "null"},
		"rule == var.unset":                         {"Invalid value", "var.unset"},
		"contains([1, null], port)":                 {"Invalid value", "[1, null]"},
		"contains([[1]], port)":                     {"Invalid value", "[[1]]"},
		"contains([true], port)":                    {"Invalid value", "[true]"},
		"contains([{}], port)":                      {"Wrong type", "[{}]"},
		"rule == { a = 1 }":                         {"Wrong type", "{ a = 1 }"},
		"{ rule = rule }":                           {"Wrong type", "{ rule = rule }"},
		"[rule]":                                    {"Unsupported condition", "[rule]"},
		"rule == var.secret":                        {"Sensitive value", "var.secret"},
		`startswith(rule, "a${var.secret}")`:        {"Sensitive value", "var.secret"},
		`"a${rule}" == "b"`:                         {"Unsupported condition", `"a${rule}"`},
		"[for p in [1] : port == p][0]":             {"Unsupported condition", "[for p in [1] : port == p][0]"},
		"port + 1 == 444":                           {"Unsupported condition", "port + 1"},
		"-port == 1":                                {"Unsupported condition", "-port"},
		"port % 2 == 0":                             {"Unsupported condition", "port % 2"},
		"lower(rule) == \"a\"":                      {"Unsupported function", "lower"},
		`regex("a", rule) == "b"`:                   {"Unsupported function", "regex"},
		"contains([80], port, 1)":                   {"Wrong number of arguments", "contains([80], port, 1)"},
		"has(port, rule)":                           {"Wrong number of arguments", "has(port, rule)"},
		"has()":                                     {"Wrong number of arguments", "has()"},
		"has(443)":                                  {"Invalid argument", "443"},
		"startswith(rule)":                          {"Wrong number of arguments", "startswith(rule)"},
		"contains(var.nets, port)":                  {"Invalid argument", "var.nets"},
		`contains(["80"], port)`:                    {"Invalid argument", `["80"]`},
		"contains([80], rule)":                      {"Invalid argument", "[80]"},
		"contains([80], (port == 1))":               {"Invalid argument", "(port == 1)"},
		"contains(rule, \"a\")":                     {"Invalid argument", "rule"},
		`contains(["10.0.0.0/8"], peer)`:            {"Invalid address", `["10.0.0.0/8"]`},
		`contains(["nothing", "allowed"], verdict)`: {"Unknown value", `["nothing", "allowed"]`},
		`cidrcontains(["10.0.0.0/8", "x"], peer)`:   {"Invalid address", `["10.0.0.0/8", "x"]`},
		"time == time":                              {"Wrong type", "time == time"},
		"time && port == 1":                         {"Wrong type", "time && port == 1"},
		"hour == \"2026-11-12\"":                    {"Wrong type", "hour == \"2026-11-12\""},
		"has(day)":                                  {"Wrong type", "day"},
		"port == 1 ? 1 : 2":                         {"Wrong type", "port == 1 ? 1 : 2"},
		`(port == 1 ? "a" : 2) == "a"`:              {"Wrong type", `port == 1 ? "a" : 2`},
		"(rule ? 1 : 2) == 1":                       {"Wrong type", "rule"},
		"source == \"a\"":                           {"Unknown field", "source"},
		"source.vm.x == \"a\"":                      {"Unknown field", "source.vm.x"},
		"source[0] == \"a\"":                        {"Unknown field", "source[0]"},
	} {
		if summary, detail, at := refusal(t, src, overFlows); [2]string{summary, at} != want || detail == "" {
			t.Errorf("%s:\n got %q at %q: %s\nwant %q", src, summary, at, detail, want)
		}
	}
	for src, want := range map[string]string{
		"port == var.port": "443", "port == (var.port)": "443", "port == var.port + 1": "444", `port == (var.port > 400 ? 1 : 2)`: "1", `port == "${var.port}" * 2`: "886", "contains([var.port, 22], port)": "[443 22]", "contains(var.nets, rule)": "[10.9.0.1/16]",
		`rule == "a${var.port}"`: "a443", `rule == lower("ABC")`: "abc", `"${port == 443}"`: "443", `"${(port)}" == 443`: "443",
	} {
		x, diags := check(t, src)
		if x == nil {
			t.Errorf("%s: %v", src, diags)
			continue
		}
		var got string
		for _, e := range append([]*Expr{x}, x.Args...) {
			switch {
			case len(e.Texts) > 0:
				got = fmt.Sprint(e.Texts)
			case len(e.Numbers) > 0:
				got = fmt.Sprint(e.Numbers)
			case e.Op == Constant && e.Type == Number:
				got = fmt.Sprint(e.Number)
			case e.Op == Constant && e.Type == Text:
				got = e.Text
			}
		}
		if got != want {
			t.Errorf("%s: %s, want %s", src, got, want)
		}
	}
	names := slices.Collect(maps.Keys(aliases))
	slices.Sort(names)
	for _, name := range names { // of other tools, none of which is a field's own
		if _, own := Lookup(name); own {
			t.Errorf("%s is a field and a name of other tools", name)
		}
	}
}
