package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"flowctl/cmd/internal/env"
	"flowctl/cmd/internal/operation"
	"flowctl/cmd/internal/report"
	"flowctl/cmd/internal/view"
	"flowctl/plan/config"
)

type summarizeOptions struct {
	operation.SummarizeOptions
	json bool
	// memory is a size, start and end are times or durations before now; empty
	// for none.
	memory, start, end string
	naming             naming
	prices             string // a file of prices; empty for none
	question           operation.Question
	asked              bool // a question was given
	checks             checks
	open               int    // number of the row whose packets are to be looked at; 0 for none
	csv, html, md      string // files to write besides; empty for none
	engine             engineURL
}

func newSummarize(e *env.Env) *cobra.Command {
	var o summarizeOptions
	cmd := &cobra.Command{
		Use:   "summarize {PATH|URL}…",
		Short: "Answer from captures and flow logs on disk and in storage",
		Long: `summarize reads packet captures (pcap, pcapng, snoop, Network Monitor 2), Windows traces
(.etl of netsh trace and pktmon), Azure flow logs (VNet and NSG) and exports of Traffic
Analytics and VMConnection from Log Analytics (CSV and JSON), plain or compressed
with gzip or zstd, and the Parquet files of --flows, in any mix: files, folders with all
that is below them, and patterns. What a file is, its content says, not its name. A results
folder of apply is read with its window and its names, also below a folder.
- is the standard input.

A URL is a container of a storage account, a prefix in one (a folder, or a part
of a name) or a blob: https://ACCOUNT.blob.core.windows.net/CONTAINER[/PREFIX].
It is read where it is, and no copy is made. flowctl signs in as az does,
or uses the shared access signature (SAS) in the URL. With --start, of flow logs
only the hours of that time are asked for. See flowctl docs storage.

What cannot be read is left out, counted and reported; the exit status is 0 unless
nothing could be read.`,
		Example: "  flowctl summarize capture.cap\n  flowctl summarize --flows flows.parquet logs/\n  flowctl summarize --by source.address,destination.address --where 'verdict == \"denied\"' --top 5 logs/\n  flowctl summarize --json insights-logs-flowlogflowevent/ 'captures/*.pcapng.gz'\n  flowctl summarize --start -2h https://stlogs.blob.core.windows.net/insights-logs-flowlogflowevent\n  flowctl summarize 'https://stlogs.blob.core.windows.net/captures/web.cap?sv=…&sig=…'",
		RunE: func(cmd *cobra.Command, args []string) error {
			var err error
			if o.Paths, err = o.engine.paths(e, args); err != nil {
				return err
			}
			for _, name := range []string{"by", "where", "top", "order", "having"} {
				o.asked = o.asked || cmd.Flags().Changed(name)
			}
			return runSummarize(cmd.Context(), e, o)
		},
	}
	cmd.Flags().BoolVar(&o.json, "json", false, "print the summary as JSON (flowctl docs summary.schema.json)")
	o.engine.flag(cmd)
	cmd.Flags().StringVar(&o.start, "start", "", "count only what happened from this `time` on: RFC 3339, or a duration before now such as -6h")
	cmd.Flags().StringVar(&o.end, "end", "", "count only what happened before this `time` (default now, if there is a --start)")
	cmd.Flags().StringVar(&o.MetadataHost, "metadata-host", "", "`host` of a cloud's Resource Manager, to sign in to a cloud that the URL does not tell")
	cmd.Flags().StringVar(&o.memory, "memory", "", "`size` that rows may take in memory, such as 4GiB; more go to a temporary file (default a quarter of the memory)")
	cmd.Flags().StringVar(&o.Flows, "flows", "", "also keep all flows in this Parquet `file`, for DuckDB, Spark and others (flowctl docs parquet)")
	cmd.Flags().StringSliceVar(&o.question.By, "by", nil, "answer this question alone: by the values of these `fields`, such as source.vm,destination.address or time(5m),port (flowctl docs language)")
	cmd.Flags().StringVar(&o.question.Where, "where", "", "of the flows alone for which this `condition` holds, such as 'direction == \"outbound\"'")
	cmd.Flags().IntVar(&o.question.Top, "top", 0, "how many `rows` of it (default 20, of steps of time 288)")
	cmd.Flags().StringVar(&o.question.Order, "order", "", "order its rows by this `measure`, or by one of its fields, such as -denied for the most denied flows first (default -bytes)")
	cmd.Flags().StringVar(&o.question.Having, "having", "", "of its rows those alone for which this `condition` on measures holds, such as 'bytes > 1000000'")
	cmd.Flags().StringVar(&o.csv, "csv", "", "also write the rows of the question, of a results folder's first one, or else all conversations to this `file` as comma-separated values")
	cmd.Flags().StringVar(&o.html, "html", "", "also write the report to this `file` as a page")
	cmd.Flags().StringVar(&o.md, "markdown", "", "also write the report to this `file` as Markdown")
	cmd.Flags().IntVar(&o.open, "open", 0, "open Wireshark at the packets of this `row` of the answer, or print its display filter where it is not installed; row 1 without a number")
	cmd.Flags().Lookup("open").NoOptDefVal = "1"
	o.naming.flags(cmd)
	o.naming.inventoryFlag(cmd)
	o.checks.flags(cmd)
	pricesFlag(cmd, &o.prices)
	return cmd
}

func runSummarize(ctx context.Context, e *env.Env, o summarizeOptions) error {
	with, err := o.ready(e)
	if err != nil {
		return err
	}
	if with, err = priced(with, o.prices); err != nil {
		return err
	}
	watched := watch(e, &o.SummarizeOptions)
	a, err := operation.Summarize(ctx, with, o.SummarizeOptions)
	watched()
	if err != nil {
		return err
	}
	defer a.Close()
	if all, unreadable := a.Sources(); o.json || a.Folder != "" || all > unreadable {
		err = o.save(a) // first, since whoever reads the answer may close the pipe
		err = errors.Join(err, o.show(e, a))
		if o.open != 0 {
			err = errors.Join(err, openRow(e, a, o.open))
		}
	}
	view.Problems(e.Stderr, a)
	return errors.Join(err, a.Err(), o.checks.conclude(e, a))
}

// ready reads what was given, and says with what names to answer.
func (o *summarizeOptions) ready(e *env.Env) (operation.Settings, error) {
	if err := o.read(time.Now()); err != nil {
		return operation.Settings{}, err
	}
	o.Stdin = e.Stdin
	return o.naming.named(settings(e, nil))
}

// read makes values of what was given as text.
func (o *summarizeOptions) read(now time.Time) (err error) {
	if o.question.Top < 0 {
		return fmt.Errorf("--top %d: want 1 or more rows", o.question.Top)
	}
	if o.asked {
		o.Question = &o.question
	}
	if o.Memory, err = budget(o.memory); err != nil {
		return err
	}
	o.Start, o.End, err = window(o.start, o.end, now)
	return err
}

// show writes the answer to the question, or all answers.
func (o *summarizeOptions) show(e *env.Env, a *operation.Answer) error {
	if o.asked {
		return view.Asked(e.Stdout, a.Doc, o.json)
	}
	return view.All(e.Stdout, a.Doc, o.json)
}

// save writes the files that were asked for.
func (o *summarizeOptions) save(a *operation.Answer) error {
	return errors.Join(
		written(o.csv, func(w io.Writer) error {
			if len(a.Doc.Asks) == 0 {
				return report.ConversationsCSV(w, a.Doc)
			}
			return report.CSV(w, &a.Doc.Asks[0])
		}),
		written(o.html, func(w io.Writer) error { return report.HTML(w, a.Doc, a.Meta) }),
		written(o.md, func(w io.Writer) error { return report.Markdown(w, a.Doc, a.Meta) }),
	)
}

// budget reads a size in bytes; nothing is 0.
func budget(size string) (int64, error) {
	if size == "" {
		return 0, nil
	}
	n, err := humanize.ParseBytes(size)
	if err != nil || n < 1<<20 || n > 1<<50 {
		return 0, fmt.Errorf("--memory %q: want a size from 1MiB on, such as 4GiB", size)
	}
	return int64(n), nil
}

// window reads the times between which things count. Both are zero if neither
// is given; else the end is now and the start is before all flow logs.
func window(start, end string, now time.Time) (from, to time.Time, err error) {
	if start == "" && end == "" {
		return from, to, nil
	}
	from, to = time.Unix(0, 0).UTC(), now.UTC()
	if start != "" {
		if from, err = instant("--start", start, now); err != nil {
			return from, to, err
		}
	}
	if end != "" {
		if to, err = instant("--end", end, now); err != nil {
			return from, to, err
		}
	}
	if !to.After(from) {
		return from, to, fmt.Errorf("--start %s is not before the end, %s", from.Format(time.RFC3339), to.Format(time.RFC3339))
	}
	return from, to, nil
}

// instant reads a time, or a duration before now.
func instant(flag, text string, now time.Time) (time.Time, error) {
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t.UTC(), nil
	}
	d, err := config.ParseDuration(strings.TrimPrefix(text, "-"))
	if err != nil {
		return time.Time{}, fmt.Errorf("%s %q: write a time as RFC 3339, with a zone, such as %s, or a duration before now, such as -6h or -2d",
			flag, text, now.UTC().Truncate(time.Hour).Format(time.RFC3339))
	}
	return now.Add(-d).UTC(), nil
}
