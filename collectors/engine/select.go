package engine

import (
	"fmt"
	"math"
	"strings"
)

// Select says which flows are wanted of an engine.
type Select struct {
	Start, End int64 // Unix nanoseconds; both 0 for all times
}

// shared are the columns of what many flows have in common, which a row has as one number
// too: texts are read once for each number and not once for each row.
var shared = []string{"point", "target", "rule", "acl", "log", "encryption", "direction", "class"}

// flowKey is a 5-tuple.
var flowKey = []string{"source_address", "source_port", "destination_address", "destination_port", "protocol"}

// margin is how long before and after a window is looked at too, for which of several points
// saw most of a flow: a count of a flow log is of up to five minutes before it.
const margin = int64(3600e9)

// around is the window with what is looked at besides.
func (s Select) around() Select {
	if s.End != 0 {
		s.Start, s.End = max(s.Start, margin-math.MaxInt64)-margin, min(s.End, math.MaxInt64-margin)+margin
	}
	return s
}

// moment is a time as the column of that name has it.
func moment(ns int64) string { return fmt.Sprintf("fromUnixTimestamp64Nano(%d, 'UTC')", ns) }

// plain are the conditions on plain rows. That on the column time finds the days and the hours.
func (s Select) plain(a Address, final string) string {
	text := "FROM " + a.table("flows") + final + "\nWHERE plain"
	if s.End != 0 {
		text += fmt.Sprintf(" AND time >= %s AND time < %s", moment(s.Start), moment(s.End))
	}
	return text
}

// days lets ClickHouse leave out days before it looks for copies, of which all are in one.
const days = "\nSETTINGS do_not_merge_across_partitions_select_final = 1"

// zone tells rows before, in and after the window apart.
func (s Select) zone() string {
	if s.End == 0 {
		return "0"
	}
	return fmt.Sprintf("multiIf(last < %d, 0, last < %d, 1, 2)", s.Start, s.End)
}

// Contexts is the statement for what the numbers of contexts stand for: of all, or of one.
func (s Select) Contexts(a Address, one ...uint64) string {
	text := "SELECT context, " + strings.Join(shared, ", ") + ", state = 'deny' AS denied\n" + s.around().plain(a, "")
	for _, id := range one {
		text += fmt.Sprintf(" AND context = %d", id)
	}
	return text + "\nLIMIT 1 BY context"
}

// Flows is the statement that adds up flow logs by flow.
func (s Select) Flows(a Address) string {
	keys := strings.Join(flowKey, ", ") + ", context, zone"
	return "SELECT " + strings.Join(flowKey, ", ") + ", context, " + s.zone() + ` AS zone,
  min(first) AS begins_at, max(last) AS ends_at,
  sum(sent_packets) AS packets_out, sum(sent_ip_bytes) AS bytes_out, sum(received_packets) AS packets_in, sum(received_ip_bytes) AS bytes_in,
  max(measured) AS counted, max(state = 'end') AS ended, countIf(state = 'begin') AS begun, count() AS records
` + s.around().plain(a, " FINAL") + "\nGROUP BY " + keys + days
}

// Intervals is the statement that adds up flow logs by minute.
func (s Select) Intervals(a Address) string {
	return `SELECT context, private, last - positiveModulo(last, 60000000000) AS minute,
  sum(sent_packets + received_packets) AS packets, sum(sent_ip_bytes + received_ip_bytes) AS bytes,
  max(measured) AS counted, countIf(state = 'begin') AS begun, countIf(state = 'end') AS ended, count() AS records
` + s.plain(a, " FINAL") + "\nGROUP BY context, private, minute" + days
}

// Tuples is the statement for the rows of flow logs one by one.
func (s Select) Tuples(a Address) string {
	return "SELECT " + strings.Join(flowKey, ", ") + `, context, last, sent_packets, sent_ip_bytes, received_packets, received_ip_bytes, measured, CAST(state, 'Int8') AS what
` + s.around().plain(a, " FINAL") + days
}

// Records is the statement for all other rows, one by one: those of captures, of units that
// are whole. Those around the window are wanted if there are flow logs beside them.
func (s Select) Records(a Address, around bool) string {
	var names []string
	for _, c := range columns {
		names = append(names, c.name())
	}
	in := "IN"
	if a.Cluster != "" {
		in = "GLOBAL IN"
	}
	text := "SELECT " + strings.Join(names, ", ") + "\nFROM " + a.table("flows") + " FINAL\nWHERE NOT plain" +
		" AND (attempt = 0 OR attempt " + in + " (SELECT attempt FROM " + a.table("ingest") + " WHERE event = 'commit'))"
	if s.End == 0 {
		return text + days
	}
	if around {
		s = s.around()
	}
	const day = int64(24 * 3600e9) // rows are of a second at most: it is enough for the key
	return text + fmt.Sprintf("\n  AND (time >= %s AND time < %s OR time = %s) AND (last = %s OR last >= %d AND first < %d)",
		moment(s.Start), moment(min(s.End, math.MaxInt64-day)+day), moment(0), never, s.Start, s.End) + days
}
