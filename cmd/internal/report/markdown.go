package report

import (
	"bufio"
	"bytes"
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
	HCL                map[string]string // the blocks of questions, by their names
}

// mostMarkdown is how long a comment may be on GitHub, in characters; a page of text is as
// long as that at most, counted in bytes.
const mostMarkdown = 65_536

// cutRows are how many rows tables have at most, and how many sources are listed: as many as
// a comment has room for.
var cutRows = []int{0, 200, 100, 50, 20, 10, 5, 1}

// Markdown writes the report of doc, the answer first. It fits a comment, whatever there is
// to say.
func Markdown(w io.Writer, doc *summary.Document, meta Meta) error {
	var b bytes.Buffer
	tables, pictures := Tables(doc), map[*summary.Answer]string{}
	for i := range doc.Asks {
		pictures[&doc.Asks[i]] = mermaid(doc, &doc.Asks[i])
	}
	for _, most := range cutRows {
		b.Reset()
		m := &markdown{bufio.NewWriter(&b), most}
		m.all(doc, meta, tables, pictures)
		if m.w.Flush(); b.Len() <= mostMarkdown {
			break
		}
	}
	text := b.Bytes()
	if len(text) > mostMarkdown { // a thousand questions
		const more = "\n\n… the rest is in the summary.\n"
		text = append(text[:bytes.LastIndexByte(text[:mostMarkdown-len(more)], '\n')], more...)
	}
	if _, err := w.Write(text); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}

// all writes it all: what was asked stands open, the rest is folded where something was.
func (m *markdown) all(doc *summary.Document, meta Meta, tables []Table, pictures map[*summary.Answer]string) {
	m.head(doc, meta)
	folded := false
	for _, t := range tables {
		if !t.Asked && len(doc.Asks) > 0 && !folded {
			folded = true
			m.printf("\n<details>\n<summary>Everything else that was counted</summary>\n")
		}
		m.table(t)
		if t.Ask != nil {
			if picture := pictures[t.Ask]; picture != "" {
				m.printf("\n```mermaid\n%s```\n", picture)
			}
		}
	}
	if folded {
		m.printf("\n</details>\n")
	}
	m.timeline(doc)
	m.fold("What this run could not see", len(doc.Coverage), func() { m.coverage(doc) })
	m.fold("Sources", len(doc.Sources), func() { m.sources(doc) })
	m.fold("Skipped", len(doc.Skipped), func() { m.skipped(doc) })
}

// fold writes what few read, so that it is opened by a click.
func (m *markdown) fold(title string, n int, write func()) {
	if n == 0 {
		return
	}
	m.printf("\n<details>\n<summary>%s (%s)</summary>\n", title, Count(uint64(n)))
	write()
	m.printf("\n</details>\n")
}

type markdown struct {
	w    *bufio.Writer
	most int // rows of a table; 0 for all
}

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
	for i, r := range meta.Recorded {
		if m.most > 0 && i == m.most {
			m.printf("- Recorded: %s more\n", Count(uint64(len(meta.Recorded)-i)))
			break
		}
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
	rows, left := t.First(m.most)
	t.Rows = rows
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
	if left > 0 {
		m.printf("\n%s in the summary.\n", Many(uint64(left), "more row"))
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
	m.printf("\n")
	for i, c := range doc.Coverage {
		if m.most > 0 && i == 4*m.most {
			m.printf("- %s are in the summary.\n", Count(uint64(len(doc.Coverage)-i))+" more")
			break
		}
		m.printf("- %s\n", plain(c.Text))
	}
}

// manySources is how many sources a report lists; the summary has them all.
const manySources = 200

func (m *markdown) sources(doc *summary.Document) {
	if len(doc.Sources) == 0 {
		return
	}
	m.printf("\n| source | kind | status | bytes | records | SHA-256 |\n| --- | --- | --- | --: | --: | --- |\n")
	for i, s := range doc.Sources {
		if i == manySources || m.most > 0 && i == m.most {
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
	m.printf("\n| source | reason | count | first at byte |\n| --- | --- | --: | --: |\n")
	for i, s := range doc.Skipped {
		if m.most > 0 && i == m.most {
			m.printf("\n%s are in the summary.\n", Count(uint64(len(doc.Skipped)-i))+" more")
			break
		}
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
