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

// plain is what rows have that can be added up by flow and by minute: those of flow logs,
// which have one time and a state, and count IP packets and bytes or nothing.
const plain = "class IN ('vnet-log', 'nsg-log') AND first = last AND last != " + never +
	" AND state != 'unknown' AND measured IN (0, 3) AND NOT initiator_guessed AND ether_type = 0 AND tunnel = ''"

// shared are the columns of what many flows have in common. All but the last are texts.
var shared = []string{"point", "target", "rule", "acl", "log", "encryption", "direction", "class"}

// flowKey is a 5-tuple.
var flowKey = []string{"source_address", "source_port", "destination_address", "destination_port", "protocol"}

// from is where rows come from: each once, and of captures those of units that are whole.
func (s Select) from(a Address, conditions ...string) string {
	in := "IN"
	if a.Cluster != "" {
		in = "GLOBAL IN"
	}
	conditions = append(conditions, "(attempt = 0 OR attempt "+in+" (SELECT attempt FROM "+a.table("ingest")+" WHERE event = 'commit'))")
	return "FROM " + a.table("flows") + " FINAL\nWHERE " + strings.Join(conditions, "\n  AND ")
}

// moment is a time as the column of that name has it.
func moment(ns int64) string { return fmt.Sprintf("fromUnixTimestamp64Nano(%d, 'UTC')", ns) }

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

// window are the conditions on the time of plain rows. That on the column time finds the
// days and the hours.
func (s Select) window() []string {
	if s.End == 0 {
		return nil
	}
	return []string{fmt.Sprintf("time >= %s AND time < %s", moment(s.Start), moment(s.End))}
}

// zone tells rows before, in and after the window apart.
func (s Select) zone() string {
	if s.End == 0 {
		return "0"
	}
	return fmt.Sprintf("multiIf(last < %d, 0, last < %d, 1, 2)", s.Start, s.End)
}

// Flows is the statement that adds up flow logs by flow.
func (s Select) Flows(a Address) string {
	keys := strings.Join(flowKey, ", ") + ", " + strings.Join(shared, ", ") + ", denied, zone"
	return "SELECT " + strings.Join(flowKey, ", ") + ", " + strings.Join(shared, ", ") + ", state = 'deny' AS denied, " + s.zone() + ` AS zone,
  min(first) AS begins_at, max(last) AS ends_at,
  sum(sent_packets) AS packets_out, sum(sent_ip_bytes) AS bytes_out, sum(received_packets) AS packets_in, sum(received_ip_bytes) AS bytes_in,
  max(measured) AS counted, max(state = 'end') AS ended, countIf(state = 'begin') AS begun, count() AS records
` + s.from(a, append([]string{plain}, s.around().window()...)...) + "\nGROUP BY " + keys
}

// Intervals is the statement that adds up flow logs by minute.
func (s Select) Intervals(a Address) string {
	keys := strings.Join(shared, ", ") + ", denied, private, minute"
	return "SELECT " + strings.Join(shared, ", ") + `, state = 'deny' AS denied, private,
  last - positiveModulo(last, 60000000000) AS minute,
  sum(sent_packets + received_packets) AS packets, sum(sent_ip_bytes + received_ip_bytes) AS bytes,
  max(measured) AS counted, countIf(state = 'begin') AS begun, countIf(state = 'end') AS ended, count() AS records
` + s.from(a, append([]string{plain}, s.window()...)...) + "\nGROUP BY " + keys
}

// Records is the statement for rows one by one: all, or those that are not plain. Those
// around the window are for the rows of flow logs, or if there are some beside captures.
func (s Select) Records(a Address, all bool) string {
	var names, conditions []string
	for _, c := range columns {
		names = append(names, c.name())
	}
	if !all {
		conditions = append(conditions, "NOT ("+plain+")")
	}
	if s.End != 0 { // rows are of a second at most: a day is enough for the key
		const day = int64(24 * 3600e9)
		conditions = append(conditions,
			fmt.Sprintf("(time >= %s AND time < %s OR time = %s)", moment(s.Start), moment(s.End+day), moment(0)),
			fmt.Sprintf("(last = %s OR last >= %d AND first < %d)", never, s.Start, s.End))
	}
	return "SELECT " + strings.Join(names, ", ") + "\n" + s.from(a, conditions...)
}
