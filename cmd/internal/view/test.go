package view

import (
	"fmt"
	"io"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"flowctl/cmd/internal/report"
	"flowctl/cmd/internal/terminal"
	"flowctl/plan/config"
)

// Tests is what came of tests of files.
type Tests struct{ Files []TestFile }

// TestFile is what came of one test. Diags says why it could not run.
type TestFile struct {
	Path  string
	Runs  []TestRun
	Files map[string]*hcl.File
	Diags hcl.Diagnostics
}

// TestRun is what came of one step.
type TestRun struct {
	config.Run
	Status   *int // of its command; nil if none was given
	Failures []config.Failure
	Skipped  bool // what came before it failed
	Stopped  bool // what comes after it cannot be judged
}

// The outcomes of a test and of its runs.
const (
	passed  = "pass"
	failed  = "fail"
	skipped = "skip"
	broken  = "error"
)

func (r TestRun) outcome() string {
	switch {
	case r.Skipped:
		return skipped
	case len(r.Failures) > 0:
		return failed
	}
	return passed
}

func (f TestFile) outcome() string {
	if f.Diags.HasErrors() {
		return broken
	}
	for _, r := range f.Runs {
		if r.outcome() == failed {
			return failed
		}
	}
	return passed
}

// Passed reports whether everything holds.
func (t Tests) Passed() bool {
	for _, f := range t.Files {
		if f.outcome() != passed {
			return false
		}
	}
	return true
}

// Text shows a test: a line for each run, and what does not hold where it stands.
func (f TestFile) Text(w io.Writer) error {
	if _, err := fmt.Fprintf(w, "%s: %s\n", terminal.Escape(f.Path), f.outcome()); err != nil {
		return err
	}
	if f.Diags.HasErrors() {
		return Diagnostics(w, f.Diags, f.Files)
	}
	for _, r := range f.Runs {
		if _, err := fmt.Fprintf(w, "  run %q: %s\n", terminal.Escape(r.Name), r.outcome()); err != nil {
			return err
		}
		for _, x := range r.Failures {
			if err := Diagnostics(w, hcl.Diagnostics{x.Diagnostic()}, f.Files); err != nil {
				return err
			}
		}
	}
	return nil
}

// Conclusion counts the runs.
func (t Tests) Conclusion() string {
	n := map[string]int{}
	for _, f := range t.Files {
		if f.Diags.HasErrors() {
			n[broken]++
		}
		for _, r := range f.Runs {
			n[r.outcome()]++
		}
	}
	parts := []string{fmt.Sprintf("%d passed", n[passed]), fmt.Sprintf("%d failed", n[failed])}
	if n[skipped] > 0 {
		parts = append(parts, fmt.Sprintf("%d skipped", n[skipped]))
	}
	if n[broken] > 0 {
		parts = append(parts, Count(n[broken], "file")+" could not be run")
	}
	return Count(len(t.Files), "test") + ": " + strings.Join(parts, ", ") + "."
}

// testsFormat is the number of the form of the document of tests.
const testsFormat = "1"

// TestsDoc is what came of tests, for programs.
type TestsDoc struct {
	Format string        `json:"format"`
	Passed bool          `json:"passed"`
	Files  []testFileDoc `json:"files"`
}

type (
	testFileDoc struct {
		File        string       `json:"file"`
		Outcome     string       `json:"outcome"` // pass, fail, error
		Runs        []testRunDoc `json:"runs"`
		Diagnostics []Diagnostic `json:"diagnostics,omitempty"` // why it could not be run
	}
	testRunDoc struct {
		Name     string        `json:"name"`
		Line     int           `json:"line"`
		Outcome  string        `json:"outcome"` // pass, fail, skip
		Command  string        `json:"command,omitempty"`
		Status   *int          `json:"status,omitempty"`
		Failures []testFailure `json:"failures,omitempty"`
	}
	testFailure struct {
		Diagnostic
		Expected string `json:"expected,omitempty"`
		Got      string `json:"got,omitempty"`
	}
)

// Document is the form for programs.
func (t Tests) Document() TestsDoc {
	doc := TestsDoc{Format: testsFormat, Passed: t.Passed(), Files: []testFileDoc{}}
	for _, f := range t.Files {
		one := testFileDoc{File: f.Path, Outcome: f.outcome(), Runs: []testRunDoc{}}
		for _, d := range f.Diags {
			one.Diagnostics = append(one.Diagnostics, diagnosticOf(d))
		}
		for _, r := range f.Runs {
			one.Runs = append(one.Runs, r.document())
		}
		doc.Files = append(doc.Files, one)
	}
	return doc
}

func (r TestRun) document() testRunDoc {
	out := testRunDoc{Name: r.Name, Line: r.Range.Start.Line, Outcome: r.outcome(), Command: strings.Join(r.Command, " "), Status: r.Status}
	for _, x := range r.Failures {
		d := diagnosticOf(x.Diagnostic())
		d.Detail = terminal.Hide(x.Detail)
		out.Failures = append(out.Failures, testFailure{d, x.Expected, x.Got})
	}
	return out
}

// JUnit writes a suite for each test and a case for each run.
func (t Tests) JUnit(w io.Writer) error {
	var suites []report.Suite
	for _, f := range t.Files {
		s := report.Suite{Name: f.Path}
		if f.Diags.HasErrors() {
			d := diagnosticOf(f.Diags[0])
			s.Cases = append(s.Cases, report.Case{Name: "load", File: d.File, Line: d.Line, Error: d.Summary + ": " + d.Detail})
		}
		for _, r := range f.Runs {
			c := report.Case{Name: r.Name, File: r.Range.Filename, Line: r.Range.Start.Line, Skipped: r.Skipped}
			for _, x := range r.Failures {
				d := diagnosticOf(x.Diagnostic())
				c.Failure = strings.TrimPrefix(c.Failure+fmt.Sprintf("\n%s:%d: %s: %s", d.File, d.Line, d.Summary, d.Detail), "\n")
			}
			s.Cases = append(s.Cases, c)
		}
		suites = append(suites, s)
	}
	return report.Suites(w, suites)
}
