package engine

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Node is a machine of an engine and what it has.
type Node struct {
	Shard uint32 // from 1 on
	Host  string // host:port
	Err   error  // why it did not answer; nil if it did

	Version  string
	Database bool
	Tables   map[string]Table
}

// Table is one of flowctl's tables on a node.
type Table struct {
	Schema  int // 0 if it is none of flowctl's
	Rows    uint64
	Bytes   uint64
	Columns map[string]string // types by name
}

// Nodes looks at all nodes. That one does not answer is said there.
func (e *Engine) Nodes(ctx context.Context) ([]Node, error) {
	all, err := e.members(ctx)
	for i := range all {
		all[i].Err = e.at(ctx, all[i].Host, func(conn driver.Conn) error { return e.look(ctx, conn, &all[i]) })
	}
	return all, errors.Join(err, ctx.Err())
}

// members are the nodes by the server's configuration.
func (e *Engine) members(ctx context.Context) (all []Node, err error) {
	if e.Cluster == "" {
		return []Node{{Shard: 1, Host: e.Hosts[0]}}, nil
	}
	var known []string
	replicas := false
	err = rows(ctx, e.conn, "SELECT cluster, shard_num, replica_num, host_name, port FROM system.clusters ORDER BY cluster, shard_num, replica_num", func(r driver.Rows) error {
		var cluster, host string
		var shard, replica uint32
		var port uint16
		if err := r.Scan(&cluster, &shard, &replica, &host, &port); err != nil {
			return err
		}
		if !slices.Contains(known, cluster) {
			known = append(known, cluster)
		}
		if cluster == e.Cluster {
			replicas = replicas || replica > 1
			all = append(all, Node{Shard: shard, Host: net.JoinHostPort(host, strconv.Itoa(int(port)))})
		}
		return nil
	})
	switch {
	case err != nil:
		return nil, e.explain("look at the cluster", err)
	case len(all) == 0:
		return nil, fmt.Errorf("ClickHouse at %s knows no cluster %q; it knows %s", strings.Join(e.Hosts, ", "), e.Cluster, strings.Join(known, ", "))
	case replicas:
		return nil, fmt.Errorf("cluster %q has replicas: flowctl makes tables that are not replicated, so that each shard must have one node", e.Cluster)
	}
	return all, nil
}

// at does something at one node.
func (e *Engine) at(ctx context.Context, host string, do func(driver.Conn) error) error {
	if slices.Contains(e.Hosts, host) && len(e.Hosts) == 1 {
		return do(e.conn)
	}
	conn, err := e.dial([]string{host})
	if err != nil {
		return err
	}
	return errors.Join(do(conn), conn.Close())
}

// look reads what a node has.
func (e *Engine) look(ctx context.Context, conn driver.Conn, n *Node) error {
	var databases uint64
	err := conn.QueryRow(ctx, "SELECT version(), (SELECT count() FROM system.databases WHERE name = '"+e.Database+"')").Scan(&n.Version, &databases)
	if err != nil {
		return err
	}
	n.Database, n.Tables = databases > 0, map[string]Table{}
	err = rows(ctx, conn, "SELECT name, comment, coalesce(total_rows, 0), coalesce(total_bytes, 0) FROM system.tables WHERE database = '"+e.Database+"' ORDER BY name", func(r driver.Rows) error {
		var called, says string
		t := Table{Columns: map[string]string{}}
		if err := r.Scan(&called, &says, &t.Rows, &t.Bytes); err != nil {
			return err
		}
		if v, ok := strings.CutPrefix(says, "flowctl schema "); ok {
			t.Schema, _ = strconv.Atoi(v)
		}
		n.Tables[called] = t
		return nil
	})
	if err != nil {
		return err
	}
	return rows(ctx, conn, "SELECT table, name, type FROM system.columns WHERE database = '"+e.Database+"'", func(r driver.Rows) error {
		var table, column, kind string
		if err := r.Scan(&table, &column, &kind); err != nil {
			return err
		}
		if t, ok := n.Tables[table]; ok {
			t.Columns[column] = kind
		}
		return nil
	})
}
