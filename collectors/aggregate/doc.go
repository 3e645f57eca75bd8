// Package aggregate turns flow records into rows: what is alike of many
// records is added up, in memory as far as it goes and then in a temporary
// file. What the rows mean is the business of package summary.
//
// Observations of a reader go through a Cache, records into the waiting lists of
// a Table and from there, by the hash of their pair of addresses, into one of
// its partitions. Both find their rows with package table, as all of the
// collectors do.
package aggregate
