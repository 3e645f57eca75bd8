package config

import (
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// TestFunctions evaluates each function that is more than the library's own,
// and those whose behaviour Terraform's users count on.
func TestFunctions(t *testing.T) {
	tests := map[string]string{
		`length("äb")`:                                        `2`,
		`length([1, 2])`:                                      `2`,
		`length({ a = 1 })`:                                   `1`,
		`index(["a", "b"], "b")`:                              `1`,
		`sum([1, 2.5])`:                                       `3.5`,
		`alltrue([])`:                                         `true`,
		`anytrue([false, true])`:                              `true`,
		`replace("a.b", ".", "-")`:                            `"a-b"`,
		`replace("a1b22", "/[0-9]+/", "-")`:                   `"a-b-"`,
		`startswith("flow", "fl")`:                            `true`,
		`endswith("flow", "flow and")`:                        `false`,
		`try(tonumber("x"), 7)`:                               `7`,
		`can(tonumber("x"))`:                                  `false`,
		`tolist(toset(["b", "a", "b"]))`:                      `["a", "b"]`,
		`merge({ a = 1 }, { b = 2 })`:                         `{ a = 1, b = 2 }`,
		`keys({ b = 1, a = 2 })`:                              `["a", "b"]`,
		`lookup({ a = 1 }, "b", 9)`:                           `9`,
		`coalesce(null, "", "x")`:                             `"x"`,
		`jsondecode(jsonencode({ a = [1] }))`:                 `{ a = [1] }`,
		`cidrsubnet("10.0.0.0/8", 8, 2)`:                      `"10.2.0.0/16"`,
		`cidrhost("10.0.0.0/24", 5)`:                          `"10.0.0.5"`,
		`cidrnetmask("10.0.0.0/20")`:                          `"255.255.240.0"`,
		`cidrsubnets("10.0.0.0/8", 8, 8)`:                     `["10.0.0.0/16", "10.1.0.0/16"]`,
		`cidrcontains("10.0.0.0/8", "10.9.8.7")`:              `true`,
		`cidrcontains("10.0.0.0/8", "11.0.0.0/16")`:           `false`,
		`cidrcontains("10.0.0.0/16", "10.0.0.0/8")`:           `false`,
		`cidrcontains(["fd00::/8", "10.0.0.0/8"], "fd00::1")`: `true`,
		`formatdate("YYYY-MM-DD", "2026-11-12T14:00:00Z")`:    `"2026-11-12"`,
		`timeadd("2026-11-12T14:00:00Z", "90m")`:              `"2026-11-12T15:30:00Z"`,
		`nonsensitive(sensitive("a"))`:                        `"a"`,
		`format("%s-%02d", "web", 7)`:                         `"web-07"`,
	}
	for src, want := range tests {
		t.Run(src, func(t *testing.T) {
			got, w := evaluate(t, src), evaluate(t, want)
			if !same(got, w) {
				t.Errorf("got %#v, want %#v", got, w)
			}
		})
	}
}

// same compares values whose collections may be of different types.
func same(a, b cty.Value) bool {
	if a.Type().IsPrimitiveType() || b.Type().IsPrimitiveType() {
		return a.RawEquals(b)
	}
	if a.LengthInt() != b.LengthInt() {
		return false
	}
	for it := a.ElementIterator(); it.Next(); {
		k, v := it.Element()
		var other cty.Value
		if k.Type() == cty.String && b.Type().IsObjectType() {
			other = b.GetAttr(k.AsString())
		} else {
			other = b.Index(k)
		}
		if !same(v, other) {
			return false
		}
	}
	return true
}

func evaluate(t *testing.T, src string) cty.Value {
	t.Helper()
	expr, diags := hclsyntax.ParseExpression([]byte(src), "test", hcl.InitialPos)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	v, diags := expr.Value(&hcl.EvalContext{Functions: Functions()})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	return v
}

func TestFunctionErrors(t *testing.T) {
	tests := map[string]string{
		`index(["a"], "b")`:                    "has no such value",
		`index("a", "b")`:                      "must be a list",
		`sum([1, null])`:                       "must not contain null",
		`cidrcontains("10.0.0.0", "10.1.1.1")`: "is not a network",
		`cidrcontains("10.0.0.0/8", "ten")`:    "is neither an address",
		`cidrhost("10.0.0.0/30", 9)`:           "prefix",
	}
	for src, want := range tests {
		expr, _ := hclsyntax.ParseExpression([]byte(src), "test", hcl.InitialPos)
		_, diags := expr.Value(&hcl.EvalContext{Functions: Functions()})
		if !diags.HasErrors() || !strings.Contains(diags.Error(), want) {
			t.Errorf("%s: got %v, want %s", src, diags, want)
		}
	}
}

// TestSensitiveSpreads follows a mark through what is made of it.
func TestSensitiveSpreads(t *testing.T) {
	for _, src := range []string{`upper(sensitive("a"))`, `"x${sensitive("a")}"`, `[sensitive("a")]`, `{ a = sensitive(1) }`, `cidrcontains("10.0.0.0/8", sensitive("10.0.0.1"))`, `length(sensitive("a"))`} {
		if !isSensitive(evaluate(t, src)) {
			t.Errorf("%s is not sensitive", src)
		}
	}
}
