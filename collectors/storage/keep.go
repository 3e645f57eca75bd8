package storage

import (
	"context"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"os"

	"flowctl/plan"
)

// overlap is how much of what is kept is read again to see that the blob goes
// on from it: more than a block of a quiet interface.
const overlap = 4 << 10

// keepOld puts into the part what stays of an earlier version of a growing
// blob. That is up to the last committed block that both have, or where the
// service lists no blocks, all but the tail. Nothing is kept of a file that is
// not what was fetched.
func (d *Download) keepOld(ctx context.Context, b plan.Blob) error {
	if !grows(b.Name) {
		return nil
	}
	old, err := os.Open(d.Path)
	if err != nil {
		return nil
	}
	defer old.Close()
	st, err := old.Stat()
	if err != nil || st.Size() >= b.Size || !endsWithTail(old, st.Size()) {
		return nil
	}
	blocks, err := d.From.Blocks(ctx, b)
	if errors.Is(err, plan.ErrChanged) || ctx.Err() != nil {
		return errors.Join(err, ctx.Err())
	}
	keep := common(blocks, st.Size()-int64(len(Tail)), b.Size)
	to := io.MultiWriter(io.NewOffsetWriter(d.part, 0), d.sum)
	if d.whole, err = io.Copy(to, io.NewSectionReader(old, 0, keep)); err != nil {
		return err
	}
	if !d.asFetched(old, st.Size()) {
		return d.restart()
	}
	return nil
}

// common is how long the beginning is that a version of size bytes in blocks
// has in common with an earlier one, which had data bytes before its tail:
// the blocks that lie within those.
func common(blocks []int64, data, size int64) int64 {
	var at, last int64
	for _, n := range blocks {
		if at += n; at <= data {
			last = at
		}
	}
	if at != size { // there is no list, or it is of something else
		return data
	}
	return last
}

// asFetched reports whether the file at dest, of which the sum has the first
// bytes, is still what was written there. Where nobody knows what that was,
// what is read again has to tell.
func (d *Download) asFetched(old *os.File, size int64) bool {
	if d.SHA256 == "" {
		return true
	}
	sum, err := d.sum.(hash.Cloner).Clone()
	if err != nil {
		return false
	}
	n, err := io.Copy(sum, io.NewSectionReader(old, d.whole, size-d.whole))
	return err == nil && d.whole+n == size && hex.EncodeToString(sum.Sum(nil)) == d.SHA256
}

func endsWithTail(f *os.File, size int64) bool {
	end := make([]byte, len(Tail))
	_, err := f.ReadAt(end, size-int64(len(Tail)))
	return err == nil && string(end) == Tail
}
