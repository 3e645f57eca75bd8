package collectors

import (
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
	"os"
	"sync/atomic"

	"flowctl/collectors/etl"
	"flowctl/collectors/flow"
	"flowctl/collectors/flowlog"
	"flowctl/collectors/parquet"
	"flowctl/collectors/pcap"
	"flowctl/collectors/storage"
	"flowctl/collectors/workspace"
	"flowctl/plan"
)

// sinks take the records of a source.
type sinks struct {
	flow.Workers
	bytes *atomic.Int64 // that were read
}

// entry is an item, and what reads it if it is a blob that is not wide.
type entry struct {
	Item
	err    error
	stream *storage.Stream
}

// ahead yields items, of which blobs are opened ahead of the caller unless they
// may be of a rotated capture, and so are read last. What was
// opened and not yielded ends with ctx.
func ahead(ctx context.Context, items iter.Seq2[Item, error]) <-chan entry {
	q := storage.NewPrefetch(ctx)
	out := make(chan entry, storage.MostAhead)
	go func() {
		defer close(out)
		for item, err := range items {
			e := entry{Item: item, err: err}
			_, _, later := rotatedName(item.Path)
			if err == nil && item.Blob != nil && item.Blob.Size < storage.Large && !later {
				if e.stream = q.Open(item.From, *item.Blob); e.stream == nil {
					return
				}
			}
			select {
			case out <- e:
			case <-ctx.Done():
				return
			}
		}
	}()
	return out
}

// readStream reads a blob that is not wide, and so is for one worker.
func readStream(s *storage.Stream, in flow.Input, main func(flow.Batch) bool) error {
	all, whole := s.Begin()
	defer s.Close()
	flows := parquet.Detect(all)
	if !whole && !flows {
		return readRecords(s, in, main)
	}
	if !whole {
		var err error
		if all, err = io.ReadAll(s); err != nil {
			return unreadable(in, err)
		}
	}
	if flows {
		return readFlows(bytes.NewReader(all), int64(len(all)), in, flow.Workers{Main: main})
	}
	if f := format(all[:min(len(all), headSize)]); f != nil {
		return drain(f.Read(bytes.NewReader(all), in), main)
	}
	return readRecords(bytes.NewReader(all), in, main)
}

// readRange reads a large blob.
func readRange(ctx context.Context, from plan.Blobs, b plan.Blob, in flow.Input, to sinks) error {
	r := storage.NewRanges(ctx, from, b)
	return readAt(r, r.Size(), true, in, to)
}

// wideFrom is the size from which on a file is worth several goroutines.
const wideFrom = 32 << 20

// readFile reads a file.
func readFile(ctx context.Context, path string, in flow.Input, to sinks) error {
	if p, ok := pipeOf(ctx, path); ok {
		return readRecords(p, in, to.Main)
	}
	f, err := os.Open(path)
	if err != nil {
		return unreadable(in, err)
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return unreadable(in, err)
	}
	return readAt(f, st.Size(), st.Size() >= wideFrom, in, to)
}

// readAt reads the first size bytes of r. If it is wide, and plain, others than
// own take records too.
func readAt(r io.ReaderAt, size int64, wide bool, in flow.Input, to sinks) error {
	r = counted{r, to.bytes}
	head := make([]byte, headSize)
	n, err := r.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return unreadable(in, err)
	}
	head = head[:n]
	all := io.NewSectionReader(r, 0, size)
	switch {
	case parquet.Detect(head) && wide:
		return readFlows(r, size, in, to.Workers)
	case parquet.Detect(head):
		return readFlows(r, size, in, flow.Workers{Main: to.Main})
	case etl.Detect(head):
		return etl.ReadAt(r, size, in, to.Main)
	case !wide || wrapping(head) != nil:
	case detectCapture(head):
		return pcap.ReadShared(all, in, to.Workers)
	case workspace.Detect(head):
	case flowlog.Detect(head):
		return flowlog.ReadAt(r, size, in, to.Workers)
	}
	return readRecords(all, in, to.Main)
}

// counted counts the bytes that are read.
type counted struct {
	io.ReaderAt
	bytes *atomic.Int64
}

func (c counted) ReadAt(p []byte, off int64) (int, error) {
	n, err := c.ReaderAt.ReadAt(p, off)
	c.bytes.Add(int64(n))
	return n, err
}

func readRecords(r io.Reader, in flow.Input, main func(flow.Batch) bool) error {
	return drain(Read(r, in), main)
}

// unreadable notes that there is nothing to read.
func unreadable(in flow.Input, err error) error {
	in.Source.Note(flow.Unreadable)
	return err
}

// drain gives all batches to main, until it wants no more or there is an error.
func drain(all iter.Seq2[flow.Batch, error], main func(flow.Batch) bool) error {
	for b, err := range all {
		if !main(b) || err != nil {
			return err
		}
	}
	return nil
}
