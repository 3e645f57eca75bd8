package syntax

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
)

// told is where diagnostics are, and what they say in short.
func told(diags hcl.Diagnostics) (list []string) {
	for _, d := range diags {
		list = append(list, fmt.Sprintf("%d: %s: %s", d.Subject.Start.Line, d.Summary, d.Detail))
	}
	return list
}

// Each mistake is told once, with its line and the way out.
func TestAdviceOnFiles(t *testing.T) {
	tests := map[string]struct{ src, want string }{
		"a missing quote":  {"a = 1\nb = \"x\nc = \"y\"\nd {\n e = \"z\"\n}\n", "2: Missing quote: A text that begins on this line does not end on it."},
		"= for ==":         {"s {\n  where = verdict = \"denied\"\n}\n", "2: Unknown operator: = gives an attribute its value; values are compared with ==."},
		"and":              {"s {\n  where = a == \"b\" and port == 1\n}\n", "2: Unknown operator: Conditions are joined with &&."},
		"OR":               {"s {\n  where = a == 1 OR b == 2\n}\n", "2: Unknown operator: Conditions are joined with ||."},
		"in":               {"s {\n  where = port in [80, 443]\n}\n", "2: Unknown operator: Write contains([80, 443], port), or of networks cidrcontains(\"10.0.0.0/8\", source.address)."},
		"single quotes":    {"s {\n  where = verdict == 'denied'\n}\n", "2: Invalid character: Text stands in double quotes"},
		"one line":         {"f { a = 1  b = 2 }\n", "1: Invalid single-argument block definition: A block on one line has one argument."},
		"a brace too many": {"s {\n}\n}\n", "3: Brace without a block: No block is open here."},
		"a brace too few":  {"s {\n  t {\n  }\n", "1: Unclosed configuration block: This block has no closing brace."},
		"YAML":             {"investigation:\n  name: x\n  reason: y\n", "1: Another language: This looks like YAML."},
		"JSON":             {"{\"investigation\": {\"x\": 1}}\n", "1: Another language: This looks like JSON."},
	}
	for name, tt := range tests {
		_, diags := File([]byte(tt.src), "a.hcl")
		if got := told(diags); len(got) != 1 || !strings.HasPrefix(got[0], tt.want) {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
	_, diags := File([]byte("a {\n  b = 1 and 2\n}\nc {\n  d = 'x'\n}\n"), "a.hcl")
	if got := told(diags); len(got) != 2 {
		t.Errorf("two mistakes: %q", got)
	}
	if _, diags := File([]byte("a = 1\nb { c = 2 }\n"), "a.hcl"); diags.HasErrors() {
		t.Errorf("nothing wrong: %v", diags)
	}
}

func TestAdviceOnExpressions(t *testing.T) {
	tests := map[string]string{
		`verdict = "denied"`:  "1: Unknown operator: = gives an attribute its value; values are compared with ==.",
		`a == 1 and b == 2`:   "1: Unknown operator: Conditions are joined with &&.",
		`port in [1]`:         "1: Unknown operator: Write contains([80, 443], port), or of networks cidrcontains(\"10.0.0.0/8\", source.address).",
		`verdict eq "denied"`: "1: Unknown operator: Values are compared with ==.",
		"verdict == 'denied'": "1: Invalid character: Text stands in double quotes, as in \"denied\".",
		`rule like "x%"`:      "1: Unknown operator: Write startswith(rule, \"…\") or endswith(rule, \"…\").",
	}
	for src, want := range tests {
		_, diags := Expression(src, "--where")
		if diff := cmp.Diff([]string{want}, told(diags)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", src, diff)
		}
	}
}
