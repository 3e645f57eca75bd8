package view

import (
	"fmt"
	"io"
	"strings"

	"flowctl/cmd/internal/report"
	"flowctl/cmd/internal/terminal"
)

// mostMatrix is how many nodes a matrix has on each side.
const mostMatrix = 12

// Matrix writes a map as a matrix: what the nodes sent each other, those with the most bytes
// first. What was refused alone is an x.
func Matrix(w io.Writer, m report.Map, simulated bool) {
	if simulated {
		fmt.Fprintf(w, "%s\n\n", report.Simulation)
	}
	o := Screen(w)
	width := o.Width
	if o.Whole {
		width = unbounded
	}
	n := min(len(m.Nodes), mostMatrix)
	cells := make([][]string, n)
	for i := range cells {
		cells[i] = make([]string, n+2)
		cells[i][0], cells[i][1] = fmt.Sprint(i+1), terminal.Escape(m.Nodes[i].Name)
		for k := range n {
			cells[i][k+2] = "·"
		}
	}
	left := 0
	for _, e := range m.Edges {
		if e.A >= n || e.B >= n {
			left++
			continue
		}
		text := terminal.Bytes(e.Bytes)
		switch {
		case e.Denied == e.Flows:
			text = "x"
		case e.Denied > 0:
			text += " x"
		}
		cells[e.A][e.B+2], cells[e.B][e.A+2] = text, text
	}
	columns := []terminal.Column{{Title: "", Right: true}, {Title: m.Level}}
	for i := range n {
		columns = append(columns, terminal.Column{Title: fmt.Sprint(i + 1), Right: true})
	}
	fmt.Fprintln(w, strings.Join(terminal.Table(columns, cells, width), "\n"))
	fmt.Fprintln(w, terminal.Wrap(fmt.Sprintf("Bytes both ways; x: refused. %s, of which the %d biggest are shown; %s with others. --html FILE draws all.", Count(len(m.Nodes)+max(0, m.Hidden-1), m.Level), n, Count(left, "pair")), width, ""))
}
