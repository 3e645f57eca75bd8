package command

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"flowctl/cmd/internal/env"
	"flowctl/cmd/internal/operation"
	"flowctl/cmd/internal/view"
)

type validateOptions struct {
	source
	json bool
}

func newValidate(e *env.Env) *cobra.Command {
	var o validateOptions
	cmd := &cobra.Command{
		Use:     "validate [PATH]",
		Short:   "Check a file or folder without asking Azure",
		Example: "  flowctl validate investigation.hcl\n  flowctl validate --var ticket=OPS-1 ./investigations",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			o.at(args)
			o.Open = true
			return runValidate(e, o)
		},
	}
	o.flags(cmd)
	cmd.Flags().BoolVar(&o.json, "json", false, "print the findings as JSON")
	return cmd
}

func runValidate(e *env.Env, o validateOptions) error {
	if o.json {
		return validateJSON(e, o)
	}
	cfg, err := operation.Load(settings(e, nil), o.Source)
	if err != nil {
		return err
	}
	watches := 0
	for _, i := range cfg.Investigations {
		watches += len(i.Watches)
	}
	fmt.Fprintf(e.Stdout, "Valid: %s, %s.\n", view.Count(len(cfg.Investigations), "investigation"), view.Count(watches, "watch", "watches"))
	if len(cfg.Unset) > 0 {
		fmt.Fprintf(e.Stdout, "Not checked is what depends on %s without a value: %s.\n", view.Count(len(cfg.Unset), "variable"), strings.Join(cfg.Unset, ", "))
	}
	return nil
}

func validateJSON(e *env.Env, o validateOptions) error {
	s := settings(e, nil)
	found := operation.Diagnosed{}
	s.Emit = func(ev operation.Event) {
		if ev.Warnings != nil {
			found = *ev.Warnings
		}
	}
	var wrong *operation.Diagnosed
	if _, err := operation.Load(s, o.Source); errors.As(err, &wrong) {
		found = *wrong
	}
	if err := view.JSON(e.Stdout, view.NewValidation(found.Diags)); err != nil {
		return err
	}
	if found.Diags.HasErrors() {
		return env.Shown
	}
	return nil
}
