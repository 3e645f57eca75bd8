package command

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"flowctl/cmd/internal/env"
	"flowctl/cmd/internal/operation"
	"flowctl/cmd/internal/view"
	"flowctl/plan/ledger"
)

type logOptions struct {
	source
	json bool
	last int
}

func newLog(e *env.Env) *cobra.Command {
	var o logOptions
	cmd := &cobra.Command{
		Use:   "log [PATH]",
		Short: "Say what was done, when, by whom and for which commit",
		Long: `log prints what commands did in Azure, as the state remembers: when by Azure's clock, who started
it, the commit and the run of the pipeline in which it ran, and how many sessions it started, ended,
collected, changed and removed. Commands that only looked leave nothing. The latest 500 are kept.`,
		Example: "  flowctl log\n  flowctl log --last 5 monitor.hcl",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.at(args)
			return runLog(cmd.Context(), e, o)
		},
	}
	o.flags(cmd)
	cmd.Flags().BoolVar(&o.json, "json", false, "print it as JSON")
	cmd.Flags().IntVar(&o.last, "last", 0, "only so many, the latest; 0 for all")
	return cmd
}

func runLog(ctx context.Context, e *env.Env, o logOptions) error {
	if o.last < 0 {
		return fmt.Errorf("--last %d: want how many, or 0 for all", o.last)
	}
	acts, err := operation.Log(ctx, settings(e, nil), o.Source)
	if err != nil {
		return err
	}
	if o.last > 0 {
		acts = acts[max(0, len(acts)-o.last):]
	}
	if o.json {
		return view.JSON(e.Stdout, struct {
			Format string       `json:"format"`
			Acts   []ledger.Act `json:"acts"`
		}{"1", append([]ledger.Act{}, acts...)})
	}
	return view.Trail(e.Stdout, acts)
}
