// Package parquet keeps flow records in Apache Parquet files that DuckDB,
// ClickHouse, Spark, pandas and others read as a table, and reads its own
// files back. A file is written while its records are summed up, in row groups
// that are each sorted by time, then by the pair of addresses, so that memory
// is bounded whatever the size.
//
// The form is that of https://parquet.apache.org/docs/file-format/ and of
// parquet.thrift in https://github.com/apache/parquet-format (2.11), of which
// only a part is used: flat columns, one data page (version 1) and at most one
// dictionary page a column chunk, the encodings PLAIN, RLE_DICTIONARY and
// DELTA_BINARY_PACKED, zstd, and a CRC-32 of every page. Encodings, metadata
// and Thrift are those of parquet-go; its own writers of columns hash every
// value, which takes five times as long where texts have numbers already.
//
// Read back, rows of flow logs are added up within their row group before they
// become records, and go to the flow cache as records and intervals. In a row group
// addresses, ports and contexts have numbers, so that a flow is two words, and package
// table finds it by these. What was left: to give each row to the flow cache as an
// observation, with a hash of 128 bits of its own. It takes 1.03 to 1.14 times the
// processor time, with the table of package aggregate behind it, of a busy log's hour,
// and 1.2 times where hardly a flow comes twice (BenchmarkGroupsAgainstCache).
package parquet

import "bytes"

// Format is the number of the table's form. It is raised when a reader must
// change; further columns do not raise it. It lies in the file's metadata
// under FormatKey. 2 has the class and the log of each flow: without them it cannot be
// told which of them are views of the same traffic.
const Format = "2"

// The keys of the file's metadata. All but the version are JSON.
const (
	FormatKey  = "flowctl.format"
	VersionKey = "flowctl.version" // of the flowctl that wrote the file
	SourcesKey = "flowctl.sources" // what the flows were read from
	SkippedKey = "flowctl.skipped" // what could not be read there
	HostsKey   = "flowctl.hosts"   // host names that captures showed
	// InventoriesKey has what gives names to addresses, MACs and access lists.
	InventoriesKey = "flowctl.inventories"
	// DictionaryKey has what people call networks and addresses.
	DictionaryKey = "flowctl.dictionary"
	// MinutesKey has for which minutes flow logs had records.
	MinutesKey = "flowctl.minutes"
	// SuccessorsKey has which captures go on with others, by their points.
	SuccessorsKey = "flowctl.successors"
)

// magic begins and ends every Parquet file.
var magic = []byte("PAR1")

// Detect reports whether a file that begins with head is a Parquet file.
func Detect(head []byte) bool { return bytes.HasPrefix(head, magic) }
