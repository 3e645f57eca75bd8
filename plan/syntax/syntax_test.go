package syntax

import (
	"strings"
	"testing"

	"github.com/zclconf/go-cty/cty"
)

func TestGuard(t *testing.T) {
	tests := map[string]struct{ src, want string }{
		"plain":             {"a = 1", ""},
		"largest number":    {"a = 1e308", ""},
		"smallest number":   {"a = 1.5e-308", ""},
		"long number":       {"a = " + strings.Repeat("9", maxDigits), ""},
		"power":             {"a = 1\nb = 8E888888", "f:2,5-13: Invalid number; "},
		"power of nothing":  {"a = 0e999999999999999999999", "f:1,5-28: Invalid number; "},
		"small power":       {"a = [1e-309]", "f:1,6-12: Invalid number; "},
		"in a template":     {"a = \"x${1e309}\"", "f:1,9-14: Invalid number; "},
		"too long":          {"a = " + strings.Repeat("9", maxDigits+1), "f:1,5-406: Invalid number; "},
		"looks like one":    {"a = \"1e309\" # 1e309", ""},
		"brackets":          {"a = " + strings.Repeat("[", maxDepth+1), "Nested too deeply; "},
		"brackets side on":  {"a = [" + strings.Repeat("[],", maxDepth+1) + "]", ""},
		"operators":         {"a = " + strings.Repeat("!", maxChain+1), "Nested too deeply; "},
		"not UTF-8":         {"a = 1\n\xff", "f:2,1-2: Not UTF-8; Byte 6 of f (0xff)"},
		"a syntax error":    {"a = ", "Missing expression; "},
		"expression, power": {"1e309", "Invalid number; "},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, diags := File([]byte(test.src), "f")
			if strings.HasPrefix(name, "expression") {
				_, diags = Expression(test.src, "f")
			}
			if got := diags.Error(); diags.HasErrors() != (test.want != "") || !strings.Contains(got, test.want) {
				t.Errorf("%s, want %q", got, test.want)
			}
		})
	}
}

func TestExtreme(t *testing.T) {
	huge := cty.MustParseNumberVal("1e99999")
	tests := map[string]struct {
		value cty.Value
		want  bool
	}{
		"number":   {huge, true},
		"small":    {cty.MustParseNumberVal("1e-99999"), true},
		"infinite": {cty.PositiveInfinity, true},
		"in depth": {cty.ObjectVal(map[string]cty.Value{"a": cty.ListVal([]cty.Value{cty.Zero, huge})}), true},
		"secret":   {huge.Mark("secret"), true},
		"double":   {cty.MustParseNumberVal("1.7976931348623157e308"), false},
		"zero":     {cty.Zero, false},
		"text":     {cty.StringVal("1e99999"), false},
		"null":     {cty.NullVal(cty.Number), false},
		"unknown":  {cty.UnknownVal(cty.Number), false},
		"none":     {cty.DynamicVal, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := Extreme(test.value); got != test.want {
				t.Errorf("%v, want %v", got, test.want)
			}
		})
	}
}
