package report

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"

	"flowctl/collectors/summary"
)

// CSV writes the rows of an answer as comma-separated values, with a line of
// names. What was not measured is empty, and never 0.
func CSV(w io.Writer, a *summary.Answer) error {
	c := csv.NewWriter(w)
	names := append(append([]string{}, a.By...), "sent_ip_bytes", "received_ip_bytes", "ip_bytes", "packets", "flows", "denied", "first", "last")
	sided := a.Total.Left != nil
	if sided {
		names = append(names, "left_ip_bytes", "arrived_ip_bytes")
	}
	priced := a.Total.Cost != nil
	if priced {
		names = append(names, "cost_low", "cost_high", "unpriced_ip_bytes")
	}
	ofTCP := a.Total.TCP != nil
	if ofTCP {
		names = append(names, "retransmitted", "resets", "handshake_ms", "zero_windows")
	}
	lines := [][]string{names}
	for i := range a.Rows {
		r := &a.Rows[i]
		line := append(append([]string{}, r.Key...), exact(r.Sent.IPBytes), exact(r.Received.IPBytes), exact(r.IPBytes), exact(r.Packets),
			exact(summary.Known(r.Flows)), exact(r.Denied), moment(r.First), moment(r.Last))
		if sided {
			line = append(line, exact(r.Left.IPBytes), exact(r.Arrived.IPBytes))
		}
		if priced {
			line = append(line, money(r.Cost.Low), money(r.Cost.High), exact(summary.Known(r.Cost.Unpriced)))
		}
		if ofTCP {
			line = append(line, exact(r.TCP.Retransmitted), exact(r.TCP.Resets), money(r.TCP.Handshake), exact(r.TCP.ZeroWindows))
		}
		for j := range line {
			line[j] = harmless(line[j])
		}
		lines = append(lines, line)
	}
	if err := c.WriteAll(lines); err != nil {
		return fmt.Errorf("write CSV: %w", err)
	}
	return nil
}

// ConversationsCSV writes all conversations as comma-separated values, in the order of
// their addresses.
func ConversationsCSV(w io.Writer, doc *summary.Document) error {
	c := csv.NewWriter(w)
	line := []string{"a", "b", "a_to_b_ip_bytes", "b_to_a_ip_bytes", "a_to_b_packets", "b_to_a_packets", "flows", "denied", "first", "last"}
	err := c.Write(line)
	for v := range doc.Conversations.All() {
		if err != nil {
			break
		}
		err = c.Write([]string{v.A, v.B, exact(v.IPBytesAB), exact(v.IPBytesBA), exact(v.PacketsAB), exact(v.PacketsBA),
			exact(summary.Known(v.Flows)), exact(v.Denied), moment(v.First), moment(v.Last)})
	}
	c.Flush()
	if err := errors.Join(err, c.Error(), doc.Conversations.Err()); err != nil {
		return fmt.Errorf("write CSV: %w", err)
	}
	return nil
}

// exact is a figure in digits; empty if it was not measured.
func exact(f summary.Figure) string {
	if !f.Known {
		return ""
	}
	return f.String()
}

// money is an amount in full; empty if there is no price.
func money(v *float64) string {
	if v == nil {
		return ""
	}
	return strconv.FormatFloat(*v, 'f', -1, 64)
}

func moment(t summary.Instant) string {
	if !t.Known() {
		return ""
	}
	return t.String()
}

// harmless keeps spreadsheets from taking text for a formula.
func harmless(s string) string {
	if s != "" && (s[0] == '=' || s[0] == '+' || s[0] == '-' || s[0] == '@' || s[0] == '\t' || s[0] == '\r') {
		return "'" + s
	}
	return s
}
