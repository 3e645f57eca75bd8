package view

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"

	"charm.land/lipgloss/v2"

	"flowctl/cmd/internal/report"
	"flowctl/cmd/internal/terminal"
	"flowctl/collectors/summary"
)

// SummaryOptions say what the screen can show.
type SummaryOptions struct {
	Width  int // columns; 0 for 80
	Colour bool
	Rows   int  // rows of each table; 0 for 10, negative for all
	Whole  bool // nothing is cut or dropped to fit the columns
}

// Summary writes a summary as text, the answer first.
func Summary(w io.Writer, doc *summary.Document, o SummaryOptions) error {
	if o.Width <= 0 {
		o.Width = 80
	}
	if o.Rows == 0 {
		o.Rows = 10
	}
	s := &summaryText{bufio.NewWriter(w), o}
	s.answer(doc)
	for _, t := range report.Tables(doc) {
		s.table(t)
	}
	s.timeline(doc.Timeline)
	s.coverage("What this run could not see", doc.Coverage)
	s.skipped(doc)
	if err := s.w.Flush(); err != nil {
		return fmt.Errorf("write summary: %w", err)
	}
	return nil
}

// Answer writes one answer as text, and what the run could not see.
func Answer(w io.Writer, doc *summary.Document, a *summary.Answer, o SummaryOptions) error {
	if o.Width <= 0 {
		o.Width = 80
	}
	o.Rows = len(a.Rows) + 1
	s := &summaryText{bufio.NewWriter(w), o}
	s.table(report.Ask(doc, a))
	bears, others := report.Bearing(doc, a)
	s.coverage("What this answer could not see", bears)
	if others > 0 {
		s.printf("\n%s\n", s.faint(terminal.Wrap(otherNotes(others), s.o.Width, "")))
	}
	s.skipped(doc)
	if err := s.w.Flush(); err != nil {
		return fmt.Errorf("write answer: %w", err)
	}
	return nil
}

// unbounded is a width that every table fits.
const unbounded = 1 << 16

type summaryText struct {
	w *bufio.Writer
	o SummaryOptions
}

func (s *summaryText) printf(format string, args ...any) { fmt.Fprintf(s.w, format, args...) }

// bold and faint mark text where the screen can.
func (s *summaryText) bold(text string) string {
	return s.styled(lipgloss.NewStyle().Bold(true), text)
}

func (s *summaryText) faint(text string) string {
	return s.styled(lipgloss.NewStyle().Faint(true), text)
}

func (s *summaryText) styled(style lipgloss.Style, text string) string {
	if !s.o.Colour {
		return text
	}
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		lines[i] = style.Render(l)
	}
	return strings.Join(lines, "\n")
}

func (s *summaryText) answer(doc *summary.Document) {
	s.printf("%s\n\n", s.bold(terminal.Wrap(report.Sentence(doc), s.o.Width, "")))
	for _, f := range report.Facts(doc) {
		const label = "          "
		s.printf("%-*s%s\n", len(label), f.Label, terminal.Wrap(terminal.Escape(f.Text), s.o.Width, label))
	}
	s.printf("\n%s\n", s.faint(terminal.Wrap(report.Units, s.o.Width, "")))
}

func (s *summaryText) table(t report.Table) {
	s.printf("\n%s\n", s.bold(terminal.Cut(terminal.Escape(t.Title), s.o.Width)))
	for _, n := range t.Notes() {
		s.printf("%s\n", s.faint(terminal.Wrap(terminal.Escape(n), s.o.Width, "")))
	}
	rows, left := t.First(s.o.Rows)
	if len(rows) == 0 {
		return
	}
	cells := make([][]string, len(rows))
	for i, r := range rows {
		for _, c := range r {
			cells[i] = append(cells[i], terminal.Escape(c))
		}
	}
	width := s.o.Width
	if s.o.Whole {
		width = unbounded
	}
	for i, l := range terminal.Table(spared(t.Columns, cells), cells, width) {
		if i == 0 {
			l = s.faint(l)
		}
		s.printf("%s\n", l)
	}
	if left > 0 {
		s.printf("%s\n", s.faint("… "+Count(left, "more row")+" in the JSON and the report"))
	}
}

// spared are the columns, of which those that say nothing go first where width is short.
func spared(columns []terminal.Column, cells [][]string) []terminal.Column {
	out := slices.Clone(columns)
	for i := range out {
		if out[i].Right && !slices.ContainsFunc(cells, func(row []string) bool { return row[i] != "–" && row[i] != "" }) {
			out[i].Drop = 10
		}
	}
	spare := func(title string) int {
		return slices.IndexFunc(out, func(c terminal.Column) bool { return c.Title == title })
	}
	if bytes, flows := spare("bytes"), spare("flows"); bytes >= 0 && flows >= 0 && out[bytes].Drop == 10 {
		out[flows].Drop = 0 // they are what was measured
	}
	return out
}

// timeline draws one line of bars, as wide as the screen.
func (s *summaryText) timeline(t summary.Timeline) {
	slots, length := report.Slots(t, min(s.o.Width, 120))
	if len(slots) < 2 {
		return
	}
	heights, show := report.Measured(slots)
	var top uint64
	for _, h := range heights {
		top = max(top, h)
	}
	s.printf("\n%s\n%s\n", s.bold("Timeline"), sparkline(heights, top))
	text := fmt.Sprintf("from %s UTC, %s each, at most %s", slots[0].Start.Format("2006-01-02 15:04"), report.Duration(length), show(top))
	s.printf("%s\n", s.faint(terminal.Wrap(text, s.o.Width, "")))
}

// sparkline draws one character a height; nothing at all is a space.
func sparkline(heights []uint64, top uint64) string {
	marks := []rune("▁▂▃▄▅▆▇█")
	var b strings.Builder
	for _, h := range heights {
		if h == 0 || top == 0 {
			b.WriteByte(' ')
			continue
		}
		b.WriteRune(marks[int(float64(h)/float64(top)*float64(len(marks)-1)+0.5)])
	}
	return strings.TrimRight(b.String(), " ")
}

func otherNotes(n int) string {
	if n == 1 {
		return "1 more note about these sources does not bear on this question; --json has it."
	}
	return fmt.Sprintf("%d more notes about these sources do not bear on this question; --json has them.", n)
}

func (s *summaryText) coverage(title string, list []summary.Coverage) {
	if len(list) == 0 {
		return
	}
	s.printf("\n%s\n", s.bold(title))
	for _, c := range list {
		s.printf("- %s\n", terminal.Wrap(terminal.Escape(c.Text), s.o.Width-2, "  "))
	}
}

// fewSkips is how many reasons the screen shows; the JSON has them all.
const fewSkips = 10

func (s *summaryText) skipped(doc *summary.Document) {
	if len(doc.Skipped) == 0 {
		return
	}
	s.printf("\n%s\n", s.bold("Skipped"))
	for i, k := range doc.Skipped {
		if i == fewSkips {
			s.printf("- … and %d more\n", len(doc.Skipped)-i)
			break
		}
		line := fmt.Sprintf("%s× %s, first at byte %d of %s", report.Count(k.Count), k.Reason, k.Offset, k.Source)
		if k.Source == "" {
			line = fmt.Sprintf("%s× %s, in further sources", report.Count(k.Count), k.Reason)
		}
		s.printf("- %s\n", terminal.Wrap(terminal.Escape(line), s.o.Width-2, "  "))
	}
}
