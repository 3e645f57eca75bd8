package command

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"flowctl/cmd/internal/env"
	"flowctl/collectors/summary"
	"flowctl/plan/config"
	"flowctl/plan/question"
)

// complete gives shells what flags and verbs can be followed by, from the tables that check
// it. What is not here is a file.
func complete(e *env.Env, root *cobra.Command) {
	for _, c := range root.Commands() {
		for name, values := range map[string]func(*cobra.Command) []string{
			"by": fieldNames, "where": fieldNames, "order": orders, "having": measures, "format": formatNames,
		} {
			if c.Flags().Lookup(name) != nil {
				c.RegisterFlagCompletionFunc(name, completing(c, values))
			}
		}
	}
	root.RegisterFlagCompletionFunc("log-level", cobra.FixedCompletions([]string{"debug", "info", "warn", "error"}, cobra.ShellCompDirectiveNoFileComp))
	for _, c := range root.Commands() {
		if c.Name() == "docs" {
			c.ValidArgsFunction = func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
				return docNames(e, len(args) == 0), cobra.ShellCompDirectiveNoFileComp
			}
		}
	}
}

// completing offers values for the last part of a list. A condition goes on after a field.
func completing(c *cobra.Command, values func(*cobra.Command) []string) cobra.CompletionFunc {
	return func(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
		before := typed[:strings.LastIndexAny(typed, ", ")+1]
		var list []string
		for _, v := range values(c) {
			list = append(list, before+v)
		}
		return list, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	}
}

func fieldNames(*cobra.Command) []string {
	var list []string
	for _, f := range question.Fields() {
		if f.Name != "time" {
			list = append(list, f.Name+"\t"+f.Doc)
		}
	}
	return append(list, "time(5m)\tsteps of time", "hour\tsteps of time", "day\tsteps of time")
}

func measures(*cobra.Command) []string { return question.Measures() }

func orders(c *cobra.Command) []string {
	list := question.Measures()
	if c.Name() == "flows" {
		list = append(list, summary.SingleOrders()...)
	}
	out := slices.Clone(list)
	for _, m := range list {
		out = append(out, "-"+m)
	}
	return out
}

func formatNames(*cobra.Command) []string { return []string{config.HTML, config.Markdown, config.JSON} }
