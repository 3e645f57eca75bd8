package report

import (
	"fmt"
	"html/template"
	"io"
	"math"
	"strings"

	"flowctl/cmd/internal/terminal"
	"flowctl/collectors/summary"
)

// mostLines is how many lines a map has at most, and mostRefused how many of what was refused
// besides: of more, the biggest.
const mostLines, mostRefused = 40, 20

// Simulation says that a map is of the sandbox.
const Simulation = "Simulated by flowctl's sandbox, of no real network."

// mapPage is what the template of a map shows.
type mapPage struct {
	Title, Simulated string
	Levels           []mapLevel
	Notes            []string
}

type mapLevel struct {
	Name, Say     string
	Best          bool
	Width, Height int
	Lines         []mapLine
	Nodes         []mapBox
	Rows          [][]string
	Left          string
}

type mapLine struct {
	D, Class, Say string
	Width         float64
}

type mapBox struct {
	X, Y              float64
	Name, Where, Full string
	Outside           bool
}

// MapHTML writes maps of all levels as one page that needs nothing beside itself.
func MapHTML(w io.Writer, doc *summary.Document, title string) error {
	t, err := template.ParseFS(pages, "html/map.html")
	if err != nil {
		return fmt.Errorf("read the map's template: %w", err)
	}
	a := &doc.Asks[0]
	p := mapPage{Title: terminal.Escape(title)}
	if doc.Simulated {
		p.Simulated = Simulation
	}
	for _, c := range doc.Coverage {
		p.Notes = append(p.Notes, terminal.Escape(c.Text))
	}
	best := BestLevel(a)
	for _, level := range Levels {
		m := NewMap(a, level)
		p.Levels = append(p.Levels, m.drawn(level == best))
	}
	return t.ExecuteTemplate(w, "map.html", p)
}

func (m *Map) drawn(best bool) mapLevel {
	spots, width, height := m.place()
	l := mapLevel{Name: m.Level, Best: best, Width: width, Height: height}
	l.Say = fmt.Sprintf("%s, %s that talk", Many(uint64(len(m.Nodes)), "node"), Many(uint64(len(m.Edges)), "pair"))
	if m.Hidden > 0 {
		l.Say += fmt.Sprintf("; the %d with the fewest bytes stand together as one", m.Hidden)
	}
	biggest := uint64(1)
	for _, e := range m.Edges {
		biggest = max(biggest, e.Bytes)
	}
	left, drawnLines, drawnRefused := 0, 0, 0
	for i, e := range m.Edges {
		if i < 400 {
			l.Rows = append(l.Rows, m.row(e))
		}
		if e.A == e.B {
			continue
		}
		line, most := &drawnLines, mostLines
		if e.Denied == e.Flows {
			line, most = &drawnRefused, mostRefused
		}
		if *line++; *line > most {
			left++
			continue
		}
		l.Lines = append(l.Lines, m.line(e, spots, biggest))
	}
	if left > 0 {
		l.Left = fmt.Sprintf("%s with fewer bytes have no line; the table has them.", Many(uint64(left), "pair"))
	}
	for i, n := range m.Nodes {
		outside := n.Where == ""
		if n.Where == n.Name {
			n.Where = ""
		}
		l.Nodes = append(l.Nodes, mapBox{X: spots[i].X - nodeWidth/2, Y: spots[i].Y - nodeHeight/2, Name: terminal.Escape(terminal.Cut(lastPart(n), 21)), Where: terminal.Escape(terminal.Cut(n.Where, 26)),
			Full: terminal.Escape(n.Name) + ", " + terminal.Bytes(n.Bytes), Outside: outside})
	}
	return l
}

// lastPart is the name without the network that stands below it.
func lastPart(n MapNode) string {
	if rest, ok := strings.CutPrefix(n.Name, n.Where+"/"); ok && n.Where != "" {
		return rest
	}
	return n.Name
}

// line is a curve from one node to the other, wider by bytes.
func (m *Map) line(e MapEdge, at []spot, biggest uint64) mapLine {
	a, b := at[e.A], at[e.B]
	bend := 0.12
	if a.X == b.X || a.Y == b.Y {
		bend = 0.28 // around what lies between
	}
	cx, cy := (a.X+b.X)/2+(b.Y-a.Y)*bend, (a.Y+b.Y)/2-(b.X-a.X)*bend
	class := "line"
	switch {
	case e.Denied == e.Flows:
		class += " refused"
	case e.Plain > 0:
		class += " plain"
	}
	width := 1.2
	if e.Bytes > 0 {
		width += 6 * math.Max(0, 1-math.Log10(float64(biggest)/float64(e.Bytes))/3)
	}
	return mapLine{D: fmt.Sprintf("M%.0f %.0fQ%.0f %.0f %.0f %.0f", a.X, a.Y, cx, cy, b.X, b.Y), Class: class, Say: strings.Join(m.row(e), ", "), Width: width}
}

func (m *Map) row(e MapEdge) []string {
	said := "encrypted or not known"
	if e.Plain > 0 {
		said = Many(e.Plain, "flow") + " unencrypted"
	}
	return []string{terminal.Escape(m.Nodes[e.A].Name), terminal.Escape(m.Nodes[e.B].Name), terminal.Bytes(e.Bytes), Many(e.Flows, "flow"), fmt.Sprintf("%d refused", e.Denied), said}
}
