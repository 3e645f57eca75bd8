// Package lake registers files of flows as an Apache Iceberg table in a folder, which
// Fabric, Databricks, Trino, Spark, DuckDB and ClickHouse read.
//
// It is for builds with the tag lake alone: the library takes a tenth of a second before
// main begins, twenty times what flowctl takes, and 50 MB of the program.
package lake
