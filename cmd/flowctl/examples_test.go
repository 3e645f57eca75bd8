package main

import (
	"bytes"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"flowctl/cmd/internal/command"
	"flowctl/cmd/internal/env"
	"flowctl/plan/config"
)

// examples are the files under examples that are no tests.
func examples(t *testing.T) []string {
	files, err := filepath.Glob("../../examples/*")
	files = slices.DeleteFunc(files, func(f string) bool { return strings.HasSuffix(f, config.TestSuffix) })
	if err != nil || len(files) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	return files
}

// TestExamplesAreTested runs the test that stands beside every example.
func TestExamplesAreTested(t *testing.T) {
	if testing.Short() {
		t.Skip("the commands that it runs are those of scripts")
	}
	for _, f := range examples(t) {
		t.Run(filepath.Base(f), func(t *testing.T) {
			t.Parallel()
			var out, errs bytes.Buffer
			test := strings.TrimSuffix(f, ".hcl") + config.TestSuffix
			env := &env.Env{Args: []string{"test", test}, Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs}
			if code := command.Main(t.Context(), env); code != 0 {
				t.Errorf("exit status %d\n%s%s", code, out.String(), errs.String())
			}
		})
	}
}

// TestExamples validates and plans every file under examples.
func TestExamples(t *testing.T) {
	for _, f := range examples(t) {
		t.Run(filepath.Base(f), func(t *testing.T) {
			for _, verb := range []string{"validate", "fmt --check", "plan"} {
				var out, errs bytes.Buffer
				env := &env.Env{
					Args: append(strings.Fields(verb), f), Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs,
					Environ: []string{"FLOWCTL_DIR=" + t.TempDir()},
				}
				if code := command.Main(t.Context(), env); code != 0 {
					t.Errorf("flowctl %s: exit status %d\n%s%s", verb, code, out.String(), errs.String())
				}
			}
		})
	}
}
