package command

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/renameio/v2/maybe"
	"github.com/hashicorp/hcl/v2"
	"github.com/pmezard/go-difflib/difflib"
	"github.com/spf13/cobra"

	"flowctl/cmd/internal/env"
	"flowctl/cmd/internal/view"
	"flowctl/plan/config"
)

type fmtOptions struct {
	paths []string
	check bool
	diff  bool
}

func newFmt(e *env.Env) *cobra.Command {
	var o fmtOptions
	cmd := &cobra.Command{
		Use:   "fmt [PATH]…",
		Short: "Rewrite files in the canonical form",
		Long: `fmt rewrites *.hcl files in the canonical form and prints the names of those it
changed. A folder means the files in it and below it; - reads standard input and
writes standard output. A file with a syntax error is left as it is.`,
		Example: "  flowctl fmt\n  flowctl fmt --check --diff investigations/",
		RunE: func(_ *cobra.Command, args []string) error {
			if o.paths = args; len(args) == 0 {
				o.paths = []string{"."}
			}
			return runFmt(e, o)
		},
	}
	cmd.Flags().BoolVar(&o.check, "check", false, "change nothing; exit with 1 if a file is not canonical")
	cmd.Flags().BoolVar(&o.diff, "diff", false, "print what would change, or was changed")
	return cmd
}

func runFmt(e *env.Env, o fmtOptions) error {
	if len(o.paths) == 1 && o.paths[0] == "-" {
		return fmtStdin(e, o)
	}
	files, err := hclFiles(o.paths)
	if err != nil {
		return err
	}
	bad := false
	for _, f := range files {
		src, err := os.ReadFile(f)
		if err != nil {
			return err
		}
		out, changed, err := formatted(e, o, f, src)
		bad = bad || err != nil || changed && o.check
		if err != nil || !changed {
			continue
		}
		if !o.diff {
			fmt.Fprintln(e.Stdout, f)
		}
		if !o.check {
			if err := replace(f, out); err != nil {
				return err
			}
		}
	}
	if bad {
		return env.Shown
	}
	return nil
}

// replace writes a file whole, with the mode it had.
func replace(name string, b []byte) error {
	mode := fs.FileMode(0o600)
	if st, err := os.Stat(name); err == nil {
		mode = st.Mode().Perm()
	}
	return maybe.WriteFile(name, b, mode)
}

func fmtStdin(e *env.Env, o fmtOptions) error {
	src, err := io.ReadAll(e.Stdin)
	if err != nil {
		return fmt.Errorf("read standard input: %w", err)
	}
	out, changed, err := formatted(e, o, "<stdin>", src)
	if err != nil {
		return err
	}
	if !o.check && !o.diff {
		_, err = e.Stdout.Write(out)
	}
	if changed && o.check {
		return env.Shown
	}
	return err
}

// formatted returns the canonical form of src; what is wrong with it, and the
// difference if it is asked for, are shown.
func formatted(e *env.Env, o fmtOptions, name string, src []byte) (out []byte, changed bool, err error) {
	out, diags := config.Format(src, name)
	if diags.HasErrors() {
		lines := map[string]*hcl.File{name: {Bytes: src}} // also of what could not be parsed
		return src, false, errors.Join(view.Diagnostics(e.Stderr, diags, lines), env.Shown)
	}
	changed = !bytes.Equal(src, out)
	if changed && o.diff {
		err = difflib.WriteUnifiedDiff(e.Stdout, difflib.UnifiedDiff{
			A: difflib.SplitLines(string(src)), B: difflib.SplitLines(string(out)),
			FromFile: name, ToFile: name + " (canonical)", Context: 3,
		})
	}
	return out, changed, err
}

// hclFiles lists what the paths mean; hidden folders are passed over.
func hclFiles(paths []string) ([]string, error) {
	var out []string
	for _, p := range paths {
		err := filepath.WalkDir(p, func(name string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case d.IsDir() && name != p && strings.HasPrefix(d.Name(), "."):
				return filepath.SkipDir
			case !d.IsDir() && (name == p || strings.HasSuffix(name, ".hcl")):
				out = append(out, name)
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("look for files: %w", err)
		}
	}
	if len(out) == 0 {
		return nil, errors.New("no *.hcl files in " + strings.Join(paths, ", "))
	}
	return out, nil
}
