// Package command holds one file per verb: flags, the operation that does the
// work, and the view that shows what came of it. Results go to standard output,
// everything else to standard error.
package command

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"flowctl/cmd/internal/env"
)

// Main runs the verb that the arguments name and returns the exit status.
func Main(ctx context.Context, e *env.Env) int {
	out := &env.Output{Writer: e.Stdout}
	e.Stdout = out
	root := newRoot(e)
	root.SetArgs(e.Args)
	root.SetIn(e.Stdin)
	root.SetOut(e.Stdout)
	root.SetErr(e.Stderr)
	err := mistyped(root, root.ExecuteContext(ctx))
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		e.Printf("Interrupted.\n")
		err = env.Interrupted
	}
	if lost := out.Err(); lost != nil && !errors.Is(err, lost) {
		err = errors.Join(err, fmt.Errorf("write the result: %w", lost))
	}
	return status(e, err)
}

func newRoot(e *env.Env) *cobra.Command {
	var level string
	root := &cobra.Command{
		Use:   "flowctl",
		Short: "Ask an Azure network whom it is talking to",
		Long: `flowctl records Azure network traffic for a while and answers what it saw.

One reviewed file says which virtual networks, security groups and machines to
watch, for how long, and what to ask. apply starts VNet flow logs and packet
captures through Azure Resource Manager, waits, collects, summarizes, reports,
and removes everything it made.

Without a provider in the file, all of it happens in an embedded sandbox.`,
		Example: `  flowctl plan examples/investigation.hcl
  flowctl apply examples/investigation.hcl
  flowctl summarize capture.pcap PT1H.json logs/`,
		SilenceErrors: true, SilenceUsage: true,
		PersistentPreRunE: func(*cobra.Command, []string) error { return e.OpenLog(level) },
	}
	root.Version = version()
	root.SetVersionTemplate("flowctl {{.Version}}\n")
	root.PersistentFlags().StringVar(&level, "log-level", "", "debug, info, warn or error (or FLOWCTL_LOG; default warn)")
	root.AddCommand(
		newInit(e), newFmt(e), newValidate(e), newTest(e), newPlan(e), newApply(e), newStatus(e),
		newStop(e), newExtend(e), newCollect(e), newDestroy(e), newSweep(e), newMigrate(e), newState(e), newLog(e), newImport(e), newSummarize(e), newFlows(e), newCompare(e), newReport(e), newConvert(e), newEngine(e), newSandbox(e), newGen(e), newBench(e), newDocs(e), newVersion(e),
	)
	root.AddCommand(newRules(e), newExplain(e), newMap(e))
	root.SetHelpCommand(newHelp(root))
	root.AddCommand(lakeVerbs(e)...)
	explainMistyped(root)
	complete(e, root)
	return root
}
