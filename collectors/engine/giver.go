package engine

import (
	"context"
	"fmt"
	"math"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"flowctl/collectors/flow"
)

// giver makes records of rows.
type giver struct {
	in     flow.Input
	names  *texts
	add    func(flow.Batch) bool
	known  map[uint64]flow.Context
	learn  func(id uint64) error // of a context that came in since known was read
	batch  flow.Batch
	enough bool
}

// giveRows is how many records are given at once.
const giveRows = 256

// give gives a record on, now or later.
func (g *giver) give(r *flow.Record) bool {
	g.batch = append(g.batch, *r)
	return len(g.batch) < giveRows || g.flush()
}

func (g *giver) flush() bool {
	if len(g.batch) > 0 && !g.enough {
		g.enough = !g.add(g.batch)
	}
	g.batch = g.batch[:0]
	return !g.enough
}

// each reads rows until no more are wanted.
func (g *giver) each(ctx context.Context, conn driver.Conn, query string, row func(driver.Rows) (bool, error)) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop() // at the server too, if no more are wanted
	all, err := conn.Query(ctx, query)
	if err != nil {
		return err
	}
	defer all.Close()
	for all.Next() {
		more, err := row(all)
		if err != nil || !more {
			return err
		}
	}
	g.flush()
	return all.Err()
}

// records gives rows on one by one, with all columns.
func (g *giver) records(ctx context.Context, conn driver.Conn, query string) error {
	var cells []cell
	var to []any
	for _, c := range columns {
		cells = append(cells, c.cell())
		to = append(to, cells[len(cells)-1].pointer())
	}
	return g.each(ctx, conn, query, func(all driver.Rows) (bool, error) {
		if err := all.Scan(to...); err != nil {
			return false, err
		}
		var r flow.Record
		for _, c := range cells {
			c.put(&r, g.names)
		}
		g.in.Source.Records++
		return g.give(&r), nil
	})
}

// contexts learns what the numbers of contexts stand for.
func (g *giver) contexts(ctx context.Context, conn driver.Conn, query string) error {
	var id uint64
	var text [6]string
	var direction, class int8
	var denied uint8
	to := []any{&id}
	for i := range text {
		to = append(to, &text[i])
	}
	to = append(to, &direction, &class, &denied)
	return g.each(ctx, conn, query, func(all driver.Rows) (bool, error) {
		if err := all.Scan(to...); err != nil {
			return false, err
		}
		c := flow.Context{
			Point: g.names.id(text[0]), Target: g.names.id(text[1]), Rule: g.names.id(text[2]), ACL: g.names.id(text[3]), Log: g.names.id(text[4]),
			Encryption: g.names.encryption(text[5]), Direction: flow.Direction(direction), Class: flow.Class(class), Denied: denied != 0,
		}
		if other, ok := g.known[id]; ok && other != c {
			return false, fmt.Errorf("two contexts have the number %d: their flows cannot be told apart. Ask the files", id)
		}
		g.known[id] = c
		return true, nil
	})
}

// put puts a record into its context.
func (g *giver) put(r *flow.Record, id uint64) (flow.Context, error) {
	c, err := g.context(id)
	r.Point, r.Target, r.Rule, r.ACL, r.Log = c.Point, c.Target, c.Rule, c.ACL, c.Log
	r.Encryption, r.Direction, r.Class = c.Encryption, c.Direction, c.Class
	return c, err
}

// context is the context of a number.
func (g *giver) context(id uint64) (flow.Context, error) {
	if _, ok := g.known[id]; !ok {
		if err := g.learn(id); err != nil {
			return flow.Context{}, err
		}
	}
	c, ok := g.known[id]
	if !ok {
		return c, fmt.Errorf("flows went while the engine was asked: ask again")
	}
	return c, nil
}

// flows gives on what flow logs have of each flow.
func (g *giver) flows(ctx context.Context, conn driver.Conn, query string) error {
	var r flow.Record
	var src, dst [16]byte
	var id, begun, n uint64
	var zone, counted, ended uint8
	to := []any{
		&src, &r.SrcPort, &dst, &r.DstPort, &r.Proto, &id, &zone, &r.First, &r.Last,
		&r.Sent.Packets, &r.Sent.IPBytes, &r.Received.Packets, &r.Received.IPBytes, &counted, &ended, &begun, &n,
	}
	return g.each(ctx, conn, query, func(all driver.Rows) (bool, error) {
		if err := all.Scan(to...); err != nil {
			return false, err
		}
		c, err := g.put(&r, id)
		r.Src, r.Dst = addrOf(&src), addrOf(&dst)
		r.Measured, r.State = flow.Measure(counted), flow.Continue
		switch {
		case c.Denied:
			r.State = flow.Deny
		case ended != 0:
			r.State = flow.End
		}
		r.Records, r.Begins = uint32(min(n, math.MaxUint32)), uint32(min(begun, math.MaxUint32))
		g.in.Source.Records += n
		return err == nil && g.give(&r), err
	})
}

// tuples gives on the rows of flow logs.
func (g *giver) tuples(ctx context.Context, conn driver.Conn, query string) error {
	var r flow.Record
	var src, dst [16]byte
	var id uint64
	var counted uint8
	var state int8
	to := []any{
		&src, &r.SrcPort, &dst, &r.DstPort, &r.Proto, &id, &r.Last,
		&r.Sent.Packets, &r.Sent.IPBytes, &r.Received.Packets, &r.Received.IPBytes, &counted, &state,
	}
	return g.each(ctx, conn, query, func(all driver.Rows) (bool, error) {
		if err := all.Scan(to...); err != nil {
			return false, err
		}
		_, err := g.put(&r, id)
		r.Src, r.Dst, r.First = addrOf(&src), addrOf(&dst), r.Last
		r.Measured, r.State = flow.Measure(counted), flow.State(state)
		g.in.Source.Records++
		return err == nil && g.give(&r), err
	})
}

// intervals gives on what flow logs have of each minute.
func (g *giver) intervals(ctx context.Context, conn driver.Conn, query string) error {
	var i flow.Interval
	var id uint64
	var counted uint8
	to := []any{&id, &i.Private, &i.Start, &i.Packets, &i.IPBytes, &counted, &i.Begun, &i.Ended, &i.Records}
	return g.each(ctx, conn, query, func(all driver.Rows) (bool, error) {
		if err := all.Scan(to...); err != nil {
			return false, err
		}
		of, err := g.context(id)
		if err != nil {
			return false, err
		}
		i.Context, i.Measured = of, flow.Measure(counted)
		g.in.Cache.AddIntervals([]flow.Interval{i}, 0)
		return true, nil
	})
}
