package command

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"flowctl/cmd/internal/env"
	"flowctl/cmd/internal/view"
	"flowctl/plan/config"
)

type testOptions struct {
	paths []string
	json  bool
	junit string
}

func newTest(e *env.Env) *cobra.Command {
	var o testOptions
	cmd := &cobra.Command{
		Use:   "test [PATH]…",
		Short: "Rehearse files in the sandbox and check what comes of them",
		Long: `test runs *.flowtest.hcl files: each is a sandbox of its own in which commands run
against a file, time passes, others interfere, and what must hold is checked. A folder
means the tests in it and below it. Nothing of Azure is asked or changed, whatever
provider the file has. flowctl docs test explains the language.

The exit status is 0 if all holds, and 1 if not.`,
		Example: "  flowctl test\n  flowctl test --junit test.xml investigations/\n  flowctl test monitor.flowtest.hcl",
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.paths = args; len(args) == 0 {
				o.paths = []string{"."}
			}
			return runTest(cmd.Context(), e, o)
		},
	}
	cmd.Flags().BoolVar(&o.json, "json", false, "print what came of the tests as JSON")
	cmd.Flags().StringVar(&o.junit, "junit", "", "also write what came of the tests to this `file` as JUnit's XML")
	return cmd
}

func runTest(ctx context.Context, e *env.Env, o testOptions) error {
	paths, err := testFiles(o.paths)
	if err != nil {
		return err
	}
	var doc view.Tests
	for _, path := range paths {
		f, err := rehearse(ctx, e, path)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		doc.Files = append(doc.Files, f)
		if !o.json {
			if err := f.Text(e.Stdout); err != nil {
				return err
			}
		}
	}
	if o.json {
		err = view.JSON(e.Stdout, doc.Document())
	} else {
		_, err = fmt.Fprintln(e.Stdout, doc.Conclusion())
	}
	if err != nil {
		return err
	}
	if err := written(o.junit, func(w io.Writer) error { return doc.JUnit(w) }); err != nil {
		return err
	}
	if !doc.Passed() {
		return env.Shown
	}
	return nil
}

// testFiles are the tests that paths mean; hidden folders are passed over.
func testFiles(paths []string) ([]string, error) {
	var out []string
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return nil, fmt.Errorf("read tests: %w", err)
		}
		if !info.IsDir() {
			if !strings.HasSuffix(path, config.TestSuffix) {
				return nil, fmt.Errorf("%s is no test: the names of tests end in %s, such as %s", path, config.TestSuffix, strings.TrimSuffix(path, ".hcl")+config.TestSuffix)
			}
			out = append(out, filepath.Clean(path))
			continue
		}
		err = filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case d.IsDir() && p != path && strings.HasPrefix(d.Name(), "."):
				return filepath.SkipDir
			case !d.IsDir() && strings.HasSuffix(p, config.TestSuffix):
				out = append(out, filepath.Clean(p))
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("read tests: %w", err)
		}
	}
	slices.Sort(out)
	if out = slices.Compact(out); len(out) == 0 {
		return nil, fmt.Errorf("there is no *%s in %s; flowctl docs test has one to start from", config.TestSuffix, strings.Join(paths, ", "))
	}
	return out, nil
}
