package view

import (
	"fmt"
	"io"
	"text/tabwriter"

	"flowctl/cmd/internal/operation"
	"flowctl/cmd/internal/terminal"
	"flowctl/plan"
)

// State draws what is remembered; sessions too, if they are asked for.
func State(w io.Writer, s operation.StateList, sessions bool) {
	if len(s.Investigations) == 0 {
		fmt.Fprintf(w, "Nothing is remembered in %s.\n", s.Where)
		return
	}
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, i := range s.Investigations {
		how := "until " + i.Ends.UTC().Format("2006-01-02 15:04:05 MST")
		if i.Ends.Equal(plan.Forever) {
			how = "without an end"
		}
		if i.Finished != nil {
			how = "finished " + i.Finished.UTC().Format("2006-01-02 15:04:05 MST")
		}
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\n", terminal.Escape(i.Name), Count(len(i.Sessions), "session"), how, terminal.Escape(i.Results))
		if !sessions {
			continue
		}
		for _, one := range i.Sessions {
			fmt.Fprintf(tw, "  %s\t%s\t%s\t%s\n", terminal.Escape(one.Name), terminal.Escape(one.Target.Name()), one.Stand, terminal.Escape(one.Reason))
		}
		for _, l := range i.Left {
			fmt.Fprintf(tw, "  left behind\t%s\t%s\t%s\n", terminal.Escape(l.What.Name()), terminal.Escape(l.Reason), terminal.Escape(l.WayOut))
		}
	}
	tw.Flush()
}
