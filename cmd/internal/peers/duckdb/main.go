// Command duckdb runs SQL in DuckDB and prints the rows, separated by tabs. It
// is a peer that flowctl is measured against, in a module of its own because
// DuckDB's library is large and needs cgo. See flowctl docs benchmarks.
package main

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strings"

	_ "github.com/duckdb/duckdb-go/v2"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run runs every statement and prints what the last one returns.
func run(statements []string) (err error) {
	if len(statements) == 0 {
		return errors.New("usage: duckdb STATEMENT…")
	}
	db, err := sql.Open("duckdb", "")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1) // settings belong to a connection
	last := len(statements) - 1
	for _, s := range statements[:last] {
		if _, err := db.Exec(s); err != nil {
			return fmt.Errorf("%.60s: %w", s, err)
		}
	}
	rows, err := db.Query(statements[last])
	if err != nil {
		return err
	}
	defer rows.Close()
	return show(rows)
}

// show prints rows, a line each.
func show(rows *sql.Rows) error {
	names, err := rows.Columns()
	if err != nil {
		return err
	}
	values, places := make([]any, len(names)), make([]any, len(names))
	for i := range values {
		places[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(places...); err != nil {
			return err
		}
		text := make([]string, len(values))
		for i, v := range values {
			text[i] = fmt.Sprint(v)
		}
		fmt.Println(strings.Join(text, "\t"))
	}
	return rows.Err()
}
