package command

import (
	"fmt"

	"github.com/spf13/cobra"

	"flowctl/cmd/internal/env"
)

// starter is what init writes: the least that apply can do something with.
const starter = `# What are we looking for, and who asked? Both travel with everything that is made.
investigation "first-look" {
  reason = "who talks to whom in the hub"
  owner  = "you@example.com"
  window = "1h"

  # Without a provider block this runs in flowctl's sandbox, where the account
  # and the network below exist. For Azure: provider "azure" { subscription_id =
  # "…" }, and an account in the region of what is watched.
  storage {
    account_id = "/subscriptions/5ab0c1d2-6e3f-4a5b-8c7d-9e0f1a2b3c4d/resourceGroups/rg-net/providers/Microsoft.Storage/storageAccounts/stcontosonetweu"
  }

  watch "vnet" "hub" {
    name           = "vnet-hub"
    resource_group = "rg-net"
  }

  summarize "denied" {
    where = verdict == "denied"
    by    = ["source.address", "destination.vm", "port"]
  }
}
`

func newInit(e *env.Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "init [FILE]",
		Short:   "Write a first investigation to start from",
		Example: "  flowctl init && flowctl plan investigation.hcl",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			name := "investigation.hcl"
			if len(args) > 0 {
				name = args[0]
			}
			return writeStarter(e, name)
		},
	}
	cmd.AddCommand(newInitPolicy(e), newInitCI(e))
	return cmd
}

func writeStarter(e *env.Env, name string) error {
	if err := writeNew(name, starter); err != nil {
		return err
	}
	fmt.Fprintf(e.Stdout, "Wrote %s. Next: flowctl plan %s\n", name, name)
	return nil
}
