package command

import (
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"flowctl/cmd/internal/env"
	"flowctl/cmd/internal/operation"
	"flowctl/plan/config"
)

// policies are what plans are held against: what the flags name, and FLOWCTL_POLICY.
type policies struct{ paths []string }

func (p *policies) flags(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&p.paths, "policy", nil, "hold the plan against the policies in this file or `folder` too (repeatable; flowctl docs policy)")
}

// held adds the policies to settings, with those of a saved plan.
func (p policies) held(e *env.Env, s operation.Settings, more ...string) (operation.Settings, error) {
	paths := slices.Concat(filepath.SplitList(e.Getenv("FLOWCTL_POLICY")), p.paths, more)
	for i, path := range paths {
		paths[i] = filepath.Clean(path)
	}
	slices.Sort(paths)
	s.PolicyPaths = slices.Compact(paths)
	list, files, diags := config.LoadPolicies(s.PolicyPaths)
	if diags.HasErrors() {
		return s, &operation.Diagnosed{Diags: diags, Files: files}
	}
	s.Policies = list
	return s, nil
}
