package config

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestValid(t *testing.T) {
	paths, err := filepath.Glob("testdata/valid/*")
	if err != nil {
		t.Fatal(err)
	}
	ran := 0
	for _, path := range paths {
		if strings.HasSuffix(path, ".json") {
			continue
		}
		ran++
		t.Run(filepath.Base(path), func(t *testing.T) {
			cfg, diags := Load(path, Inputs{})
			if len(diags) > 0 {
				t.Fatal(diags.Errs())
			}
			golden(t, strings.TrimSuffix(path, ".hcl")+".json", cfg)
			for name, file := range cfg.Files {
				if formatted, _ := Format(file.Bytes, name); !bytes.Equal(formatted, file.Bytes) {
					t.Errorf("%s is not in canonical form", name)
				}
			}
		})
	}
	if ran < 4 {
		t.Errorf("ran %d files", ran)
	}
}

func golden(t *testing.T, path string, v any) {
	t.Helper()
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(path, out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), out.String()); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

// load reads one source, which must be right.
func load(t *testing.T, src string, in Inputs) *Config {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.hcl")
	if err := os.WriteFile(path, []byte(src), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, diags := Load(path, in)
	if diags.HasErrors() {
		t.Fatal(diags.Errs())
	}
	return cfg
}

func TestPrecedence(t *testing.T) {
	src := strings.Replace(small, "window", "ticket = var.ticket\n  window", 1) + "variable \"ticket\" {\n  default = \"default\"\n}\n"
	dir := t.TempDir()
	file := func(name, value string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte("ticket = \""+value+"\"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	one, two := file("one", "one"), file("two", "two")
	env := []string{"FLOWCTL_VAR_ticket=environment", "PATH=/bin"}
	tests := map[string]struct {
		in   Inputs
		want string
	}{
		"default":         {Inputs{}, "default"},
		"environment":     {Inputs{Environ: env}, "environment"},
		"file":            {Inputs{Environ: env, VarFiles: []string{one}}, "one"},
		"the last file":   {Inputs{VarFiles: []string{one, two}}, "two"},
		"flag":            {Inputs{Environ: env, VarFiles: []string{one}, Vars: []string{"ticket=flag"}}, "flag"},
		"the last flag":   {Inputs{Vars: []string{"ticket=a", "ticket=b"}}, "b"},
		"equals in value": {Inputs{Vars: []string{"ticket=a=b"}}, "a=b"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := load(t, src, test.in).Investigations[0].Ticket; got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// TestVariableTypes reads values of flags as the types of variables want them.
func TestVariableTypes(t *testing.T) {
	tests := map[string]struct{ typ, flag, want string }{
		"text that looks like a list": {"type = string", `["a"]`, `["a"]`},
		"text without a type":         {"", `["a"]`, `["a"]`},
		"number":                      {"type = number", "1.5", "1.5"},
		"truth":                       {"type = bool", "true", "true"},
		"list":                        {"type = list(string)", `["a", "b"]`, "a,b"},
		"any":                         {"type = any", `["a"]`, "a"},
		"null for a default":          {"type = list(string)\nnullable = false\ndefault = [\"d\"]", "null", "d"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			src := strings.Replace(small, "window", "ticket = try(join(\",\", var.x), tostring(var.x))\n  window", 1) +
				"variable \"x\" {\n" + test.typ + "\n}\n"
			if got := load(t, src, Inputs{Vars: []string{"x=" + test.flag}}).Investigations[0].Ticket; got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestSubscriptionFromEnvironment(t *testing.T) {
	const id = "11111111-2222-3333-4444-555555555555"
	cfg := load(t, small+"provider \"azure\" {}\n", Inputs{Environ: []string{"ARM_SUBSCRIPTION_ID=" + id}})
	if got := cfg.Providers[0].SubscriptionID; got != id {
		t.Errorf("got %q", got)
	}
}

// TestSensitiveProvider lets sensitive values through to where nothing shows them.
func TestSensitiveProvider(t *testing.T) {
	cfg, _ := Load("testdata/valid/everything.hcl", Inputs{})
	p := cfg.Providers[0]
	if p.TenantID != "contoso.example" || p.ClientID != "aaaaaaaa-2222-3333-4444-555555555555" {
		t.Errorf("tenant %q, client %q", p.TenantID, p.ClientID)
	}
	if doc, err := json.Marshal(cfg); err != nil || bytes.Contains(doc, []byte(p.TenantID)) {
		t.Errorf("the JSON of the Config shows a sensitive value, or fails: %v", err)
	}
}

func TestDigest(t *testing.T) {
	src := small + "variable \"a\" {\n  default   = \"hunter2\"\n  sensitive = true\n}\n"
	base := load(t, src, Inputs{}).Digest
	if len(base) != 64 || base != load(t, src, Inputs{}).Digest {
		t.Errorf("the digest of one file in two folders differs: %s", base)
	}
	changed := map[string]string{
		"text":  load(t, src+"#\n", Inputs{}).Digest,
		"value": load(t, src, Inputs{Vars: []string{"a=hunter3"}}).Digest,
	}
	for what, d := range changed {
		if d == base {
			t.Errorf("another %s has the same digest", what)
		}
	}
}

func TestAddress(t *testing.T) {
	tests := map[string]Watch{
		`vm.db`:         {Kind: VM, Name: "db"},
		`vm.db["prod"]`: {Kind: VM, Name: "db", Key: "prod", Each: true},
		`vm.db["a\"b"]`: {Kind: VM, Name: "db", Key: `a"b`, Each: true},
		`vm.db[""]`:     {Kind: VM, Name: "db", Each: true},
	}
	for want, w := range tests {
		if got := w.Address(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// TestSummaryContext evaluates what a condition refers to beside fields.
func TestSummaryContext(t *testing.T) {
	cfg, _ := Load("testdata/valid/everything.hcl", Inputs{})
	s := cfg.Investigations[0].Summaries[0]
	for _, tr := range s.Where.Variables() {
		if tr.RootName() != "local" {
			continue
		}
		if v, diags := tr.TraverseAbs(s.Context.Parent()); !diags.HasErrors() {
			t.Errorf("local is in the parent: %#v", v)
		}
		if v, diags := tr.TraverseAbs(s.Context); diags.HasErrors() || v.LengthInt() != 2 {
			t.Errorf("local.admins is %#v, %v", v, diags)
		}
	}
}

// TestLiteral wants of a condition one that says the same without the file.
func TestLiteral(t *testing.T) {
	tests := map[string]string{
		`direction == "outbound"`:                               `direction == "outbound"`,
		`port == var.port && contains(local.nets, peer)`:        `port == 443 && contains(["10.0.0.1", "10.0.0.2"], peer)`,
		`peer == local.nets[1] || vm == "x-${var.name}"`:        `peer == "10.0.0.2" || vm == "x-${"a\"b"}"`,
		`contains([for n in local.nets : n if n != "z"], peer)`: `contains([for n in ["10.0.0.1", "10.0.0.2"] : n if n != "z"], peer)`,
		`(port == var.port ? true : local.map.deep)`:            `(port == 443 ? true : false)`,
		`port == keys(local.map)[0] == "x"`:                     `port == keys({` + "\n  deep = false\n" + `})[0] == "x"`,
		"(\n  port == 1 ||\n  port == var.port\n)":              "(\n  port == 1 ||\n  port == 443\n)",
	}
	for where, want := range tests {
		expr, diags := hclsyntax.ParseExpression([]byte(where), "a.hcl", hcl.Pos{Line: 7, Column: 3, Byte: 120})
		if diags.HasErrors() {
			t.Fatal(diags)
		}
		s := Summary{Where: expr, Condition: where, Context: (&hcl.EvalContext{Variables: map[string]cty.Value{
			"var": cty.ObjectVal(map[string]cty.Value{"port": cty.NumberIntVal(443), "name": cty.StringVal(`a"b`)}),
		}}).NewChild()}
		s.Context.Variables = map[string]cty.Value{"local": cty.ObjectVal(map[string]cty.Value{
			"nets": cty.TupleVal([]cty.Value{cty.StringVal("10.0.0.1"), cty.StringVal("10.0.0.2")}),
			"map":  cty.ObjectVal(map[string]cty.Value{"deep": cty.False}),
		})}
		got, _, diags := s.Literal()
		if diags.HasErrors() || got != want {
			t.Errorf("%s\nis  %s\nnot %s %v", where, got, want, diags)
		}
		if _, diags := hclsyntax.ParseExpression([]byte(got), "again", hcl.InitialPos); diags.HasErrors() {
			t.Errorf("%s: %v", got, diags)
		}
	}
	if got, _, diags := (Summary{}).Literal(); got != "" || diags != nil {
		t.Errorf("no condition is %q, %v", got, diags)
	}
}

func FuzzLoad(f *testing.F) {
	for _, pattern := range []string{"testdata/valid/*.hcl", "testdata/errors/*.hcl"} {
		paths, _ := filepath.Glob(pattern)
		for _, path := range paths {
			src, err := os.ReadFile(path)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(src)
		}
	}
	path := filepath.Join(f.TempDir(), "fuzz.hcl")
	f.Fuzz(func(t *testing.T, src []byte) {
		if err := os.WriteFile(path, src, 0o600); err != nil {
			t.Fatal(err)
		}
		cfg, diags := Load(path, Inputs{})
		if cfg == nil {
			t.Fatal("no Config")
		}
		if !diags.HasErrors() && len(cfg.Investigations) == 0 {
			t.Error("no investigation, and nobody says so")
		}
		for _, inv := range cfg.Investigations {
			for _, w := range inv.Watches {
				if !diags.HasErrors() && w.FlowLog == nil && w.Capture == nil {
					t.Errorf("%s has no mechanism", w.Address())
				}
			}
		}
	})
}
