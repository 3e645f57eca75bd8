package command

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"flowctl/cmd/internal/env"
	"flowctl/cmd/internal/operation"
	"flowctl/cmd/internal/terminal"
	"flowctl/cmd/internal/view"
	"flowctl/plan/config"
)

// source is where an investigation is read from.
type source struct{ operation.Source }

func (s *source) flags(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&s.Vars, "var", nil, "set a variable, as `name=value` (repeatable)")
	cmd.Flags().StringArrayVar(&s.VarFiles, "var-file", nil, "read variables from a `file` (repeatable)")
}

// at takes the optional argument that names a file or folder.
func (s *source) at(args []string) {
	s.Path = "."
	if len(args) > 0 {
		s.Path = args[0]
	}
}

// settings are what operations get of the outside. What they say on their way
// is shown at once.
func settings(e *env.Env, run func(operation.Event)) operation.Settings {
	s := operation.Settings{Dir: e.Root(), Environ: e.Environ, Version: version(), Log: e.Log, Emit: func(ev operation.Event) {
		if d := ev.Warnings; d != nil {
			_ = view.Diagnostics(e.Stderr, d.Diags, d.Files)
		}
		if run != nil {
			run(ev)
		}
	}}
	if e.Rehearsal != nil {
		s.Open = e.Rehearsal.Open
	}
	return s
}

// naming is what names addresses besides what was recorded; all are empty for none.
type naming struct{ tags, names, inventory string }

func (n *naming) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&n.tags, "service-tags", "", "name public addresses by this `file` of Azure's service tags, the weekly one or what az network list-service-tags prints (flowctl docs language)")
	cmd.Flags().StringVar(&n.names, "names", "", "call networks and addresses as this `file` says, with lines such as 10.9.0.0/24 = \"branch Lisbon\" (flowctl docs language)")
}

// inventoryFlag adds the flag for verbs that read what no run of theirs recorded.
func (n *naming) inventoryFlag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&n.inventory, "inventory", "", "name machines and networks by the inventory in this `folder` of results, or by its inventory.json")
}

// named adds what names addresses to settings.
func (n naming) named(s operation.Settings) (operation.Settings, error) {
	var errs [3]error
	s.Tags, errs[0] = operation.ReadTags(n.tags)
	s.Names, errs[1] = operation.ReadNames(n.names)
	s.Inventories, errs[2] = operation.ReadInventory(n.inventory)
	return s, errors.Join(errs[:]...)
}

// pricesFlag adds the flag that names a file of prices.
func pricesFlag(cmd *cobra.Command, name *string) {
	cmd.Flags().StringVar(name, "prices", "", "take what traffic costs from this `file`, in the form of the prices of a budget block (flowctl docs language), and not from Azure's list prices")
}

// priced adds prices to settings, if some were given.
func priced(s operation.Settings, name string) (operation.Settings, error) {
	if name == "" {
		return s, nil
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return s, fmt.Errorf("prices: %w", err)
	}
	if s.Prices, err = config.ParsePrices(data); err != nil {
		return s, fmt.Errorf("%s: %w", name, err)
	}
	return s, nil
}

// progress shows runs while they go on.
func progress(e *env.Env) (func(operation.Event), func()) {
	p := view.NewProgress(e.Stderr, e.Interactive())
	return func(ev operation.Event) {
		if ev.Run != nil {
			p.Event(*ev.Run)
		}
	}, p.Close
}

// status turns a command's error into the exit status, and says it.
func status(e *env.Env, err error) int {
	if err == nil {
		return 0
	}
	code := say(e, err)
	if code == 0 {
		return int(env.Shown)
	}
	return code
}

// advised is an error with the ways out of it, each on a line of its own: text
// that came from elsewhere has no line ends.
type advised struct {
	error
	ways []string
}

// linesOf is the text of an error, of which further lines are indented, so that none of
// them looks like another message.
func linesOf(err error) string {
	lines := strings.Split(err.Error(), "\n")
	for i, l := range lines {
		lines[i] = terminal.Escape(l)
	}
	return strings.Join(lines, "\n  ")
}

// say shows all errors that were joined, and returns the exit status that one
// of them carries.
func say(e *env.Env, err error) int {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		code := 0
		for _, one := range joined.Unwrap() {
			code = max(code, say(e, one))
		}
		return code
	}
	var exit env.Exit
	var diagnosed *operation.Diagnosed
	var advice advised
	switch {
	case errors.As(err, &exit):
		return int(exit)
	case errors.As(err, &diagnosed):
		if err := view.Diagnostics(e.Stderr, diagnosed.Diags, diagnosed.Files); err != nil {
			e.Printf("Error: %s\n", terminal.Escape(err.Error()))
		}
	default:
		e.Printf("Error: %s\n", linesOf(err))
		errors.As(err, &advice)
		for _, way := range advice.ways {
			e.Printf("  %s\n", terminal.Escape(way))
		}
	}
	return int(env.Shown)
}
