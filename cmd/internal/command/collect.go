package command

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"flowctl/cmd/internal/view"
	"flowctl/plan"
	"flowctl/plan/session"
	"flowctl/plan/state"
)

type collectOptions struct {
	source
	json bool
}

func newCollect(env *Env) *cobra.Command {
	var o collectOptions
	cmd := &cobra.Command{
		Use:   "collect [PATH]",
		Short: "Fetch and answer from what was recorded so far",
		Long: `collect brings what the running sessions have written until now, answers from it, and
leaves everything as it is. A capture's file exists only after its end. Of an
investigation that is finished, it answers again from the files on disk.`,
		Example: "  flowctl collect investigation.hcl",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.at(args)
			return runCollect(cmd.Context(), env, o)
		},
	}
	o.flags(cmd)
	cmd.Flags().BoolVar(&o.json, "json", false, "print the summary as JSON")
	return cmd
}

func runCollect(ctx context.Context, env *Env, o collectOptions) error {
	return o.locked(ctx, env, "collect", func(ws *workspace) error {
		plans, err := ws.plans(ctx, env)
		if err != nil {
			return err
		}
		var errs []error
		for _, p := range plans {
			errs = append(errs, ws.collect(ctx, env, o, p))
		}
		return errors.Join(errs...)
	})
}

func (ws *workspace) collect(ctx context.Context, env *Env, o collectOptions, p plan.Plan) error {
	name := p.Investigation.Name
	run := ws.snapshot.Runs[name]
	if run != nil && !run.Finished.IsZero() {
		return ws.answer(ctx, env, session.Folder{Path: run.Results}, o.json)
	}
	if run == nil && p.Count(plan.Keep, plan.Finish) == 0 {
		return fmt.Errorf("%s: nothing is recording; flowctl apply starts it", name)
	}
	progress := view.NewProgress(env.Stderr, env.interactive())
	r, err := ws.newRun(env, state.NewKeeper(ws.state, ws.snapshot), p, progress.Event)
	if err != nil {
		return err
	}
	n, err := r.CollectNow(ctx)
	if err != nil {
		return err
	}
	if n == 0 {
		env.printf("%s: nothing was written yet; Azure takes about 5 minutes for the first records.\n", name)
		return nil
	}
	return ws.answer(ctx, env, r.Folder(), o.json)
}
