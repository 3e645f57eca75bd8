package view

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"flowctl/cmd/internal/terminal"
	"flowctl/plan"
)

// CoverageText draws what there is of the past: each target with its sources, how many of the
// hours each has, and the hours that none has.
func CoverageText(w io.Writer, c plan.Coverage, width int) {
	total := hoursOf(c)
	fmt.Fprintln(w, indented(fmt.Sprintf("What was recorded from %s until %s, of %s:", moment(c.From), moment(c.To), Count(total, "hour")), width, "  "))
	columns := []terminal.Column{{Title: "target"}, {Title: "source"}, {Title: "hours", Right: true}, {Title: "has", Right: true, Drop: 2}, {Title: "volume", Right: true}, {Title: "kept for", Drop: 1}}
	called := plan.CalledAmong(c.Targets())
	var rows [][]string
	for _, r := range c.Rows {
		rows = append(rows, coverageRow(r, called.Name(r.Target), total))
	}
	for _, l := range terminal.Table(columns, rows, width-4) {
		fmt.Fprintln(w, "    "+strings.TrimRight(l, " "))
	}
	for _, r := range c.Rows {
		if r.Unread != "" {
			fmt.Fprintln(w, indented(unlisted(r), width, "    "))
		}
	}
	fmt.Fprintln(w)
}

func hoursOf(c plan.Coverage) int {
	n := 0
	for at := c.From.UTC().Truncate(time.Hour); at.Before(c.To); at = at.Add(time.Hour) {
		n++
	}
	return n
}

func coverageRow(r plan.Covered, target string, total int) []string {
	if r.Source == "" {
		return []string{terminal.Escape(target), "nobody", "0 of " + fmt.Sprint(total), "", "", ""}
	}
	source := sourceText(r)
	if r.Unread != "" {
		return []string{terminal.Escape(target), source, "unknown", "", "", ""}
	}
	files, records := 0, int64(0)
	for _, h := range r.Hours {
		files, records = files+h.Files, records+h.Rows
	}
	kept, many := "until deleted", Count(files, "file")
	switch {
	case r.Source == plan.FromWorkspace:
		kept, many = "", Count(int(records), "row")
	case r.Retention > 0:
		kept = Count(r.Retention, "day")
	}
	return []string{terminal.Escape(target), source, fmt.Sprintf("%d of %d", len(r.Hours), total), many, terminal.Bytes(uint64(r.Bytes())), kept}
}

// CoverageFormat is the number of the form of who is recorded by what.
const CoverageFormat = "1"

// CoverageDoc is who is recorded by what in the subscriptions of a file.
type CoverageDoc struct {
	Format string         `json:"format"`
	At     time.Time      `json:"at"`
	Rows   []plan.Covered `json:"rows"`
}

// RecordedText draws who is recorded by what, since when, and how long that is kept.
func RecordedText(w io.Writer, d CoverageDoc) {
	width := wide
	if terminal.Is(w) || os.Getenv("COLUMNS") != "" {
		width = terminal.Width(w)
	}
	fmt.Fprintln(w, indented("Who is recorded by what, at "+moment(d.At)+":", width, ""))
	columns := []terminal.Column{{Title: "target"}, {Title: "source"}, {Title: "since"}, {Title: "until"}, {Title: "kept for", Drop: 1}, {Title: "owner", Drop: 2}, {Title: "workspace", Drop: 3}}
	called := plan.CalledAmong((&plan.Coverage{Rows: d.Rows}).Targets())
	var rows [][]string
	for _, r := range d.Rows {
		rows = append(rows, recordedRow(r, terminal.Escape(called.Name(r.Target))))
	}
	for _, l := range terminal.Table(columns, rows, width-2) {
		fmt.Fprintln(w, "  "+strings.TrimRight(l, " "))
	}
	for _, r := range d.Rows {
		if r.Unread != "" {
			fmt.Fprintln(w, indented(unlisted(r), width, "  "))
		}
	}
}

func recordedRow(r plan.Covered, target string) []string {
	if r.Source == "" {
		return []string{target, "no log of all of it", "–", "–", "", "", ""}
	}
	since, until := "nothing yet", "–"
	switch {
	case r.Unread != "":
		since, until = "unknown", "unknown"
	case !r.First.IsZero():
		since, until = moment(r.First), moment(r.Last.Add(time.Hour))
		if r.Enabled {
			until = "it goes on"
		}
	}
	kept, workspace := "until deleted", ""
	if r.Retention > 0 {
		kept = Count(r.Retention, "day")
	}
	if r.Workspace != "" {
		workspace = r.Workspace.Name()
	}
	return []string{target, sourceText(r), since, until, kept, terminal.Escape(r.Owner), terminal.Escape(workspace)}
}

func sourceText(r plan.Covered) string {
	text := string(r.Source) + " " + terminal.Escape(r.Recording.Name())
	if !r.Enabled {
		text += ", off now"
	}
	return text
}

func unlisted(r plan.Covered) string {
	return fmt.Sprintf("What %s has could not be listed, so it is not known: %s", terminal.Escape(r.Recording.Name()), terminal.Escape(r.Unread))
}
