package command

import (
	"context"
	"errors"

	"github.com/spf13/cobra"
)

// Main runs the verb that the arguments name and returns the exit status.
func Main(ctx context.Context, env *Env) int {
	root := newRoot(env)
	root.SetArgs(env.Args)
	root.SetIn(env.Stdin)
	root.SetOut(env.Stdout)
	root.SetErr(env.Stderr)
	err := root.ExecuteContext(ctx)
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		env.printf("Interrupted.\n")
		err = exitInterrupted
	}
	return env.status(err)
}

func newRoot(env *Env) *cobra.Command {
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
		PersistentPreRunE: func(*cobra.Command, []string) error { return env.openLog(level) },
	}
	root.PersistentFlags().StringVar(&level, "log-level", "", "debug, info, warn or error (or FLOWCTL_LOG; default warn)")
	root.AddCommand(
		newInit(env), newFmt(env), newValidate(env), newPlan(env), newApply(env), newStatus(env),
		newStop(env), newCollect(env), newDestroy(env), newSummarize(env), newSandbox(env), newGen(env), newBench(env), newDocs(env), newVersion(env),
	)
	return root
}
