package engine

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"flowctl/collectors/flow"
	"flowctl/collectors/parquet"
)

// Source reads what an engine has, as a reader of files does.
type Source struct {
	*Engine
	Select
}

// Read gives flows to add: those of flow logs added up at the server, if in has a flow
// cache that wants sums, and others one by one.
func (s Source) Read(ctx context.Context, in flow.Input, add func(flow.Batch) bool) error {
	in.Source.Kind = flow.Engine
	if err := s.read(ctx, in, add); err != nil {
		in.Source.Note(flow.Unreadable)
		return err
	}
	in.Source.Note(flow.OK)
	return nil
}

func (s Source) read(ctx context.Context, in flow.Input, add func(flow.Batch) bool) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	missing, err := s.missing(ctx, in)
	if err != nil {
		return err
	}
	told, err := s.beside(clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{"skip_unavailable_shards": min(missing, 1)})), in)
	if err != nil {
		return err
	}
	s.Start, s.End = in.Start, in.End
	ctx = s.settings(ctx, missing)
	sums := in.Cache != nil && !in.Cache.Single()
	g := &giver{in: in, names: newTexts(in.Names), add: add}
	if sums {
		if err = g.flows(ctx, s.conn, s.Flows(s.Address)); err == nil {
			err = g.intervals(ctx, s.conn, s.Intervals(s.Address))
		}
	}
	if err == nil && !g.enough {
		one := s.Select
		if told.Logs() {
			one = one.around()
		}
		err = g.records(ctx, s.conn, one.Records(s.Address, !sums))
	}
	return errors.Join(s.explain("ask for flows", err), ctx.Err())
}

// settings make nodes give what they have without adding up one another's: each flow is
// on one of them. A node that is known to be missing is left out.
func (s Source) settings(ctx context.Context, missing int) context.Context {
	set := clickhouse.Settings{"do_not_merge_across_partitions_select_final": 1, "max_bytes_before_external_group_by": 1 << 30}
	if s.Cluster != "" {
		set["distributed_group_by_no_merge"] = 1
	}
	if missing > 0 {
		set["skip_unavailable_shards"] = 1
	}
	return clickhouse.Context(ctx, clickhouse.WithSettings(set))
}

// missing is how many shards do not answer, which is said of the source.
func (s Source) missing(ctx context.Context, in flow.Input) (int, error) {
	if s.Cluster == "" {
		return 0, nil
	}
	nodes, err := s.members(ctx)
	if err != nil {
		return 0, err
	}
	var answered uint64
	query := fmt.Sprintf("SELECT uniqExact(_shard_num) FROM cluster('%s', system.one) SETTINGS skip_unavailable_shards = 1", s.Cluster)
	if err := s.conn.QueryRow(ctx, query).Scan(&answered); err != nil {
		return 0, s.explain("ask the nodes", err)
	}
	n := len(nodes) - int(answered)
	switch {
	case answered == 0:
		return 0, fmt.Errorf("no node of cluster %q answers: flowctl engine status says why", s.Cluster)
	case n > 0:
		in.Source.Note(flow.Truncated)
		in.Source.Remark("shards-missing", fmt.Sprintf("%d of %d answered", answered, len(nodes)), uint64(n))
	}
	return n, nil
}

// beside reads what is said of the units that are whole, and that others are not.
func (s Source) beside(ctx context.Context, in flow.Input) (told parquet.Told, err error) {
	query := "SELECT beside FROM " + s.table("ingest") + " WHERE event = 'commit' ORDER BY name, unit, at LIMIT 1 BY unit"
	err = rows(ctx, s.conn, query, func(r driver.Rows) error {
		pairs := map[string]string{}
		if err := r.Scan(&pairs); err != nil {
			return err
		}
		return told.Add(pairs, in)
	})
	if err != nil {
		return told, s.explain("ask what came in", err)
	}
	var open uint64
	query = "SELECT count() FROM (SELECT unit FROM " + s.table("ingest") + " GROUP BY unit HAVING countIf(event = 'commit') = 0)"
	if err = s.conn.QueryRow(ctx, query).Scan(&open); err != nil {
		return told, s.explain("ask what came in", err)
	}
	if open > 0 {
		in.Source.Remark("units-unfinished", "", open)
	}
	return told, told.Tell(in.Source)
}

// giver makes records of rows.
type giver struct {
	in     flow.Input
	names  *texts
	add    func(flow.Batch) bool
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

// records gives rows on one by one.
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

// context is what rows that are added up have in common.
type sharedCells struct {
	texts            [6]string
	direction, class int8
	denied           uint8
}

func (c *sharedCells) pointers() []any {
	var to []any
	for i := range c.texts {
		to = append(to, &c.texts[i])
	}
	return append(to, &c.direction, &c.class, &c.denied)
}

func (g *giver) context(c *sharedCells) flow.Context {
	return flow.Context{
		Point: g.names.id(c.texts[0]), Target: g.names.id(c.texts[1]), Rule: g.names.id(c.texts[2]), ACL: g.names.id(c.texts[3]), Log: g.names.id(c.texts[4]),
		Encryption: g.names.encryption(c.texts[5]), Direction: flow.Direction(c.direction), Class: flow.Class(c.class), Denied: c.denied != 0,
	}
}

// flows gives on what flow logs have of each flow.
func (g *giver) flows(ctx context.Context, conn driver.Conn, query string) error {
	var r flow.Record
	var src, dst [16]byte
	var c sharedCells
	var counted, ended uint8
	var begun, n uint64
	var zone uint8
	to := append([]any{&src, &r.SrcPort, &dst, &r.DstPort, &r.Proto}, c.pointers()...)
	to = append(to, &zone, &r.First, &r.Last, &r.Sent.Packets, &r.Sent.IPBytes, &r.Received.Packets, &r.Received.IPBytes, &counted, &ended, &begun, &n)
	return g.each(ctx, conn, query, func(all driver.Rows) (bool, error) {
		if err := all.Scan(to...); err != nil {
			return false, err
		}
		at := g.context(&c)
		r.Src, r.Dst = addrOf(&src), addrOf(&dst)
		r.Point, r.Target, r.Rule, r.ACL, r.Log = at.Point, at.Target, at.Rule, at.ACL, at.Log
		r.Encryption, r.Direction, r.Class = at.Encryption, at.Direction, at.Class
		r.Measured, r.State = flow.Measure(counted), stateOf(at.Denied, ended != 0)
		r.Records, r.Begins = uint32(min(n, math.MaxUint32)), uint32(min(begun, math.MaxUint32))
		g.in.Source.Records += n
		return g.give(&r), nil
	})
}

func stateOf(denied, ended bool) flow.State {
	switch {
	case denied:
		return flow.Deny
	case ended:
		return flow.End
	}
	return flow.Continue
}

// intervals gives on what flow logs have of each minute.
func (g *giver) intervals(ctx context.Context, conn driver.Conn, query string) error {
	var i flow.Interval
	var c sharedCells
	var counted uint8
	var private bool
	to := append(c.pointers(), &private, &i.Start, &i.Packets, &i.IPBytes, &counted, &i.Begun, &i.Ended, &i.Records)
	return g.each(ctx, conn, query, func(all driver.Rows) (bool, error) {
		if err := all.Scan(to...); err != nil {
			return false, err
		}
		i.Context, i.Private, i.Measured = g.context(&c), private, flow.Measure(counted)
		g.in.Cache.AddIntervals([]flow.Interval{i}, 0)
		return true, nil
	})
}
