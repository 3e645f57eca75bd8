package command

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"flowctl/cmd/internal/env"
)

// starterPolicies are what most want to hold for what is recorded of others.
const starterPolicies = `# What must hold for every file that records traffic. flowctl docs policy has all values.
policy "reason" {
  condition = length(plan.reason) >= 15
  message   = "Say in a sentence why this is recorded, not in a word: reason = \"${plan.reason}\""
}

policy "ticket" {
  condition = can(regex("^[A-Z]+-[0-9]+$", plan.ticket))
  message   = "Name the ticket under which this was asked for, such as ticket = \"OPS-4711\""
}

policy "window" {
  condition = plan.window_hours == null || try(plan.window_hours <= 24, false)
  message   = "A time box is 24 hours at most; what is to stay is a monitor"
}

policy "headers-only" {
  for_each  = [for c in plan.changes : c if c.starts && c.capture != null]
  condition = each.value.capture.headers_only
  message   = "Packets of ${each.value.target.name} would be kept whole or in large part: bytes_per_packet = 128 keeps their headers"
}

policy "private-machines" {
  for_each  = [for c in plan.changes : c if c.starts && c.capture != null]
  condition = lookup(each.value.target.tags, "data", "") != "personal"
  message   = "${each.value.target.name} has the tag data = personal: its packets are not captured"
}

policy "budget" {
  condition = plan.cost == null || try(plan.cost.total <= 50, false)
  message   = "This would cost more than 50 ${try(plan.cost.currency, "")}"
}

policy "budget-known" {
  condition = plan.cost == null || try(plan.cost.complete, false)
  message   = "A part of the cost is not known: state log_rate in a budget block"
  severity  = "warning"
}
`

func newInitPolicy(e *env.Env) *cobra.Command {
	return &cobra.Command{
		Use:     "policy [FILE]",
		Short:   "Write policies to start from: reason, ticket, window, headers only, machines that are not captured, budget",
		Example: "  flowctl init policy && flowctl plan --policy policies",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			name := filepath.Join("policies", "base.hcl")
			if len(args) > 0 {
				name = args[0]
			}
			if err := writeNew(name, starterPolicies); err != nil {
				return err
			}
			fmt.Fprintf(e.Stdout, "Wrote %s. Next: flowctl plan --policy %s\n", name, filepath.Dir(name))
			return nil
		},
	}
}

// writeNew writes a file that is not there yet, with the folders above it.
func writeNew(name, text string) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if os.IsExist(err) {
		return fmt.Errorf("%s is there already; nothing was written", name)
	}
	if err != nil {
		return err
	}
	if _, err := f.WriteString(text); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}
