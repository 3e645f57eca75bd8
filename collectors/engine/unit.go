package engine

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"flowctl/collectors/flow"
	"flowctl/collectors/parquet"
)

// Unit is what comes in as a whole: one flow log's file, or captures that are read
// together.
type Unit struct {
	ID    string // a hash of what it is: the same for the same bytes
	Name  string // as people know it
	Kind  string // Logs or Captures
	Bytes int64
}

// The kinds of units.
const (
	Logs     = "log"
	Captures = "captures"
)

// Known says which of some files came in already, by their hashes.
func (e *Engine) Known(ctx context.Context) (map[string]bool, error) {
	known := map[string]bool{}
	err := rows(ctx, e.conn, "SELECT DISTINCT arrayJoin(files) FROM "+e.table("ingest")+" WHERE event = 'commit'", func(r driver.Rows) error {
		var file string
		err := r.Scan(&file)
		known[file] = true
		return err
	})
	return known, e.explain("ask what came in already", err)
}

// Writer puts the records of a unit into the engine.
type Writer struct {
	e       *Engine
	ctx     context.Context
	unit    Unit
	attempt uint64
	files   []string // hashes of those that are in it

	mu    sync.Mutex
	parts []*part
}

// Begin notes that a unit is about to come in. Until Commit it does not count if it
// is of captures; of flow logs what is there counts, and will once.
func (e *Engine) Begin(ctx context.Context, u Unit) (*Writer, error) {
	if err := e.ready(ctx); err != nil {
		return nil, err
	}
	w := &Writer{e: e, ctx: ctx, unit: u, attempt: rand.Uint64() | 1}
	return w, w.note(ctx, "intent", 0, nil)
}

// note writes a row of the ingest table.
func (w *Writer) note(ctx context.Context, event string, n uint64, beside map[string]string) error {
	b, err := w.e.conn.PrepareBatch(w.settings(ctx, event), "INSERT INTO "+w.e.table("ingest")+" (unit, attempt, event, at, kind, name, files, bytes, rows, beside)")
	if err == nil {
		defer b.Close()
		if beside == nil {
			beside = map[string]string{}
		}
		err = errors.Join(b.Append(w.unit.ID, w.attempt, event, time.Now(), w.unit.Kind, w.unit.Name, append([]string{}, w.files...), uint64(w.unit.Bytes), n, beside))
	}
	if err == nil {
		err = b.Send()
	}
	return w.e.explain("note what comes in", err)
}

// settings make an insert one that is whole when it returns, and that has no effect the
// second time.
func (w *Writer) settings(ctx context.Context, what string) context.Context {
	return clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{
		"insert_deduplication_token":               fmt.Sprintf("%s/%x/%s", w.unit.ID, w.attempt, what),
		"distributed_foreground_insert":            1,
		"max_partitions_per_insert_block":          100_000,
		"throw_on_max_partitions_per_insert_block": 0,
	}))
}

// Holds notes that a file is in the unit, by a hash of its bytes.
func (w *Writer) Holds(file string) { w.files = append(w.files, file) }

// Keeper returns what takes records of one goroutine, whose texts are in names.
func (w *Writer) Keeper(names *flow.Names) flow.Keeper {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := newPart(w, len(w.parts), names)
	w.parts = append(w.parts, p)
	return p
}

// Commit sends what is left, and notes that the unit is whole. Beside is what is said
// of it besides its records.
func (w *Writer) Commit(ctx context.Context, beside parquet.Meta) (n uint64, err error) {
	for _, p := range w.parts {
		if err := p.send(); err != nil {
			return 0, err
		}
		n += p.total
	}
	pairs, err := beside.Pairs()
	if err != nil {
		return 0, err
	}
	return n, w.note(ctx, "commit", n, pairs)
}
