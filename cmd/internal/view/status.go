package view

import (
	"fmt"
	"io"
	"text/tabwriter"

	"flowctl/cmd/internal/operation"
	"flowctl/cmd/internal/terminal"
	"flowctl/plan"
	"flowctl/plan/ledger"
)

// Status draws how the investigations of a file stand.
func Status(w io.Writer, d operation.Status) {
	for _, i := range d.Investigations {
		switch {
		case i.Finished != nil:
			fmt.Fprintf(w, "%s: finished%s; results in %s\n", i.Name, shortfall(i), i.Results)
		case i.Monitor != nil && i.Ends != nil && i.Ends.Equal(plan.Forever):
			fmt.Fprintf(w, "%s: recording, %s; %s reported; next: %s\n", i.Name, standing(*i.Monitor), Count(i.Periods, "period"), i.Next)
		case i.Ends == nil:
			fmt.Fprintf(w, "%s: not started\n", i.Name)
		case len(i.Left) > 0 && !i.Recording():
			fmt.Fprintf(w, "%s: nothing records any more; what is left behind is tried again by flowctl apply\n", i.Name)
		case i.Starts != nil:
			fmt.Fprintf(w, "%s: due %s, nothing records yet; until %s\n", i.Name, moment(*i.Starts), moment(*i.Ends))
		case d.Now.Before(*i.Ends):
			fmt.Fprintf(w, "%s: recording, %s left, until %s\n", i.Name, plan.Duration(i.Ends.Sub(d.Now)), i.Ends.UTC().Format("2006-01-02 15:04:05 MST"))
		default:
			fmt.Fprintf(w, "%s: over since %s; flowctl apply collects and removes what is there\n", i.Name, i.Ends.UTC().Format("2006-01-02 15:04:05 MST"))
		}
		if f := i.SoFar; f != nil {
			fmt.Fprintln(w, indented(fmt.Sprintf("  so far (until %s, %.0f%% of the window): %s", f.Until.UTC().Format("15:04 MST"), 100*f.Covered, f.Sentence), terminal.Width(w), "  "))
		}
		tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		called := plan.CalledAmong(targets(i.Sessions, func(s operation.SessionStatus) plan.ID { return s.Target }))
		for _, s := range i.Sessions {
			fmt.Fprintf(tw, "  %s\t%s\t%s\t%s\n", s.Mechanism, terminal.Escape(called.Name(s.Target)), word(s), terminal.Escape(s.Reason))
		}
		tw.Flush()
		for _, s := range i.Sessions {
			for _, c := range s.Changes {
				fmt.Fprintf(w, "  ! %s: %s\n", terminal.Escape(called.Name(s.Target)), terminal.Escape(c))
			}
		}
		for _, l := range i.Left {
			fmt.Fprintf(w, "  ! left behind: %s (%s)\n      %s\n      way out: %s\n", terminal.Escape(l.Session), terminal.Escape(l.Reason), terminal.Escape(string(l.What)), terminal.Escape(l.WayOut))
		}
	}
}

// shortfall says how many sessions of a finished run failed.
func shortfall(s operation.Standing) string {
	failed := 0
	for _, x := range s.Sessions {
		if x.State == string(ledger.GivenUp) {
			failed++
		}
	}
	if failed == 0 {
		return ""
	}
	return fmt.Sprintf(", %d of %s failed", failed, Count(len(s.Sessions), "session"))
}

func word(s operation.SessionStatus) string {
	if s.Reused {
		return s.State + " (reused)"
	}
	return s.State
}

func targets[T any](all []T, of func(T) plan.ID) []plan.ID {
	ids := make([]plan.ID, len(all))
	for i, v := range all {
		ids[i] = of(v)
	}
	return ids
}
