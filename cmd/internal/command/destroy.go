package command

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"flowctl/cmd/internal/env"
	"flowctl/cmd/internal/operation"
	"flowctl/cmd/internal/view"
	"flowctl/plan"
)

type destroyOptions struct {
	source
	auto bool
}

func newDestroy(e *env.Env) *cobra.Command {
	var o destroyOptions
	cmd := &cobra.Command{
		Use:   "destroy [PATH]",
		Short: "Remove what flowctl made, without collecting",
		Long: `destroy removes the flow logs, captures and agents that flowctl made for the
investigations of the file, running or not, and puts lifecycle rules back. Results on disk and what Azure wrote to storage stay.`,
		Example: "  flowctl destroy --auto-approve investigation.hcl",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.at(args)
			return runDestroy(cmd.Context(), e, o)
		},
	}
	o.flags(cmd)
	cmd.Flags().BoolVar(&o.auto, "auto-approve", false, "do not ask before acting")
	return cmd
}

func runDestroy(ctx context.Context, e *env.Env, o destroyOptions) error {
	undone := func(ev operation.Event) {
		if ev.Run != nil {
			view.Removal(e.Stderr, *ev.Run)
		}
	}
	return operation.Locked(ctx, settings(e, undone), o.Source, "destroy", func(op *operation.Operation) error {
		outcomes, err := op.Destroy(ctx, func(name string, there []plan.Recording) error {
			view.Doomed(e.Stderr, there)
			if len(there) == 0 || o.auto {
				return nil
			}
			return confirm(e, fmt.Sprintf("Remove these %d of %s?", len(there), name))
		})
		for _, d := range outcomes {
			if d.Complete {
				fmt.Fprintf(e.Stdout, "%s: %s removed, nothing of it is left in Azure; results on disk stay.\n", d.Name, view.Count(d.Removed, "recording"))
			}
		}
		return err
	})
}
