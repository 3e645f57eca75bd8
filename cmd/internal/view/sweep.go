package view

import (
	"fmt"
	"io"
	"text/tabwriter"

	"flowctl/cmd/internal/operation"
	"flowctl/cmd/internal/terminal"
)

// Swept draws what a sweep found and did.
func Swept(w io.Writer, s operation.Swept) {
	if len(s.Items) == 0 {
		fmt.Fprintln(w, "Nothing of flowctl is there.")
		return
	}
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, i := range s.Items {
		note := i.Reason
		if i.Action == operation.SweepRemoved {
			note = "nothing was recorded"
			if i.Collected > 0 {
				note = terminal.Bytes(uint64(i.Collected)) + " collected"
			}
			if i.Kind == "lifecycle_rules" {
				note = "as they were before"
			}
			if i.Reason != "" {
				note += "; " + i.Reason
			}
		}
		fmt.Fprintf(tw, "  %s\t%s\t%s\t%s\tuntil %s\t%s\n", i.Action, i.Kind, terminal.Escape(i.Investigation), terminal.Escape(i.Target.Name()),
			i.Deadline.UTC().Format("2006-01-02 15:04:05 MST"), terminal.Escape(note))
	}
	tw.Flush()
	n := map[string]int{}
	for _, i := range s.Items {
		n[i.Action]++
	}
	if s.DryRun {
		fmt.Fprintf(w, "A sweep would remove %d, collected first, and keep %d.\n", n[operation.SweepRemove], n[operation.SweepKeep])
		return
	}
	fmt.Fprintf(w, "%d removed, %d left, %d kept until they are due.\n", n[operation.SweepRemoved], n[operation.SweepLeft], n[operation.SweepKeep])
}
