package fetch

import (
	"context"
	"io"
	"time"

	"flowctl/collectors/flowlog"
	"flowctl/plan"
)

// The end of a blob that is looked through for its last record: a little at
// first, more where a record is long.
const (
	shortTail = 64 << 10
	longTail  = 8 << 20
)

// newest is the time of the newest record of a flow log, and when it was written.
// It is in the blob that was written last.
func (j job) newest(ctx context.Context) (record, written time.Time, err error) {
	var last *plan.Blob
	if j.session.Mechanism != plan.FlowLog {
		return time.Time{}, time.Time{}, nil
	}
	for _, blobs := range j.listed(ctx) {
		for b, err := range blobs {
			if err != nil {
				return time.Time{}, time.Time{}, err
			}
			if last == nil || !b.Modified.Before(last.Modified) {
				last = &b
			}
		}
	}
	if last == nil {
		return time.Time{}, time.Time{}, nil
	}
	record, err = lastRecord(ctx, j.blobs, *last)
	return record, last.Modified, err
}

// lastRecord reads the time of a blob's last record from its end.
func lastRecord(ctx context.Context, from plan.Blobs, b plan.Blob) (time.Time, error) {
	for tail := int64(shortTail); ; tail *= 8 {
		offset := max(0, b.Size-tail)
		r, err := from.Open(ctx, b, offset, b.Size-offset)
		if err != nil {
			return time.Time{}, err
		}
		end, err := io.ReadAll(r)
		r.Close()
		if err != nil {
			return time.Time{}, err
		}
		if t, ok := flowlog.LastTime(end); ok || offset == 0 || tail >= longTail {
			return t, nil
		}
	}
}
