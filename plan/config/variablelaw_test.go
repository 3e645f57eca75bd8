package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// outcome loads a file and says what became of it: the ticket, or the first problem.
func outcome(t *testing.T, src string, in Inputs) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.hcl")
	if err := os.WriteFile(path, []byte(src), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, diags := Load(path, in)
	if diags.HasErrors() {
		d := diags[0]
		for _, other := range diags { // in the order in which they are told
			if other.Severity == 1 {
				d = other
				break
			}
		}
		return d.Summary + ": " + d.Detail
	}
	return cfg.Investigations[0].Ticket
}

// TestVariables wants of a declaration and of what was given, in each of the ways in
// which it can be, one outcome.
func TestVariables(t *testing.T) {
	const none = "\x00"
	for name, tt := range map[string]struct {
		declared string
		given    string // as --var has it
		file     string // as a file of variables has it; the same if empty
		want     string
	}{
		"no value":                {"", none, "", `No value for variable: Variable "x" has no value. Give it a default, or run with --var x=… or FLOWCTL_VAR_x.`},
		"default":                 {"default = \"d\"", none, "", "d"},
		"given over default":      {"default = \"d\"", "g", `"g"`, "g"},
		"empty":                   {"default = \"d\"", "", `""`, ""},
		"number from text":        {"type = number", "007", `"007"`, "7"},
		"no number":               {"type = number", "seven", `"seven"`, `Wrong type: Variable "x" is declared as number, and its value (FROM) does not fit: a number is required.`},
		"truth from text":         {"type = bool", "true", "true", "true"},
		"no truth":                {"type = bool", "yes", `"yes"`, `Wrong type: Variable "x" is declared as bool, and its value (FROM) does not fit: a bool is required.`},
		"text that is null":       {"type = string\ndefault = \"d\"", "null", `"null"`, "null"},
		"null":                    {"type = list(string)\ndefault = [\"d\"]\nnullable = false", "null", "null", `["d"]`},
		"null without default":    {"type = list(string)\nnullable = false", "null", "null", `Null value: Variable "x" is not nullable, but was given null.`},
		"list":                    {"type = list(string)", `["a", 1]`, `["a", 1]`, `["a","1"]`},
		"set":                     {"type = set(string)", `["b", "a", "b"]`, `["b", "a", "b"]`, `["a","b"]`},
		"list from one":           {"type = list(string)", `"a"`, `"a"`, `Wrong type: Variable "x" is declared as list(string), and its value (FROM) does not fit: list of string required, but have string.`},
		"object with defaults":    {"type = object({ a = string, b = optional(number, 5) })", `{ a = "z" }`, `{ a = "z" }`, `{"a":"z","b":5}`},
		"object without":          {"type = object({ a = string, b = optional(number, 5) })", `{ b = 1 }`, `{ b = 1 }`, `Wrong type: Variable "x" is declared as object({a=string,b=number}), and its value (FROM) does not fit: attribute "a" is required.`},
		"map":                     {"type = map(number)", `{ a = 1, "b c" = 2 }`, `{ a = 1, "b c" = 2 }`, `{"a":1,"b c":2}`},
		"validation":              {"validation {\ncondition = startswith(var.x, \"NET-\")\nerror_message = \"Not ${var.x}.\"\n}", "PRJ-1", `"PRJ-1"`, `Invalid value for variable: Not PRJ-1. The condition is on line LINE.`},
		"validation that passes":  {"validation {\ncondition = startswith(var.x, \"NET-\")\nerror_message = \"Not ${var.x}.\"\n}", "NET-1", `"NET-1"`, "NET-1"},
		"validation of no truth":  {"validation {\ncondition = var.x\nerror_message = \"m.\"\n}", "NET-1", `"NET-1"`, "Wrong type: The condition of a validation must be true or false."},
		"message that is no text": {"validation {\ncondition = false\nerror_message = [1]\n}", "a", `"a"`, "Invalid value for variable: The value does not pass a validation. The condition is on line LINE."},
		"sensitive in a ticket":   {"sensitive = true", "hunter2", `"hunter2"`, "Sensitive value"},
	} {
		src := strings.Replace(small, "window", "ticket = try(tostring(var.x), jsonencode(var.x))\n  window", 1) + "variable \"x\" {\n" + tt.declared + "\n}\n"
		file := filepath.Join(t.TempDir(), "x.hclvars")
		text := tt.file
		if text == "" && tt.given != none {
			text = tt.given
		}
		if err := os.WriteFile(file, []byte("x = "+text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		ways := map[string]Inputs{"--var": {Vars: []string{"x=" + tt.given}}, "FLOWCTL_VAR_x": {Environ: []string{"FLOWCTL_VAR_x=" + tt.given}}, file: {VarFiles: []string{file}}}
		if tt.given == none {
			ways = map[string]Inputs{"nothing": {}}
		}
		for way, in := range ways {
			got := outcome(t, src, in)
			line := 0
			for i, l := range strings.Split(src, "\n") {
				if strings.HasPrefix(l, "condition") {
					line = i + 1
				}
			}
			want := strings.NewReplacer("FROM", way, "LINE", strings.Repeat("1", line/10)+string(rune('0'+line%10))).Replace(tt.want)
			if want == "Sensitive value" {
				if !strings.HasPrefix(got, want) || strings.Contains(got, "hunter2") {
					t.Errorf("%s, from %s: %s", name, way, got)
				}
				continue
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s, from %s (-want +got):\n%s", name, way, diff)
			}
		}
	}
}

// TestForEach wants a watch for each key, in their order, with its own key and value,
// and the way out where there is no key.
func TestForEach(t *testing.T) {
	const nothing = "no watch"
	for name, tt := range map[string]struct{ each, want string }{
		"map":          {`{ b = "nic-b", a = "nic-a" }`, `nic.n["a"]=nic-a nic.n["b"]=nic-b`},
		"set":          {`toset(["nic-b", "nic-a", "nic-b"])`, `nic.n["nic-a"]=nic-a nic.n["nic-b"]=nic-b`},
		"odd keys":     {`{ "a b" = "x", "q\"" = "y", "ü" = "z" }`, `nic.n["a b"]=x nic.n["q\""]=y nic.n["ü"]=z`},
		"empty map":    {`{}`, nothing},
		"empty set":    {`toset([])`, nothing},
		"list":         {`["a"]`, "Invalid for_each: for_each needs a map or a set of texts, and this is a list. A list of texts becomes a set with toset(…)."},
		"text":         {`"a"`, "Invalid for_each: for_each needs a map or a set of texts, and this is text. A list of texts becomes a set with toset(…)."},
		"set of truth": {`toset([true])`, "Invalid for_each"},
		"null":         {`null`, "Invalid for_each: for_each is null. Give it a map or a set of texts; an empty one makes no watch."},
		"null in it":   {`toset(["a", null])`, "Invalid for_each: One of the keys of for_each is null. Take it out, for instance with compact(…)."},
	} {
		src := strings.Replace(small, "  watch", "  watch \"nic\" \"n\" {\n    for_each = "+tt.each+"\n    name = each.value\n    resource_group = each.key == \"\" ? \"g\" : \"rg\"\n  }\n  watch", 1)
		path := filepath.Join(t.TempDir(), "a.hcl")
		if err := os.WriteFile(path, []byte(src), 0o600); err != nil {
			t.Fatal(err)
		}
		cfg, diags := Load(path, Inputs{})
		if diags.HasErrors() {
			if got := diags[0].Summary + ": " + diags[0].Detail; !strings.HasPrefix(got, tt.want) {
				t.Errorf("%s: %s, want %s", name, got, tt.want)
			}
			continue
		}
		var got []string
		for _, w := range cfg.Investigations[0].Watches {
			if w.Kind == NIC {
				got = append(got, w.Address()+"="+strings.Join(w.Select.Names, ","))
			}
		}
		if len(got) == 0 {
			got = []string{nothing}
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%s: %s, want %s", name, strings.Join(got, " "), tt.want)
		}
	}
}

// TestDigestLaw wants one digest of what means one thing to a run, and another of
// anything else.
func TestDigestLaw(t *testing.T) {
	base := small + "variable \"a\" {\n  type = map(string)\n  default = { x = \"1\", y = \"2\" }\n}\nprovider \"sandbox\" {}\n"
	digest := func(src string, in Inputs) string { return load(t, src, in).Digest }
	same := map[string]Inputs{
		"again": {}, "the default, given": {Vars: []string{`a={ x = "1", y = "2" }`}}, "in another order": {Vars: []string{`a={ y = "2", x = 1 }`}},
		"by environment": {Environ: []string{`FLOWCTL_VAR_a={ x = "1", y = "2" }`}}, "beside what nobody declared": {Environ: []string{"FLOWCTL_VAR_other=1", "HOME=/x"}},
	}
	want := digest(base, Inputs{})
	for name, in := range same {
		if digest(base, in) != want {
			t.Errorf("%s: another digest", name)
		}
	}
	seen := map[string]string{want: "base"}
	for name, d := range map[string]string{
		"another value": digest(base, Inputs{Vars: []string{`a={ x = "1" }`}}), "a comment": digest(base+"# x\n", Inputs{}), "null": digest(base, Inputs{Vars: []string{"a=null"}}),
		"no variable": digest(small+"provider \"sandbox\" {}\n", Inputs{}), "another watch": digest(strings.Replace(base, `"db"`, `"web"`, 1), Inputs{}),
	} {
		if before, ok := seen[d]; ok {
			t.Errorf("%s has the digest of %s", name, before)
		}
		seen[d] = name
	}
}

// TestMoreMoves has the moves of watches that for_each makes, and those that cannot be.
func TestMoreMoves(t *testing.T) {
	const watches = `  watch "nic" "n" {
    for_each       = { a = "x", "b c" = "y" }
    name           = each.value
    resource_group = "rg"
  }
`
	for name, tt := range map[string]struct {
		moves string
		want  map[string]string
		err   string
	}{
		"key with a blank":    {"from = nic.old[\"b c\"]\nto = nic.n[\"b c\"]", map[string]string{`nic.n["b c"]`: `nic.old["b c"]`}, ""},
		"one becomes a key":   {"from = nic.single\nto = nic.n[\"a\"]", map[string]string{`nic.n["a"]`: "nic.single"}, ""},
		"another key":         {"from = nic.n[\"z\"]\nto = nic.n[\"a\"]", map[string]string{`nic.n["a"]`: `nic.n["z"]`}, ""},
		"another kind":        {"from = vm.n\nto = nic.n", map[string]string{`nic.n["a"]`: `vm.n["a"]`, `nic.n["b c"]`: `vm.n["b c"]`}, ""},
		"a key that is there": {"from = nic.n[\"a\"]\nto = nic.n[\"b c\"]", nil, `nic.n["a"] was not moved`},
		"no such key":         {"from = nic.old[\"a\"]\nto = nic.n[\"z\"]", nil, `no watch nic.n["z"]`},
		"a number as key":     {"from = nic.old[0]\nto = nic.n", nil, "from is not the address of a watch"},
		"too long":            {"from = nic.old.x.y\nto = nic.n", nil, "from is not the address of a watch"},
		"a part of another":   {"from = nic.old\nto = nic.n.x", nil, "to is not the address of a watch"},
		"too short":           {"from = nic\nto = nic.n", nil, "from is not the address of a watch"},
		"an expression":       {"from = upper(\"nic.old\")\nto = nic.n", nil, "from is not the address of a watch"},
		"itself":              {"from = nic.n\nto = nic.n", nil, "nic.n was not moved"},
	} {
		src := strings.Replace(small, "  watch", watches+"  moved {\n"+tt.moves+"\n  }\n  watch", 1)
		path := filepath.Join(t.TempDir(), "a.hcl")
		if err := os.WriteFile(path, []byte(src), 0o600); err != nil {
			t.Fatal(err)
		}
		cfg, diags := Load(path, Inputs{})
		switch {
		case tt.err != "" && (!diags.HasErrors() || !strings.Contains(diags.Error(), tt.err)):
			t.Errorf("%s: %v, want %s", name, diags, tt.err)
		case tt.err == "" && diags.HasErrors():
			t.Errorf("%s: %v", name, diags)
		case tt.err == "":
			if diff := cmp.Diff(tt.want, cfg.Investigations[0].Moved); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
		}
	}
}
