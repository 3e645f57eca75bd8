package command

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"flowctl/cmd/internal/env"
	"flowctl/cmd/internal/operation"
	"flowctl/cmd/internal/report"
	"flowctl/cmd/internal/terminal"
	"flowctl/collectors/summary"
)

// checks says what becomes of expectations, and of questions that cannot be answered.
type checks struct {
	strict       bool   // a question that cannot be answered is an error
	junit, sarif string // files to write besides; empty for none
}

func (c *checks) flags(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&c.strict, "check", false, "exit with status 4 if a question cannot be answered from these sources")
	cmd.Flags().StringVar(&c.junit, "junit", "", "also write what came of expectations and questions to this `file` as JUnit's XML (flowctl docs summary)")
	cmd.Flags().StringVar(&c.sarif, "sarif", "", "also write what is not as expected or cannot be answered to this `file` as SARIF 2.1.0")
}

// conclude writes the files of checks, tells the pipeline in which flowctl runs, and
// returns the exit status that the answers call for.
func (c checks) conclude(e *env.Env, answers ...*operation.Answer) error {
	var list []report.Checked
	var errs []error
	for _, a := range answers {
		list = append(list, report.Checked{Doc: a.Doc, Meta: a.Meta, Strict: c.strict})
		errs = append(errs, verdict(e, a.Doc, c.strict))
	}
	return errors.Join(append(errs, c.write(e, list), annotated(e, repository(e), list))...)
}

// write writes the files of checks.
func (c checks) write(e *env.Env, list []report.Checked) error {
	return errors.Join(
		written(c.junit, func(w io.Writer) error { return report.JUnit(w, list) }),
		written(c.sarif, func(w io.Writer) error { return report.SARIF(w, list, repository(e), version()) }))
}

// verdict is the exit status that a document calls for: an expectation has failed
// or cannot be answered, or, if that is asked for, a question cannot.
func verdict(e *env.Env, doc *summary.Document, strict bool) error {
	failed := func(outcome string) bool {
		return slices.ContainsFunc(doc.Expectations, func(x summary.Expectation) bool { return x.Outcome == outcome })
	}
	if text := report.Verdict(doc); text != "" {
		e.Printf("\n%s\n", terminal.Escape(text))
	}
	switch {
	case failed(summary.Failed):
		return env.NotMet
	case failed(summary.CannotAnswer) || strict && doc.Unanswered():
		return env.Unanswered
	}
	return nil
}

// written writes a file, which is there as a whole or not at all; none if there is no path.
func written(path string, to func(io.Writer) error) error {
	if path == "" {
		return nil
	}
	var b bytes.Buffer
	if err := to(&b); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return os.WriteFile(path, b.Bytes(), 0o600)
}

// repository is the folder from which a pipeline names files.
func repository(e *env.Env) string {
	for _, name := range []string{"GITHUB_WORKSPACE", "BUILD_SOURCESDIRECTORY"} {
		if dir := e.Getenv(name); dir != "" {
			return filepath.Clean(dir)
		}
	}
	dir, err := filepath.Abs(".")
	if err != nil {
		return "."
	}
	return dir
}

// How much a step's summary may have. GitHub refuses more than 1 MiB of all of a step; of
// Azure Pipelines no limit is documented, and the same is taken.
const stepSummarySize = 1 << 20

// annotated tells the pipeline in which flowctl runs, if it does, what came of checks. Its
// agents read both streams, and results are not disturbed on standard error.
func annotated(e *env.Env, root string, list []report.Checked) error {
	switch {
	case len(list) == 0:
		return nil
	case e.Getenv("GITHUB_ACTIONS") == "true":
		report.GitHub(root).Annotate(e.Stderr, list)
		if path := e.Getenv("GITHUB_STEP_SUMMARY"); path != "" {
			return appendSummary(path, list)
		}
	case e.Getenv("TF_BUILD") != "":
		report.AzurePipelines(root).Annotate(e.Stderr, list)
		return uploadSummary(e, list)
	}
	return nil
}

// appendSummary adds to the file that GitHub shows after the step, as far as there is room.
func appendSummary(path string, list []report.Checked) error {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("summary of the step: %w", err)
	}
	defer f.Close()
	size := int64(0)
	if st, err := f.Stat(); err == nil {
		size = st.Size()
	}
	b, err := report.StepSummary(list, stepSummarySize-int(min(size, stepSummarySize)))
	if err == nil && size+int64(len(b)) <= stepSummarySize {
		_, err = f.Write(b)
	}
	return errors.Join(err, f.Close())
}

// uploadSummary leaves a file where the agent finds it after the step, and clears it away.
func uploadSummary(e *env.Env, list []report.Checked) error {
	b, err := report.StepSummary(list, stepSummarySize)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(e.Getenv("AGENT_TEMPDIRECTORY"), "flowctl-*.md")
	if err != nil {
		return fmt.Errorf("summary of the step: %w", err)
	}
	_, err = f.Write(b)
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("summary of the step: %w", err)
	}
	path, err := filepath.Abs(f.Name())
	if err != nil {
		return fmt.Errorf("summary of the step: %w", err)
	}
	report.UploadSummary(e.Stderr, path)
	return nil
}
