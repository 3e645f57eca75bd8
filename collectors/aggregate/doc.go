// Package aggregate turns flow records into rows: what is alike of many
// records is added up, in memory as far as it goes and then in a temporary
// file. What the rows mean is the business of package summary.
package aggregate
