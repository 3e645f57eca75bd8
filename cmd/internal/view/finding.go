package view

import (
	"fmt"
	"io"
	"slices"

	"flowctl/cmd/internal/terminal"
	"flowctl/plan"
)

// mostAlike is how many findings of one kind are written out; the rest is
// counted, and in the JSON form.
const mostAlike = 3

// alike are findings of one code and severity from one line of a file.
type alike struct {
	first   plan.Finding
	details []string
}

// findingsText draws findings: those that differ only in their target stand
// together under one head.
func findingsText(w io.Writer, fs []plan.Finding, width int) {
	for _, g := range grouped(fs) {
		fmt.Fprintln(w, indented(head(g.first), width, "  "))
		for _, d := range g.details[:min(len(g.details), mostAlike)] {
			fmt.Fprintln(w, indented(terminal.Escape(d), width, "    "))
		}
		if more := len(g.details) - mostAlike; more > 0 {
			fmt.Fprintln(w, indented(fmt.Sprintf("… and %d more like this; flowctl plan --json has all", more), width, "    "))
		}
		fmt.Fprintln(w)
	}
}

func grouped(fs []plan.Finding) []*alike {
	type key struct {
		code string
		sev  plan.Severity
		file string
		line int
	}
	var out []*alike
	by := map[key]*alike{}
	for _, f := range fs {
		k := key{f.Code, f.Severity, f.File, f.Line}
		if by[k] == nil {
			by[k] = &alike{first: f}
			out = append(out, by[k])
		}
		if g := by[k]; !slices.Contains(g.details[:min(len(g.details), mostAlike)], f.Detail) {
			g.details = append(g.details, f.Detail)
		}
	}
	return out
}

// head is the line over findings: what it is, its code and where.
func head(f plan.Finding) string {
	word := map[plan.Severity]string{plan.Error: "Error", plan.Warning: "Warning", plan.Info: "Note"}[f.Severity]
	line := fmt.Sprintf("%s: %s", word, f.Summary)
	if f.File != "" {
		line += fmt.Sprintf(" (%s:%d)", terminal.Escape(f.File), f.Line)
	}
	return line + " [" + f.Code + "]"
}
