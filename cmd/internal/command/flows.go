package command

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"flowctl/cmd/internal/env"
	"flowctl/cmd/internal/operation"
	"flowctl/cmd/internal/report"
	"flowctl/cmd/internal/view"
	"flowctl/collectors"
	"flowctl/collectors/storage"
)

type flowsOptions struct {
	summarizeOptions
	csv, follow bool
}

func newFlows(e *env.Env) *cobra.Command {
	var o flowsOptions
	cmd := &cobra.Command{
		Use:   "flows {PATH|URL}…",
		Short: "List single flows of captures and flow logs",
		Long: `flows reads all that summarize reads, and shows each flow in a row of its own: its
protocol, addresses and ports, when it began and how long it was seen, how much went
each way and at what rate, whether its end was seen, the verdict, the rule, and the
interfaces and captures that saw it. What several points saw counts once.

With --follow it goes on until Ctrl-C: of the flows that are there, the last --top are shown,
then each that is new, and again when its end is seen. Files are read again when they have
grown, folders when a file has come or changed, storage every half minute. With --json each
flow is an object in a line of its own.`,
		Example: "  flowctl flows capture.cap\n  flowctl flows --where 'verdict == \"denied\" && port == 1433' --order first logs/\n  flowctl flows --follow --where 'verdict == \"denied\"' .flowctl/results/web\n  flowctl flows --start -1h --csv https://stlogs.blob.core.windows.net/insights-logs-flowlogflowevent",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Paths, o.asked, o.question.Single = args, true, true
			if o.json && o.csv {
				return errors.New("--json and --csv: want one of them")
			}
			if o.follow {
				if err := o.followable(cmd.Flags().Changed); err != nil {
					return err
				}
			}
			return runFlows(cmd.Context(), e, o)
		},
	}
	cmd.Flags().BoolVar(&o.json, "json", false, "print the flows as JSON (rows of flowctl docs summary.schema.json)")
	cmd.Flags().BoolVar(&o.csv, "csv", false, "print the flows as comma-separated values")
	cmd.Flags().BoolVar(&o.follow, "follow", false, "go on until Ctrl-C, and show flows as they come")
	cmd.Flags().StringVar(&o.question.Where, "where", "", "those flows alone for which this `condition` holds, such as 'port == 443' (flowctl docs language)")
	cmd.Flags().IntVar(&o.question.Top, "top", 50, "how many `rows`")
	cmd.Flags().StringVar(&o.question.Order, "order", "", "order them by this `measure` or dimension, such as first for the earliest, -duration, -rate, rule, state or destination.port (default -bytes)")
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
	with, err := o.ready(e)
	if err != nil {
		return err
	}
	watched := watch(e, &o.SummarizeOptions)
	if o.follow {
		watched()
		return followFlows(ctx, e, with, o)
	}
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

// How often it is looked again: at files, and at what is in storage; and no more than a
// fifth of the time goes into reading.
const (
	lookAgain = time.Second
	listAgain = 30 * time.Second
	readShare = 4
)

// followable refuses what cannot be followed, or means nothing where flows come as they do.
func (o *flowsOptions) followable(given func(flag string) bool) error {
	for _, name := range []string{"order", "end", "check", "junit", "sarif"} {
		if given(name) {
			return fmt.Errorf("--follow and --%s: flows are shown as they come, and there is no end at which all are there; leave out one of the two", name)
		}
	}
	if slices.ContainsFunc(o.Paths, func(p string) bool { return strings.HasPrefix(p, "clickhouse://") }) {
		return errors.New("--follow: an engine is asked once; follow the storage that the logs come from")
	}
	if slices.Contains(o.Paths, collectors.StandardInput) {
		return errors.New("--follow: the standard input comes but once; name a file that grows, such as one that tcpdump -U -w writes")
	}
	return nil
}

// mostFollowed is how many flows are told apart; of more, those that were seen last.
const mostFollowed = 50_000

// followFlows shows flows as they come.
func followFlows(ctx context.Context, e *env.Env, with operation.Settings, o flowsOptions) error {
	f := &view.Following{W: e.Stdout, Form: "text", First: o.question.Top}
	switch {
	case o.json:
		f.Form = "json"
	case o.csv:
		f.Form = "csv"
	}
	o.Question.Top, o.Question.Order, o.Progress = mostFollowed, "-last", nil
	pause := lookAgain
	if slices.ContainsFunc(o.Paths, storage.IsURL) {
		pause = listAgain
	}
	wait := func(ctx context.Context, took time.Duration) error {
		next, stop := context.WithTimeout(ctx, max(pause, readShare*took))
		defer stop()
		<-next.Done()
		return ctx.Err()
	}
	told := false
	return operation.Follow(ctx, with, o.SummarizeOptions, wait, func(a *operation.Answer) error {
		rows := &a.Doc.Asks[0]
		if n := uint64(len(rows.Rows)); rows.Groups > n && !told {
			e.Printf("Only the last %d of %d flows are told apart; a condition (--where) or a --start makes them fewer.\n", n, rows.Groups)
			told = true
		}
		return f.Show(rows)
	})
}
