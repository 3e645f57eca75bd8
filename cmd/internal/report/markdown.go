package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"time"

	"flowctl/cmd/internal/terminal"
	"flowctl/collectors/summary"
	"flowctl/plan/session"
)

// Meta is what the investigation says of itself.
type Meta struct {
	Name       string
	Reason     string
	Owner      string
	Ticket     string
	Start, End time.Time // the window
	Recorded   []string  // what was recorded, a line each

	// Expects and Questions are where blocks stand, by their names.
	Expects, Questions map[string]session.Place
}

// Markdown writes the report of doc, the answer first.
func Markdown(w io.Writer, doc *summary.Document, meta Meta) error {
	m := &markdown{bufio.NewWriter(w)}
	m.head(doc, meta)
	for _, t := range Tables(doc) {
		m.table(t)
	}
	m.timeline(doc)
	m.coverage(doc)
	m.sources(doc)
	m.skipped(doc)
	if err := m.w.Flush(); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}

type markdown struct{ w *bufio.Writer }

func (m *markdown) printf(format string, args ...any) { fmt.Fprintf(m.w, format, args...) }

func (m *markdown) head(doc *summary.Document, meta Meta) {
	title := meta.Name
	if title == "" {
		title = "Traffic"
	}
	m.printf("# %s\n\n**%s**\n\n", plain(title), plain(Sentence(doc)))
	for _, f := range []Fact{{"Reason", meta.Reason}, {"Owner", meta.Owner}, {"Ticket", meta.Ticket}, {"Window", window(meta)}} {
		if f.Text != "" {
			m.printf("- %s: %s\n", f.Label, plain(f.Text))
		}
	}
	for _, f := range Facts(doc) {
		m.printf("- %s: %s\n", f.Label, plain(f.Text))
	}
	for _, r := range meta.Recorded {
		m.printf("- Recorded: %s\n", plain(r))
	}
	m.printf("\n%s\n", plain(Units))
}

func window(m Meta) string {
	if m.Start.IsZero() || m.End.IsZero() {
		return ""
	}
	return Span(summary.Instant(m.Start.UnixNano()), summary.Instant(m.End.UnixNano()))
}

func (m *markdown) table(t Table) {
	m.printf("\n## %s\n\n", plain(t.Title))
	for _, n := range t.Notes() {
		m.printf("%s\n\n", plain(n))
	}
	if len(t.Rows) == 0 {
		return
	}
	line, rule := "|", "|"
	for _, c := range t.Columns {
		line += " " + plain(c.Title) + " |"
		if c.Right {
			rule += " --: |"
		} else {
			rule += " --- |"
		}
	}
	m.printf("%s\n%s\n", line, rule)
	for _, r := range t.Rows {
		line := "|"
		for _, cell := range r {
			line += " " + plain(cell) + " |"
		}
		m.printf("%s\n", line)
	}
}

func (m *markdown) timeline(doc *summary.Document) {
	lines := append(chart(doc.Timeline), minutesLines(doc.Minutes)...)
	if len(lines) == 0 {
		return
	}
	m.printf("\n## Timeline\n\n```text\n%s\n```\n", strings.Join(lines, "\n"))
}

func (m *markdown) coverage(doc *summary.Document) {
	if len(doc.Coverage) == 0 {
		return
	}
	m.printf("\n## What this run could not see\n\n")
	for _, c := range doc.Coverage {
		m.printf("- %s\n", plain(c.Text))
	}
}

// manySources is how many sources a report lists; the summary has them all.
const manySources = 200

func (m *markdown) sources(doc *summary.Document) {
	if len(doc.Sources) == 0 {
		return
	}
	m.printf("\n## Sources\n\n| source | kind | status | bytes | records | SHA-256 |\n| --- | --- | --- | --: | --: | --- |\n")
	for i, s := range doc.Sources {
		if i == manySources {
			m.printf("\n%s more are in the summary.\n", Count(uint64(len(doc.Sources)-i)))
			break
		}
		status := string(s.Status)
		if s.Detail != "" {
			status += ", " + s.Detail
		}
		m.printf("| %s | %s | %s | %s | %s | %s |\n", plain(sourceName(&s)), plain(string(s.Kind)), plain(status),
			terminal.Bytes(uint64(max(0, s.Bytes))), Count(s.Records), plain(s.SHA256))
	}
}

// sourceName is the path of a source, with how many files it stands for.
func sourceName(s *summary.Source) string {
	if s.Files > 1 {
		return Many(uint64(s.Files), "file") + " in " + s.Path
	}
	return s.Path
}

func (m *markdown) skipped(doc *summary.Document) {
	if len(doc.Skipped) == 0 {
		return
	}
	m.printf("\n## Skipped\n\n| source | reason | count | first at byte |\n| --- | --- | --: | --: |\n")
	for _, s := range doc.Skipped {
		m.printf("| %s | %s | %s | %d |\n", plain(s.Source), plain(s.Reason), Count(s.Count), s.Offset)
	}
}

// plain makes text mean itself in Markdown, also within a table.
func plain(s string) string {
	s = terminal.Escape(s)
	var b strings.Builder
	for _, r := range s {
		if strings.ContainsRune("\\`*_[]<>|#~&", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// Plain makes text mean itself in Markdown, also within a table.
func Plain(s string) string { return plain(s) }
