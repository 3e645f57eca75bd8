package collectors

import (
	"bytes"
	"context"
	"errors"
	"io"

	"flowctl/collectors/flow"
	"flowctl/collectors/flowlog"
	"flowctl/collectors/parquet"
	"flowctl/collectors/pcap"
)

// sinks take the records of a source: own, and those that lend gives.
type sinks struct {
	own  func(flow.Batch) bool
	lend func() (flow.Sink, bool)
}

// readStream reads a blob that is not wide, and so is for one worker.
func readStream(s *stream, in flow.Input, own func(flow.Batch) bool) error {
	to := sinks{own, func() (flow.Sink, bool) { return flow.Sink{}, false }}
	s.queue.begin(s)
	defer s.close()
	all, whole := s.whole()
	if !whole {
		if parquet.Detect(all) {
			var err error
			if all, err = io.ReadAll(s); err != nil {
				return unreadableBlob(in, err)
			}
			return readFlows(bytes.NewReader(all), int64(len(all)), in, to.own, to.lend)
		}
		return readRecords(s, in, to.own)
	}
	if parquet.Detect(all) {
		return readFlows(bytes.NewReader(all), int64(len(all)), in, to.own, to.lend)
	}
	if f := format(all[:min(len(all), headSize)]); f != nil {
		return drain(f.Read(bytes.NewReader(all), in), to.own)
	}
	return readRecords(bytes.NewReader(all), in, to.own)
}

// format returns the one that begins with head, unless it is compressed.
func format(head []byte) *Format {
	for i := range Builtin {
		if decompressor(head) == nil && Builtin[i].Detect(head) {
			return &Builtin[i]
		}
	}
	return nil
}

// readRange reads a large blob.
func readRange(ctx context.Context, v *version, in flow.Input, to sinks) error {
	r := newRanges(ctx, v)
	head := make([]byte, headSize)
	if n, err := r.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return unreadableBlob(in, err)
	} else {
		head = head[:n]
	}
	section := io.NewSectionReader(r, 0, r.size)
	switch {
	case decompressor(head) != nil:
		return readRecords(section, in, to.own)
	case parquet.Detect(head):
		return readFlows(r, r.size, in, to.own, to.lend)
	case detectCapture(head):
		return pcap.ReadShared(section, in, to.own, to.lend)
	case flowlog.Detect(head):
		return flowlog.ReadAt(r, r.size, in, to.own, to.lend)
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
