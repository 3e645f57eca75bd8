package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowctl/cmd/flowctl/docs"
	"flowctl/cmd/internal/command"
	"flowctl/cmd/internal/env"
	"flowctl/collectors/engine/enginetest"
	"flowctl/collectors/flowlog/flowlogtest"
)

// program runs the program, in a folder of its own.
type program struct {
	t       *testing.T
	environ []string
}

// run returns what it prints, and fails the test if it ends with another status.
func (p program) run(want int, args ...string) (out, errs string) {
	p.t.Helper()
	var stdout, stderr bytes.Buffer
	code := command.Main(p.t.Context(), &env.Env{Args: args, Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr, Environ: p.environ})
	if code != want {
		p.t.Fatalf("flowctl %s: exit status %d, want %d\n%s%s", strings.Join(args, " "), code, want, stdout.String(), stderr.String())
	}
	return stdout.String(), stderr.String()
}

// TestEngine goes a newcomer's way: tables, files, questions, and away again; and lets a run
// put what it fetched into the engine of its file.
func TestEngine(t *testing.T) {
	c := enginetest.Start(t, 1)
	url := c.URL("flowctl")
	p := program{t, []string{"FLOWCTL_DIR=" + t.TempDir(), "CI=true"}}
	logs := t.TempDir()
	for name, spec := range flowlogtest.Hours(flowlogtest.Spec{Seed: 5, Flows: 200}, 2, 2) {
		var b bytes.Buffer
		if _, err := flowlogtest.Generate(&b, spec); err != nil {
			t.Fatal(err)
		}
		name = filepath.Join(logs, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, errs := p.run(1, "summarize", "--engine", url); !strings.Contains(errs, "flowctl engine init") {
		t.Errorf("without tables: %s", errs)
	}
	if out, errs := p.run(1, "engine", "init", "--engine", url); !strings.Contains(out, "CREATE TABLE") || !strings.Contains(errs, "nobody is here to confirm") {
		t.Errorf("unapproved: %s%s", out, errs)
	}
	p.run(1, "engine", "init", "--engine", url, "--auto-approve", "--keep", "36500d")
	p.run(0, "engine", "init", "--engine", url, "--auto-approve", "--keep", "7300d")
	if _, errs := p.run(0, "engine", "init", "--engine", url); !strings.Contains(errs, "Nothing to do") {
		t.Errorf("again: %s", errs)
	}
	for range 2 {
		p.run(0, "engine", "add", "--engine", url, logs)
	}
	if out, _ := p.run(0, "engine", "status", "--engine", url); !strings.Contains(out, "4 files") || !strings.Contains(out, "schema 1") {
		t.Errorf("status: %s", out)
	}
	for _, q := range [][]string{
		{"summarize", "--by", "source.address,destination.address", "--where", "port == 443"}, {"flows", "--top", "5", "--csv"}, {"summarize", "--by", "hour"}, {"summarize"},
	} {
		files, _ := p.run(0, append(q, logs)...)
		stored, _ := p.run(0, append(q, url)...)
		if q[len(q)-1] == "summarize" { // which lists the sources
			files, stored = files[:strings.Index(files, "Sources")], stored[:strings.Index(stored, "Sources")]
		}
		if diff := cmp.Diff(files, stored); diff != "" {
			t.Errorf("%s: -files +engine\n%s", q, diff)
		}
	}
	if out, _ := p.run(0, "compare", logs, url); !strings.Contains(out, "Nothing differs") {
		t.Errorf("compared with the files: %s", out)
	}
	if _, errs := p.run(1, "summarize", "--engine", url, "--by", "tls.server_name"); !strings.Contains(errs, "ask the captures") {
		t.Errorf("what packets said: %s", errs)
	}
	if _, errs := p.run(1, "flows", "--follow", url); !strings.Contains(errs, "an engine is asked once") {
		t.Errorf("followed: %s", errs)
	}
	if _, errs := p.run(1, "summarize", url, logs); !strings.Contains(errs, "asked by itself") {
		t.Errorf("an engine and files: %s", errs)
	}
	p.run(0, "engine", "drop", "--engine", url, "--auto-approve")
	if out, _ := p.run(0, "engine", "status", "--engine", url); !strings.Contains(out, "none: run flowctl engine init") {
		t.Errorf("after the drop: %s", out)
	}
}

// TestGrants goes the whole way as a user who has the rights alone that the documentation
// lists, on a cluster.
func TestGrants(t *testing.T) {
	manual, err := docs.Files.ReadFile("engine.md")
	if err != nil {
		t.Fatal(err)
	}
	var grants []string
	for _, m := range regexp.MustCompile(`(?m)^    (GRANT .*) TO flowctl;`).FindAllStringSubmatch(string(manual), -1) {
		grants = append(grants, m[1])
	}
	c := enginetest.Start(t, 3, grants...)
	url := "clickhouse://" + c.Nodes[0].TCP + "/flowctl?secure=false&cluster=" + enginetest.Name
	p := program{t, []string{"FLOWCTL_DIR=" + t.TempDir(), "CI=true", "FLOWCTL_CLICKHOUSE_USER=flowctl", "FLOWCTL_CLICKHOUSE_PASSWORD=geheim", "FLOWCTL_ENGINE=" + url}}
	log := filepath.Join(t.TempDir(), "PT1H.json")
	var b bytes.Buffer
	if _, err := flowlogtest.Generate(&b, flowlogtest.Spec{Seed: 6, Flows: 50}); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(log, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	p.run(0, "engine", "init", "--auto-approve")
	p.run(0, "engine", "upgrade")
	p.run(0, "engine", "add", log)
	p.run(0, "summarize", "--engine", url)
	if out, _ := p.run(0, "engine", "status"); strings.Count(out, "schema 1") != 3 || !strings.Contains(out, "1 file") {
		t.Errorf("status: %s", out)
	}
	p.run(0, "engine", "drop", "--auto-approve")
	for i, g := range grants {
		if strings.Contains(g, "INSERT") {
			grants[i] = strings.Replace(g, ", INSERT", "", 1)
		}
	}
	c = enginetest.Start(t, 1, grants...)
	p.environ[len(p.environ)-1] = "FLOWCTL_ENGINE=clickhouse://" + c.Nodes[0].TCP + "/flowctl?secure=false"
	p.run(0, "engine", "init", "--auto-approve")
	if _, errs := p.run(1, "engine", "add", log); !strings.Contains(errs, "lacks a right") {
		t.Errorf("without INSERT: %s", errs)
	}
}

// TestEngineOfFile applies a file with an engine block.
func TestEngineOfFile(t *testing.T) {
	c := enginetest.Start(t, 1)
	p := program{t, []string{"FLOWCTL_DIR=" + t.TempDir(), "CI=true"}}
	story, err := os.ReadFile("../../examples/denied.hcl")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "f.hcl")
	text := virtual + "engine \"clickhouse\" {\n  addresses = [\"" + c.Nodes[0].TCP + "\"]\n  secure = false\n}\n" + string(story)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, errs := p.run(1, "apply", "--auto-approve", file); !strings.Contains(errs, "not all in the engine") || !strings.Contains(errs, "engine init") {
		t.Errorf("without tables: %s", errs)
	}
	p.run(0, "engine", "init", "--auto-approve", file)
	p.run(0, "collect", file)
	var rows uint64
	if c.Scan(t, &rows, "SELECT count() FROM flowctl.flows"); rows == 0 {
		t.Error("no flows came in")
	}
}
