package view

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"flowctl/cmd/internal/terminal"
	"flowctl/plan/ledger"
)

// Trail writes what commands did, a line or two each.
func Trail(w io.Writer, acts []ledger.Act) error {
	if len(acts) == 0 {
		_, err := fmt.Fprintln(w, "Nothing was done yet.")
		return err
	}
	for _, a := range acts {
		line := fmt.Sprintf("%s  %-8s %s by %s", a.At.UTC().Format("2006-01-02 15:04:05"), a.Operation, a.File, a.By)
		if a.Commit != "" {
			line += ", commit " + a.Commit[:min(12, len(a.Commit))]
		}
		if a.Repository != "" {
			line += " of " + a.Repository
		}
		for _, who := range []struct{ did, name string }{{"written", a.Author}, {"approved", a.Approver}} {
			if who.name != "" {
				line += fmt.Sprintf(", %s by %s", who.did, who.name)
			}
		}
		fmt.Fprintln(w, terminal.Escape(line))
		var did []string
		for _, what := range slices.Sorted(maps.Keys(a.Did)) {
			did = append(did, fmt.Sprintf("%d %s", a.Did[what], what))
		}
		if len(a.Reported) > 0 {
			did = append(did, "reported "+strings.Join(a.Reported, ", "))
		}
		if len(did) > 0 {
			fmt.Fprintln(w, "    "+terminal.Escape(strings.Join(did, ", ")))
		}
		if a.Run != "" {
			fmt.Fprintln(w, "    "+terminal.Escape(a.Run))
		}
		if a.Failed != "" {
			fmt.Fprintln(w, "    failed: "+terminal.Escape(a.Failed))
		}
	}
	return nil
}
