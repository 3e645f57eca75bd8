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
	"flowctl/collectors"
	"flowctl/collectors/engine"
	"flowctl/plan/config"
)

// engineURL is the flag that names an engine.
type engineURL struct{ url string }

const engineUsage = "`URL` of ClickHouse: clickhouse://HOST[:PORT]/DATABASE[?cluster=NAME][&secure=false] (or FLOWCTL_ENGINE; flowctl docs engine)"

func (u *engineURL) flag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&u.url, "engine", "", engineUsage)
}

// of returns the URL that was given, or that the environment has, or the file that args name.
func (u engineURL) of(e *env.Env, args []string) (string, error) {
	if u.url == "" {
		u.url = e.Getenv("FLOWCTL_ENGINE")
	}
	switch {
	case u.url != "" && len(args) > 0:
		return "", fmt.Errorf("an engine and %s: want one of them", args[0])
	case u.url != "":
		return u.url, nil
	case len(args) > 0:
		return operation.EngineInFile(settings(e, nil), operation.Source{Path: args[0]})
	}
	return "", errors.New("no engine: give --engine clickhouse://HOST/DATABASE, set FLOWCTL_ENGINE, or name a file with an engine block (flowctl docs engine)")
}

// paths are what is to be read: the engine if one was given.
func (u engineURL) paths(e *env.Env, args []string) ([]string, error) {
	if u.url == "" && len(args) == 0 {
		u.url = e.Getenv("FLOWCTL_ENGINE")
	}
	switch {
	case u.url == "" && len(args) == 0:
		return nil, errors.New("nothing to read: give files, folders or URLs, or --engine")
	case u.url == "":
		return args, nil
	case len(args) > 0:
		return nil, fmt.Errorf("--engine answers from what is in the engine, not from %s: put that in with flowctl engine add", args[0])
	}
	return []string{u.url}, nil
}

func newEngine(e *env.Env) *cobra.Command {
	cmd := &cobra.Command{
		Use: "engine", Short: "Keep flows in ClickHouse, where they are more than one machine reads",
		Long: `engine keeps flows in ClickHouse: init makes the tables, add puts flow logs and captures
in, each once however often it is added, and summarize --engine, flows and compare ask there
what they else ask files. The password comes from FLOWCTL_CLICKHOUSE_PASSWORD. See
flowctl docs engine.`,
	}
	cmd.AddCommand(
		newEngineTables(e, operation.EngineInit, "Make the tables that are missing", "Made."),
		newEngineTables(e, operation.EngineUpgrade, "Add what the tables of an earlier flowctl lack", "Upgraded."),
		newEngineTables(e, operation.EngineDrop, "Remove flowctl's tables with all flows in them", "Removed."),
		newEngineStatus(e), newEngineAdd(e), newEngineSQL(e),
	)
	return cmd
}

// newEngineTables is a verb that changes tables: it shows the statements and asks.
func newEngineTables(e *env.Env, what, short, done string) *cobra.Command {
	var u engineURL
	auto, keep := false, ""
	cmd := &cobra.Command{
		Use: what + " [PATH]", Short: short, Example: "  flowctl engine " + what + " --engine 'clickhouse://ch1:9440/flowctl?cluster=flows'", Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			url, err := u.of(e, args)
			if err != nil {
				return err
			}
			days, err := keepDays(keep)
			if err != nil {
				return err
			}
			t, err := operation.PlanTables(cmd.Context(), settings(e, nil), url, what, days)
			if err != nil {
				return err
			}
			defer t.Close()
			if len(t.Changes) == 0 {
				e.Printf("Nothing to do at %s.\n", t)
				return nil
			}
			view.Changes(e.Stdout, t)
			if !auto {
				if err := confirm(e, fmt.Sprintf("Run these %d statements?", len(t.Changes))); err != nil {
					return err
				}
			}
			if err := t.Apply(cmd.Context(), t.Changes); err != nil {
				return err
			}
			e.Printf("%s\n", done)
			return nil
		},
	}
	u.flag(cmd)
	cmd.Flags().BoolVar(&auto, "auto-approve", false, "do not ask")
	if what == operation.EngineInit {
		cmd.Flags().StringVar(&keep, "keep", "", "let ClickHouse remove days that are older than this `duration`, such as 90d")
	}
	return cmd
}

// keepDays reads how many days are kept; 0 for all.
func keepDays(text string) (int, error) {
	if text == "" {
		return 0, nil
	}
	d, err := config.ParseDuration(text)
	if days := int(d / (24 * time.Hour)); err == nil && days > 0 && days <= engine.MostKept && d%(24*time.Hour) == 0 {
		return days, nil
	}
	return 0, fmt.Errorf("--keep %q: want whole days, such as 90d, and %d at most; leave it out to keep all", text, engine.MostKept)
}

func newEngineStatus(e *env.Env) *cobra.Command {
	var u engineURL
	asJSON := false
	cmd := &cobra.Command{
		Use: "status [PATH]", Short: "Show the nodes, what they have, and what came in", Example: "  flowctl engine status", Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			url, err := u.of(e, args)
			if err != nil {
				return err
			}
			t, err := operation.LookAtTables(cmd.Context(), settings(e, nil), url)
			if err != nil {
				return err
			}
			defer t.Close()
			arrivals, lost := operation.EngineUnits(cmd.Context(), t)
			doc := view.NewEngine(t, arrivals)
			if asJSON {
				return errors.Join(view.JSON(e.Stdout, doc), lost)
			}
			view.Engine(e.Stdout, doc)
			return lost
		},
	}
	u.flag(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print it as JSON")
	return cmd
}

type engineAddOptions struct {
	summarizeOptions
	engineURL
}

func newEngineAdd(e *env.Env) *cobra.Command {
	var o engineAddOptions
	cmd := &cobra.Command{
		Use: "add {PATH|URL}…", Short: "Put flow logs and captures into an engine, each once",
		Long: `add reads what summarize reads and puts each flow into ClickHouse. What is in already is
not sent again; a flow log that has grown is, and what was in of it counts once. If it is
stopped, run it again. Names that are given or found beside the files go with them.

Exports of Log Analytics and the Parquet files of --flows are refused: the first have no flows,
and of the second it is not known any more which record a flow was in.`,
		Example: "  flowctl engine add --engine 'clickhouse://ch1/flowctl?cluster=flows' logs/\n  flowctl engine add --start -2h https://stlogs.blob.core.windows.net/insights-logs-flowlogflowevent",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Paths = args
			return runEngineAdd(cmd.Context(), e, o)
		},
	}
	o.flag(cmd)
	cmd.Flags().StringVar(&o.start, "start", "", "of storage, only the hours of flow logs from this `time` on: RFC 3339, or a duration before now such as -6h")
	cmd.Flags().StringVar(&o.end, "end", "", "of storage, only the hours before this `time`")
	cmd.Flags().StringVar(&o.MetadataHost, "metadata-host", "", "`host` of a cloud's Resource Manager, to sign in to a cloud that the URL does not tell")
	cmd.Flags().StringVar(&o.memory, "memory", "", "`size` that captures may take in memory, such as 4GiB (default a quarter of the memory)")
	o.naming.flags(cmd)
	o.naming.inventoryFlag(cmd)
	return cmd
}

func runEngineAdd(ctx context.Context, e *env.Env, o engineAddOptions) error {
	url, err := o.of(e, nil)
	if err == nil {
		err = o.read(time.Now())
	}
	if err != nil {
		return err
	}
	with, err := o.naming.named(settings(e, nil))
	if err != nil {
		return err
	}
	var done collectors.Added
	begin, watched := time.Now(), watch(e, &o.SummarizeOptions)
	problems, err := operation.AddToEngine(ctx, with, url, o.SummarizeOptions, &done)
	watched()
	if err == nil || done.Files.Load() > 0 {
		view.EngineAdded(e.Stderr, &done, time.Since(begin))
	}
	view.Problems(e.Stderr, &operation.Answer{Problems: problems})
	if err == nil && problems.Count > 0 && done.Files.Load()+done.Known.Load() == 0 {
		err = errors.New("nothing came in")
	}
	return err
}

func newEngineSQL(e *env.Env) *cobra.Command {
	var u engineURL
	var start, end string
	cmd := &cobra.Command{
		Use: "sql [PATH]", Short: "Print the statements that an engine is asked", Args: cobra.MaximumNArgs(1),
		Long: `sql prints the statements that summarize --engine sends: one adds up flow logs by flow, one by
minute, and one gives the rows of captures. flowctl deduplicates what several points saw, names,
groups and ranks what they return.`,
		Example: "  flowctl engine sql --engine 'clickhouse://ch1/flowctl' --start -1h | clickhouse-client --multiquery",
		RunE: func(cmd *cobra.Command, args []string) error {
			url, err := u.of(e, args)
			if err != nil {
				return err
			}
			from, to, err := window(start, end, time.Now())
			if err != nil {
				return err
			}
			all, err := operation.EngineStatements(url, from, to)
			for _, s := range all {
				fmt.Fprintf(e.Stdout, "%s;\n\n", s)
			}
			return err
		},
	}
	u.flag(cmd)
	cmd.Flags().StringVar(&start, "start", "", "of what happened from this `time` on: RFC 3339, or a duration before now such as -6h")
	cmd.Flags().StringVar(&end, "end", "", "of what happened before this `time`")
	return cmd
}
