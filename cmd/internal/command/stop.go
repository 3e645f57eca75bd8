package command

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"flowctl/cmd/internal/env"
	"flowctl/cmd/internal/operation"
)

func newStop(e *env.Env) *cobra.Command {
	var o source
	cmd := &cobra.Command{
		Use:   "stop [PATH]",
		Short: "End the time box now",
		Long: `stop ends the captures and the time box of a running investigation. Nothing is
removed yet: the next apply or collect brings what was recorded until now.`,
		Example: "  flowctl stop investigation.hcl && flowctl apply --auto-approve investigation.hcl",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.at(args)
			return runStop(cmd.Context(), e, o)
		},
	}
	o.flags(cmd)
	return cmd
}

func runStop(ctx context.Context, e *env.Env, o source) error {
	return operation.Locked(ctx, settings(e, nil), o.Source, "stop", func(op *operation.Operation) error {
		outcomes, err := op.Stop(ctx)
		for _, s := range outcomes {
			switch {
			case s.Idle:
				fmt.Fprintf(e.Stdout, "%s: nothing is recording.\n", s.Name)
			case s.Complete:
				fmt.Fprintf(e.Stdout, "%s: stopped; flowctl apply or flowctl collect brings what was recorded.\n", s.Name)
			}
		}
		return err
	})
}
