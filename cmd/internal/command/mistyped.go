package command

import (
	"errors"
	"fmt"
	"slices"
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
		var invalid *pflag.InvalidValueError
		if errors.As(err, &invalid) {
			return fmt.Errorf("--%s %q: want %s; see %s --help", invalid.GetFlag().Name, invalid.GetValue(), wanted(invalid.GetFlag()), cmd.CommandPath())
		}
		if !errors.As(err, &unknown) {
			return fmt.Errorf("%w; see %s --help", err, cmd.CommandPath())
		}
		if long := oneDash(cmd, unknown); long != "" {
			return fmt.Errorf("%w; flags of flowctl have two dashes: write %s", err, long)
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

// oneDash is how a flag is written that was given with one dash, as Terraform's and Go's
// own are; empty if none is meant.
func oneDash(cmd *cobra.Command, err *pflag.NotExistError) string {
	name, value, has := strings.Cut(err.GetSpecifiedShortnames(), "=")
	if len(name) < 2 || cmd.Flags().Lookup(name) == nil {
		return ""
	}
	if has {
		return "--" + name + "=" + value
	}
	return "--" + name
}

// wanted is what a flag takes, in words.
func wanted(f *pflag.Flag) string {
	switch f.Value.Type() {
	case "int", "int64", "uint", "uint64":
		return "a whole number"
	case "bool":
		return "true or false"
	case "duration":
		return "a duration such as 90s or 1h30m"
	}
	return "a " + f.Value.Type()
}

// newHelp is the verb that shows the help of another one, and fails where there is none.
func newHelp(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:   "help [VERB]",
		Short: "Show what a verb does and takes",
		RunE: func(_ *cobra.Command, args []string) error {
			at := root
			for _, name := range args {
				i := slices.IndexFunc(at.Commands(), func(c *cobra.Command) bool { return c.Name() == name || c.HasAlias(name) })
				if i < 0 {
					return noVerb(at, name)
				}
				at = at.Commands()[i]
			}
			at.InitDefaultHelpFlag()
			return at.Help()
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) (names []string, _ cobra.ShellCompDirective) {
			for _, c := range root.Commands() {
				if len(args) == 0 && c.IsAvailableCommand() {
					names = append(names, c.Name()+"\t"+c.Short)
				}
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
	}
}
