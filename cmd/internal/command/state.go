package command

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"flowctl/cmd/internal/env"
	"flowctl/cmd/internal/operation"
	"flowctl/cmd/internal/view"
)

func newState(e *env.Env) *cobra.Command {
	cmd := &cobra.Command{Use: "state", Short: "Look after what flowctl remembers of its runs"}
	cmd.AddCommand(newStateList(e), newStateShow(e), newStatePull(e), newStatePush(e), newStateUnlock(e), newStateMove(e))
	return cmd
}

func newStateList(e *env.Env) *cobra.Command {
	return stateCommand(e, 0, "list [PATH]", "List the investigations that are remembered", "  flowctl state list")
}

func newStateShow(e *env.Env) *cobra.Command {
	return stateCommand(e, 1, "show INVESTIGATION [PATH]", "Show what is remembered of one investigation", "  flowctl state show egress-spike")
}

// stateVerb takes arguments, and after them the file or folder that says where
// the state is kept.
func stateVerb(e *env.Env, args int, cmd *cobra.Command, do func(ctx context.Context, s operation.Settings, src operation.Source, args []string) error) *cobra.Command {
	var o source
	o.flags(cmd)
	cmd.Args = cobra.RangeArgs(args, args+1)
	cmd.RunE = func(cmd *cobra.Command, given []string) error {
		o.at(given[args:])
		return do(cmd.Context(), settings(e, nil), o.Source, given[:args])
	}
	return cmd
}

// stateCommand shows all investigations, or with its sessions the one that is
// named.
func stateCommand(e *env.Env, args int, use, short, example string) *cobra.Command {
	asJSON := false
	cmd := stateVerb(e, args, &cobra.Command{Use: use, Short: short, Example: example}, func(ctx context.Context, s operation.Settings, src operation.Source, names []string) error {
		list, err := operation.ListState(ctx, s, src)
		if err == nil && len(names) > 0 {
			list, err = list.Only(names[0])
		}
		switch {
		case err != nil:
			return err
		case asJSON:
			return view.JSON(e.Stdout, list)
		}
		view.State(e.Stdout, list, len(names) > 0)
		return nil
	})
	cmd.Flags().BoolVar(&asJSON, "json", false, "print it as JSON")
	return cmd
}

func newStatePull(e *env.Env) *cobra.Command {
	cmd := &cobra.Command{Use: "pull [PATH]", Short: "Print the state as it is kept", Example: "  flowctl state pull > state.json"}
	return stateVerb(e, 0, cmd, func(ctx context.Context, s operation.Settings, src operation.Source, _ []string) error {
		b, err := operation.PullState(ctx, s, src)
		if err == nil {
			_, err = e.Stdout.Write(b)
		}
		return err
	})
}

func newStatePush(e *env.Env) *cobra.Command {
	force := false
	cmd := &cobra.Command{
		Use: "push {FILE|-} [PATH]", Short: "Put a state that was pulled in its place",
		Long: `push puts a state that flowctl state pull gave in the place of the one that is
there. One that is older, or of another lineage, is refused without --force: what
it does not know could be recorded twice.`,
		Example: "  flowctl state push state.json",
	}
	cmd.Flags().BoolVar(&force, "force", false, "also one that is older or of another lineage")
	return stateVerb(e, 1, cmd, func(ctx context.Context, s operation.Settings, src operation.Source, args []string) error {
		read := func() ([]byte, error) { return os.ReadFile(args[0]) }
		if args[0] == "-" {
			read = func() ([]byte, error) { return io.ReadAll(e.Stdin) }
		}
		b, err := read()
		if err != nil {
			return err
		}
		return operation.PushState(ctx, s, src, args[0], b, force)
	})
}

func newStateUnlock(e *env.Env) *cobra.Command {
	cmd := &cobra.Command{
		Use: "unlock [PATH]", Short: "Break the lock of a run that is gone",
		Long: `unlock breaks the lock on the state. Make sure that the run that holds it is gone:
it stops at its next write when it finds the lock broken. A lock on this machine
ends with its process by itself.`,
	}
	return stateVerb(e, 0, cmd, func(ctx context.Context, s operation.Settings, src operation.Source, _ []string) error {
		h, err := operation.UnlockState(ctx, s, src)
		if err == nil {
			_, err = fmt.Fprintf(e.Stdout, "Unlocked; it was held by %s.\n", h)
		}
		return err
	})
}

func newStateMove(e *env.Env) *cobra.Command {
	cmd := &cobra.Command{Use: "move FROM TO [PATH]", Short: "Give what is remembered of an investigation another name", Example: "  flowctl state move spike egress-spike"}
	return stateVerb(e, 2, cmd, func(ctx context.Context, s operation.Settings, src operation.Source, args []string) error {
		return operation.MoveState(ctx, s, src, args[0], args[1])
	})
}
