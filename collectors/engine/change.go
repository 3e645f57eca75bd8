package engine

import (
	"context"
	"errors"
	"fmt"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Change is something to be done to a node's tables.
type Change struct{ Host, Statement string }

// Init is what makes the tables that are missing. Days go after keep of them, 0 for never.
func (a Address) Init(nodes []Node, keep int) ([]Change, error) {
	var all []Change
	for _, n := range nodes {
		if n.Err != nil {
			return nil, a.explain("look at node "+n.Host, n.Err)
		}
		add := func(statement string) { all = append(all, Change{n.Host, statement}) }
		if !n.Database {
			add(fmt.Sprintf("CREATE DATABASE IF NOT EXISTS `%s`", a.Database))
		}
		for _, s := range shapes() {
			for _, t := range a.names(s) {
				switch have, ok := n.Tables[t]; {
				case !ok && t == s.local(a):
					add(s.create(a, keep))
				case !ok:
					add(s.spread(a))
				case have.Schema == 0:
					return nil, fmt.Errorf("table %s at %s is none of flowctl's: give it another --engine database", a.table(t), n.Host)
				case have.Schema != Schema:
					return nil, fmt.Errorf("table %s at %s has schema %d, and this flowctl has %d: use flowctl engine upgrade, or the flowctl that made it", a.table(t), n.Host, have.Schema, Schema)
				}
			}
		}
	}
	return all, nil
}

// Upgrade is what adds the columns that are missing.
func (a Address) Upgrade(nodes []Node) ([]Change, error) {
	var all []Change
	for _, n := range nodes {
		if n.Err != nil {
			return nil, a.explain("look at node "+n.Host, n.Err)
		}
		for _, s := range shapes() {
			for _, t := range a.names(s) {
				have, ok := n.Tables[t]
				switch {
				case !ok:
					return nil, fmt.Errorf("table %s is missing at %s: flowctl engine init makes it", a.table(t), n.Host)
				case have.Schema == 0 || have.Schema > Schema:
					return nil, fmt.Errorf("table %s at %s has schema %d, and this flowctl knows %d: use a newer flowctl", a.table(t), n.Host, have.Schema, Schema)
				}
				for _, c := range s.columns {
					if _, ok := have.Columns[c.name]; !ok {
						all = append(all, Change{n.Host, fmt.Sprintf("ALTER TABLE %s ADD COLUMN `%s` %s", a.table(t), c.name, c.kind)})
					}
				}
				if have.Schema < Schema {
					all = append(all, Change{n.Host, fmt.Sprintf("ALTER TABLE %s MODIFY COMMENT '%s'", a.table(t), comment())})
				}
			}
		}
	}
	return all, nil
}

// Drop is what removes flowctl's tables, with all that is in them. The database stays.
func (a Address) Drop(nodes []Node) ([]Change, error) {
	var all []Change
	for _, n := range nodes {
		if n.Err != nil {
			return nil, a.explain("look at node "+n.Host, n.Err)
		}
		for _, s := range shapes() {
			names := a.names(s)
			for i := range names {
				t := names[len(names)-1-i]
				if n.Tables[t].Schema > 0 {
					all = append(all, Change{n.Host, "DROP TABLE " + a.table(t) + " SYNC"})
				}
			}
		}
	}
	return all, nil
}

// names are the tables of a shape, the one that has rows first.
func (a Address) names(s shape) []string {
	if a.Cluster == "" {
		return []string{s.called}
	}
	return []string{s.local(a), s.called}
}

// Apply carries changes out, in their order. The error says what was done.
func (e *Engine) Apply(ctx context.Context, all []Change) error {
	for i, c := range all {
		err := e.at(ctx, c.Host, func(conn driver.Conn) error { return conn.Exec(ctx, c.Statement) })
		if err != nil {
			return errors.Join(e.explain(fmt.Sprintf("change %d of %d at %s", i+1, len(all), c.Host), err), ctx.Err())
		}
	}
	return nil
}

// ready checks that the tables are those of this flowctl, at the node that is asked.
func (e *Engine) ready(ctx context.Context) error {
	n := Node{Host: e.Hosts[0]}
	if err := e.look(ctx, e.conn, &n); err != nil {
		return e.explain("look at the tables", err)
	}
	for _, s := range shapes() {
		for _, t := range e.names(s) {
			have, ok := n.Tables[t]
			switch {
			case !ok:
				return fmt.Errorf("ClickHouse at %s has no table %s: run flowctl engine init --engine '%s'", n.Host, e.table(t), e.Address)
			case have.Schema != Schema:
				return fmt.Errorf("table %s at %s has schema %d, and this flowctl has %d: run flowctl engine upgrade, or use the flowctl that made it", e.table(t), n.Host, have.Schema, Schema)
			}
			for _, c := range s.columns {
				if _, ok := have.Columns[c.name]; !ok {
					return fmt.Errorf("table %s at %s has no column %s: run flowctl engine upgrade", e.table(t), n.Host, c.name)
				}
			}
		}
	}
	return nil
}
