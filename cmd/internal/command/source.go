package command

import (
	"errors"

	"github.com/spf13/cobra"

	"flowctl/cmd/internal/env"
	"flowctl/cmd/internal/operation"
	"flowctl/cmd/internal/terminal"
	"flowctl/cmd/internal/view"
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
	return operation.Settings{Dir: e.Root(), Environ: e.Environ, Version: version(), Log: e.Log, Emit: func(ev operation.Event) {
		if d := ev.Warnings; d != nil {
			_ = view.Diagnostics(e.Stderr, d.Diags, d.Files)
		}
		if run != nil {
			run(ev)
		}
	}}
}

// tagsFlag adds the flag that names a list of service tags.
func tagsFlag(cmd *cobra.Command, name *string) {
	cmd.Flags().StringVar(name, "service-tags", "", "name public addresses by this `file` of Azure's service tags, the weekly one or what az network list-service-tags prints (flowctl docs language)")
}

// tagged adds a list of service tags to settings, if one was given.
func tagged(s operation.Settings, name string) (operation.Settings, error) {
	var err error
	s.Tags, err = operation.ReadTags(name)
	return s, err
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
	switch {
	case errors.As(err, &exit):
		return int(exit)
	case errors.As(err, &diagnosed):
		if err := view.Diagnostics(e.Stderr, diagnosed.Diags, diagnosed.Files); err != nil {
			e.Printf("Error: %s\n", terminal.Escape(err.Error()))
		}
	default:
		e.Printf("Error: %s\n", terminal.Escape(err.Error()))
	}
	return int(env.Shown)
}
