package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
	"go.yaml.in/yaml/v3"
)

// steps FILE JOB DIR takes the shell steps of one job of a workflow, as they stand there, and
// writes each to a file of the folder, in their order, with the variables that all have.
func steps(ts *testscript.TestScript, _ bool, args []string) {
	var doc map[string]any
	ts.Check(yaml.Unmarshal([]byte(ts.ReadFile(args[0])), &doc))
	job := jobOf(doc, args[1])
	if job == nil {
		ts.Fatalf("%s has no job %s", args[0], args[1])
	}
	dir := ts.MkAbs(args[2])
	ts.Check(os.RemoveAll(dir))
	ts.Check(os.MkdirAll(dir, 0o700))
	var found []string
	if base, ok := doc[".flowctl"]; ok { // which the jobs of GitLab extend
		shell(base, &found)
	}
	shell(job, &found)
	for i, s := range found {
		ts.Check(os.WriteFile(filepath.Join(dir, fmt.Sprintf("%02d.sh", i)), []byte(variables(doc)+s), 0o600))
	}
	if len(found) < 2 {
		ts.Fatalf("job %s has %d steps", args[1], len(found))
	}
}

// jobOf finds a job by its name, wherever a service has it.
func jobOf(doc map[string]any, name string) any {
	if jobs, ok := doc["jobs"].(map[string]any); ok {
		return jobs[name]
	}
	if stages, ok := doc["stages"].([]any); ok {
		for _, s := range stages {
			if m, ok := s.(map[string]any); ok && m["stage"] == name {
				return m["jobs"]
			}
		}
	}
	return doc[name]
}

// shell adds the texts that a job gives to a shell, in their order.
func shell(v any, out *[]string) {
	switch v := v.(type) {
	case []any:
		for _, x := range v {
			shell(x, out)
		}
	case map[string]any:
		for _, key := range []string{"before_script", "script", "run", "bash", "inlineScript"} {
			switch x := v[key].(type) {
			case string:
				*out = append(*out, x)
			case []any:
				for _, line := range x {
					*out = append(*out, fmt.Sprint(line))
				}
			}
		}
		for _, key := range []string{"steps", "inputs", "strategy", "runOnce", "deploy"} {
			shell(v[key], out)
		}
	}
}

// variables sets what a workflow sets for all its jobs, without what only its service knows.
func variables(doc map[string]any) string {
	var lines []string
	for _, key := range []string{"env", "variables"} {
		all, _ := doc[key].(map[string]any)
		for name, value := range all {
			if text := fmt.Sprint(value); !strings.Contains(text, "${{") {
				lines = append(lines, fmt.Sprintf("export %s='%s'\n", name, text))
			}
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "")
}

// typed DOC FILE takes the commands of a document, as they stand there.
func typed(ts *testscript.TestScript, _ bool, args []string) {
	text := ts.ReadFile(args[0])
	var all strings.Builder
	for _, part := range strings.Split(text, "```sh\n")[1:] {
		block, _, ok := strings.Cut(part, "```")
		if !ok {
			ts.Fatalf("%s: a block has no end", args[0])
		}
		all.WriteString(block)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(all.String()), 0o600))
}
