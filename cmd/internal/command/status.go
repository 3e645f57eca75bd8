package command

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"flowctl/cmd/internal/env"
	"flowctl/cmd/internal/operation"
	"flowctl/cmd/internal/view"
)

type statusOptions struct {
	source
	json bool
}

func newStatus(e *env.Env) *cobra.Command {
	var o statusOptions
	cmd := &cobra.Command{
		Use:     "status [PATH]",
		Short:   "Show what is recording and what was recorded",
		Example: "  flowctl status investigation.hcl\n  flowctl status --json",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.at(args)
			return runStatus(cmd.Context(), e, o)
		},
	}
	o.flags(cmd)
	cmd.Flags().BoolVar(&o.json, "json", false, "print the status as JSON")
	return cmd
}

func runStatus(ctx context.Context, e *env.Env, o statusOptions) error {
	op, err := operation.Open(ctx, settings(e, nil), o.Source)
	if err != nil {
		return err
	}
	doc, err := op.Status(ctx)
	for i := range doc.Investigations {
		doc.Investigations[i].Results = relative(doc.Investigations[i].Results)
	}
	if o.json {
		return errors.Join(err, view.JSON(e.Stdout, doc), leftBehind(doc))
	}
	view.Status(e.Stdout, doc)
	return errors.Join(err, leftBehind(doc))
}

// leftBehind is an error that was shown if anything should be gone and is not.
func leftBehind(doc operation.Status) error {
	for _, i := range doc.Investigations {
		if len(i.Left) > 0 {
			return env.Shown
		}
	}
	return nil
}
