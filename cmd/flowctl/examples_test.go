package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"flowctl/cmd/internal/command"
	"flowctl/cmd/internal/env"
)

// TestExamples validates and plans every file under examples.
func TestExamples(t *testing.T) {
	files, err := filepath.Glob("../../examples/*")
	if err != nil || len(files) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	for _, f := range files {
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
