package config

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// TestEveryFunction evaluates each function of the language at least once; those that
// Terraform has too give what Terraform gives.
func TestEveryFunction(t *testing.T) {
	tests := map[string]string{
		`abs(-3)`: `3`, `ceil(1.2)`: `2`, `floor(-1.2)`: `-2`, `max(1, 5, 3)`: `5`, `min(1, 5, 3)`: `1`, `parseint("ff", 16)`: `255`, `pow(2, 10)`: `1024`, `signum(-7)`: `-1`, `sum([])`: `0`,
		`chomp("a\n\n")`: `"a"`, `formatlist("%s!", ["a", "b"])`: `["a!", "b!"]`, `format("%05.1f|%q|%t", 3.14159, "x", true)`: `"003.1|\"x\"|true"`, `indent(2, "a\nb")`: `"a\n  b"`, `join("-", ["a", "b"])`: `"a-b"`, `lower("ÄB")`: `"äb"`, `upper("äb")`: `"ÄB"`,
		`regex("[0-9]+", "a12b3")`: `"12"`, `regexall("[0-9]+", "a12b3")`: `["12", "3"]`, `replace("a/b", "/", "")`: `"ab"`, `split(",", "a,,b")`: `["a", "", "b"]`, `split(",", "")`: `[""]`, `strrev("äb")`: `"bä"`, `substr("hello", -3, 2)`: `"ll"`, `title("web one")`: `"Web One"`,
		`trim("xxaxx", "x")`: `"a"`, `trimprefix("webweb", "web")`: `"web"`, `trimspace("\t a \n")`: `"a"`, `trimsuffix("a.b.b", ".b")`: `"a.b"`, `startswith("a", "")`: `true`, `endswith("a", "aa")`: `false`,
		`alltrue([true, false])`: `false`, `anytrue([])`: `false`, `chunklist([1, 2, 3], 2)`: `[[1, 2], [3]]`, `coalesce("", null, "b", "c")`: `"b"`, `coalescelist([], ["a"])`: `["a"]`, `compact(["a", "", "b"])`: `["a", "b"]`, `concat([1], [2, 3])`: `[1, 2, 3]`,
		`contains(["a"], "b")`: `false`, `distinct(["a", "b", "a"])`: `["a", "b"]`, `element(["a", "b"], 3)`: `"b"`, `flatten([[1], [[2], 3]])`: `[1, 2, 3]`, `index([1, 2], 2)`: `1`, `keys({})`: `[]`, `length([])`: `0`, `length({})`: `0`, `length(toset(["a", "a"]))`: `1`, `lookup({}, "a", 1)`: `1`,
		`merge({ a = 1 }, { a = 2 }, {})`: `{ a = 2 }`, `range(3)`: `[0, 1, 2]`, `range(1, 10, 4)`: `[1, 5, 9]`, `reverse([1, 2])`: `[2, 1]`, `tolist(setintersection(["a", "b"], ["b", "c"]))`: `["b"]`, `length(setproduct(["a", "b"], [1, 2, 3]))`: `6`, `tolist(setsubtract(["a", "b"], ["b"]))`: `["a"]`, `tolist(setunion(["b"], ["a"]))`: `["a", "b"]`,
		`slice(["a", "b", "c"], 1, 2)`: `["b"]`, `sort(["b", "a"])`: `["a", "b"]`, `values({ b = 1, a = 2 })`: `[2, 1]`, `zipmap(["a", "b"], [1, 2])`: `{ a = 1, b = 2 }`,
		`can(1)`: `true`, `try([][0], "none")`: `"none"`, `csvdecode("a,b\n1,2\n")`: `[{ a = "1", b = "2" }]`, `jsondecode("[1, null]")[0]`: `1`, `jsonencode({ b = [true], a = "x" })`: `"{\"a\":\"x\",\"b\":[true]}"`,
		`tobool("true")`: `true`, `tonumber("1e3")`: `1000`, `tostring(1.50)`: `"1.5"`, `tolist(["a", 1])`: `["a", "1"]`, `tomap({ a = 1, b = "x" })`: `{ a = "1", b = "x" }`, `toset(["b", "a", "b"]) == toset(["a", "b"])`: `true`, `nonsensitive(sensitive([1]))`: `[1]`,
		`formatdate("DD.MM.YYYY hh:mm", "2026-11-12T14:05:06Z")`: `"12.11.2026 14:05"`, `timeadd("2026-12-31T23:30:00Z", "1h")`: `"2027-01-01T00:30:00Z"`,
		`cidrcontains("10.0.0.0/8", "10.1.0.0/16")`: `true`, `cidrhost("fd00::/64", 5)`: `"fd00::5"`, `cidrnetmask("0.0.0.0/0")`: `"0.0.0.0"`, `cidrsubnet("fd00::/48", 16, 3)`: `"fd00:0:0:3::/64"`, `cidrsubnets("10.0.0.0/16", 4, 8)`: `["10.0.0.0/20", "10.0.16.0/24"]`,
	}
	used := map[string]bool{}
	for src, want := range tests {
		for name := range Functions() {
			if regexp.MustCompile(`\b` + name + `\(`).MatchString(src) {
				used[name] = true
			}
		}
		if got, w := evaluate(t, src), evaluate(t, want); !same(got, w) {
			t.Errorf("%s: got %#v, want %#v", src, got, w)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(Functions())) {
		if !used[name] {
			t.Errorf("%s is not tried", name)
		}
	}
}

// TestFunctionsOfNull wants each function that is flowctl's own to refuse null and what
// is of no use to it, with a word about it, and never to panic.
func TestFunctionsOfNull(t *testing.T) {
	for _, name := range []string{"sum", "alltrue", "anytrue", "length", "index", "startswith", "endswith", "replace", "cidrcontains"} {
		for _, args := range []string{"null", "null, null", "null, null, null", "[null]", "[[]], 1", "{}, {}", "true, true", `"x"`, "[null], null", `[1], "10.0.0.1"`, `null, "10.0.0.1"`, `["10.0.0.0/8", null], "10.0.0.1"`, `tolist([]), "10.0.0.1"`} {
			expr, diags := hclsyntax.ParseExpression([]byte(name+"("+args+")"), "test", hcl.InitialPos)
			if diags.HasErrors() {
				t.Fatal(diags)
			}
			v, diags := expr.Value(&hcl.EvalContext{Functions: Functions()})
			if diags.HasErrors() && diags[0].Detail == "" || !diags.HasErrors() && v == cty.NilVal {
				t.Errorf("%s(%s): %#v, %v", name, args, v, diags)
			}
		}
	}
}

// TestCIDRContainsLaw compares cidrcontains with the addresses at the borders of networks.
func TestCIDRContainsLaw(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 9))
	random := func() netip.Prefix {
		a := netip.AddrFrom4([4]byte{10, byte(r.IntN(4)), byte(r.IntN(2) * 128), 0})
		if r.IntN(2) == 0 {
			a = netip.AddrFrom16([16]byte{0xfd, 3: byte(r.IntN(4)), 7: byte(r.IntN(2) * 128)})
		}
		return netip.PrefixFrom(a, r.IntN(a.BitLen()+1))
	}
	for range 400 {
		outer, inner := random(), random()
		from, to := span(inner.Masked())
		want := outer.Contains(from) && outer.Contains(to) && outer.Addr().Is4() == inner.Addr().Is4()
		for src, w := range map[string]bool{
			fmt.Sprintf("cidrcontains(%q, %q)", outer, inner): want, fmt.Sprintf("cidrcontains([%q, \"192.0.2.0/24\"], %q)", outer, inner): want, fmt.Sprintf("cidrcontains(%q, %q)", outer, inner.Addr()): outer.Contains(inner.Addr()),
		} {
			if got := evaluate(t, src); got.True() != w {
				t.Fatalf("%s: %v, want %v", src, got.True(), w)
			}
		}
	}
}

// TestFormatLaw spoils the blanks of files that are in the one form, and wants that form
// again: of what does not count, nothing is left.
func TestFormatLaw(t *testing.T) {
	paths, err := filepath.Glob("testdata/*/*.hcl")
	if err != nil {
		t.Fatal(err)
	}
	tried := 0
	for _, path := range paths {
		src, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		want, diags := Format(src, path)
		if diags.HasErrors() || bytes.Contains(want, []byte("<<")) || bytes.Contains(want, []byte("/*")) {
			continue // text inside heredocs and comments stays as it is
		}
		tried++
		for seed := range uint64(4) {
			r := rand.New(rand.NewPCG(seed, 10))
			var spoiled strings.Builder
			if r.IntN(2) == 0 {
				spoiled.WriteString("\xef\xbb\xbf\n\n")
			}
			for _, line := range strings.Split(strings.TrimSuffix(string(want), "\n"), "\n") {
				if trimmed := strings.TrimLeft(line, " "); trimmed != "" {
					line = strings.Repeat(" ", r.IntN(7)) + trimmed
				}
				if name, value, ok := strings.Cut(line, " = "); ok && !strings.ContainsAny(name, `"#(`) {
					line = strings.TrimRight(name, " ") + strings.Repeat(" ", r.IntN(4)) + "=" + strings.Repeat(" ", r.IntN(4)) + strings.TrimLeft(value, " ")
				}
				spoiled.WriteString(line + strings.Repeat(" ", r.IntN(3)) + []string{"\n", "\r\n"}[r.IntN(2)])
			}
			spoiled.WriteString(strings.Repeat("\n", r.IntN(4)))
			got, diags := Format([]byte(spoiled.String()), path)
			if diags.HasErrors() {
				t.Fatal(path, diags.Errs())
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Fatalf("%s, seed %d (-want +got):\n%s", path, seed, diff)
			}
		}
	}
	if tried < 100 {
		t.Errorf("tried %d files", tried)
	}
}
