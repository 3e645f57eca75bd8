package report

import (
	"fmt"
	"strings"

	"flowctl/cmd/internal/terminal"
	"flowctl/collectors/summary"
)

// tcp shows what the TCP headers of each capture say of its connections.
func tcp(doc *summary.Document) Table {
	t := Table{Title: "TCP in captures", Columns: []terminal.Column{
		{Title: "capture"}, {Title: "opened", Right: true}, {Title: "answered", Right: true}, {Title: "after", Right: true, Drop: 3},
		{Title: "resets", Right: true, Drop: 2}, {Title: "sent again", Right: true}, {Title: "bytes again", Right: true, Drop: 1},
		{Title: "zero windows", Right: true, Drop: 4},
	}}
	partly := false
	for _, s := range doc.Sources {
		if s.TCP == nil {
			continue
		}
		if len(t.Rows) == manySources {
			t.Note = "More captures are in the summary."
			break
		}
		partly = partly || s.TCP.Partly
		t.Rows = append(t.Rows, tcpRow(s.Path, s.TCP))
	}
	if partly {
		t.Note = "Some TCP headers were cut off or in fragments, so there may have been more. " + t.Note
	}
	return t
}

func tcpRow(path string, t *summary.TCP) []string {
	return []string{
		place(path), Count(t.SYN), Count(t.SYNACK), milliseconds(t.Answered.Mean), Count(t.RST),
		Count(t.Retransmitted), terminal.Bytes(t.RetransmittedBytes), Count(t.ZeroWindow),
	}
}

// place is a path, or of a URL what follows the host, since tables are narrow.
func place(path string) string {
	_, rest, ok := strings.Cut(path, "://")
	if _, name, found := strings.Cut(rest, "/"); ok && found {
		return name
	}
	return path
}

// milliseconds is a mean time, or that it was not measured.
func milliseconds(ms *float64) string {
	if ms == nil {
		return unknown
	}
	return fmt.Sprintf("%.3g ms", *ms)
}

// tcpColumns are those of questions about TCP.
func tcpColumns() []terminal.Column {
	var list []terminal.Column
	for _, title := range []string{"retransmitted", "resets", "handshake", "zero windows"} {
		list = append(list, terminal.Column{Title: title, Right: true})
	}
	return list
}

func tcpCells(t *summary.RowTCP) []string {
	return []string{figure(t.Retransmitted, Count), figure(t.Resets, Count), milliseconds(t.Handshake), figure(t.ZeroWindows, Count)}
}
