package config

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
)

// blame is an error that a file expects of itself, at the end of the line:
//
//	# ERROR: Summary
//	# ERROR: Summary: part of the detail
var blame = regexp.MustCompile(`# ERROR: ([^:]+?)(?:: (.*?))?\s*$`)

// flagLine gives a file a value as --var would.
var flagLine = regexp.MustCompile(`(?m)^# VAR: (.*)$`)

func TestErrors(t *testing.T) {
	paths, err := filepath.Glob("testdata/errors/*.hcl")
	if err != nil || len(paths) < 45 {
		t.Fatalf("found %d files, %v", len(paths), err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".hcl"), func(t *testing.T) {
			src, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var in Inputs
			for _, m := range flagLine.FindAllSubmatch(src, -1) {
				in.Vars = append(in.Vars, string(m[1]))
			}
			_, diags := Load(path, in)
			checkBlame(t, string(src), diags)
		})
	}
}

// checkBlame compares the diagnostics of a file with what it expects.
func checkBlame(t *testing.T, src string, diags hcl.Diagnostics) {
	t.Helper()
	var want, got []string
	details := map[string]string{}
	for i, line := range strings.Split(src, "\n") {
		if m := blame.FindStringSubmatch(line); m != nil {
			key := fmt.Sprintf("%d: %s", i+1, m[1])
			want = append(want, key)
			details[key] = m[2]
		}
	}
	if len(want) == 0 {
		t.Fatal("the file expects no error")
	}
	for _, d := range diags {
		if d.Subject == nil {
			t.Fatalf("%s (%s) has no place", d.Summary, d.Detail)
		}
		key := fmt.Sprintf("%d: %s", d.Subject.Start.Line, d.Summary)
		got = append(got, key)
		if !strings.Contains(d.Detail, details[key]) {
			t.Errorf("%s: the detail\n\t%s\nlacks\n\t%s", key, d.Detail, details[key])
		}
		checkStyle(t, d)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("errors (-want +got):\n%s\n%v", diff, diags.Errs())
	}
}

// checkStyle holds every diagnostic to the house's form.
func checkStyle(t *testing.T, d *hcl.Diagnostic) {
	t.Helper()
	if d.Detail == "" || !strings.Contains(".?", d.Detail[len(d.Detail)-1:]) {
		t.Errorf("%s: the detail is not a sentence: %q", d.Summary, d.Detail)
	}
	if strings.Contains(d.Detail, "%!") || strings.Contains(d.Detail, "..") {
		t.Errorf("%s: the detail is garbled: %q", d.Summary, d.Detail)
	}
	if n := len(strings.Fields(d.Summary)); n > 6 || strings.ContainsAny(d.Summary, `".:`) {
		t.Errorf("%q is not a few fixed words", d.Summary)
	}
}

// TestFileErrors has the cases that no marker in a file can tell.
func TestFileErrors(t *testing.T) {
	dir := t.TempDir()
	write := func(name, src string) string {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(src), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	locked := write("locked.hcl", small)
	if err := os.Chmod(locked, 0); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "broken"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("nowhere", filepath.Join(dir, "broken", "a.hcl")); err != nil {
		t.Fatal(err)
	}
	varFile := write("vars/a.hclvars", "tikcet = \"NET-7\"\nticket = \"NET-8\"\n")
	badVars := write("vars/b.hclvars", "block {}\nticket = upper(\"x\")\n")
	tests := map[string]struct {
		path string
		in   Inputs
		want []string // line, summary and a part of the detail
	}{
		"missing":       {filepath.Join(dir, "none.hcl"), Inputs{}, []string{"0: Unreadable file: no such file"}},
		"dangling link": {filepath.Join(dir, "broken"), Inputs{}, []string{"0: Unreadable file: no such file"}},
		"empty folder":  {write("empty/README", "")[:len(dir)+6], Inputs{}, []string{"0: No configuration: name the folder that has it"}},
		"empty file":    {write("empty.hcl", ""), Inputs{}, []string{"1: No investigation: Add an investigation"}},
		"Windows-1252":  {write("latin.hcl", "variable \"a\" {}\n# Z\xfcrich\n"), Inputs{}, []string{"2: Not UTF-8: Byte 19 of"}},
		"UTF-16":        {write("utf16.hcl", "\xff\xfev\x00"), Inputs{}, []string{"1: Not UTF-8: UTF-16"}},
		"BOM":           {write("bom.hcl", "\xef\xbb\xbf"+small), Inputs{}, nil},
		"CRLF":          {write("crlf.hcl", strings.ReplaceAll(small, "\n", "\r\n")), Inputs{}, nil},
		"too large":     {write("large.hcl", small+strings.Repeat("#\n", maxFile/2)), Inputs{}, []string{"0: Unreadable file: it is larger than"}},
		"too deep":      {write("deep.hcl", "locals {\n  a = "+strings.Repeat("[", 1000)), Inputs{}, []string{"2: Nested too deeply: Move inner parts"}},
		"unary chain":   {write("chain.hcl", "locals {\n  a = "+strings.Repeat("!", 100000)), Inputs{}, []string{"2: Nested too deeply: operators"}},
		"huge number":   {write("huge.hcl", "locals {\n  a = \"${1e99999999}\"\n}\n"), Inputs{}, []string{"2: Invalid number: power of ten"}},
		"huge in a flag": {write("count.hcl", withCount), Inputs{Vars: []string{"count=1e99999999"}},
			[]string{"10: Invalid number: variable \"count\" (--var)"}},
		"huge in a list": {write("counts.hcl", withCounts), Inputs{Vars: []string{`counts=["1", "1e99999999"]`}},
			[]string{"10: Invalid number: variable \"counts\" (--var)"}},
		"unknown flag":  {write("vars.hcl", small), Inputs{Vars: []string{"ticket=1"}}, []string{"0: Unknown variable: --var sets \"ticket\""}},
		"flag form":     {write("vars.hcl", small), Inputs{Vars: []string{"ticket"}}, []string{"0: Invalid flag: has no equals sign"}},
		"var file gone": {write("vars.hcl", small), Inputs{VarFiles: []string{filepath.Join(dir, "gone")}}, []string{"0: Unreadable file: no such file"}},
		"var file":      {write("vars2.hcl", withTicket), Inputs{VarFiles: []string{varFile}}, []string{"0: Unknown variable: Did you mean \"ticket\"?"}},
		"var file with blocks": {write("vars2.hcl", withTicket), Inputs{VarFiles: []string{badVars}}, []string{
			"1: Unknown block: holds only lines", "2: Function calls not allowed: "}},
		"subscription of environment": {write("azure.hcl", small+"provider \"azure\" {}\n"), Inputs{Environ: []string{"ARM_SUBSCRIPTION_ID=prod"}},
			[]string{"9: Invalid ID: ARM_SUBSCRIPTION_ID is \"prod\""}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			cfg, diags := Load(test.path, test.in)
			if cfg == nil || cfg.Files == nil {
				t.Fatal("no Config")
			}
			compareDiags(t, test.want, diags)
		})
	}
	t.Run("unreadable", func(t *testing.T) {
		if f, err := os.Open(locked); err == nil {
			f.Close()
			t.Skip("this user may read everything")
		}
		_, diags := Load(locked, Inputs{})
		compareDiags(t, []string{"0: Unreadable file: permission denied"}, diags)
	})
}

func compareDiags(t *testing.T, want []string, diags hcl.Diagnostics) {
	t.Helper()
	if len(diags) != len(want) {
		t.Fatalf("got %d problems, want %d: %v", len(diags), len(want), diags.Errs())
	}
	for i, w := range want {
		line, rest, _ := strings.Cut(w, ": ")
		summary, part, _ := strings.Cut(rest, ": ")
		if got := fmt.Sprint(place(diags[i]).Start.Line); got != line || diags[i].Summary != summary || !strings.Contains(diags[i].Detail, part) {
			t.Errorf("got %s: %s: %s\nwant %s", got, diags[i].Summary, diags[i].Detail, w)
		}
		checkStyle(t, diags[i])
	}
}

// small is the least that is right.
const small = `investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"
  watch "vm" "db" {
    tags = { role = "db" }
  }
}
`

const withTicket = small + `variable "ticket" {
  default = "NET-1"
}
`

// TestSecrets looks for sensitive values in all that is drawn of errors about them.
func TestSecrets(t *testing.T) {
	const secret = "hunter2"
	dir := t.TempDir()
	vars := filepath.Join(dir, "secret.hclvars")
	if err := os.WriteFile(vars, []byte("password = \""+secret+"\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := map[string]string{
		"wrong type":    `variable "password" {` + "\n type = number\n sensitive = true\n}\n",
		"wrong shape":   `variable "password" {` + "\n type = list(string)\n sensitive = true\n}\n",
		"function":      declared + `locals { a = cidrhost(var.password, 1) }`,
		"through local": declared + "locals {\n a = \"x${var.password}\"\n b = tonumber(local.a)\n}",
		"index":         declared + `locals { a = { x = 1 }[var.password] }`,
		"provider":      declared + "provider \"azure\" {\n subscription_id = var.password\n client_id = var.password\n metadata_host = \"${var.password}/\"\n environment = var.password\n}",
		"alias":         declared + "provider \"sandbox\" {\n alias = \"${var.password}!\"\n}",
		"validation": `variable "password" {
			sensitive = true
			validation {
				condition     = length(var.password) > 10
				error_message = "Not ${var.password}."
			}
		}`,
		"template": declared + `locals { a = "${[var.password]}" }`,
		"for":      declared + `locals { a = [for x in [var.password] : tonumber(x)] }`,
		"where":    declared + strings.Replace(small, "  watch", "  summarize \"a\" {\n where = port == tonumber(var.password)\n}\n  watch", 1),
		"for_each": declared + strings.Replace(small, "tags", "for_each = { (var.password) = 1 }\n tags", 1),
		"unparsed": `variable "password" {` + "\n type = list(string)\n sensitive = true\n default = [\"" + "x" + "\"]\n validation {\n condition = var.password[0].y\n error_message = \"z\"\n }\n}\n",
	}
	for name, src := range tests {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(dir, "a.hcl")
			if err := os.WriteFile(path, []byte(src), 0o600); err != nil {
				t.Fatal(err)
			}
			for _, in := range []Inputs{{VarFiles: []string{vars}}, {Vars: []string{"password=" + secret}}, {Environ: []string{"FLOWCTL_VAR_password=" + secret}}} {
				cfg, diags := Load(path, in)
				if !diags.HasErrors() {
					t.Fatal("no error")
				}
				var out bytes.Buffer
				if err := hcl.NewDiagnosticTextWriter(&out, cfg.Files, 80, false).WriteDiagnostics(diags); err != nil {
					t.Fatal(err)
				}
				fmt.Fprint(&out, diags.Errs())
				if strings.Contains(out.String(), secret) {
					t.Errorf("the secret is shown:\n%s", &out)
				}
			}
		})
	}
}

// TestSecretDefault keeps the line of a secret out of the snippet.
func TestSecretDefault(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.hcl")
	src := "variable \"password\" {\n  type = number\n  sensitive = true\n  default = \"hunter2\"\n}\n"
	if err := os.WriteFile(path, []byte(small+src), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, diags := Load(path, Inputs{})
	var out bytes.Buffer
	if err := hcl.NewDiagnosticTextWriter(&out, cfg.Files, 80, false).WriteDiagnostics(diags); err != nil {
		t.Fatal(err)
	}
	if len(diags) != 1 || diags[0].Summary != "Wrong type" || strings.Contains(out.String(), "hunter2") {
		t.Error(out.String())
	}
}

const declared = "variable \"password\" {\n type = string\n sensitive = true\n}\n"

const withCount = small + `variable "count" {
  type = number
}
`

const withCounts = small + `variable "counts" {
  type = list(number)
}
`
