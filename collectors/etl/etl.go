// Package etl reads the packet traces that Windows writes by itself: of
// `netsh trace start capture=yes` (Microsoft-Windows-NDIS-PacketCapture) and of
// `pktmon start --capture` (Microsoft-Windows-PktMon), both in event trace
// files, and meters them into flow records as captures are.
//
// pktmon reports a packet at every component that it passes, up to thirteen
// times, and builds differ in what ties the reports together. So a place is
// chosen: packets count at miniports, where each is reported once; in a trace
// without any, at its first appearance where appearances are numbered, else at
// the edge of a component that saw most. How many reports that leaves out is said.
//
// A drop event is not a lost packet: one refused connection makes three. Drops
// never count as traffic; they are flows that were denied, with the reason as
// their rule.
package etl

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"

	"flowctl/collectors/etl/trace"
	"flowctl/collectors/flow"
)

// Detect reports whether a file begins like an event trace; it wants the first
// 104 bytes.
func Detect(head []byte) bool { return trace.Detect(head) }

// Read is a flow.Reader of event traces. They are looked through twice, so
// what is no file is copied to a temporary one.
func Read(r io.Reader, in flow.Input) iter.Seq2[flow.Batch, error] {
	return func(yield func(flow.Batch, error) bool) {
		stopped := false
		err := spooled(r, func(f *os.File, size int64) error {
			return ReadAt(f, size, in, func(b flow.Batch) bool {
				stopped = !yield(b, nil)
				return !stopped
			})
		})
		if err != nil && !stopped {
			yield(nil, err)
		}
	}
}

// spooled calls f with a temporary copy of r.
func spooled(r io.Reader, f func(*os.File, int64) error) error {
	t, err := os.CreateTemp("", "flowctl-*.etl")
	if err != nil {
		return err
	}
	defer os.Remove(t.Name())
	defer t.Close()
	n, err := io.Copy(t, r)
	if errors.Is(err, context.Canceled) || err != nil && n == 0 {
		return err
	}
	return f(t, n) // what a broken stream held is kept; its cut is found
}

// ReadAt reads the first size bytes of r as Read does.
func ReadAt(r io.ReaderAt, size int64, in flow.Input, main func(flow.Batch) bool) error {
	in.Source.Kind = flow.EventTrace
	s := newSurvey()
	t, err := trace.Open(r, size, s.event)
	if err != nil {
		in.Source.Note(flow.Unreadable)
		return fmt.Errorf("read event trace %s: %w", in.Source.Path, err)
	}
	c := newCapture(t, s, in, main)
	for e := range t.Events() {
		if !c.event(e) {
			break
		}
	}
	c.finish()
	return nil
}
