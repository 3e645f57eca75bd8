package report

import (
	"fmt"
	"strings"

	"flowctl/cmd/internal/terminal"
	"flowctl/collectors/minutes"
)

// minutesStrip shows how much of each time was recorded, as a row of cells below
// the timeline.
type minutesStrip struct {
	Cells   []minutesCell
	Note    string
	Describ string
}

// minutesCell is a time. Class says what is worst in it.
type minutesCell struct{ X, Width, Class, Text string }

func newMinutesStrip(doc *minutes.Document) *minutesStrip {
	if doc == nil || len(doc.Steps) == 0 {
		return nil
	}
	s := &minutesStrip{Note: terminal.Escape(doc.String())}
	first, last := doc.Steps[0].Start, doc.Steps[len(doc.Steps)-1].Start
	s.Describ = fmt.Sprintf("What was recorded from %s on, in %s of %s to %s.", first.Format("2006-01-02 15:04"),
		Many(uint64(len(doc.Steps)), "cell"), minuteText(doc.Seconds), last.Format("2006-01-02 15:04"))
	for i, step := range doc.Steps {
		at := slotBar(i, len(doc.Steps), 1)
		s.Cells = append(s.Cells, minutesCell{X: at.X, Width: at.Width, Class: worst(step.Counts),
			Text: step.Start.Format("2006-01-02 15:04") + ": " + countsText(step.Counts)})
	}
	return s
}

func minuteText(seconds int64) string { return Many(uint64(seconds/60), "minute") }

// worst is what a reader should know first of a time.
func worst(c minutes.Counts) string {
	switch {
	case c.Unlogged > 0:
		return "unlogged"
	case c.Unknown > 0:
		return "unknown"
	case c.Recorded == 0 && c.Silent > 0:
		return "silent"
	case c.Silent > 0:
		return "partly"
	case c.Recorded > 0:
		return "recorded"
	}
	return "none"
}

func countsText(c minutes.Counts) string {
	var parts []string
	for _, p := range []struct {
		n    int64
		what string
	}{{c.Recorded, "recorded"}, {c.Silent, "silent"}, {c.Unlogged, "not logged"}, {c.Unknown, "unknown"}} {
		if p.n > 0 {
			parts = append(parts, Count(uint64(p.n))+" "+p.what)
		}
	}
	if len(parts) == 0 {
		return "nothing was due"
	}
	return strings.Join(parts, ", ")
}

// minutesLines is the strip as text.
func minutesLines(doc *minutes.Document) []string {
	if doc == nil || len(doc.Steps) == 0 {
		return nil
	}
	marks := map[string]string{"recorded": "█", "partly": "▓", "silent": "░", "unlogged": "x", "unknown": "?", "none": " "}
	var b strings.Builder
	for _, step := range doc.Steps {
		b.WriteString(marks[worst(step.Counts)])
	}
	return []string{
		fmt.Sprintf("%s  recorded, from %s, %s a character", b.String(), doc.Steps[0].Start.Format("2006-01-02 15:04"), minuteText(doc.Seconds)),
		"█ recorded  ▓ partly silent  ░ silent  x not logged  ? unknown",
	}
}
