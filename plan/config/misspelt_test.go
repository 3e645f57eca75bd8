package config

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
)

// blocksOf are the kinds of blocks by name, with what they may hold and a file that has
// something in such a block.
var blocksOf = map[string]struct {
	schema schema
	file   func(body string) string
}{
	"file":              {fileSchema, func(body string) string { return small + body + "\n" }},
	"investigation":     {investigationSchema, inInvestigation},
	"watch":             {watchSchema, func(body string) string { return inWatch("tags = { role = \"db\" }\n" + body) }},
	"packet_capture":    {captureSchema, inCapture},
	"ring":              {ringSchema, inRing},
	"filter of packets": {captureFilterSchema, func(body string) string { return inCapture("filter {\nlocal_port = 1\n" + body + "\n}") }},
	"flow_log":          {flowLogSchema, inFlowLog},
	"filter of flows":   {flowFilterSchema(false), func(body string) string { return inFlowLog("filter {\n" + body + "\n}") }},
	"traffic_analytics": {analyticsSchema, func(body string) string { return inFlowLog("traffic_analytics {\n" + body + "\n}") }},
	"summarize":         {summarizeSchema, inSummary},
	"expect":            {expectSchema, func(body string) string { return inInvestigation("expect \"e\" {\n" + body + "\n}") }},
	"budget":            {budgetSchema, func(body string) string { return inInvestigation("budget {\n" + body + "\n}") }},
	"report":            {reportSchema, func(body string) string { return inInvestigation("report {\n" + body + "\n}") }},
	"storage":           {storageSchema, func(body string) string { return inInvestigation("storage {\n" + body + "\n}") }},
	"moved":             {movedSchema, func(body string) string { return inInvestigation("moved {\n" + body + "\n}") }},
	"state":             {blobSchema, inState},
	"azure":             {providerSchemas[Azure], inAzure},
	"sandbox":           {providerSchemas[Sandbox], inSandbox},
	"variable":          {variableSchema, func(body string) string { return small + "variable \"v\" {\ndefault = 1\n" + body + "\n}\n" }},
}

// toldOf are the problems of a file whose place is a word of it.
func toldOf(t *testing.T, src, word string) (list []string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.hcl")
	if err := os.WriteFile(path, []byte(src), 0o600); err != nil {
		t.Fatal(err)
	}
	_, diags := Load(path, Inputs{Open: true})
	for _, d := range diags {
		if d.Severity == hcl.DiagError && d.Subject != nil && d.Subject.CanSliceBytes([]byte(src)) && string(d.Subject.SliceBytes([]byte(src))) == word {
			list = append(list, d.Summary+": "+d.Detail)
		}
	}
	return list
}

// TestMisspelt misspells every attribute and block in its place, and wants the word to
// be told with what was meant.
func TestMisspelt(t *testing.T) {
	for name, b := range blocksOf {
		for _, word := range slices.Concat(b.schema.attrs, b.schema.blockNames()) {
			if len(word) < 5 {
				continue
			}
			at := len(word) / 2
			for _, wrong := range []string{word[:at] + word[at+1:], word[:at] + "x" + word[at:], word[:at-1] + word[at:at+1] + word[at-1:at] + word[at+1:]} {
				if wrong == word || slices.Contains(b.schema.attrs, wrong) {
					continue
				}
				body := wrong + " = 1"
				if slices.Contains(b.schema.blockNames(), word) {
					body = wrong + " { }"
				}
				told := toldOf(t, b.file(body), wrong)
				if !slices.ContainsFunc(told, func(s string) bool {
					return strings.HasPrefix(s, "Unknown ") && strings.HasSuffix(s, fmt.Sprintf("Did you mean %q?", word))
				}) {
					t.Errorf("%s in %s: %q, want %s", wrong, name, told, word)
				}
			}
		}
	}
}

// TestWrongForm writes every attribute as a block and every block as an attribute.
func TestWrongForm(t *testing.T) {
	for name, b := range blocksOf {
		for _, word := range b.schema.attrs {
			if word == "dictionary" {
				continue // which may be either
			}
			told := toldOf(t, b.file(word+" { }"), word)
			if want := fmt.Sprintf("Unknown block: %q is an attribute: write %s = … with an equals sign.", word, word); !slices.Contains(told, want) {
				t.Errorf("%s as a block in %s: %q", word, name, told)
			}
		}
		for _, word := range b.schema.blockNames() {
			told := toldOf(t, b.file(word+" = 1"), word)
			if want := fmt.Sprintf("Unknown attribute: %q is a block: write %s { … } without an equals sign.", word, word); !slices.Contains(told, want) {
				t.Errorf("%s as an attribute in %s: %q", word, name, told)
			}
		}
	}
}

// TestLabels leaves labels of every block out, and gives it one too many.
func TestLabels(t *testing.T) {
	for name, b := range blocksOf {
		for _, word := range b.schema.blockNames() {
			r := b.schema.blocks[word]
			if r.later != "" {
				if told := toldOf(t, b.file(word+" { }"), word); len(told) != 1 || !strings.HasPrefix(told[0], "Not supported yet: flowctl does not have") {
					t.Errorf("%s in %s: %q", word, name, told)
				}
				continue
			}
			for n := range r.labels {
				told := toldOf(t, b.file(word+strings.Repeat(` "x"`, n)+" { }"), word)
				if !slices.ContainsFunc(told, func(s string) bool {
					return strings.HasPrefix(s, "Missing label: ") && strings.Contains(s, "write "+labelled(word, r))
				}) {
					t.Errorf("%s with %d labels in %s: %q", word, n, name, told)
				}
			}
			told := toldOf(t, b.file(word+strings.Repeat(` "x"`, len(r.labels)+1)+" { }"), `"x"`)
			if !slices.ContainsFunc(told, func(s string) bool { return strings.HasPrefix(s, `Too many labels: "x" is one label too many: write `) }) {
				t.Errorf("%s with a label too many in %s: %q", word, name, told)
			}
		}
	}
}

// TestWordsOfOthers wants words of other tools told as what they are here, in each place
// that has one, and names that belong elsewhere sent there.
func TestWordsOfOthers(t *testing.T) {
	met := 0
	for name, b := range blocksOf {
		known := slices.Concat(b.schema.attrs, b.schema.blockNames())
		for _, word := range slices.Sorted(maps.Keys(elsewhere)) {
			meant := slices.IndexFunc(elsewhere[word], func(s string) bool { return slices.Contains(known, s) })
			if _, own := b.schema.blocks[word]; own || slices.Contains(known, word) || meant < 0 || b.schema.secrets[word] != "" {
				continue
			}
			told := toldOf(t, b.file(word+" = 1"), word)
			if len(told) != 1 || !strings.Contains(told[0], "Did you mean \"") {
				t.Errorf("%s in %s: %q, want %s", word, name, told, elsewhere[word][meant])
				continue
			}
			said := strings.Split(told[0], `"`)
			if got := said[len(said)-2]; !slices.Contains(known, got) {
				t.Errorf("%s in %s: %s is nothing that it has", word, name, got)
			} else if got == elsewhere[word][meant] {
				met++
			}
		}
		for word, home := range homes {
			if slices.Contains(known, word) || b.schema.meant(word) != "" || b.schema.secrets[word] != "" {
				continue
			}
			told := toldOf(t, b.file(word+" = 1"), word)
			if !slices.ContainsFunc(told, func(s string) bool { return strings.HasSuffix(s, word+" belongs into "+home+".") }) {
				t.Errorf("%s in %s: %q", word, name, told)
			}
		}
	}
	if met < 100 {
		t.Errorf("%d words are told as the table has them", met)
	}
}

// TestSecretsInFiles wants no place to take a secret, whatever it is called.
func TestSecretsInFiles(t *testing.T) {
	for name, b := range blocksOf {
		if name == "file" || name == "variable" {
			continue
		}
		for _, word := range []string{"password", "client_secret", "sas_token", "access_key", "storage_account_key", "account_key", "connection_string", "sas", "token"} {
			if slices.Contains(b.schema.attrs, word) {
				continue
			}
			told := toldOf(t, b.file(word+" = \"x\""), word)
			if len(told) != 1 || !strings.HasPrefix(told[0], "Secret in a file: Files are reviewed and kept, so ") {
				t.Errorf("%s in %s: %q", word, name, told)
			}
		}
	}
}

// TestNumbersOfAnswers wants expectations about the questions of the file, wherever in it
// they stand, with its variables.
func TestNumbersOfAnswers(t *testing.T) {
	const questions = "summarize \"sql\" {\nwhere = port == 1433\n}\n"
	for body, want := range map[string]string{
		"condition = summary.sql.flows == 0":                                  "",
		"condition = summary.sql.bytes < var.most && has(summary.sql.denied)": "",
		"condition = summary.sql.flows == var.some":                           `Unknown variable: There is no variable "some". Known here: most.`,
		"condition = summary.sqll.flows == 0":                                 `Unknown number: There is no summarize block "sqll". Did you mean "sql"?`,
		"condition = summary.sql.flow == 0":                                   `Unknown number: Answers have no number "flow". Did you mean "flows"?`,
		"condition = port == 22":                                              `Unknown reference: Nothing is called "port" here.`,
		"condition = \"x\"":                                                   "Wrong type: condition must be true or false, such as summary.sql.flows == 0; this is text.",
		"message = \"m\"":                                                     `Missing condition: expect "e" needs condition, such as condition = summary.sql.flows == 0.`,
		"condition = true\nmessage = \"a\\nb\"":                               "Invalid text: message must be one line without control characters.",
	} {
		for _, src := range []string{questions + "expect \"e\" {\n" + body + "\n}", "expect \"e\" {\n" + body + "\n}\n" + questions} {
			got := says(t, inInvestigation(src)+"variable \"most\" {\ndefault = 5\n}\n", Inputs{})
			if (want == "") != (got == "") || !strings.HasPrefix(got, want) {
				t.Errorf("%s: %q, want %q", body, got, want)
			}
		}
	}
	if got := says(t, inInvestigation(questions+strings.Repeat("expect \"e\" {\ncondition = true\n}\n", 2)), Inputs{}); !strings.HasPrefix(got, `Duplicate name: There is a second expectation "e"; the first is on line `) {
		t.Error(got)
	}
	cfg := load(t, inInvestigation(questions+"expect \"e\" {\ncondition = summary.sql.bytes < var.most\n}\n")+"variable \"most\" {\ndefault = 5\n}\n", Inputs{})
	if text, diags := cfg.Investigations[0].Expects[0].Literal(); diags.HasErrors() || text != "summary.sql.bytes < 5" {
		t.Errorf("%q, %v", text, diags)
	}
}
