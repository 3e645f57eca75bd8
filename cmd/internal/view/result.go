package view

import (
	"fmt"
	"io"

	"flowctl/cmd/internal/terminal"
	"flowctl/plan"
	"flowctl/plan/apply"
)

// Failures says what failed, why, and what is still there.
func Failures(w io.Writer, fs []apply.Failure) {
	if len(fs) == 0 {
		return
	}
	fmt.Fprintf(w, "\n%s failed:\n", Count(len(fs), "session"))
	for _, f := range fs {
		fmt.Fprintf(w, "  %s: %s\n", terminal.Escape(f.Session), terminal.Escape(f.Reason))
		if f.Left != "" {
			fmt.Fprintf(w, "    still in Azure: %s\n", terminal.Escape(string(f.Left)))
		}
	}
}

// Doomed lists what destroy would remove.
func Doomed(w io.Writer, there []plan.Recording) {
	for _, r := range there {
		fmt.Fprintf(w, "  -   %-14s %s\n", r.Mechanism, terminal.Escape(r.Target.Name()))
	}
}

// Removal is a line about what destroy undoes besides recordings.
func Removal(w io.Writer, e apply.Event) {
	fmt.Fprintf(w, "  -   %-14s %s (%s)\n", e.Kind, terminal.Escape(e.Target.Name()), terminal.Escape(e.Text))
}
