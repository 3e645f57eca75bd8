// Package engine keeps flows in ClickHouse, and gives back what a question needs of
// them, as a reader of files does: package summary deduplicates, names, ranks and
// writes, whatever the flows come from.
//
//	files ─ collectors.Put ─▶ Writer ─▶ table flows          what was recorded
//	                             └────▶ table ingest         which units came in, and what is said of them
//	question ─▶ SELECT, GROUP BY on all nodes ─▶ flow.Record, flow.Interval ─▶ package aggregate
//
// What comes twice counts once. A row of a flow log is known by its record (log,
// interface, minute and a SHA-256 of all that it says) and its number there; it is
// the sorting key of a ReplacingMergeTree, which is read with FINAL. All copies of a row
// are on one shard, since they have one 5-tuple. So a unit, which is one file, may be sent
// again at any time: after a crash, from another machine, when it has grown. Rows of
// captures have no such identity; they count if the ingest table says that their unit is whole.
//
// What was left: deduplication at ingest, which two writers at once or one that
// crashed would get wrong; rollups, which a late record would make wrong; and conditions of
// questions at the server: each row says its share of all bytes, and coverage counts all
// flows, so that what a condition leaves out is a part of the answer.
package engine
