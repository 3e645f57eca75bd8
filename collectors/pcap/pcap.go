// Package pcap reads packet captures — pcap, pcapng, snoop and those of Network
// Monitor 2 — and meters
// them into flow records. Frames are counted as they were on the wire; of each
// only the headers are read.
//
// The formats are those of draft-ietf-opsawg-pcap (with the variants that
// libpcap's savefiles have), draft-ietf-opsawg-pcapng, RFC 1761, and Microsoft's
// CAPTUREFILE_HEADER_VALUES with what Wireshark's readers know beyond it.
package pcap

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"

	"flowctl/collectors/flow"
	"flowctl/collectors/pcap/meter"
)

// ErrFormat is wrapped by the errors of Read for bytes that are no capture
// that it can read.
var ErrFormat = errors.New("not a capture that can be read")

// headLen is what Detect and the errors for other formats need to see.
const headLen = 16

// Detect reports what kind of capture begins with head, of which it wants the
// first 12 bytes. Compressed captures are not recognised.
func Detect(head []byte) (flow.Kind, bool) {
	if len(head) < 4 {
		return "", false
	}
	switch magic := binary.BigEndian.Uint32(head); {
	case magic == blockSection && (len(head) < 12 || knownOrder(head[8:])):
		return flow.Pcapng, true
	case bytes.HasPrefix(head, []byte(snoopMagic)):
		return flow.Snoop, true
	case bytes.HasPrefix(head, []byte(netmonMagic)):
		return flow.NetMon, true
	default:
		_, ok := variantOf(head)
		return flow.Pcap, ok
	}
}

// Read is a flow.Reader of captures in any of the formats. Records carry where
// they were taken (in.Point, else the path of the source) and in.Target; their
// direction is not known here. Addresses' names go to in.Hosts if it is set.
//
// It fails with ErrFormat if the bytes are no capture or its header cannot be
// read, and with the context's error if r does. Any other damage ends up in
// in.Skipped and the source's status; the packets before it are kept.
func Read(r io.Reader, in flow.Input) iter.Seq2[flow.Batch, error] {
	return func(yield func(flow.Batch, error) bool) {
		stopped := false
		err := ReadShared(r, in, flow.Workers{Main: func(b flow.Batch) bool {
			stopped = !yield(b, nil)
			return !stopped
		}})
		if err != nil && !stopped {
			yield(nil, err)
		}
	}
}

// ReadShared reads as Read does, with the same result but for the order of the
// records.
func ReadShared(r io.Reader, in flow.Input, to flow.Workers) error {
	var s Series
	return s.read(r, in, to, (*meter.Meter).Close)
}

// read reads the file by its kind.
func (c *capture) read() error {
	c.w.fill(headLen)
	head := c.w.rest()
	kind, ok := Detect(head)
	if !ok {
		if err := c.w.failure(); err != nil {
			return err
		}
		return foreign(head[:min(len(head), headLen)])
	}
	c.in.Source.Kind = kind
	switch kind {
	case flow.Pcapng:
		return c.readPcapng()
	case flow.Snoop:
		return c.readSnoop()
	case flow.NetMon:
		return c.readNetmon()
	}
	return c.readPcap()
}

// foreign is the error for bytes that are no capture.
func foreign(head []byte) error {
	switch {
	case len(head) == 0:
		return fmt.Errorf("the file is empty: %w", ErrFormat)
	case bytes.HasPrefix(head, []byte("RTSS")):
		return fmt.Errorf("magic %x (%q) is a capture of Network Monitor 1; convert it with editcap -F pcap: %w", head[:4], head[:4], ErrFormat)
	case isEventTrace(head):
		return fmt.Errorf("magic %x is a Windows event trace (ETL); convert it with etl2pcapng: %w", head[:4], ErrFormat)
	}
	return fmt.Errorf("unknown magic %x; pcap, pcapng, snoop and Network Monitor 2 are read: %w", head[:min(len(head), 4)], ErrFormat)
}

// isEventTrace reports whether head looks like the WMI_BUFFER_HEADER that an
// event trace begins with: the buffer's size, a multiple of 1024, and twice
// the length that is used of it.
func isEventTrace(head []byte) bool {
	if len(head) < 16 {
		return false
	}
	size, saved, current := binary.LittleEndian.Uint32(head), binary.LittleEndian.Uint32(head[4:]), binary.LittleEndian.Uint32(head[8:])
	return size%1024 == 0 && size > 0 && size <= 1<<24 && saved >= 72 && saved <= size && current == saved
}

// cancelled reports whether err says that nobody wants the result any more.
func cancelled(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}
