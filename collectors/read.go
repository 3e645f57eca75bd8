package collectors

import (
	"bytes"
	"context"
	"errors"
	"io"
	"iter"

	"flowctl/collectors/flow"
	"flowctl/collectors/flowlog"
	"flowctl/collectors/parquet"
	"flowctl/collectors/pcap"
	"flowctl/collectors/readahead"
	"flowctl/plan"
)

// sinks take the records of a source: own, and those that lend gives.
type sinks struct {
	own  func(flow.Batch) bool
	lend func() (flow.Sink, bool)
}

// entry is an item, and what reads it if it is a blob that is not wide.
type entry struct {
	Item
	err    error
	stream *readahead.Stream
}

// ahead yields items, of which blobs are opened ahead of the caller. What was
// opened and not yielded ends with ctx.
func ahead(ctx context.Context, items iter.Seq2[Item, error]) <-chan entry {
	q := readahead.NewQueue(ctx)
	out := make(chan entry, readahead.Most)
	go func() {
		defer close(out)
		for item, err := range items {
			e := entry{Item: item, err: err}
			if err == nil && item.Blob != nil && item.Blob.Size < readahead.Wide {
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
func readStream(s *readahead.Stream, in flow.Input, own func(flow.Batch) bool) error {
	all, whole := s.Begin()
	defer s.Close()
	flows := parquet.Detect(all)
	if !whole && !flows {
		return readRecords(s, in, own)
	}
	if !whole {
		var err error
		if all, err = io.ReadAll(s); err != nil {
			return unreadableBlob(in, err)
		}
	}
	if flows {
		nobody := func() (flow.Sink, bool) { return flow.Sink{}, false }
		return readFlows(bytes.NewReader(all), int64(len(all)), in, own, nobody)
	}
	if f := format(all[:min(len(all), headSize)]); f != nil {
		return drain(f.Read(bytes.NewReader(all), in), own)
	}
	return readRecords(bytes.NewReader(all), in, own)
}

// readRange reads a large blob.
func readRange(ctx context.Context, from plan.Blobs, b plan.Blob, in flow.Input, to sinks) error {
	r := readahead.NewRanges(ctx, from, b)
	head := make([]byte, headSize)
	if n, err := r.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return unreadableBlob(in, err)
	} else {
		head = head[:n]
	}
	section := io.NewSectionReader(r, 0, r.Size())
	switch {
	case decompressor(head) != nil:
		return readRecords(section, in, to.own)
	case parquet.Detect(head):
		return readFlows(r, r.Size(), in, to.own, to.lend)
	case detectCapture(head):
		return pcap.ReadShared(section, in, to.own, to.lend)
	case flowlog.Detect(head):
		return flowlog.ReadAt(r, r.Size(), in, to.own, to.lend)
	}
	return readRecords(section, in, to.own)
}

func readRecords(r io.Reader, in flow.Input, own func(flow.Batch) bool) error {
	return drain(Read(r, in), own)
}

// unreadableBlob notes that there is nothing to read.
func unreadableBlob(in flow.Input, err error) error {
	in.Source.Note(flow.Unreadable)
	return err
}
