package command

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"flowctl/cmd/internal/env"
	"flowctl/cmd/internal/operation"
	"flowctl/cmd/internal/view"
	"flowctl/plan/rules"
)

type rulesOptions struct {
	summarizeOptions
	acl, propose, group string
	against             []string
}

func newRules(e *env.Env) *cobra.Command {
	var o rulesOptions
	cmd := &cobra.Command{
		Use:   "rules {PATH|URL}…",
		Short: "Say which security rules decided, which were never used, and which would do",
		Long: `rules shows the rules of security groups with what used them: each with its text as it was
when the inventory was read, the flows and bytes that it decided, whether it is wider than
what used it, and those that nothing used in the time that was recorded. It reads what
summarize reads; the rules' texts are those of a results folder, or of --inventory.

With --propose it writes the tightest rules of one group for what was seen instead, as
resources of Terraform's azurerm, as Bicep or as commands of az: they let pass all that was
let pass and nothing that was refused, and are of the recorded time only.`,
		Example: "  flowctl rules .flowctl/results/web/20261112T100000Z\n  flowctl rules --inventory results/ logs/\n  flowctl rules --acl nsg-db --propose hcl results/ > nsg-db.tf\n  flowctl rules --acl nsg-db --propose az --group prefix --against lastweek/ thisweek/",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Paths = args
			return runRules(cmd.Context(), e, o)
		},
	}
	cmd.Flags().BoolVar(&o.json, "json", false, "print the rules as JSON (flowctl docs summary)")
	cmd.Flags().StringVar(&o.start, "start", "", "count only what happened from this `time` on: RFC 3339, or a duration before now such as -6h")
	cmd.Flags().StringVar(&o.end, "end", "", "count only what happened before this `time`")
	cmd.Flags().StringVar(&o.acl, "acl", "", "the security `group` that rules are proposed for, by name or id")
	cmd.Flags().StringVar(&o.propose, "propose", "", "write the tightest rules for what was seen in this `form`: hcl, bicep or az")
	cmd.Flags().StringVar(&o.group, "group", "none", "what may stand for addresses in proposals: none, asg (application security groups) or `prefix` (these, subnets and Internet)")
	cmd.Flags().StringArrayVar(&o.against, "against", nil, "say what the proposal would have refused in these recordings, a `path` each (repeatable)")
	o.naming.flags(cmd)
	o.naming.inventoryFlag(cmd)
	return cmd
}

// check says what does not go together.
func (o *rulesOptions) check() error {
	switch {
	case o.propose != "" && rules.Forms[o.propose] == nil:
		return fmt.Errorf("--propose %q: want %s", o.propose, strings.Join(slices.Sorted(maps.Keys(rules.Forms)), ", "))
	case !slices.Contains([]string{"none", "asg", "prefix"}, o.group):
		return fmt.Errorf("--group %q: want none, asg or prefix", o.group)
	case o.propose == "" && (len(o.against) > 0 || o.group != "none" || o.acl != ""):
		return errors.New("--acl, --group and --against are about proposals: add --propose hcl, bicep or az")
	case o.propose != "" && o.json:
		return errors.New("--json and --propose: want one of them")
	}
	return nil
}

func runRules(ctx context.Context, e *env.Env, o rulesOptions) error {
	with, err := o.ready(e)
	if err = errors.Join(o.check(), err); err != nil {
		return err
	}
	r, err := operation.Rules(ctx, with, o.SummarizeOptions)
	if err != nil {
		return err
	}
	defer r.Answer.Close()
	view.Problems(e.Stderr, r.Answer)
	if err := r.Answer.Err(); err != nil {
		return err
	}
	if o.propose != "" {
		p, err := r.Propose(ctx, with, o.acl, o.group != "none", o.group == "prefix", o.against)
		if err != nil {
			return err
		}
		return view.ProposedText(e.Stdout, r, p, o.propose)
	}
	d := view.NewRules(r)
	if o.json {
		return view.JSON(e.Stdout, d)
	}
	view.Rules(e.Stdout, d)
	return nil
}
