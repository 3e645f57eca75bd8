package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/zclconf/go-cty/cty"
)

func loadTest(t *testing.T, text string) (*Test, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a"+TestSuffix)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	test, diags := LoadTest(path)
	if !diags.HasErrors() {
		return test, ""
	}
	return test, diags.Error()
}

// TestLoadTest refuses what no test can be.
func TestLoadTest(t *testing.T) {
	tests := map[string]string{
		"": "does nothing",
		"run \"a\" {\n command = \"frobnicate\"\n}":                                      `not "frobnicate"`,
		"run \"a\" {\n command = \"\"\n}":                                                "Unknown command",
		"run \"a\" {\n command = \"plan x.hcl\"\n}":                                      `"x.hcl" is none`,
		"run \"a\" {\n comand = \"plan\"\n}":                                             "command",
		"runn \"a\" {}":                                                                  "run",
		"file = \"nosuch.hcl\"\nrun \"a\" {}":                                            "nosuch.hcl",
		"world = \"nosuch.hcl\"\nrun \"a\" {}":                                           "Cannot read the world",
		"variables = 7\nrun \"a\" {}":                                                    "must be a map",
		"run \"a\" {\n pass = \"soon\"\n}":                                               "soon",
		"run \"a\" {\n assert {\n condition = true\n }\n}":                               "gives no command",
		"run \"a\" {\n command = \"plan\"\n assert {\n }\n}":                             "needs condition",
		"run \"a\" {\n command = \"plan\"\n assert {\n condition = plam.x\n }\n}":        `not "plam"`,
		"run \"a\" {\n command = \"plan\"\n assert {\n condition = nosuch(plan)\n }\n}":  "nosuch",
		"run \"a\" {\n request {\n method = \"DELETE\"\n }\n}":                           "request needs id",
		"run \"a\" {\n request {\n id = \"/x\"\n status = 7\n }\n}":                      "from 100 to 599",
		"run \"a\" {\n command = \"plan\"\n status = 256\n}":                             "256",
		"run \"a\" {\n command = \"plan\"\n assert {\n condition = true\n x = 1\n }\n }": `no attribute "x"`,
	}
	for text, want := range tests {
		if _, got := loadTest(t, text); got == "" || !strings.Contains(got, want) {
			t.Errorf("%s\n%q, want %q", text, got, want)
		}
	}
}

func TestLoadTestReads(t *testing.T) {
	test, wrong := loadTest(t, `policies  = ["policies"]
variables = { ticket = "T-1", many = [1, 2], on = true }
run "a" {
  command = "apply --continue"
  pass    = "1d"
  lift    = ["fault.x"]
  status  = 3
  fault "y" {
    operation = "*"
  }
  request {
    id = recordings[0].id
  }
  assert {
    condition = status == 3
  }
}`)
	if wrong != "" {
		t.Fatal(wrong)
	}
	r := test.Runs[0]
	if got := strings.Join(test.Vars, " "); got != `many=[1,2] on=true ticket=T-1` {
		t.Errorf("variables %s", got)
	}
	if dir := filepath.Dir(test.Path); test.Target != dir || test.Policies[0] != filepath.Join(dir, "policies") {
		t.Errorf("target %s, policies %v; paths are from the test's folder, which is tested if no file has its name", test.Target, test.Policies)
	}
	if r.Pass.Hours() != 24 || r.Status != 3 || r.Command[1] != "--continue" || r.Requests[0].Method != "GET" || len(r.Asserts) != 1 || r.Lift[0] != "fault.x" {
		t.Errorf("%+v", r)
	}
	if text := r.Laid[0].Text; !strings.HasPrefix(text, `fault "y" {`) || !strings.HasSuffix(text, "}") || r.Laid[0].Range.Start.Line != 8 {
		t.Errorf("laid %q", text)
	}
}

// TestTestCheck says why a condition does not hold, by the values that decide.
func TestTestCheck(t *testing.T) {
	vars := map[string]cty.Value{
		"status":  cty.NumberIntVal(2),
		"plan":    cty.ObjectVal(map[string]cty.Value{"name": cty.StringVal("db"), "keep": cty.NullVal(cty.Number)}),
		"summary": cty.ObjectVal(map[string]cty.Value{"a": cty.ObjectVal(map[string]cty.Value{"bytes": cty.NumberIntVal(5)})}),
	}
	tests := map[string]string{
		`status == 2`:                        "",
		`summary.a.bytes > 7`:                "summary.a.bytes = 5",
		`status == 2 && summary.a.bytes > 7`: "summary.a.bytes = 5",
		`status == 3 || plan.name == "x"`:    `status = 2, plan.name = "db"`,
		`(plan.name == "x")`:                 `plan.name = "db"`,
		`contains(["x"], plan.name)`:         `plan.name = "db"`,
		`length(plan.name) == 9`:             `length(plan.name) = 2`,
		`false`:                              "false",
		`plan.name`:                          `"db"`,
		`null`:                               "null",
		`plan.keep > 3`:                      "evaluated",
		`summary.b.bytes > 3`:                "evaluated",
	}
	for condition, want := range tests {
		test, wrong := loadTest(t, "run \"a\" {\n command = \"plan\"\n assert {\n condition = "+condition+"\n message = \"so it is\"\n }\n}")
		if wrong != "" {
			t.Fatal(wrong)
		}
		f := test.Check(test.Runs[0].Asserts[0], vars)
		switch {
		case want == "" && f == nil:
		case f == nil || want == "":
			t.Errorf("%s: %v, want %q", condition, f, want)
		case !strings.Contains(f.Got+f.Summary+f.Detail, want):
			t.Errorf("%s: got %q, %s, want %q", condition, f.Got, f.Detail, want)
		case f.Range.Start.Line != 4:
			t.Errorf("%s: at line %d", condition, f.Range.Start.Line)
		}
	}
}
