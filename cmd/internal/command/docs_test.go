package command

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"flowctl/cmd/internal/env"
)

var someDocs = fstest.MapFS{
	"food.md":       {Data: []byte("# What to eat\n\nIn short.\n\n## `plums`\n\nThey are blue. Nobody\nlikes a green one.\n\n| kind | colour |\n|---|---|\n| early | blue |\n| late | red |\n\n## More\n\n```text\n# plums of code\n```\n")},
	"x.schema.json": {Data: []byte(`{"title": "an x"}`)},
}

// told runs a verb and returns what it prints.
func told(t *testing.T, want int, args ...string) (out, errs string) {
	t.Helper()
	var o, e bytes.Buffer
	if status := Main(t.Context(), &env.Env{Stdout: &o, Stderr: &e, Args: args, Docs: someDocs}); status != want {
		t.Errorf("%q: status %d, %s", args, status, e.String())
	}
	return o.String(), e.String()
}

func TestDocs(t *testing.T) {
	for args, want := range map[string]string{
		"docs":                  "food           What to eat\nx.schema.json  JSON Schema: an x\n",
		"docs x.schema.json":    `{"title": "an x"}`,
		"docs food plums":       "food: plums\n\nThey are blue. Nobody\nlikes a green one.\n\n| kind | colour |\n|---|---|\n| early | blue |\n| late | red |\n\n\n",
		"docs Plums":            "food: plums\n\nThey are blue. Nobody\nlikes a green one.\n\n| kind | colour |\n|---|---|\n| early | blue |\n| late | red |\n\n\n",
		"docs food late RED":    "food: plums\n\n| late | red |\n\n",
		"docs nobody likes":     "food: plums\n\nThey are blue. Nobody\nlikes a green one.\n\n",
		"docs food of code":     "food: More\n\n```text\n# plums of code\n```\n\n",
		"__complete docs ":      "food\tWhat to eat\nx.schema.json\tJSON Schema: an x\n:4\n",
		"__complete docs food ": ":4\n",
	} {
		if out, _ := told(t, 0, strings.Split(args, " ")...); out != want {
			t.Errorf("%s: %q, want %q", args, out, want)
		}
	}
	for args, want := range map[string]string{
		"docs pears":      `no document "pears", and none says anything about it`,
		"docs food pears": `food says nothing about "pears"`,
	} {
		if _, errs := told(t, 1, strings.Split(args, " ")...); !strings.Contains(errs, want) {
			t.Errorf("%s: %q", args, errs)
		}
	}
}

func TestWrapped(t *testing.T) {
	in := "# A long heading that stays\nsome words and\nmore words\n\n- an item that\n  goes on and on\n| a table | that stays as it is |\n```\ncode that stays as it is\n```\n"
	want := "# A long heading that stays\nsome words and more\nwords\n\n- an item that goes\n  on and on\n| a table | that stays as it is |\n```\ncode that stays as it is\n```\n"
	if got := wrapped(in, 20); got != want {
		t.Errorf("%s", got)
	}
}

// TestManPages wants a page for each verb that a person can use.
func TestManPages(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "man1")
	told(t, 0, "docs", "--man", dir)
	for _, c := range newRoot(&env.Env{}).Commands() {
		if b, err := os.ReadFile(filepath.Join(dir, "flowctl-"+c.Name()+".1")); !c.Hidden && (err != nil || !bytes.Contains(b, []byte(c.Short))) {
			t.Errorf("%s: %v", c.Name(), err)
		}
	}
}

// TestComplete wants shells to be told what can follow.
func TestComplete(t *testing.T) {
	for args, want := range map[string][]string{
		"summarize --by ":                {"rule\trule that decided", "source.address\tIP address", "time(5m)\t", ":6"},
		"compare --by rule,":             {"rule,acl\t", ":6"},
		"flows --order=-":                {"-duration\n"},
		"summarize --where port==80&& -": {},
		"report --format ":               {"html\nmarkdown\njson\n"},
		"plan --log-level ":              {"debug\ninfo\nwarn\nerror\n"},
		"help ":                          {"apply\tRecord"},
		"summarize --having ":            {"denied\n"},
	} {
		out, _ := told(t, 0, append([]string{"__complete"}, strings.Split(args, " ")...)...)
		for _, w := range want {
			if !strings.Contains(out, w) {
				t.Errorf("%s: %q lacks %q", args, out, w)
			}
		}
	}
}
