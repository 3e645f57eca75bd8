package command

import (
	"fmt"
	"io/fs"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"flowctl/cmd/internal/env"
)

func newVersion(e *env.Env) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintf(e.Stdout, "flowctl %s %s %s/%s\n", version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return err
		},
	}
}

// version is what the build recorded: a tag, or the commit it was made from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return "devel-" + s.Value[:min(12, len(s.Value))]
		}
	}
	return "devel"
}

func newDocs(e *env.Env) *cobra.Command {
	return &cobra.Command{
		Use:     "docs [NAME]",
		Short:   "Print a document that ships with flowctl",
		Example: "  flowctl docs\n  flowctl docs language",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return listDocs(e)
			}
			return printDoc(e, args[0])
		},
	}
}

func listDocs(e *env.Env) error {
	names, err := fs.Glob(e.Docs, "*")
	if err != nil {
		return err
	}
	for _, n := range names {
		fmt.Fprintln(e.Stdout, strings.TrimSuffix(n, ".md"))
	}
	return nil
}

func printDoc(e *env.Env, name string) error {
	for _, n := range []string{name, name + ".md"} {
		if b, err := fs.ReadFile(e.Docs, n); err == nil {
			_, err = e.Stdout.Write(b)
			return err
		}
	}
	return fmt.Errorf("no document %q; flowctl docs lists them", name)
}
