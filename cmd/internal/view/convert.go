package view

import (
	"fmt"
	"io"

	"flowctl/cmd/internal/operation"
	"flowctl/cmd/internal/terminal"
)

// Converted says what was written, and what was not.
func Converted(w io.Writer, to string, c *operation.Converted) {
	name := terminal.Escape(to)
	if to == "-" {
		name = "the standard output"
	}
	fmt.Fprintf(w, "Wrote %s: %s of %s.\n", name, Count(int(c.Packets), "packet"), Count(c.Interfaces, "interface"))
	if c.Unmatched > 0 {
		fmt.Fprintf(w, "  left out: %s of other flows\n", Count(int(c.Unmatched), "packet"))
	}
	if c.Outside > 0 {
		fmt.Fprintf(w, "  left out: %s of another time\n", Count(int(c.Outside), "packet"))
	}
	for _, s := range c.Skipped {
		fmt.Fprintf(w, "Warning: %s: %s", terminal.Escape(s.Source), terminal.Escape(s.Reason))
		if s.Count > 1 {
			fmt.Fprintf(w, " (%d)", s.Count)
		}
		fmt.Fprintln(w)
	}
}
