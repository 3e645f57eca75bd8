package main

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"flowctl/collectors/engine/enginetest"
	"flowctl/collectors/flowlog/flowlogtest"
	"flowctl/collectors/pcap/pcaptest"
)

func TestMain(m *testing.M) {
	enginetest.Serve()
	testscript.Main(m, map[string]func(){"flowctl": func() { os.Exit(run()) }})
}

// scripts are the scripts to run: with -short, as with the race detector, those that record
// something and are of kinds of their own.
func scripts(t *testing.T) []string {
	all, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil || len(all) == 0 {
		t.Fatal("no scripts", err)
	}
	if testing.Short() {
		all = slices.DeleteFunc(all, func(name string) bool {
			return !slices.Contains(racing, strings.TrimSuffix(filepath.Base(name), ".txtar"))
		})
	}
	return all
}

// racing are scripts in which several goroutines have something to do with each other: one of each kind.
var racing = []string{"story", "detach", "faults", "followed", "interrupt", "sweep", "unlock", "blobstate", "runners", "compare", "flows", "storage", "serve", "folder", "monitor"}

// TestScripts runs the whole program against the sandbox. Time in the scripts'
// sandboxes passes only while flowctl waits, so nothing here sleeps.
func TestScripts(t *testing.T) {
	story, err := os.ReadFile("../../examples/investigation.hcl")
	if err != nil {
		t.Fatal(err)
	}
	others := map[string][]byte{"denied.hcl": nil, "encryption.hcl": nil, "bill.hcl": nil}
	for name := range others {
		if others[name], err = os.ReadFile("../../examples/" + name); err != nil {
			t.Fatal(err)
		}
	}
	testscript.Run(t, testscript.Params{
		Files:               scripts(t),
		RequireExplicitExec: true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("CI", "true")
			if err := os.Mkdir(filepath.Join(e.WorkDir, "examples"), 0o700); err != nil {
				return err
			}
			for name, text := range others {
				if err := os.WriteFile(filepath.Join(e.WorkDir, "examples", name), append([]byte(virtual), text...), 0o600); err != nil {
					return err
				}
			}
			return os.WriteFile(filepath.Join(e.WorkDir, "story.hcl"), []byte(virtual+string(story)), 0o600)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"capture":  writeCapture,
			"flowlog":  writeFlowLog,
			"oldworld": oldWorld,
			"cut":      cut,
			"same":     same,
			"await":    await,
			"serve":    serve,
			"upload":   upload,
			"sas":      sas,
			"traffic":  writeTraffic,
			"right":    right,
			"steps":    steps,
			"typed":    typed,
		},
	})
}

// virtual is the example's sandbox with a clock that only waiting moves.
const virtual = "provider \"sandbox\" {\n  clock = 0\n}\n\n"

// writeCapture makes a small capture: capture FILE.
func writeCapture(ts *testscript.TestScript, _ bool, args []string) {
	var file pcaptest.Classic
	b := file.Append(nil)
	for r := range (pcaptest.Traffic{Seed: 1, Packets: 500, Flows: 20, Active: 5, Data: 400, Span: time.Minute}).Records() {
		b = file.AppendRecord(b, r)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), b, 0o600))
}

// writeFlowLog makes an hour of a flow log: flowlog FILE.
func writeFlowLog(ts *testscript.TestScript, _ bool, args []string) {
	f, err := os.Create(ts.MkAbs(args[0]))
	ts.Check(err)
	_, err = flowlogtest.Generate(f, flowlogtest.Spec{Seed: 1})
	ts.Check(errors.Join(err, f.Close()))
}

// cut FILE BYTES takes bytes off the end of a file.
func cut(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	b := ts.ReadFile(args[0])
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(b[:len(b)-n]), 0o600))
}

// same FILE FILE PATTERN compares the lines of two files that hold a pattern.
func same(ts *testscript.TestScript, neg bool, args []string) {
	pick := func(name string) string {
		var out []string
		for _, l := range strings.Split(ts.ReadFile(name), "\n") {
			if strings.Contains(l, args[2]) {
				out = append(out, strings.TrimSpace(l))
			}
		}
		return strings.Join(out, "\n")
	}
	a, b := pick(args[0]), pick(args[1])
	if a == "" || (a != b) != neg {
		ts.Fatalf("lines with %q:\n%s\n--- and\n%s", args[2], a, b)
	}
}

// await FILE PATTERN returns when a file that another process writes holds a
// pattern.
func await(ts *testscript.TestScript, _ bool, args []string) {
	want := regexp.MustCompile(args[1])
	for range 6000 {
		if b, err := os.ReadFile(ts.MkAbs(args[0])); err == nil && want.Match(b) {
			return
		}
		time.Sleep(10 * time.Millisecond) // between looks at another process
	}
	ts.Fatalf("%s never held %q", args[0], args[1])
}
