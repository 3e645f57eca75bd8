package report

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"flowctl/cmd/internal/terminal"
	"flowctl/collectors/summary"
)

// pageTable is a Table with what the page needs to draw it.
type pageTable struct {
	ID, Title, Whole string
	Chart            *transferChart // of a question whose rows name both ends
	HCL              string         // of a question: its block
	When             *timelineChart // of a question: when it was
	Left             string         // how many rows the page leaves out
	Notes            []string
	Columns          []terminal.Column
	Rows             [][]pageCell
}

// pageCell is one cell. Class says how to draw it, Mark is a sign before its
// text, Bar the width of the bar below a share, in percent.
type pageCell struct{ Text, Class, Mark, Bar string }

func newPageTable(t Table, id, all string) pageTable {
	p := pageTable{ID: id, Title: terminal.Escape(t.Title), Whole: all}
	for _, n := range t.Notes() {
		p.Notes = append(p.Notes, terminal.Escape(n))
	}
	for _, c := range t.Columns {
		c.Title = terminal.Escape(c.Title)
		p.Columns = append(p.Columns, c)
	}
	for _, r := range t.Rows {
		row := make([]pageCell, len(r))
		for i, text := range r {
			row[i] = newPageCell(t.Columns[i], terminal.Escape(text))
		}
		p.Rows = append(p.Rows, row)
	}
	return p
}

// longText is how many characters of a text never stand on several lines.
const longText = 16

func newPageCell(c terminal.Column, text string) pageCell {
	cell := pageCell{Text: text}
	switch {
	case c.Right:
		cell.Class = "num"
		if c.Title == "share" {
			cell.Bar = barWidth(text)
		}
	case c.Title == "verdict" && text == "allowed":
		cell.Class, cell.Mark = "allowed", "✓"
	case c.Title == "verdict" && text == "denied":
		cell.Class, cell.Mark = "denied", "✕"
	case utf8.RuneCountInString(text) > longText:
		cell.Class = "long"
	}
	return cell
}

// barWidth is the percentage that Share shows, without its sign; empty if
// there is too little to draw.
func barWidth(share string) string {
	n := strings.TrimLeft(strings.TrimSuffix(share, "%"), "<>")
	if v, err := strconv.ParseFloat(n, 64); err != nil || v < 3 || v > 100 {
		return ""
	}
	return n
}

// whole says what all rows of an ask come to, those not shown too.
func whole(a *summary.Answer) string {
	t := &a.Total
	if t.Flows == 0 && !t.IPBytes.Known && !t.Packets.Known {
		return ""
	}
	s := Many(t.Flows, "flow")
	if t.IPBytes.Known {
		s = terminal.Bytes(t.IPBytes.N) + " in " + s
	}
	switch {
	case t.Denied.N > 0 && t.Denied.N == t.Flows:
		s += ", all denied"
	case t.Denied.N > 0:
		s += " (" + Count(t.Denied.N) + " denied)"
	}
	if t.Share != nil {
		s += ", " + Share(t.Share) + " of all bytes"
	}
	return s + "; " + Many(a.Groups, "row") + "."
}
