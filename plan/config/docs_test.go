package config

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"flowctl/plan/question"
)

const manual = "../../cmd/flowctl/docs/language.md"

// TestManualNames keeps the manual complete: every name of the language is in it.
func TestManualNames(t *testing.T) {
	src, err := os.ReadFile(manual)
	if err != nil {
		t.Fatal(err)
	}
	names := slices.Concat(kinds, formats, environments, credentials, question.Names(), slices.Collect(maps.Keys(Functions())))
	for _, s := range []schema{
		fileSchema, variableSchema, validationSchema, investigationSchema, monitorSchema, storageSchema, reportSchema, watchSchema, flowLogSchema,
		analyticsSchema, flowFilterSchema(false), captureSchema, captureFilterSchema, ringSchema, summarizeSchema, expectSchema,
		providerSchemas[Azure], providerSchemas[Sandbox], localSchema, blobSchema, encryptionSchema, engineSchema,
	} {
		names = append(names, s.attrs...)
		names = append(names, slices.Collect(maps.Keys(s.blocks))...)
	}
	for _, name := range names {
		if name != "locals" && !strings.Contains(string(src), "`"+name+"`") && !strings.Contains(string(src), "## "+name+"\n") {
			t.Errorf("the manual does not mention %s", name)
		}
	}
	row := regexp.MustCompile("(?m)^\\| [a-z ]+ \\| ((?:`[a-z]+` ?)+)\\|$")
	for _, m := range row.FindAllStringSubmatch(string(src), -1) {
		for _, f := range strings.Fields(strings.ReplaceAll(m[1], "`", "")) {
			if _, ok := Functions()[f]; !ok {
				t.Errorf("the manual has a function %s that does not exist", f)
			}
		}
	}
}

// TestManualExamples loads every example of the manual, wrapped in what it
// stands in.
func TestManualExamples(t *testing.T) {
	src, err := os.ReadFile(manual)
	if err != nil {
		t.Fatal(err)
	}
	examples := regexp.MustCompile("(?s)```hcl\n(.*?)```").FindAllStringSubmatch(string(src), -1)
	if len(examples) < 10 {
		t.Fatalf("found %d examples", len(examples))
	}
	for _, m := range examples {
		example := m[1]
		t.Run(strings.Fields(example)[0], func(t *testing.T) {
			if formatted, diags := Format([]byte(example), "example"); diags.HasErrors() || string(formatted) != example {
				t.Errorf("not in canonical form: %v", diags)
			}
			path := filepath.Join(t.TempDir(), "a.hcl")
			if err := os.WriteFile(path, []byte(wrap(example)), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, diags := Load(path, Inputs{}); len(diags) > 0 {
				t.Errorf("%v\n%s", diags.Errs(), example)
			}
		})
	}
}

func wrap(example string) string {
	before, after, _ := strings.Cut(small, "  watch")
	switch first := strings.Fields(example)[0]; first {
	case "investigation", "monitor":
		return example
	case "provider":
		return example + strings.Replace(small, "    tags", "    provider = azure.west\n    tags", 1)
	case "variable", "locals":
		return example + small
	case "flow_log", "packet_capture":
		return before + "  watch" + strings.Replace(after, "    tags", example+"    tags", 1)
	case "expect":
		return before + "  summarize \"sql\" {}\n" + example + "  watch" + after
	default:
		return before + example + "  watch" + after
	}
}
