package engine

import (
	"context"
	"errors"
	"fmt"

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
	g := &giver{in: in, names: newTexts(in.Names), add: add, known: map[uint64]flow.Context{}}
	g.learn = func(id uint64) error {
		return g.contexts(ctx, s.conn, s.Contexts(s.Address, id))
	}
	err = g.contexts(ctx, s.conn, s.Contexts(s.Address))
	switch {
	case err != nil:
	case in.Cache != nil && !in.Cache.Single():
		if err = g.flows(ctx, s.conn, s.Flows(s.Address)); err == nil {
			err = g.intervals(ctx, s.conn, s.Intervals(s.Address))
		}
	default:
		err = g.tuples(ctx, s.conn, s.Tuples(s.Address))
	}
	if err == nil && !g.enough {
		err = g.records(ctx, s.conn, s.Records(s.Address, told.Logs()))
	}
	return errors.Join(s.explain("ask for flows", err), ctx.Err())
}

// settings make nodes give what they have without adding up one another's: each flow is
// on one of them. A node that is known to be missing is left out.
func (s Source) settings(ctx context.Context, missing int) context.Context {
	set := clickhouse.Settings{"max_bytes_before_external_group_by": 1 << 30}
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
