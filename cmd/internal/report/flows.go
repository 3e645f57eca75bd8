package report

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"flowctl/cmd/internal/terminal"
	"flowctl/collectors/summary"
)

// Flows returns the table of an answer whose rows are single flows.
func Flows(a *summary.Answer) Table {
	day, layout := oneDay(a.Rows)
	t := flowTable(a, layout)
	parts := []string{outcome(a)}
	if left := a.Groups - uint64(len(a.Rows)); left > 0 && a.Others != nil {
		parts = append(parts, fmt.Sprintf("%s of %s shown; the others have %s.", Count(uint64(len(a.Rows))), Many(a.Groups, "flow"), Bytes(a.Others.Volume)))
	}
	if day != "" {
		parts = append(parts, "All that are shown began on "+day+" (UTC).")
	}
	for _, p := range parts {
		if p != "" {
			t.Note = strings.TrimPrefix(t.Note+"\n"+p, "\n")
		}
	}
	return t
}

// FlowLines returns the rows of such an answer with all of their time, for tables to
// which more rows come.
func FlowLines(a *summary.Answer) Table { return flowTable(a, "2006-01-02 15:04:05") }

// flowTable lays out single flows, whose times are written in a layout.
func flowTable(a *summary.Answer, layout string) Table {
	t := Table{Title: a.Name, Columns: []terminal.Column{
		{Title: "start"}, {Title: "duration", Right: true, Drop: 3}, {Title: "proto", Drop: 1}, {Title: "source"}, {Title: "destination"},
		{Title: "sent", Right: true, Drop: 2}, {Title: "received", Right: true, Drop: 2}, {Title: "bytes", Right: true}, {Title: "packets", Right: true, Drop: 5},
		{Title: "rate", Right: true, Drop: 6}, {Title: "state", Drop: 1}, {Title: "verdict"}, {Title: "rule", Drop: 4}, {Title: "seen at", Drop: 7},
	}}
	for i := range a.Rows {
		r, f := &a.Rows[i], a.Rows[i].Flow
		duration, rate := unknown, unknown
		if f.Seconds != nil {
			duration = Duration(time.Duration(*f.Seconds * float64(time.Second)))
		}
		if f.BitsPerS != nil {
			rate = terminal.Bytes(uint64(*f.BitsPerS/8)) + "/s"
		}
		start := unknown
		if r.First.Known() {
			start = r.First.Time().UTC().Format(layout)
		}
		t.Rows = append(t.Rows, []string{
			start, duration, r.Key[0], endpoint(r.Key[1], r.Key[2]), endpoint(r.Key[3], r.Key[4]), Bytes(r.Sent), Bytes(r.Received), Bytes(r.Volume),
			figure(r.Packets, Count), rate, f.State, f.Verdict, orUnknown(strings.Join(f.Rules, " ")), orUnknown(strings.Join(f.SeenAt, " ")),
		})
	}
	return t
}

// oneDay is the day on which all rows with a time began, and how their times
// are then written; without such a day their times have theirs.
func oneDay(rows []summary.Row) (day, layout string) {
	for i := range rows {
		if !rows[i].First.Known() {
			continue
		}
		switch d := rows[i].First.Time().UTC().Format(time.DateOnly); day {
		case "", d:
			day = d
		default:
			return "", "2006-01-02 15:04:05.000"
		}
	}
	return day, time.TimeOnly
}

func orUnknown(s string) string {
	if s == "" {
		return unknown
	}
	return s
}

// endpoint is an address with its port, if it has one.
func endpoint(address, port string) string {
	switch {
	case address == "":
		return unknown
	case port == "" || port == "0":
		return address
	case strings.Contains(address, ":"):
		return "[" + address + "]:" + port
	}
	return address + ":" + port
}

// FlowsCSV writes single flows as comma-separated values, with a line of names.
// What was not measured is empty, and never 0.
func FlowsCSV(w io.Writer, a *summary.Answer) error {
	lines := [][]string{append(append([]string{}, a.By...), "first", "last", "duration_seconds", "sent_ip_bytes", "received_ip_bytes", "sent_packets", "received_packets",
		"bits_per_second", "state", "verdict", "rules", "seen_at")}
	for i := range a.Rows {
		r, f := &a.Rows[i], a.Rows[i].Flow
		line := append(append([]string{}, r.Key...), moment(r.First), moment(r.Last), optional(f.Seconds), exact(r.Sent.IPBytes), exact(r.Received.IPBytes),
			exact(r.Sent.Packets), exact(r.Received.Packets), optional(f.BitsPerS), f.State, f.Verdict, strings.Join(f.Rules, " "), strings.Join(f.SeenAt, " "))
		for j := range line {
			line[j] = harmless(line[j])
		}
		lines = append(lines, line)
	}
	if err := csv.NewWriter(w).WriteAll(lines); err != nil {
		return fmt.Errorf("write CSV: %w", err)
	}
	return nil
}

func optional(v *float64) string {
	if v == nil {
		return ""
	}
	return strconv.FormatFloat(*v, 'f', -1, 64)
}
