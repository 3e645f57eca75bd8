package engine

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Engine is a connection to one.
type Engine struct {
	Address
	BatchRows int // rows that are sent at once; 0 for a quarter of a million
	conn      driver.Conn
	password  string
}

// Open connects to an engine. The password is not kept in the address.
func Open(ctx context.Context, a Address, password string) (*Engine, error) {
	if err := a.check(); err != nil {
		return nil, err
	}
	e := &Engine{Address: a, password: password}
	var err error
	if e.conn, err = e.dial(a.Hosts); err != nil {
		return nil, a.explain("connect", err)
	}
	if err := e.conn.Ping(ctx); err != nil {
		return nil, errors.Join(a.explain("connect", err), e.conn.Close())
	}
	return e, nil
}

// dial makes a connection to the first of some hosts that answers.
func (e *Engine) dial(hosts []string) (driver.Conn, error) {
	o := &clickhouse.Options{
		Addr:        hosts,
		Auth:        clickhouse.Auth{Username: e.User, Password: e.password}, // the database may not be there yet
		Compression: &clickhouse.Compression{Method: clickhouse.CompressionLZ4},
		DialTimeout: 10 * time.Second,
		ReadTimeout: 10 * time.Minute, // between two blocks of an answer; progress comes all the time
		ClientInfo:  clickhouse.ClientInfo{Products: []struct{ Name, Version string }{{"flowctl", ""}}},
	}
	if e.Secure {
		o.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	return clickhouse.Open(o)
}

// Close ends the connection.
func (e *Engine) Close() error { return e.conn.Close() }

// table is the full name of a table.
func (a Address) table(name string) string { return fmt.Sprintf("`%s`.`%s`", a.Database, name) }

// rows reads all rows of a query.
func rows(ctx context.Context, conn driver.Conn, query string, each func(driver.Rows) error) error {
	all, err := conn.Query(ctx, query)
	if err != nil {
		return err
	}
	defer all.Close()
	for all.Next() {
		if err := each(all); err != nil {
			return err
		}
	}
	return all.Err()
}
