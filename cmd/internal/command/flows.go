package command

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"flowctl/cmd/internal/env"
	"flowctl/cmd/internal/operation"
	"flowctl/cmd/internal/report"
	"flowctl/cmd/internal/view"
)

type flowsOptions struct {
	summarizeOptions
	csv bool
}

func newFlows(e *env.Env) *cobra.Command {
	var o flowsOptions
	cmd := &cobra.Command{
		Use:   "flows {PATH|URL}…",
		Short: "List single flows of captures and flow logs",
		Long: `flows reads all that summarize reads, and shows each flow in a row of its own: its
protocol, addresses and ports, when it began and how long it was seen, how much went
each way and at what rate, whether its end was seen, the verdict, the rule, and the
interfaces and captures that saw it. What several points saw counts once.`,
		Example: "  flowctl flows capture.cap\n  flowctl flows --where 'verdict == \"denied\" && port == 1433' --order first logs/\n  flowctl flows --start -1h --csv https://stlogs.blob.core.windows.net/insights-logs-flowlogflowevent",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Paths, o.asked, o.question.Single = args, true, true
			if o.json && o.csv {
				return errors.New("--json and --csv: want one of them")
			}
			return runFlows(cmd.Context(), e, o)
		},
	}
	cmd.Flags().BoolVar(&o.json, "json", false, "print the flows as JSON (rows of flowctl docs summary.schema.json)")
	cmd.Flags().BoolVar(&o.csv, "csv", false, "print the flows as comma-separated values")
	cmd.Flags().StringVar(&o.question.Where, "where", "", "those flows alone for which this `condition` holds, such as 'port == 443' (flowctl docs language)")
	cmd.Flags().IntVar(&o.question.Top, "top", 50, "how many `rows`")
	cmd.Flags().StringVar(&o.question.Order, "order", "", "order them by this `measure` or dimension, such as first for the earliest, -duration, -rate or destination.port (default -bytes)")
	cmd.Flags().StringVar(&o.start, "start", "", "count only what happened from this `time` on: RFC 3339, or a duration before now such as -6h")
	cmd.Flags().StringVar(&o.end, "end", "", "count only what happened before this `time` (default now, if there is a --start)")
	cmd.Flags().StringVar(&o.MetadataHost, "metadata-host", "", "`host` of a cloud's Resource Manager, to sign in to a cloud that the URL does not tell")
	cmd.Flags().StringVar(&o.memory, "memory", "", "`size` that rows may take in memory, such as 4GiB; more go to a temporary file (default a quarter of the memory)")
	o.naming.flags(cmd)
	o.naming.inventoryFlag(cmd)
	o.checks.flags(cmd)
	return cmd
}

func runFlows(ctx context.Context, e *env.Env, o flowsOptions) error {
	if o.question.Top == 0 {
		return fmt.Errorf("--top 0: want 1 or more rows")
	}
	if err := o.read(time.Now()); err != nil {
		return err
	}
	with, err := o.naming.named(settings(e, nil))
	if err != nil {
		return err
	}
	watched := watch(e, &o.SummarizeOptions)
	o.Stdin = e.Stdin
	a, err := operation.Summarize(ctx, with, o.SummarizeOptions)
	watched()
	if err != nil {
		return err
	}
	defer a.Close()
	if all, unreadable := a.Sources(); o.json || a.Folder != "" || all > unreadable {
		if o.csv {
			err = report.FlowsCSV(e.Stdout, &a.Doc.Asks[len(a.Doc.Asks)-1])
		} else {
			err = view.Asked(e.Stdout, a.Doc, o.json)
		}
	}
	view.Problems(e.Stderr, a)
	return errors.Join(err, a.Err(), o.checks.conclude(e, a))
}
