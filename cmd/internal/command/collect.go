package command

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"flowctl/cmd/internal/env"
	"flowctl/cmd/internal/operation"
	"flowctl/cmd/internal/view"
)

type collectOptions struct {
	source
	json   bool
	period string
	checks checks
	naming naming
}

func newCollect(e *env.Env) *cobra.Command {
	var o collectOptions
	cmd := &cobra.Command{
		Use:   "collect [PATH]",
		Short: "Fetch and answer from what was recorded so far; report a monitor's periods",
		Long: `collect brings what the running sessions have written until now, answers from it, and
leaves everything as it is. A capture's file exists only after its end. Of an
investigation that is finished, it answers again from the files on disk.

Of a monitor it makes the report of every period that is over and not reported yet, and
reports one again, as a revision, if records came after its report. It can be run as often
as one likes.`,
		Example: "  flowctl collect investigation.hcl",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.at(args)
			return runCollect(cmd.Context(), e, o)
		},
	}
	o.flags(cmd)
	cmd.Flags().BoolVar(&o.json, "json", false, "print the summary as JSON")
	cmd.Flags().StringVar(&o.period, "period", "", "answer again of a monitor's period that ended at this `time`, and report nothing new")
	o.naming.flags(cmd)
	o.checks.flags(cmd)
	return cmd
}

func runCollect(ctx context.Context, e *env.Env, o collectOptions) error {
	var period time.Time
	if o.period != "" {
		var err error
		if period, err = time.Parse(time.RFC3339, o.period); err != nil {
			return fmt.Errorf("--period %q: write the end of the period as RFC 3339, such as 2026-11-13T00:00:00Z", o.period)
		}
	}
	events, done := progress(e)
	with, err := o.naming.named(settings(e, events))
	if err != nil {
		return err
	}
	return operation.Locked(ctx, with, o.Source, "collect", func(op *operation.Operation) error {
		collect := op.Collect
		if o.period != "" {
			collect = func(ctx context.Context) ([]operation.Result, error) { return op.CollectPeriod(ctx, period) }
		}
		results, err := collect(ctx)
		defer operation.CloseAll(results)
		done()
		for _, r := range results {
			if r.Answer == nil && err == nil && !r.Standing {
				e.Printf("%s: nothing was written yet; Azure takes about 5 minutes for the first records.\n", r.Name)
			}
		}
		out := answered(e, results, o.json, o.checks)
		for _, r := range results {
			if r.Standing && r.Period == nil {
				view.Standing(e.Stderr, r)
			}
		}
		return errors.Join(out, err)
	})
}
