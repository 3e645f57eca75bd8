package command

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"flowctl/plan"
)

func newStop(env *Env) *cobra.Command {
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
			return runStop(cmd.Context(), env, o)
		},
	}
	o.flags(cmd)
	return cmd
}

func runStop(ctx context.Context, env *Env, o source) error {
	return o.locked(ctx, env, "stop", func(ws *workspace) error {
		return ws.each(func(name string) error { return ws.stop(ctx, env, name) })
	})
}

// stop ends the captures of one investigation and moves the end of its time
// box to now.
func (ws *workspace) stop(ctx context.Context, env *Env, name string) error {
	run := ws.snapshot.Runs[name]
	if run == nil || !run.Finished.IsZero() {
		fmt.Fprintf(env.Stdout, "%s: nothing is recording.\n", name)
		return nil
	}
	there, err := ws.ours(ctx, name)
	errs := []error{err}
	for _, r := range there {
		if r.Mechanism == plan.PacketCapture && !r.State.Ended() {
			errs = append(errs, ws.providerOf(r).Stop(ctx, r))
		}
	}
	if now := ws.now(); now.Before(run.Ends) {
		run.Ends, run.Stopped = now, true
	}
	fmt.Fprintf(env.Stdout, "%s: stopped; flowctl apply or flowctl collect brings what was recorded.\n", name)
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("stop %s: %w", name, err)
	}
	return nil
}

// providerOf returns the provider in whose subscription r is.
func (ws *workspace) providerOf(r plan.Recording) plan.Provider {
	for _, alias := range ws.aliases() {
		if slices.ContainsFunc(ws.recordings[alias], func(x plan.Recording) bool { return x.ID.Is(r.ID) }) {
			return ws.providers[alias]
		}
	}
	return nil
}
