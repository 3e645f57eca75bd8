package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/google/renameio/v2/maybe"
	"github.com/spf13/cobra"

	"flowctl/cmd/internal/view"
	"flowctl/plan"
)

type planOptions struct {
	source
	json     bool
	detailed bool
	again    bool
	role     bool
	out      string
}

func newPlan(env *Env) *cobra.Command {
	var o planOptions
	cmd := &cobra.Command{
		Use:   "plan [PATH]",
		Short: "Show what apply would do",
		Long: `plan finds the targets in Azure, chooses how each is recorded, and shows per target:

  +    created               =    reused: somebody's flow log, never changed
  -/+  replaced              -    removed
  ~    ours, going on        >    ours, over: collected and removed
  .    collected before

It says what would fail and what will be missing, by codes that flowctl docs
findings explains, what permissions lack and what it costs at most. Errors stop
apply.`,
		Example: "  flowctl plan\n  flowctl plan investigation.hcl --out spike.plan\n  flowctl plan --detailed-exitcode --json\n  flowctl plan --role > role.json && az role definition create --role-definition @role.json",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.at(args)
			return runPlan(cmd.Context(), env, o)
		},
	}
	o.flags(cmd)
	cmd.Flags().BoolVar(&o.again, "again", false, "record anew what is finished")
	cmd.Flags().BoolVar(&o.json, "json", false, "print the plan as JSON")
	cmd.Flags().BoolVar(&o.detailed, "detailed-exitcode", false, "exit with 0 if there is nothing to do, 2 if there is, 1 on errors")
	cmd.Flags().BoolVar(&o.role, "role", false, "print a custom role of exactly what the file needs, for az role definition create")
	cmd.Flags().StringVar(&o.out, "out", "", "save the plan to a `file` that apply takes")
	return cmd
}

func runPlan(ctx context.Context, env *Env, o planOptions) error {
	ws, err := o.open(ctx, env)
	if err != nil {
		return err
	}
	defer ws.count(ctx, env)
	ws.again = o.again
	plans, err := ws.checked(ctx, env)
	if err != nil {
		return err
	}
	if o.role {
		return ws.printRole(env, plans)
	}
	doc := view.NewPlanDoc(plans, ws.results)
	if o.json {
		if err := view.PlanJSON(env.Stdout, doc); err != nil {
			return err
		}
	} else {
		view.PlanText(env.Stdout, doc)
	}
	if o.out != "" {
		if err := savePlan(o, ws, plans); err != nil {
			return err
		}
		env.printf("Saved to %s. Carry it out with: flowctl apply %s\n", o.out, o.out)
	}
	return planStatus(o, plans)
}

func planStatus(o planOptions, plans []plan.Plan) error {
	pending := false
	for _, p := range plans {
		if plan.Blocking(p.Findings) {
			return shown
		}
		pending = pending || p.Pending()
	}
	if o.detailed && pending {
		return exitChanges
	}
	return nil
}

// results is where the latest run of an investigation left its results.
func (ws *workspace) results(name string) string {
	if run := ws.snapshot.Runs[name]; run != nil {
		return relative(run.Results)
	}
	return ""
}

// savedPlan is a plan on disk. It holds no values of variables: apply reads
// the file again and refuses if anything is different by then.
type savedPlan struct {
	Flowctl  string            `json:"flowctl_plan"` // format
	Path     string            `json:"path"`
	Digest   string            `json:"config"`
	Lineage  string            `json:"lineage"`
	Serial   int               `json:"serial"`
	VarFiles []string          `json:"var_files,omitempty"`
	Again    bool              `json:"again,omitempty"`
	Plans    map[string]string `json:"plans"` // digest of what each investigation's plan does
}

const savedFormat = "1"

func savePlan(o planOptions, ws *workspace, plans []plan.Plan) error {
	s := savedPlan{
		Flowctl: savedFormat, Path: o.path, Digest: ws.config.Digest, VarFiles: o.varFiles, Again: o.again,
		Lineage: ws.snapshot.Lineage, Serial: ws.snapshot.Serial, Plans: map[string]string{},
	}
	for _, p := range plans {
		s.Plans[p.Investigation.Name] = p.Digest()
	}
	b, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return fmt.Errorf("save plan: %w", err)
	}
	if err := maybe.WriteFile(o.out, append(b, '\n'), 0o600); err != nil {
		return fmt.Errorf("save plan: %w", err)
	}
	return nil
}

// readPlan reads a saved plan; ok is false if path is something else.
func readPlan(path string) (s savedPlan, ok bool, err error) {
	st, err := os.Stat(path)
	if err != nil || st.IsDir() || st.Size() > 1<<20 {
		return s, false, nil
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return s, false, err
	}
	if json.Unmarshal(b, &s) != nil || s.Flowctl == "" {
		return s, false, nil
	}
	if s.Flowctl != savedFormat {
		return s, true, fmt.Errorf("plan %s has format %s, this flowctl knows %s: make it again", path, s.Flowctl, savedFormat)
	}
	return s, true, nil
}

// errStalePlan says why a saved plan is not carried out.
var errStalePlan = errors.New("the saved plan is stale")

// check refuses a saved plan if the file, the state or Azure is not any more
// what it was made from.
func (s savedPlan) check(ws *workspace, plans []plan.Plan) error {
	switch {
	case s.Digest != ws.config.Digest:
		return fmt.Errorf("%w: %s or its variables changed since; plan again", errStalePlan, s.Path)
	case s.Lineage != ws.snapshot.Lineage || s.Serial != ws.snapshot.Serial:
		return fmt.Errorf("%w: another run changed the state since; plan again", errStalePlan)
	}
	for _, p := range plans {
		if s.Plans[p.Investigation.Name] != p.Digest() {
			return fmt.Errorf("%w: what Azure holds for %s changed since; plan again", errStalePlan, p.Investigation.Name)
		}
	}
	return nil
}
