package command

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"flowctl/cmd/internal/env"
	"flowctl/cmd/internal/operation"
	"flowctl/cmd/internal/view"
	"flowctl/plan/config"
)

type sweepOptions struct {
	operation.SweepOptions
	source
	older string
	json  bool
}

func newSweep(e *env.Env) *cobra.Command {
	var o sweepOptions
	cmd := &cobra.Command{
		Use:   "sweep [PATH]",
		Short: "Collect and remove what is past its deadline, in whole subscriptions",
		Long: `sweep looks through subscriptions for flow logs, captures and agents that flowctl
made, by their names and tags alone, and ends those that are past their deadline:
it collects what they recorded and removes them. What is not flowctl's is never
touched. Give --subscription, or a file or folder whose providers are asked.

It asks nobody, changes nothing that is not due, and may be run by any scheduler.
What it could not remove it names, and exits with 1.`,
		Example: "  flowctl sweep --subscription 5ab0c1d2-6e3f-4a5b-8c7d-9e0f1a2b3c4d --dry-run\n  flowctl sweep --older-than 1h --json investigation.hcl",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.at(args); len(args) > 0 || len(o.Subscriptions) == 0 {
				o.SweepOptions.Source = &o.source.Source
			}
			return runSweep(cmd.Context(), e, o)
		},
	}
	o.flags(cmd)
	cmd.Flags().StringArrayVar(&o.Subscriptions, "subscription", nil, "`id` of a subscription to sweep (repeatable; default those of the file's providers)")
	cmd.Flags().StringVar(&o.MetadataHost, "metadata-host", "", "`host` of the Resource Manager of another cloud, for --subscription without a file")
	cmd.Flags().StringVar(&o.older, "older-than", "", "leave what is past its deadline for less than this `duration`, such as 1h")
	cmd.Flags().BoolVar(&o.DryRun, "dry-run", false, "only say what would be removed")
	cmd.Flags().BoolVar(&o.json, "json", false, "print what was found and done as JSON")
	return cmd
}

func runSweep(ctx context.Context, e *env.Env, o sweepOptions) error {
	if o.older != "" {
		d, err := config.ParseDuration(o.older)
		if err != nil {
			return fmt.Errorf("--older-than %q: want a duration such as 30m or 2h", o.older)
		}
		o.OlderThan = d
	}
	events, done := progress(e)
	swept, err := operation.Sweep(ctx, settings(e, events), o.SweepOptions)
	done()
	if swept.Format == "" { // it did not come so far
		return err
	}
	for i := range swept.Items {
		swept.Items[i].Results = relative(swept.Items[i].Results)
	}
	if o.json {
		err = errors.Join(err, view.JSON(e.Stdout, swept))
	} else {
		view.Swept(e.Stdout, swept)
	}
	if swept.Left() > 0 {
		err = errors.Join(err, env.Shown)
	}
	return err
}
