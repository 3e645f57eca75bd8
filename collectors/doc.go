// Package collectors is the visible map of what flowctl can read, and the way
// there: it finds what paths and URLs mean, tells from the first bytes what a
// file is, hands it to the reader of that format, and sums up what that yields.
//
// The way of one tuple of a flow log, or of one packet, through the rooms:
//
//	path, URL ─ files, storage ─▶ Item ─ collectors.Builtin ─▶ the reader of its format
//
//	flowlog   a record of the log is read whole, from text to observations
//	  │         │ flow.Evidence: was the record met before?      identity
//	  │         │ which minute of which interface is recorded?   minutes
//	  │         ▼
//	  │       flow.Observation ─▶ aggregate.Cache: one flow.Record for many
//	pcap, etl   a frame is taken apart (packet), is perhaps the packet of another
//	  │         interface (identity), and is measured (meter): flow.Record
//	parquet     flows that were kept: flow.Record
//	  │
//	  ▼
//	flow.Batch ─ window, filters of its session ─▶ aggregate.Table: one Row for a 5-tuple
//	  │            in one Context (point, log, rule, verdict …), in partitions by a hash of
//	  │            both ends, which wait in a file where there is no room
//	  ▼
//	summary     the rows of one pair of addresses: names (locator), views of one flow
//	              (deduplicator), groups of each question, the document
//
// Direction: a format knows package flow alone, and etl the packets of pcap; aggregate,
// identity and minutes know flow; summary knows aggregate, minutes and flow. They meet
// here. A test keeps it. A flow that several points saw at different times goes the
// way twice: summary says which flows it must cut, and the sources are read once
// more for what was seen of these in each second (reread). Where one capture ends and
// another one begins, the packets of both are compared (successor).
//
// What was chosen: records go on in batches, and what each reader finds out about its
// source goes beside them. What was left: one channel of records for all readers (a
// third of the time), and an interface for each stage (none has two).
package collectors
