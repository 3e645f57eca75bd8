package config

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"flowctl/plan/question"
	"flowctl/plan/syntax"
)

// tuple is a flow that a filter lets through or not, by attribute.
type tuple map[string]string

// filterValues are values of a filter's attributes, of which some are networks and
// ranges, and flows to try them on.
var filterValues = map[string]struct{ written, tried []string }{
	"direction":           {[]string{"inbound", "OUTBOUND"}, []string{"Inbound", "Outbound"}},
	"source_address":      {[]string{"10.0.0.0/8", "10.0.0.9/32", "10.1.2.3/16", "2001:db8::7/64", "192.0.2.1"}, []string{"10.0.0.9", "10.1.9.9", "11.0.0.1", "2001:db8::1", "192.0.2.1"}},
	"destination_address": {[]string{"20.0.0.0/31", "0.0.0.0/0", "fd00::1"}, []string{"20.0.0.1", "20.0.0.2", "fd00::1", "fd00::2"}},
	"source_port":         {[]string{"0", "1024 - 65535", "53"}, []string{"0", "53", "1023", "1024", "65535"}},
	"destination_port":    {[]string{"443", "80-90"}, []string{"79", "80", "90", "91", "443"}},
	"protocol":            {[]string{"tcp", "UDP"}, []string{"TCP", "UDP"}},
	"encryption":          {[]string{"x", "NX_Fallback"}, []string{"X", "NX_FALLBACK", "NX"}},
	"action":              {[]string{"allow", "deny"}, []string{"Allow", "Deny"}},
}

// valueIs reports whether a value of a filter, in the words of the file or of the
// service, is that of a flow.
func valueIs(attr, value, of string) bool {
	switch {
	case strings.HasSuffix(attr, "_address"):
		a := netip.MustParseAddr(of)
		if p, err := netip.ParsePrefix(value); err == nil {
			return p.Masked().Contains(a)
		}
		return netip.MustParseAddr(value) == a
	case strings.HasSuffix(attr, "_port"):
		from, to, isRange := strings.Cut(value, "-")
		if !isRange {
			to = from
		}
		low, _ := strconv.Atoi(strings.TrimSpace(from))
		high, _ := strconv.Atoi(strings.TrimSpace(to))
		port, _ := strconv.Atoi(of)
		return low <= port && port <= high
	}
	return strings.EqualFold(value, of)
}

func anyIs(attr string, values []string, of string) bool {
	return slices.ContainsFunc(values, func(v string) bool { return valueIs(attr, v, of) })
}

// compiled evaluates the service's expression: terms of a field, = or !=, and values,
// of which && joins some and || all.
func compiled(expr string, t tuple) bool {
	fields := map[string]string{}
	for _, c := range criteria {
		fields[c.field] = c.attr
	}
	return slices.ContainsFunc(strings.Split(expr, " || "), func(part string) bool {
		return !slices.ContainsFunc(strings.Split(part, " && "), func(term string) bool {
			name, values, not := strings.Cut(term, "!=")
			if !not {
				name, values, _ = strings.Cut(term, "=")
			}
			return anyIs(fields[name], strings.Split(values, ","), t[fields[name]]) == not
		})
	})
}

// TestFiltersMeanWhatTheySay wants of filter blocks an expression of the service that
// lets the same flows through.
func TestFiltersMeanWhatTheySay(t *testing.T) {
	for seed := range uint64(150) {
		r := rand.New(rand.NewPCG(seed, 1))
		names := slices.Sorted(maps.Keys(filterValues))
		type filter struct{ is, not map[string][]string }
		var filters []filter
		var src strings.Builder
		attrs := func(to map[string][]string, n int) {
			for range n {
				name := names[r.IntN(len(names))]
				if to[name] != nil {
					continue
				}
				for range 1 + r.IntN(2) {
					to[name] = append(to[name], filterValues[name].written[r.IntN(len(filterValues[name].written))])
				}
				list := make([]string, len(to[name]))
				for i, v := range to[name] {
					list[i] = strconv.Quote(v)
				}
				fmt.Fprintf(&src, "%s = [%s]\n", name, strings.Join(list, ", "))
			}
		}
		for range 1 + r.IntN(3) {
			f := filter{map[string][]string{}, map[string][]string{}}
			src.WriteString("filter {\n")
			attrs(f.is, 1+r.IntN(3))
			if r.IntN(2) == 0 {
				src.WriteString("not {\n")
				attrs(f.not, 1+r.IntN(2))
				src.WriteString("}\n")
			}
			src.WriteString("}\n")
			filters = append(filters, f)
		}
		expr := load(t, strings.Replace(small, "    tags", "flow_log {\n"+src.String()+"}\n    tags", 1), Inputs{}).Investigations[0].Watches[0].FlowLog.Spec.Filter
		for range 60 {
			flow := tuple{}
			for _, name := range names {
				flow[name] = filterValues[name].tried[r.IntN(len(filterValues[name].tried))]
			}
			want := slices.ContainsFunc(filters, func(f filter) bool {
				for name, values := range f.is {
					if !anyIs(name, values, flow[name]) {
						return false
					}
				}
				for name, values := range f.not {
					if anyIs(name, values, flow[name]) {
						return false
					}
				}
				return true
			})
			if got := compiled(expr, flow); got != want {
				t.Fatalf("seed %d: %s\n%s\nlets %v through: %v, want %v", seed, src.String(), expr, flow, got, want)
			}
		}
	}
}

// TestSpans wants of a network the addresses that it holds, and no others.
func TestSpans(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 1))
	for range 3000 {
		a := netip.AddrFrom4([4]byte{byte(r.Uint32()), byte(r.Uint32()), byte(r.Uint32()), byte(r.Uint32())})
		if r.IntN(2) == 0 {
			var b [16]byte
			for i := range b {
				b[i] = byte(r.Uint32() >> r.IntN(9))
			}
			if r.IntN(4) == 0 { // IPv4-mapped, which is IPv6
				copy(b[:], []byte{10: 0xff, 11: 0xff})
				clear(b[:10])
			}
			a = netip.AddrFrom16(b)
		}
		p := netip.PrefixFrom(a, r.IntN(a.BitLen()+1)).Masked()
		from, to := span(p)
		if !p.Contains(from) || !p.Contains(to) || from != p.Addr() || p.Contains(to.Next()) || to.Less(from) {
			t.Fatalf("%s is from %s to %s", p, from, to)
		}
		term, err := addressTerm(p.String())
		if err != nil || term.isRange != (p.Bits() < a.BitLen()) {
			t.Fatalf("%s: %v, %v", p, term, err)
		}
		if !term.isRange {
			continue
		}
		again, err := addressTerm(term.text)
		if err != nil || again != term {
			t.Fatalf("%s is read as %v, %v", term.text, again, err)
		}
	}
}

// TestPortsAndRanges wants the text that a reader copies in each refusal.
func TestPortsAndRanges(t *testing.T) {
	for text, want := range map[string]string{"443": "443", " 443 ": "443", "0": "0", "65535": "65535", "80-90": "80-90", "80 - 90": "80-90", "5-5": "5-5", "0443": "443"} {
		if got, err := parsePorts(text); got != want || err != nil {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
	for text, want := range map[string]string{
		"65536": "is not a port (0 to 65535)", "-1": "is not a port", "https": "is not a port", "": "is not a port", "90-80": "ends before it begins; write 80-90", "80-": "is not a range of ports",
		"80-99999": "of 0 to 65535", "80,443": `is several; write a list: ["80", "443"]`, "80; 443": `write a list: ["80", "443"]`, "+80": "is not a port", "8 0": `write a list: ["8", "0"]`,
	} {
		if got, err := parsePorts(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %q, %v, want %s", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"10.0.0.9-10.0.0.1": "write 10.0.0.1-10.0.0.9", "10.0.0.1-fd00::1": "different versions of IP", "10.0.0.1": "is not a range", "a-b": "is not a range of addresses", "fe80::1%eth0-fe80::2": "is not a range of addresses",
	} {
		if _, _, err := parseRange(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

// TestDurationsLaw wants a duration that is written to be read as the same one.
func TestDurationsLaw(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 1))
	for range 3000 {
		d := time.Duration(r.Int64N(int64(200*day)/1e9)) * time.Second
		if r.IntN(2) == 0 {
			d = d.Truncate([]time.Duration{time.Minute, time.Hour, day}[r.IntN(3)])
		}
		if back, err := ParseDuration(short(d)); err != nil || back != d {
			t.Fatalf("%v is written %s and read %v, %v", d, short(d), back, err)
		}
	}
}

// TestMeantTimes wants durations and times in the words of others told as they are
// written here.
func TestMeantTimes(t *testing.T) {
	for text, want := range map[string]string{
		"2 hours": "2h", "1 hour 30 minutes": "1h30m", "90 secs": "90s", "2w": "14d", "1 week": "7d", "1 day and 2 hrs": "1d2h", "PT1H30M": "1h30m", "P1DT2H": "1d2h", "pt10m": "10m", "+5m": "5m", "10 m": "10m",
		"P1M": "", "P1Y": "", "P1Y2M": "", "P2W": "14d", "soon": "", "": "", "5 parsecs": "", "1.5 days": "", "1.5 hours": "1.5h", "-5m": "",
	} {
		if got := durationMeant(text); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
	for text, want := range map[string]string{
		"2026-11-12T14:00:00": "2026-11-12T14:00:00Z", "2026-11-12 14:00": "2026-11-12T14:00:00Z", "2026-11-12": "2026-11-12T00:00:00Z", "12.11.2026 14:00": "2026-11-12T14:00:00Z", "2026/11/12 14:00": "2026-11-12T14:00:00Z",
		"2026-11-12T14:00:00+0200": "2026-11-12T12:00:00Z", "2026-11-12 14:00:00+02:00": "2026-11-12T12:00:00Z", "2026-11-12 14:00:00 UTC": "2026-11-12T14:00:00Z", "noon": "", "2026-13-01": "",
	} {
		if got := timeMeant(text); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

// TestLocalsLaw makes locals up that need each other: those that are in a circle, or
// need one that is, have no value, and all others have theirs, in whatever order they
// stand.
func TestLocalsLaw(t *testing.T) {
	for seed := range uint64(150) {
		r := rand.New(rand.NewPCG(seed, 4))
		n := 1 + r.IntN(7)
		needs := make([][]int, n)
		for i := range needs {
			for j := range n {
				if r.IntN(n+3) == 0 {
					needs[i] = append(needs[i], j)
				}
			}
		}
		var lines []string
		for i, list := range needs {
			sum := "1"
			for _, j := range list {
				sum += fmt.Sprintf(" + local.l%d", j)
			}
			lines = append(lines, fmt.Sprintf("  l%d = %s\n", i, sum))
		}
		r.Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
		value := make([]int, n) // -1: being worked out, -2: none
		var work func(i int) int
		work = func(i int) int {
			if value[i] != 0 {
				return value[i]
			}
			value[i] = -1
			sum := 1
			for _, j := range needs[i] {
				if v := work(j); v < 0 {
					sum = -2
					break
				} else {
					sum += v
				}
			}
			if value[i] = sum; sum < 0 {
				value[i] = 0 // it may be met again from elsewhere
			}
			return sum
		}
		circle := false
		for i := range n {
			circle = work(i) < 0 || circle
		}
		path := filepath.Join(t.TempDir(), "a.hcl")
		if err := os.WriteFile(path, []byte(small+"locals {\n"+strings.Join(lines, "")+"}\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		_, diags := Load(path, Inputs{})
		if diags.HasErrors() != circle {
			t.Fatalf("seed %d: %s%v", seed, strings.Join(lines, ""), diags.Errs())
		}
		for _, d := range diags {
			if d.Summary != "Cyclic locals" {
				t.Errorf("seed %d: %s: %s", seed, d.Summary, d.Detail)
			}
		}
		if circle {
			continue
		}
		for i := range n {
			src := strings.Replace(small, "window", fmt.Sprintf("ticket = tostring(local.l%d)\n  window", i), 1)
			if got := load(t, src+"locals {\n"+strings.Join(lines, "")+"}\n", Inputs{}).Investigations[0].Ticket; got != strconv.Itoa(value[i]) {
				t.Fatalf("seed %d: local.l%d is %s, want %d", seed, i, got, value[i])
			}
		}
	}
}

// TestFilesInAnyOrder wants a folder to say the same however its blocks are spread over
// files.
func TestFilesInAnyOrder(t *testing.T) {
	blocks := []string{
		"variable \"ticket\" {\n  default = \"NET-7\"\n}\n", "locals {\n  a = local.b\n}\n", "locals {\n  b = var.ticket\n}\n",
		strings.Replace(small, "window", "ticket = local.a\n  window", 1), strings.Replace(small, `"egress"`, `"other"`, 1), "provider \"sandbox\" {}\n",
	}
	var want string
	for seed := range uint64(25) {
		r := rand.New(rand.NewPCG(seed, 5))
		dir := t.TempDir()
		for i, at := range r.Perm(len(blocks)) {
			name := filepath.Join(dir, fmt.Sprintf("%c.hcl", 'a'+r.IntN(3)))
			f, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(f, "%s\n", blocks[at])
			if err := f.Close(); err != nil {
				t.Fatal(i, err)
			}
		}
		cfg, diags := Load(dir, Inputs{})
		if diags.HasErrors() {
			t.Fatal(seed, diags.Errs())
		}
		var said []string
		for _, inv := range cfg.Investigations {
			b, err := json.Marshal(inv)
			if err != nil {
				t.Fatal(err)
			}
			said = append(said, string(b))
		}
		slices.Sort(said)
		if got := strings.Join(said, "\n"); want == "" {
			want = got
		} else if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("seed %d (-first +now):\n%s", seed, diff)
		}
	}
}

// TestLiteralsMeanTheSame wants a condition without the file to be checked as the same
// one that it was with it.
func TestLiteralsMeanTheSame(t *testing.T) {
	ctx := &hcl.EvalContext{Functions: Functions(), Variables: map[string]cty.Value{
		"var": cty.ObjectVal(map[string]cty.Value{
			"port": cty.NumberIntVal(443), "rule": cty.StringVal(`a"${b} %{c}`), "nets": cty.ListVal([]cty.Value{cty.StringVal("10.0.0.0/8"), cty.StringVal("fd00::/8")}),
			"ports": cty.SetVal([]cty.Value{cty.NumberIntVal(22), cty.NumberIntVal(53)}), "on": cty.True, "deep": cty.ObjectVal(map[string]cty.Value{"a b": cty.StringVal("ü\n")}),
		}),
		"local": cty.ObjectVal(map[string]cty.Value{"hosts": cty.TupleVal([]cty.Value{cty.StringVal("10.0.0.4"), cty.StringVal("::1")})}),
	}}
	for _, src := range []string{
		`port == var.port`, `rule == var.rule && port != var.port`, `cidrcontains(var.nets, source.address)`, `contains(var.ports, port)`, `contains(local.hosts, peer) || peer == local.hosts[1]`,
		`var.on ? port == 1 : port == var.port`, `rule == var.deep["a b"]`, `rule == "x-${var.port}-y"`, `contains([for p in var.ports : p + 1], port)`, `startswith(rule, upper(var.rule))`, `!(var.on && has(vm))`,
		`local.address == "10.0.0.4" && port == var.port`, `time >= "2026-11-12" && time < timeadd("2026-11-12T00:00:00Z", "${var.port}m")`,
	} {
		e, diags := syntax.Expression(src, "where")
		if diags.HasErrors() {
			t.Fatal(src, diags)
		}
		want, diags := question.Check(e, question.Scope{Context: ctx})
		if diags.HasErrors() {
			t.Fatal(src, diags)
		}
		text, _, diags := Summary{Where: e, Condition: src, Context: ctx}.Literal()
		if diags.HasErrors() {
			t.Fatal(src, diags)
		}
		if strings.Contains(text, "var.") || strings.Contains(text, "local.hosts") {
			t.Errorf("%s became %s", src, text)
		}
		e, diags = syntax.Expression(text, "where")
		if diags.HasErrors() {
			t.Fatal(src, text, diags)
		}
		got, diags := question.Check(e, question.Scope{Context: &hcl.EvalContext{Functions: Functions()}})
		if diags.HasErrors() {
			t.Errorf("%s became %s: %v", src, text, diags)
		}
		if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })); diff != "" {
			t.Errorf("%s became %s (-want +got)\n%s", src, text, diff)
		}
	}
}
