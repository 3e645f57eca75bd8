package bench

import (
	"fmt"
	"path/filepath"
	"strings"
)

// Engines that sum up in SQL. DuckDB is cmd/internal/peers/duckdb, built by
// who measures; ClickHouse is npm's chdb, run by node. Each takes statements
// and prints the rows of the last one.

// duckdb returns the command line for statements.
func (o Options) duckdbArgs(statements ...string) []string {
	return append([]string{o.DuckDB, "SET threads = " + fmt.Sprint(o.threads())}, statements...)
}

// chdbScript runs a query in the chdb of the folder that is named first.
const chdbScript = `const { query } = require(require.resolve('chdb', { paths: [process.argv[1]] }));
const out = query(process.argv[2], 'TSV');
process.stdout.write(typeof out === 'string' ? out : out.toString());`

func (o Options) chdbArgs(query string) []string {
	return []string{"node", "-e", chdbScript, o.ChDB, query + fmt.Sprintf(" SETTINGS max_threads = %d, use_hive_partitioning = 0", o.threads())}
}

// total is what a query of both engines says of rows with a, b (the addresses
// in order), packets and octets, as the other peers say it.
const sqlTotal = `SELECT count(*) || ' tuples, ' || sum(packets) || ' packets, ' || sum(octets) || ' bytes, ' || count(DISTINCT (a, b)) || ' pairs' FROM t`

// sqlTop is what is measured: sums by pair, the biggest of them.
const sqlTop = `SELECT s, d, sum(packets) AS p, sum(octets) AS o FROM t GROUP BY s, d ORDER BY o DESC LIMIT 20`

// duckdbLogs reads tuples of flow logs as the table t.
func duckdbLogs(files []string) string {
	var list []string
	for _, f := range files {
		list = append(list, "'"+strings.ReplaceAll(f, "'", "''")+"'")
	}
	return `WITH u AS (SELECT string_split(unnest(g.flowTuples), ',') AS f FROM (SELECT unnest(x.flowGroups) AS g FROM (SELECT unnest(r.flowRecords.flows) AS x
FROM (SELECT unnest(records) AS r FROM read_json([` + strings.Join(list, ", ") + `], format = 'unstructured', maximum_object_size = 2147483647,
columns = {records: 'STRUCT(flowRecords STRUCT(flows STRUCT(flowGroups STRUCT(flowTuples VARCHAR[])[])[]))[]'}))))),
t AS (SELECT f[2] AS s, f[3] AS d, least(f[2], f[3]) AS a, greatest(f[2], f[3]) AS b, f[10]::UBIGINT + f[12]::UBIGINT AS packets, f[11]::UBIGINT + f[13]::UBIGINT AS octets FROM u) `
}

// chdbLogs does the same of all logs below a folder.
func chdbLogs(folder string) string {
	return `WITH t AS (SELECT f[2] AS s, f[3] AS d, least(f[2], f[3]) AS a, greatest(f[2], f[3]) AS b,
toUInt64OrZero(f[10]) + toUInt64OrZero(f[12]) AS packets, toUInt64OrZero(f[11]) + toUInt64OrZero(f[13]) AS octets
FROM (SELECT splitByChar(',', arrayJoin(arrayFlatten(arrayMap(r -> arrayMap(x -> arrayMap(g -> g.flowTuples, x.flowGroups), r.flowRecords.flows), records)))) AS f
FROM file('` + filepath.ToSlash(folder) + `/**/PT1H.json', 'JSONEachRow',
'records Array(Tuple(flowRecords Tuple(flows Array(Tuple(flowGroups Array(Tuple(flowTuples Array(String))))))))'))) `
}

// sqlFlows reads flows that flowctl kept as the table t; from is the engine's
// way to name the file.
func sqlFlows(from string) string {
	return `WITH t AS (SELECT source_address AS s, destination_address AS d, least(source_address, destination_address) AS a, greatest(source_address, destination_address) AS b,
coalesce(sent_packets, 0) + coalesce(received_packets, 0) AS packets, coalesce(sent_ip_bytes, 0) + coalesce(received_ip_bytes, 0) AS octets FROM ` + from + `) `
}

// sqlContenders read flow logs.
func (o Options) sqlContenders(folder string, files []string) []contender {
	d, c := duckdbLogs(files), chdbLogs(folder)
	return []contender{
		{name: fmt.Sprintf("DuckDB read_json, %d threads", o.threads()), args: o.duckdbArgs(d + sqlTop), checkArgs: o.duckdbArgs(d + sqlTotal), total: line},
		{name: fmt.Sprintf("ClickHouse (chdb) JSONEachRow, %d threads", o.threads()), args: o.chdbArgs(c + sqlTop), checkArgs: o.chdbArgs(c + sqlTotal), total: line},
	}
}

// flowsContenders read flows that flowctl kept as Parquet.
func (o Options) flowsContenders(self, flows string) []contender {
	d, c := sqlFlows("'"+flows+"'"), sqlFlows("file('"+filepath.ToSlash(flows)+"', 'Parquet')")
	return o.installed(append(o.self(self, logTotal, flows),
		contender{name: fmt.Sprintf("DuckDB, %d threads", o.threads()), args: o.duckdbArgs(d + sqlTop), checkArgs: o.duckdbArgs(d + sqlTotal), total: line},
		contender{name: fmt.Sprintf("ClickHouse (chdb), %d threads", o.threads()), args: o.chdbArgs(c + sqlTop), checkArgs: o.chdbArgs(c + sqlTotal), total: line},
	))
}
