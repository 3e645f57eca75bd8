package view

import (
	"fmt"
	"io"
	"strings"

	"github.com/dustin/go-humanize"

	"flowctl/cmd/internal/operation"
	"flowctl/cmd/internal/terminal"
	"flowctl/plan/apply"
)

// Failures says what failed, why, and what is still there.
func Failures(w io.Writer, fs []apply.Failure) {
	if len(fs) == 0 {
		return
	}
	fmt.Fprintf(w, "\n%s failed:\n", Count(len(fs), "session"))
	for _, same := range byReason(fs) {
		f := same[0]
		if len(same) > 1 {
			manyFailed(w, same)
			continue
		}
		fmt.Fprintf(w, "  %s: %s\n", terminal.Escape(f.Session), terminal.Escape(f.Reason))
		if f.Left != "" {
			fmt.Fprintf(w, "    still in Azure: %s\n", terminal.Escape(string(f.Left)))
			if f.WayOut != "" {
				fmt.Fprintf(w, "    way out: %s\n", terminal.Escape(f.WayOut))
			}
		}
	}
}

// byReason puts together what failed for one reason and left nothing, in the
// order of the first of each.
func byReason(fs []apply.Failure) [][]apply.Failure {
	var out [][]apply.Failure
	at := map[string]int{}
	for _, f := range fs {
		if i, ok := at[f.Reason]; ok && f.Left == "" {
			out[i] = append(out[i], f)
			continue
		}
		if f.Left == "" {
			at[f.Reason] = len(out)
		}
		out = append(out, []apply.Failure{f})
	}
	return out
}

// manyFailed says a reason once, and whom it met.
func manyFailed(w io.Writer, same []apply.Failure) {
	var names []string
	for _, f := range same {
		names = append(names, terminal.Escape(f.Session))
	}
	fmt.Fprintf(w, "  %d for one reason: %s\n%s\n", len(same), terminal.Escape(same[0].Reason), indented(strings.Join(names, ", "), 100, "    "))
}

// Doomed lists what destroy would remove, and what would be lost with it.
func Doomed(w io.Writer, there []operation.Doomed) {
	for _, d := range there {
		fmt.Fprintf(w, "  -   %-14s %s", d.Recording.Mechanism, terminal.Escape(d.Recording.Target.Name()))
		switch {
		case d.Uncollected && d.Bytes > 0:
			fmt.Fprintf(w, "  not collected: %s in storage", humanize.IBytes(uint64(d.Bytes)))
		case d.Uncollected:
			fmt.Fprint(w, "  not collected: size not known, or nothing written yet")
		}
		fmt.Fprintln(w)
	}
}

// Detached says how an investigation goes on that is not over.
func Detached(w io.Writer, r operation.Result, path string) {
	const form = "2006-01-02 15:04:05 MST"
	switch {
	case r.Now.Before(r.Start):
		fmt.Fprintf(w, "\n%s is due %s; nothing records yet. Start it then, or from a scheduler: flowctl apply --auto-approve --detach %s\n", r.Name, r.Start.UTC().Format(form), path)
	case r.Now.Before(r.Ends):
		fmt.Fprintf(w, "\nRecording until %s. The next apply goes on from here: flowctl apply --auto-approve %s\n", r.Ends.UTC().Format(form), path)
	default:
		fmt.Fprintf(w, "\n%s is over since %s; the last data is still written. The next apply collects it: flowctl apply --auto-approve %s\n", r.Name, r.Ends.UTC().Format(form), path)
	}
}

// Standing says which report of a monitor comes next.
func Standing(w io.Writer, r operation.Result) {
	switch {
	case r.Next != "":
		fmt.Fprintf(w, "\n%s: the next report is of %s.\n", r.Name, r.Next)
	case r.Done:
		fmt.Fprintf(w, "\n%s: removed, and all of it is reported.\n", r.Name)
	}
}

// Waiting lists what nobody has approved.
func Waiting(w io.Writer, r operation.Result) {
	if len(r.Waiting) == 0 {
		return
	}
	fmt.Fprintf(w, "\n%s:\n", r.Name)
	for _, f := range r.Waiting {
		fmt.Fprintf(w, "  ! %s (%s): %s\n", f.Summary, f.Code, terminal.Escape(f.Detail))
	}
}

// Removal is a line about what destroy undoes besides recordings.
func Removal(w io.Writer, e apply.Event) {
	fmt.Fprintf(w, "  -   %-14s %s (%s)\n", e.Kind, terminal.Escape(e.Target.Name()), terminal.Escape(e.Text))
}
