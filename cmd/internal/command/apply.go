package command

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"flowctl/cmd/internal/terminal"
	"flowctl/cmd/internal/view"
	"flowctl/collectors/fetch"
	"flowctl/plan"
	"flowctl/plan/apply"
	"flowctl/plan/session"
	"flowctl/plan/state"
)

type applyOptions struct {
	source
	auto   bool
	detach bool
	again  bool
	json   bool
}

func newApply(env *Env) *cobra.Command {
	var o applyOptions
	cmd := &cobra.Command{
		Use:   "apply [PATH|PLAN]",
		Short: "Record, wait, collect, answer and clean up",
		Long: `apply brings Azure to what the file says now: it starts what is due, waits until
the time box is over, collects what was recorded, answers what the file asks, and
removes what it made. Run again it goes on where it was. Ctrl-C once stops waiting
and leaves the sessions running; twice ends at once.`,
		Example: "  flowctl apply investigation.hcl\n  flowctl apply --auto-approve --detach\n  flowctl apply spike.plan",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.at(args)
			return runApply(cmd.Context(), env, o)
		},
	}
	o.flags(cmd)
	cmd.Flags().BoolVar(&o.auto, "auto-approve", false, "do not ask before acting")
	cmd.Flags().BoolVar(&o.detach, "detach", false, "start and return; the next apply goes on")
	cmd.Flags().BoolVar(&o.again, "again", false, "record anew what is finished")
	cmd.Flags().BoolVar(&o.json, "json", false, "print the summary as JSON")
	return cmd
}

func runApply(ctx context.Context, env *Env, o applyOptions) error {
	saved, isPlan, err := readPlan(o.path)
	if err != nil {
		return err
	}
	if isPlan {
		o.path, o.varFiles = saved.Path, append(saved.VarFiles, o.varFiles...)
		o.again = o.again || saved.Again
	}
	return o.locked(ctx, env, "apply", func(ws *workspace) error {
		ws.again = o.again
		plans, err := ws.checked(ctx, env)
		if err != nil {
			return err
		}
		if isPlan {
			if err := saved.check(ws, plans); err != nil {
				return err
			}
		}
		return ws.apply(ctx, env, o, plans, isPlan)
	})
}

// apply shows the plans, asks, and carries them out one after the other.
func (ws *workspace) apply(ctx context.Context, env *Env, o applyOptions, plans []plan.Plan, approved bool) error {
	view.PlanText(env.Stderr, view.NewPlanDoc(plans, ws.results))
	pending := plans[:0:0]
	for _, p := range plans {
		if plan.Blocking(p.Findings) {
			return fmt.Errorf("%s: nothing was done", p.Investigation.Name)
		}
		if p.Pending() {
			pending = append(pending, p)
		}
	}
	if len(pending) == 0 {
		return nil
	}
	if !o.auto && !approved {
		if err := confirm(env, "Do this?"); err != nil {
			return err
		}
	}
	return ws.applyAll(ctx, env, o, pending)
}

// applyAll starts every investigation, waits for all of them together, and
// answers one after the other.
func (ws *workspace) applyAll(ctx context.Context, env *Env, o applyOptions, plans []plan.Plan) error {
	progress := view.NewProgress(env.Stderr, env.interactive())
	keeper := state.NewKeeper(ws.state, ws.snapshot)
	var runs []*apply.Run
	for _, p := range plans {
		run, err := ws.newRun(env, keeper, p, progress.Event)
		if err != nil {
			return err
		}
		runs = append(runs, run)
	}
	if err := together(runs, func(r *apply.Run) error { return r.Start(ctx) }); err != nil {
		return interruptedOr(env, o, err)
	}
	if o.detach {
		return detached(env, o, runs)
	}
	err := together(runs, func(r *apply.Run) error { return r.Wait(ctx) })
	progress.Close()
	if err != nil {
		return interruptedOr(env, o, err)
	}
	var errs []error
	for _, run := range runs {
		errs = append(errs, ws.answer(ctx, env, run.Folder(), o.json), failures(env, run))
	}
	return errors.Join(errs...)
}

// together does something with all runs side by side.
func together(runs []*apply.Run, do func(*apply.Run) error) error {
	errs := make([]error, len(runs))
	var wg sync.WaitGroup
	for i, r := range runs {
		wg.Go(func() { errs[i] = do(r) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// confirm asks a person. Without one there is no answer, and nothing is done.
func confirm(env *Env, question string) error {
	if !env.interactive() {
		return errors.New("nobody is here to confirm: use --auto-approve")
	}
	env.printf("\n%s Only \"yes\" is taken as yes: ", question)
	answer, _ := bufio.NewReader(env.Stdin).ReadString('\n')
	if strings.TrimSpace(answer) != "yes" {
		return errors.New("not confirmed; nothing was done")
	}
	return nil
}

func (ws *workspace) newRun(env *Env, keeper *state.Keeper, p plan.Plan, emit func(apply.Event)) (*apply.Run, error) {
	transfer := fetch.NewTransfer()
	return apply.New(apply.Options{
		Plan: p, Providers: ws.providers, State: keeper, Inventory: ws.allInventories(), Emit: emit,
		Results: func(ends time.Time) string {
			return filepath.Join(resultsOf(env, p.Investigation.Name), ends.UTC().Format("20060102T150405Z"))
		},
		Collector: func(f session.Folder) apply.Collector {
			return fetch.Collector{Folder: f, Providers: ws.providers, Inventories: ws.allInventories(), Transfer: transfer}
		},
		Limits: apply.DefaultLimits,
	})
}

// interruptedOr turns Ctrl-C into the word how to go on.
func interruptedOr(env *Env, o applyOptions, err error) error {
	if !errors.Is(err, context.Canceled) {
		return err
	}
	env.printf("\nStopped waiting; the sessions go on and everything is saved.\n  go on:       flowctl apply --auto-approve %s\n  look:        flowctl status %s\n  end it now:  flowctl destroy %s\n", o.path, o.path, o.path)
	return exitInterrupted
}

func detached(env *Env, o applyOptions, runs []*apply.Run) error {
	var errs []error
	for _, run := range runs {
		_, end := run.Window()
		env.printf("\nRecording until %s. The next apply goes on from here: flowctl apply --auto-approve %s\n", end.UTC().Format("2006-01-02 15:04:05 MST"), o.path)
		errs = append(errs, failures(env, run))
	}
	return errors.Join(errs...)
}

// failures says what failed, why, and what is still there.
func failures(env *Env, run *apply.Run) error {
	fs := run.Failures()
	if len(fs) == 0 {
		return nil
	}
	env.printf("\n%s failed:\n", count(len(fs), "session"))
	for _, f := range fs {
		env.printf("  %s: %s\n", terminal.Escape(f.Session), terminal.Escape(f.Reason))
		if f.Left != "" {
			env.printf("    still in Azure: %s\n", terminal.Escape(string(f.Left)))
		}
	}
	return shown
}
