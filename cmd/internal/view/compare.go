package view

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"flowctl/cmd/internal/report"
	"flowctl/cmd/internal/terminal"
	"flowctl/collectors/summary"
)

// Comparison writes what differs, and what each side measured.
func Comparison(w io.Writer, c *summary.Comparison) error {
	o := Screen(w)
	width := o.Width
	if o.Whole {
		width = unbounded
	}
	sides(w, c.A, c.B, width)
	if len(c.Changes) == 0 {
		_, err := fmt.Fprintf(w, "\nNothing differs: %s the same.\n", Count(c.Same, "row"))
		return err
	}
	var cells [][]string
	for i := range c.Changes {
		line := report.ChangeCells(&c.Changes[i])
		for k := range line {
			line[k] = terminal.Escape(line[k])
		}
		cells = append(cells, line)
	}
	if c.Aligned {
		fmt.Fprint(w, "\nSteps of time are counted from the begin of each side.\n")
	}
	fmt.Fprintf(w, "\n%s\n\n", strings.Join(terminal.Table(report.ChangeColumns(c.By), cells, width), "\n"))
	for _, why := range unclear(c) {
		fmt.Fprintln(w, terminal.Wrap("unclear: "+terminal.Escape(why), width, "  "))
	}
	_, err := fmt.Fprintf(w, "%s the same. Amounts are not scaled to the length of the sides' times.\n", Count(c.Same, "row"))
	return err
}

// unclear are the reasons why rows are, each once and but the first few, unless a side lacks
// that of all rows, which is said with it.
func unclear(c *summary.Comparison) (list []string) {
	const most = 5
	for i := range c.Changes {
		why := c.Changes[i].Why
		if why == "" || slices.Contains(list, why) || slices.Contains(c.A.Lacks, why) || slices.Contains(c.B.Lacks, why) {
			continue
		}
		if list = append(list, why); len(list) == most {
			break
		}
	}
	return list
}
