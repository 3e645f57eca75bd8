package command

import (
	"bufio"
	"context"
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"flowctl/cmd/internal/env"
	"flowctl/cmd/internal/operation"
	"flowctl/cmd/internal/view"
	"flowctl/plan"
)

type applyOptions struct {
	source
	auto   bool
	detach bool
	again  bool
	goOn   bool
	json   bool
	checks checks
	naming naming

	policies policies
}

func newApply(e *env.Env) *cobra.Command {
	var o applyOptions
	cmd := &cobra.Command{
		Use:   "apply [PATH|PLAN]",
		Short: "Record, wait, collect, answer and clean up",
		Long: `apply brings Azure to what the file says now: it starts what is due, waits until
the time box is over, collects what was recorded, answers what the file asks, and
removes what it made. Run again it goes on where it was. Ctrl-C once stops waiting
and leaves the sessions running; twice ends at once.

A monitor has no end: apply sets up what it keeps, sets back what somebody changed, and
returns. Its reports are made by flowctl collect.

With --detach it does what is due and returns: run every five minutes by a scheduler
it starts, follows, collects, removes, answers, and then says that all is done. What
the same file selects by then and nobody approved is not started, and the exit code
is 2; flowctl apply without --detach starts it.

With --continue, for schedulers of a pipeline, it goes on with what was applied before
and nothing else: what a file has by now and nobody applied is left alone. It also sets
back drift of monitors and makes their reports.`,
		Example: "  flowctl apply investigation.hcl\n  flowctl apply --auto-approve --detach\n  flowctl apply --continue\n  flowctl apply spike.plan",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.at(args)
			return runApply(cmd.Context(), e, o)
		},
	}
	o.flags(cmd)
	cmd.Flags().BoolVar(&o.auto, "auto-approve", false, "do not ask before acting")
	cmd.Flags().BoolVar(&o.detach, "detach", false, "do what is due and return; the next apply goes on")
	cmd.Flags().BoolVar(&o.goOn, "continue", false, "for schedulers: do what is due of what was applied before, report the periods of monitors, start nothing else, and return")
	cmd.Flags().BoolVar(&o.again, "again", false, "record anew what is finished")
	cmd.Flags().BoolVar(&o.json, "json", false, "print the summary as JSON")
	o.naming.flags(cmd)
	o.checks.flags(cmd)
	o.policies.flags(cmd)
	return cmd
}

func runApply(ctx context.Context, e *env.Env, o applyOptions) error {
	opts := operation.ApplyOptions{Detach: o.detach, Again: o.again, Unattended: o.detach && o.auto, Preliminary: true}
	if o.goOn {
		o.auto, o.detach = true, true
		opts.Detach, opts.Unattended, opts.Continue = true, true, true
	}
	saved, isPlan, err := operation.ReadSaved(o.Path)
	if err != nil {
		return err
	}
	if isPlan && o.goOn {
		return errors.New("--continue goes on with what was applied before: give it the file, and not a plan")
	}
	if isPlan {
		opts.Saved, opts.Again = &saved, o.again || saved.Again
		o.Path, o.VarFiles, o.auto = saved.Path, append(saved.VarFiles, o.VarFiles...), true
		o.Vars = append(saved.Vars, o.Vars...)
	}
	events, done := progress(e)
	with, err := o.naming.named(settings(e, events))
	if err != nil {
		return err
	}
	if with, err = o.policies.held(e, with, saved.Policies...); err != nil {
		return err
	}
	err = operation.Locked(ctx, with, o.Source, "apply", func(op *operation.Operation) error {
		opts.Approve = func(plans []plan.Plan, pending bool) error { return approve(e, o, op, plans, pending) }
		results, err := op.Apply(ctx, opts)
		defer operation.CloseAll(results)
		done()
		for _, r := range results {
			if r.Standing && r.Period == nil {
				view.Standing(e.Stderr, r)
			}
		}
		if o.detach {
			return errors.Join(detached(e, o, results), answered(e, finished(results), o.json, o.checks), err)
		}
		return errors.Join(answered(e, results, o.json, o.checks), err)
	})
	return interruptedOr(e, o, err)
}

// approve shows the plans and asks.
func approve(e *env.Env, o applyOptions, op *operation.Operation, plans []plan.Plan, pending bool) error {
	view.PlanText(e.Stderr, planDoc(op, plans))
	e.Planned(op, plans)
	if err := operation.Blocked(plans); err != nil || !pending || o.auto {
		return err
	}
	return confirm(e, "Do this?")
}

// confirm asks a person. Without one there is no answer, and nothing is done.
func confirm(e *env.Env, question string) error {
	if !e.Interactive() {
		return errors.New("nobody is here to confirm: use --auto-approve")
	}
	e.Printf("\n%s Only \"yes\" is taken as yes: ", question)
	answer, _ := bufio.NewReader(e.Stdin).ReadString('\n')
	if strings.TrimSpace(answer) != "yes" {
		return errors.New("not confirmed; nothing was done")
	}
	return nil
}

// answered shows what was answered and what failed.
func answered(e *env.Env, results []operation.Result, asJSON bool, c checks) error {
	e.Answered(results)
	errs := []error{view.Answers(e.Stdout, results, asJSON)}
	for _, r := range results {
		if a := r.Answer; a != nil {
			e.Printf("\nResults: %s\n", env.Relative(a.Folder))
			view.Problems(e.Stderr, a)
			errs = append(errs, a.Err())
		}
		errs = append(errs, failed(e, r))
	}
	var answers []*operation.Answer
	for _, r := range results {
		if r.Answer != nil {
			answers = append(answers, r.Answer)
		}
	}
	return errors.Join(append(errs, c.conclude(e, answers...))...)
}

// failed shows what failed, which then is said.
func failed(e *env.Env, r operation.Result) error {
	if len(r.Failures) == 0 {
		return nil
	}
	view.Failures(e.Stderr, r.Failures)
	return env.Shown
}

// interruptedOr turns Ctrl-C into the word how to go on.
func interruptedOr(e *env.Env, o applyOptions, err error) error {
	if !errors.Is(err, context.Canceled) {
		return err
	}
	e.Printf("\nStopped waiting; the sessions go on and everything is saved.\n  go on:       flowctl apply --auto-approve %s\n  look:        flowctl status %s\n  end it now:  flowctl stop %s && flowctl apply --auto-approve %s\n", o.Path, o.Path, o.Path, o.Path)
	return env.Interrupted
}

// finished are the results of what is over.
func finished(results []operation.Result) []operation.Result {
	var out []operation.Result
	for _, r := range results {
		if r.Done {
			out = append(out, r)
		}
	}
	return out
}

// detached says how what is not over goes on.
func detached(e *env.Env, o applyOptions, results []operation.Result) error {
	var errs []error
	for _, r := range results {
		view.Waiting(e.Stderr, r)
		if len(r.Waiting) > 0 {
			errs = append(errs, env.Changes)
		}
		if r.Done {
			continue
		}
		if !r.Standing {
			view.Detached(e.Stderr, r, o.Path)
		}
		errs = append(errs, failed(e, r))
	}
	return errors.Join(errs...)
}
