package view

import (
	"fmt"
	"io"
	"strings"
	"time"

	"flowctl/cmd/internal/report"
	"flowctl/cmd/internal/terminal"
	"flowctl/collectors/summary"
)

// SideBySide writes what both sides saw of each flow: two lines a flow, and under them why
// they differ.
func SideBySide(w io.Writer, s *summary.SideBySide, most int) error {
	width := Screen(w).Width
	if Screen(w).Whole {
		width = unbounded
	}
	sides(w, s.A, s.B, width)
	columns := []terminal.Column{{Title: ""}, {Title: "flow"}, {Title: "first"}, {Title: "last"}, {Title: "packets →", Right: true}, {Title: "← packets", Right: true}, {Title: "bytes →", Right: true}, {Title: "← bytes", Right: true}, {Title: "flows denied", Right: true, Drop: 1}}
	var cells [][]string
	var notes [][2]int // line of a flow's last row, and the flow
	for i := range s.Flows[:min(most, len(s.Flows))] {
		f := &s.Flows[i]
		name := fmt.Sprintf("%s %s:%s > %s:%s", f.Key[0], f.Key[1], orDash(f.Key[2]), f.Key[3], orDash(f.Key[4]))
		cells = append(cells, besideCells("A", name, f.A), besideCells("B", "", f.B))
		notes = append(notes, [2]int{len(cells), i})
	}
	lines := terminal.Table(columns, cells, width)
	fmt.Fprintln(w, "\n"+lines[0])
	for n, note := range notes {
		fmt.Fprintln(w, lines[2*n+1])
		fmt.Fprintln(w, lines[2*n+2])
		for _, why := range s.Flows[note[1]].Why {
			fmt.Fprintln(w, "   "+terminal.Wrap(terminal.Escape(why), width, "   "))
		}
	}
	same := 0
	for i := range s.Flows {
		if f := &s.Flows[i]; f.A != nil && f.B != nil && len(f.Why) == 0 {
			same++
		}
	}
	text := fmt.Sprintf("\n%s, %s alike on both sides.", Count(len(s.Flows), "flow"), report.Count(uint64(same)))
	if left := len(s.Flows) - most; left > 0 {
		text += fmt.Sprintf(" %s are not shown: --json has them.", Count(left, "smaller one"))
	}
	_, err := fmt.Fprintln(w, text)
	return err
}

// sides says what each side measured.
func sides(w io.Writer, a, b summary.Side, width int) {
	for _, s := range []struct {
		name string
		side summary.Side
	}{{"A", a}, {"B", b}} {
		span := "no time"
		if s.side.First.Known() {
			span = report.Span(s.side.First, s.side.Last)
		}
		fmt.Fprintf(w, "%s: %s, %s\n", s.name, span, report.Many(s.side.Flows, "flow"))
		for _, l := range s.side.Lacks {
			fmt.Fprintln(w, "   "+terminal.Wrap("lacks: "+terminal.Escape(l), width, "     "))
		}
	}
}

func besideCells(side, name string, r *summary.Row) []string {
	if r == nil {
		return []string{side, name, "not seen", "", "", "", "", "", ""}
	}
	moment := func(t summary.Instant) string {
		if !t.Known() {
			return "–"
		}
		return t.Time().Format(time.TimeOnly)
	}
	figure := func(f summary.Figure, show func(uint64) string) string {
		if !f.Known {
			return "–"
		}
		return show(f.N)
	}
	return []string{side, terminal.Escape(name), moment(r.First), moment(r.Last), figure(r.Sent.Packets, report.Count), figure(r.Received.Packets, report.Count),
		report.Bytes(r.Sent), report.Bytes(r.Received), figure(r.Denied, report.Count)}
}

func orDash(s string) string {
	if strings.TrimSpace(s) == "" || s == "0" {
		return "–"
	}
	return s
}
