package report

import (
	"fmt"
	"io"
	"strings"
	"time"

	"flowctl/collectors/summary"
)

// mostChanges is how many rows a report has of a comparison.
const mostChanges = 50

// Changed counts the rows of a comparison by what became of them, such as "3 new, 1 gone".
func Changed(c *summary.Comparison) string {
	n := map[string]int{}
	var kinds []string
	for _, r := range c.Changes {
		if n[r.Change]++; n[r.Change] == 1 {
			kinds = append(kinds, r.Change)
		}
	}
	var parts []string
	for _, k := range kinds {
		parts = append(parts, fmt.Sprintf("%d %s", n[k], k))
	}
	if len(parts) == 0 {
		return "nothing differs"
	}
	return strings.Join(parts, ", ")
}

// Compared writes in Markdown what differs from an earlier time.
func Compared(w io.Writer, c *summary.Comparison, start, end time.Time) {
	form := "2006-01-02 15:04"
	fmt.Fprintf(w, "\n## Compared with %s to %s UTC\n\n", start.UTC().Format(form), end.UTC().Format(form))
	for _, l := range append(append([]string{}, c.A.Lacks...), c.B.Lacks...) {
		fmt.Fprintf(w, "- lacks: %s\n", plain(l))
	}
	fmt.Fprintf(w, "By %s: %s; %d the same.\n", strings.Join(c.By, ", "), Changed(c), c.Same)
	if len(c.Changes) == 0 {
		return
	}
	fmt.Fprintf(w, "\n| change | %s | before | now |\n|---|%s--:|--:|\n", strings.Join(c.By, " | "), strings.Repeat("---|", len(c.By)))
	for i, r := range c.Changes {
		if i == mostChanges {
			fmt.Fprintf(w, "\n… and %d more in compare.json.\n", len(c.Changes)-i)
			break
		}
		line := "| " + r.Change
		for _, k := range r.Key {
			line += " | " + plain(k)
		}
		for _, side := range []*summary.Row{r.A, r.B} {
			if side == nil {
				line += " | none"
			} else {
				line += " | " + Bytes(side.Volume)
			}
		}
		fmt.Fprintln(w, line+" |")
	}
}
