package command

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"flowctl/cmd/internal/env"
	"flowctl/cmd/internal/operation"
	"flowctl/cmd/internal/terminal"
	"flowctl/cmd/internal/view"
	"flowctl/plan/config"
)

type reportOptions struct {
	folder  string
	formats []string
	naming  naming
	checks  checks
}

func newReport(e *env.Env) *cobra.Command {
	var o reportOptions
	cmd := &cobra.Command{
		Use:   "report FOLDER",
		Short: "Draw the reports of a results folder anew",
		Long: `report answers the questions of a results folder from its files, in its window and with
its names, and writes its reports again: report.html, report.md and summary.json. The
recordings and the folder's other files stay as they are. Reports of loose files are
written by summarize --html and --markdown.`,
		Example: "  flowctl report .flowctl/results/egress-spike/20261112T083555Z\n  flowctl report --format html --names branches.txt results/",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.folder = args[0]
			return runReport(cmd.Context(), e, o)
		},
	}
	cmd.Flags().StringSliceVar(&o.formats, "format", reportFormats, "which `formats` to write")
	o.naming.flags(cmd)
	o.checks.flags(cmd)
	return cmd
}

// reportFormats are those in which a folder's reports can be written.
var reportFormats = []string{config.HTML, config.Markdown, config.JSON}

func runReport(ctx context.Context, e *env.Env, o reportOptions) error {
	for _, f := range o.formats {
		if !slices.Contains(reportFormats, f) {
			return fmt.Errorf("--format %q: want %s", f, strings.Join(reportFormats, ", "))
		}
	}
	with, err := o.naming.named(settings(e, nil))
	if err != nil {
		return err
	}
	a, files, err := operation.Report(ctx, with, o.folder, o.formats)
	if err != nil {
		return err
	}
	defer a.Close()
	for _, f := range files {
		fmt.Fprintln(e.Stdout, terminal.Escape(f))
	}
	view.Problems(e.Stderr, a)
	return errors.Join(a.Err(), o.checks.conclude(e, a))
}
