package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"flowctl/cmd/internal/terminal"
	"flowctl/cmd/internal/view"
	"flowctl/collectors"
	"flowctl/collectors/summary"
	"flowctl/plan/session"
)

type summarizeOptions struct {
	paths []string
	json  bool
	// memory is what rows may take, as a size; empty for the default.
	memory string
	// start and end are times, or durations before now; empty for none.
	start, end string
	// metadataHost names the cloud of storage accounts; empty to tell it from
	// their names.
	metadataHost string
	// flows is a file to keep the flows in as Parquet; empty for none.
	flows    string
	question question
}

func newSummarize(env *Env) *cobra.Command {
	var o summarizeOptions
	cmd := &cobra.Command{
		Use:   "summarize {PATH|URL}…",
		Short: "Answer from captures and flow logs on disk and in storage",
		Long: `summarize reads packet captures (pcap, pcapng, snoop) and Azure flow logs (VNet and
NSG), plain or compressed with gzip or zstd, and the Parquet files of --flows, in any
mix: files, folders with all that is below them, and patterns. What a file is, its content says, not its name. A
results folder of apply is read with its window and its names.

A URL is a container of a storage account, a prefix in one (a folder, or a part
of a name) or a blob: https://ACCOUNT.blob.core.windows.net/CONTAINER[/PREFIX].
It is read where it is, and no copy is made. flowctl signs in as az does,
or uses the shared access signature (SAS) in the URL. With --start, of flow logs
only the hours of that time are asked for. See flowctl docs storage.

What cannot be read is left out, counted and reported; the exit status is 0 unless
nothing could be read.`,
		Example: "  flowctl summarize capture.cap\n  flowctl summarize --flows flows.parquet logs/\n  flowctl summarize --by source.address,destination.address --where 'verdict == \"denied\"' --top 5 logs/\n  flowctl summarize --json insights-logs-flowlogflowevent/ 'captures/*.pcapng.gz'\n  flowctl summarize --start -2h https://stlogs.blob.core.windows.net/insights-logs-flowlogflowevent\n  flowctl summarize 'https://stlogs.blob.core.windows.net/captures/web.cap?sv=…&sig=…'",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.paths = args
			if err := o.question.options(cmd); err != nil {
				return err
			}
			return runSummarize(cmd.Context(), env, o)
		},
	}
	cmd.Flags().BoolVar(&o.json, "json", false, "print the summary as JSON (flowctl docs summary.schema.json)")
	cmd.Flags().StringVar(&o.start, "start", "", "count only what happened from this `time` on: RFC 3339, or a duration before now such as -6h")
	cmd.Flags().StringVar(&o.end, "end", "", "count only what happened before this `time` (default now, if there is a --start)")
	cmd.Flags().StringVar(&o.metadataHost, "metadata-host", "", "`host` of a cloud's Resource Manager, to sign in to a cloud that the URL does not tell")
	cmd.Flags().StringVar(&o.memory, "memory", "", "`size` that rows may take in memory, such as 4GiB; more go to a temporary file (default a quarter of the memory)")
	cmd.Flags().StringVar(&o.flows, "flows", "", "also keep all flows in this Parquet `file`, for DuckDB, Spark and others (flowctl docs parquet)")
	o.question.flags(cmd)
	return cmd
}

func runSummarize(ctx context.Context, env *Env, o summarizeOptions) error {
	if len(o.paths) == 1 && session.Is(o.paths[0]) {
		return summarizeFolder(ctx, env, session.Folder{Path: o.paths[0]}, o)
	}
	memory, err := budget(o.memory)
	if err != nil {
		return err
	}
	options, err := o.options()
	if err != nil {
		return err
	}
	start, end, err := window(o.start, o.end, time.Now())
	if err != nil {
		return err
	}
	args := collectors.Args{List: o.paths, Open: opener(env, o.metadataHost), Start: start, End: end}
	sum := collectors.Sum{Items: args.Walk(ctx), Start: start, End: end, Memory: memory, Options: options}
	watched := watch(env, &sum)
	doc, problems, err := sumFlows(ctx, sum, o.flows)
	watched()
	if err != nil {
		return err
	}
	defer doc.Conversations.Close()
	if o.json || files(doc) > unreadable(doc) {
		err = o.show(env, doc)
	}
	return errors.Join(err, unread(env, doc, problems))
}

// options are those of the question, if there is one.
func (o *summarizeOptions) options() (summary.Options, error) {
	q, err := o.question.compile()
	if q == nil {
		return summary.Options{}, err
	}
	return summary.Options{Questions: []*summary.Question{q}, Only: true}, nil
}

// show writes the answer to the question, or all answers.
func (o *summarizeOptions) show(env *Env, doc *summary.Document) error {
	if o.question.asked {
		return o.question.show(env, doc, o.json)
	}
	return showSummary(env, doc, o.json)
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

func showSummary(env *Env, doc *summary.Document, asJSON bool) error {
	if asJSON {
		return doc.Write(env.Stdout)
	}
	return view.Summary(env.Stdout, doc, view.SummaryOptions{Width: terminal.Width(env.Stdout), Colour: terminal.Colour(env.Stdout)})
}

// fewProblems is how many files that could not be read are named on screen;
// the document has them all.
const fewProblems = 10

// unread says what could not be read. It is an error only if nothing could.
func unread(env *Env, doc *summary.Document, problems collectors.Problems) error {
	for i, p := range problems.First {
		if i == fewProblems {
			env.printf("Warning: … and %d more files; --json lists them\n", problems.Count-i)
			break
		}
		env.printf("Warning: %s: %s\n", terminal.Escape(p.Path), terminal.Escape(cause(p.Err)))
	}
	if n := problems.Count; n > 0 && n == unreadable(doc) && n == files(doc) {
		return errors.New("nothing could be read")
	}
	return nil
}

// cause is an error's text without the path that is said before it.
func cause(err error) string {
	var path *pathError
	if errors.As(err, &path) {
		return path.Err.Error()
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Sprintf("ends too early (%v)", err)
	}
	return err.Error()
}
