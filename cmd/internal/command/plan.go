package command

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"flowctl/cmd/internal/env"
	"flowctl/cmd/internal/operation"
	"flowctl/cmd/internal/view"
	"flowctl/plan"
)

type planOptions struct {
	source
	json     bool
	detailed bool
	again    bool
	role     bool
	policies policies
	markdown bool
	out      string
	coverage bool
}

func newPlan(e *env.Env) *cobra.Command {
	var o planOptions
	cmd := &cobra.Command{
		Use:   "plan [PATH]",
		Short: "Show what apply would do",
		Long: `plan finds the targets in Azure, chooses how each is recorded, and shows per target:

  +    created               =    reused: somebody's flow log, never changed
  -/+  replaced              -    removed
  ~    ours, going on        >    ours, over: collected and removed
  .    collected before       *    a monitor's: set as the file says, in its place

It says what would fail and what will be missing, by codes that flowctl docs
findings explains, what permissions lack and what it costs at most. Errors stop
apply.

A window in the past needs no storage: the plan shows who recorded each target then, hour by
hour, and apply reads that. --coverage shows who is recorded by what in the subscriptions of
the file, since when, and how long it is kept.`,
		Example: "  flowctl plan\n  flowctl plan investigation.hcl --out spike.plan\n  flowctl plan --detailed-exitcode --json\n  flowctl plan --role > role.json && az role definition create --role-definition @role.json",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.at(args)
			return runPlan(cmd.Context(), e, o)
		},
	}
	o.flags(cmd)
	cmd.Flags().BoolVar(&o.again, "again", false, "record anew what is finished")
	cmd.Flags().BoolVar(&o.json, "json", false, "print the plan as JSON")
	cmd.Flags().BoolVar(&o.detailed, "detailed-exitcode", false, "exit with 0 if there is nothing to do, 2 if there is, 1 on errors")
	cmd.Flags().BoolVar(&o.role, "role", false, "print a custom role of exactly what the file needs, for az role definition create")
	o.policies.flags(cmd)
	cmd.Flags().BoolVar(&o.markdown, "markdown", false, "print the plan as a comment on a pull request, of 65,536 characters at most")
	cmd.Flags().BoolVar(&o.coverage, "coverage", false, "show who is recorded by what in the file's subscriptions, and plan nothing")
	cmd.Flags().StringVar(&o.out, "out", "", "save the plan to a `file` that apply takes")
	return cmd
}

func runPlan(ctx context.Context, e *env.Env, o planOptions) error {
	with, err := o.policies.held(e, settings(e, nil))
	if err != nil {
		return err
	}
	op, err := operation.Open(ctx, with, o.Source)
	if err != nil {
		return err
	}
	defer op.Count(ctx)
	if o.coverage {
		if o.markdown || o.role || o.out != "" {
			return errors.New("--coverage plans nothing: leave out --markdown, --role and --out")
		}
		c := op.Coverage(ctx)
		doc := view.CoverageDoc{Format: view.CoverageFormat, At: c.To, Rows: c.Rows}
		if o.json {
			return view.JSON(e.Stdout, doc)
		}
		view.RecordedText(e.Stdout, doc)
		return nil
	}
	plans, err := op.Plan(ctx, o.again)
	if err != nil {
		return err
	}
	e.Planned(op, plans)
	if o.markdown && (o.json || o.role) {
		return errors.New("--markdown is a form of its own: leave out --json and --role")
	}
	if o.role {
		return view.JSON(e.Stdout, op.Role(plans))
	}
	doc := planDoc(op, plans)
	if o.markdown {
		if err := view.PlanMarkdown(e.Stdout, doc, op.Role(plans)); err != nil {
			return err
		}
	} else if o.json {
		if err := view.PlanJSON(e.Stdout, doc); err != nil {
			return err
		}
	} else {
		view.PlanText(e.Stdout, doc)
	}
	if o.out != "" {
		if err := op.Save(o.out, plans); err != nil {
			return err
		}
		e.Printf("Saved to %s. Carry it out with: flowctl apply %s\n", o.out, o.out)
	}
	return planStatus(o, plans)
}

func planDoc(op *operation.Operation, plans []plan.Plan) view.PlanDoc {
	return view.NewPlanDoc(plans, func(name string) string { return relative(op.Results(name)) })
}

// relative shortens the path of results, if there are any.
func relative(path string) string {
	if path == "" {
		return ""
	}
	return env.Relative(path)
}

func planStatus(o planOptions, plans []plan.Plan) error {
	pending := false
	for _, p := range plans {
		if plan.Blocking(p.Findings) {
			return env.Shown
		}
		pending = pending || p.Pending()
	}
	if o.detailed && pending {
		return env.Changes
	}
	return nil
}
