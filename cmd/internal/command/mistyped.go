package command

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"flowctl/plan/syntax"
)

// explainMistyped makes all verbs below root say what was meant by a verb or a
// flag that there is not.
func explainMistyped(root *cobra.Command) {
	root.DisableSuggestions = true // its own take several lines
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		var unknown *pflag.NotExistError
		if !errors.As(err, &unknown) {
			return fmt.Errorf("%w; see %s --help", err, cmd.CommandPath())
		}
		var known []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) { known = append(known, f.Name) })
		if near := syntax.Nearest(unknown.GetSpecifiedName(), known); near != "" {
			return fmt.Errorf("%w; did you mean --%s?", err, near)
		}
		return fmt.Errorf("%w; %s --help lists those there are", err, cmd.CommandPath())
	})
	for _, c := range root.Commands() {
		if c.HasSubCommands() && c.RunE == nil {
			c.RunE = func(cmd *cobra.Command, args []string) error {
				if len(args) == 0 {
					return cmd.Help()
				}
				return noVerb(cmd, args[0])
			}
		}
	}
}

// noVerb says that a verb is none of cmd's, and which one may be meant.
func noVerb(cmd *cobra.Command, name string) error {
	var known []string
	for _, c := range cmd.Commands() {
		known = append(known, c.Name())
	}
	if near := syntax.Nearest(name, known); near != "" {
		return fmt.Errorf("%s has no verb %q; did you mean %s?", cmd.CommandPath(), name, near)
	}
	return fmt.Errorf("%s has no verb %q; %s --help lists them", cmd.CommandPath(), name, cmd.CommandPath())
}

// mistyped is err, or what noVerb says if err is the library's own of a verb
// that root does not have. (The library tells it apart by its text alone.)
func mistyped(root *cobra.Command, err error) error {
	if err == nil {
		return nil
	}
	quoted, ok := strings.CutPrefix(err.Error(), "unknown command ")
	if !ok {
		return err
	}
	if quoted, e := strconv.QuotedPrefix(quoted); e == nil {
		if name, e := strconv.Unquote(quoted); e == nil {
			return noVerb(root, name)
		}
	}
	return err
}
