package engine

import (
	"context"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Arrival is a unit that came in, or did not come in whole.
type Arrival struct {
	Unit  string    `json:"unit"`
	Kind  string    `json:"kind"` // log or captures
	Name  string    `json:"name"`
	At    time.Time `json:"at"`
	Files uint64    `json:"files"`
	Bytes uint64    `json:"bytes"`
	Rows  uint64    `json:"rows"`
	Whole bool      `json:"whole"`
}

// Arrivals are all units, the last first.
func (e *Engine) Arrivals(ctx context.Context) (all []Arrival, err error) {
	query := "SELECT unit, any(kind), any(name), max(at) AS last, max(length(files)), max(bytes), max(rows), max(event = 'commit') FROM " +
		e.table("ingest") + " GROUP BY unit ORDER BY last DESC, unit"
	err = rows(ctx, e.conn, query, func(r driver.Rows) error {
		var a Arrival
		var whole uint8
		if err := r.Scan(&a.Unit, &a.Kind, &a.Name, &a.At, &a.Files, &a.Bytes, &a.Rows, &whole); err != nil {
			return err
		}
		a.Whole = whole != 0
		all = append(all, a)
		return nil
	})
	return all, e.explain("ask what came in", err)
}
