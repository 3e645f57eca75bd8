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
	auto    bool
	discard bool
}

func newDestroy(e *env.Env) *cobra.Command {
	var o destroyOptions
	cmd := &cobra.Command{
		Use:   "destroy [PATH]",
		Short: "Remove what flowctl made, without collecting",
		Long: `destroy removes the flow logs, captures and agents that flowctl made for the
investigations of the file, running or not, and puts lifecycle rules back. What was
not collected yet is named with its size, and given up only with --discard: flowctl
stop, then flowctl apply ends now and keeps it. Results on disk and what Azure wrote
to storage stay.`,
		Example: "  flowctl destroy --discard --auto-approve investigation.hcl",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.at(args)
			return runDestroy(cmd.Context(), e, o)
		},
	}
	o.flags(cmd)
	cmd.Flags().BoolVar(&o.auto, "auto-approve", false, "do not ask before acting")
	cmd.Flags().BoolVar(&o.discard, "discard", false, "give up what was not collected")
	return cmd
}

func runDestroy(ctx context.Context, e *env.Env, o destroyOptions) error {
	undone := func(ev operation.Event) {
		if ev.Run != nil {
			view.Removal(e.Stderr, *ev.Run)
		}
	}
	return operation.Locked(ctx, settings(e, undone), o.Source, "destroy", func(op *operation.Operation) error {
		outcomes, err := op.Destroy(ctx, func(name string, there []operation.Doomed) error {
			view.Doomed(e.Stderr, there)
			if n := uncollected(there); n > 0 && !o.discard {
				keep := fmt.Sprintf("keep the data: flowctl stop %s && flowctl apply --auto-approve %s", o.Path, o.Path)
				if there[0].Recording.Deadline().Equal(plan.Forever) {
					keep = fmt.Sprintf("keep the data: take monitor %q out of the file, and flowctl apply %s", name, o.Path)
				}
				return advised{fmt.Errorf("%s: %s not collected yet; nothing was removed", name, view.Count(n, "recording is", "recordings are")), []string{
					keep,
					fmt.Sprintf("give it up:    flowctl destroy --discard %s", o.Path),
				}}
			}
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

func uncollected(there []operation.Doomed) int {
	n := 0
	for _, d := range there {
		if d.Uncollected {
			n++
		}
	}
	return n
}
