package engine

import (
	"fmt"
	"strings"
)

// Schema is the number of the tables' form, which stands in their comments. It is
// raised when a flowctl before must not read or write them.
const Schema = 1

// shape is a table: on each node one that has rows, and in a cluster one more that
// spreads over all of them.
type shape struct {
	called  string
	columns []definition
	engine  string
	shard   string // what of a row says on which shard it is
}

// definition is a column of a table.
type definition struct{ name, kind string }

// never is the time of what has none.
const never = "-9223372036854775808"

// flows is the table of what was recorded. Rows with one sorting key are copies of one.
func flows() shape {
	s := shape{called: "flows", shard: "cityHash64(least((source_address, source_port), (destination_address, destination_port)), greatest((source_address, source_port), (destination_address, destination_port)), protocol)"}
	s.columns = append(s.columns, definition{"time", "DateTime64(9, 'UTC') MATERIALIZED fromUnixTimestamp64Nano(multiIf(last != " + never + ", last, first != " + never + ", first, 0), 'UTC')"})
	for _, c := range columns {
		s.columns = append(s.columns, definition{c.name(), c.kind()})
	}
	s.columns = append(s.columns,
		definition{"private", "Bool"},           // both addresses are
		definition{"plain", "Bool"},             // it can be added up by flow and by minute
		definition{"context", "UInt64"},         // number of what many flows have in common
		definition{"record", "FixedString(16)"}, // that the row is of, by a hash of all that it says; of captures the unit
		definition{"ordinal", "UInt64"},         // of the row there
		definition{"attempt", "UInt64"})         // of captures: at the unit, which must be whole; 0 of flow logs
	// What is asked of flow logs and what of captures never is of one part.
	s.engine = "ReplacingMergeTree PARTITION BY (toYYYYMMDD(time), plain) ORDER BY (log, toStartOfHour(time), source_address, destination_address, destination_port, last, record, ordinal)"
	return s
}

// ingest is the table of what came in: two rows for each attempt at a unit that was
// carried through, one for others.
func ingest() shape {
	return shape{called: "ingest", shard: "cityHash64(unit)", engine: "MergeTree ORDER BY (unit, attempt, event)", columns: []definition{
		{"unit", "String"}, // a hash of what it is
		{"attempt", "UInt64"},
		{"event", "Enum8('intent' = 1, 'commit' = 2)"},
		{"at", "DateTime64(3, 'UTC')"},
		{"kind", "LowCardinality(String)"}, // log or captures
		{"name", "String"},
		{"files", "Array(String)"}, // hashes of what is in it
		{"bytes", "UInt64"},
		{"rows", "UInt64"},
		{"beside", "Map(String, String)"}, // what a file of flows has in its metadata
	}}
}

func shapes() []shape { return []shape{flows(), ingest()} }

// comment marks a table as one of this schema.
func comment() string { return fmt.Sprintf("flowctl schema %d", Schema) }

// local is the name of the table that has rows.
func (s shape) local(a Address) string {
	if a.Cluster == "" {
		return s.called
	}
	return s.called + "_local"
}

// MostKept is for how many days flows can be kept, if not for ever.
const MostKept = 7300

// create makes the table that has rows. Old days go after keep of them, if that is not 0.
func (s shape) create(a Address, keep int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "CREATE TABLE %s\n(\n", a.table(s.local(a)))
	for i, c := range s.columns {
		comma := ","
		if i == len(s.columns)-1 {
			comma = ""
		}
		fmt.Fprintf(&b, "    `%s` %s%s\n", c.name, c.kind, comma)
	}
	fmt.Fprintf(&b, ")\nENGINE = %s\n", s.engine)
	if at := map[string]string{"flows": "time", "ingest": "at"}[s.called]; keep > 0 {
		// A DateTime ends in 2106, and what is beyond would be long ago.
		fmt.Fprintf(&b, "TTL toDateTime(least(%s, toDateTime64('2080-01-01 00:00:00', 3, 'UTC'))) + INTERVAL %d DAY\n", at, keep)
	}
	fmt.Fprintf(&b, "SETTINGS non_replicated_deduplication_window = 10000\nCOMMENT '%s'", comment())
	return b.String()
}

// spread makes the table that spreads over the nodes.
func (s shape) spread(a Address) string {
	return fmt.Sprintf("CREATE TABLE %s AS %s\nENGINE = Distributed('%s', '%s', '%s', %s)\nCOMMENT '%s'",
		a.table(s.called), a.table(s.local(a)), a.Cluster, a.Database, s.local(a), s.shard, comment())
}
