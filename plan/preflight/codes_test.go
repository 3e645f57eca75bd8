package preflight

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// codes reads the codes of findings, by the names of their constants.
func codes(t *testing.T) map[string]string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), "../code.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	ast.Inspect(f, func(n ast.Node) bool {
		if v, ok := n.(*ast.ValueSpec); ok {
			text, err := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			out[v.Names[0].Name] = text
		}
		return true
	})
	return out
}

// sources joins the Go files of folders, tests or the others.
func sources(t *testing.T, tests bool, dirs ...string) string {
	t.Helper()
	var all strings.Builder
	for _, dir := range dirs {
		names, err := filepath.Glob(dir + "/*.go")
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") != tests || filepath.Base(name) == "code.go" {
				continue
			}
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			all.Write(b)
		}
	}
	return all.String()
}

// TestCodes keeps codes, code, tests and manual together: each code is
// emitted, shown by a test, and explained; and none is explained that does
// not exist.
func TestCodes(t *testing.T) {
	dirs := []string{".", "../resolve", "..", "../apply", "../ledger", "../policy"}
	code, tests := sources(t, false, dirs...), sources(t, true, dirs...)
	manual, err := os.ReadFile("../../cmd/flowctl/docs/findings.md")
	if err != nil {
		t.Fatal(err)
	}
	var want, got []string
	for name, text := range codes(t) {
		want = append(want, text)
		used := regexp.MustCompile(`\b` + name + `\b`)
		if !used.MatchString(code) {
			t.Errorf("nothing finds %s", text)
		}
		if !used.MatchString(tests) && !strings.Contains(tests, text) {
			t.Errorf("no test shows %s", text)
		}
	}
	for _, m := range regexp.MustCompile("(?m)^### `([a-z-]+)`$").FindAllStringSubmatch(string(manual), -1) {
		got = append(got, m[1])
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("codes and manual (-code +manual):\n%s", diff)
	}
	if m := regexp.MustCompile(`Code: +"`).FindString(code); m != "" {
		t.Error("a finding has a code that is not a constant of plan")
	}
}
