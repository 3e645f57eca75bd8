package pcap

import (
	"errors"
	"fmt"
	"io"

	"flowctl/collectors/flow"
	"flowctl/collectors/pcap/meter"
	"flowctl/collectors/pcap/names"
	"flowctl/collectors/pcap/packet"
)

// capture is one file while it is read.
type capture struct {
	in      flow.Input
	w       *window
	meter   *meter.Meter
	packets uint64
	told    told
}

func newCapture(r io.Reader, in flow.Input, own func(flow.Batch) bool, lend func() (Sink, bool)) *capture {
	c := &capture{in: in, w: newWindow(r)}
	point := in.Point
	if point == "" {
		point = in.Source.Path
	}
	in.Source.Points = append(in.Source.Points, point)
	stamp := flow.Record{Point: in.Names.Of(point), Target: in.Names.Of(in.Target)}
	c.meter = meter.Shared(stamp, own, lend)
	if in.Brief {
		c.meter.Brief()
	}
	return c
}

// frame is a frame as a file holds it.
type frame struct {
	link packet.Link
	data []byte // what was captured
	wire uint32 // length on the wire
	time int64  // Unix nanoseconds, or flow.NoTime
	at   int64  // where in the file its record begins
}

// frame counts one frame and reports whether more are wanted.
func (c *capture) frame(f frame) bool {
	p := c.meter.Next()
	p.Time = f.time
	packet.Parse(f.link, f.data, f.wire, p)
	if p.Note != 0 {
		c.told.note(p, f.wire, f.at)
	}
	if p.EtherType == packet.TypeIPv4 || p.EtherType == packet.TypeIPv6 {
		c.in.Skipped.Add(c.in.Source.Path, "IP header cut or damaged; the frame is counted without addresses", f.at)
	}
	if p.Payload != 0 && names.Teaches(p) && c.in.Hosts != nil {
		names.Learn(c.in.Hosts, p, f.data[p.Payload:])
	}
	c.packets++
	return c.meter.Add()
}

// finish exports what is left and says how far the file could be read.
func (c *capture) finish(err error) {
	c.meter.Close()
	c.told.to(c.in.Skipped, c.in.Source.Path)
	s := c.in.Source
	s.Records, s.Bytes = c.packets, c.w.offset()
	switch {
	case err != nil && c.packets == 0:
		s.Note(flow.Unreadable)
	case err != nil:
		s.Note(flow.Truncated)
	}
	s.Note(flow.OK)
}

// badTime is told of packets whose time stamp cannot be.
const badTime = "time stamp out of range; the packet is counted without it"

// clocked is the time that is sec seconds and sub units of unit nanoseconds. A
// second has no more than its own units.
func (c *capture) clocked(sec, sub uint32, unit, at int64) int64 {
	if int64(sub)*unit >= 1e9 {
		c.in.Skipped.Add(c.in.Source.Path, badTime, at)
		return flow.NoTime
	}
	return int64(sec)*1e9 + int64(sub)*unit
}

// skip counts one part of the file that was left out, at its offset.
func (c *capture) skip(s flow.Status, offset int64, reason string) {
	c.in.Source.Note(s)
	c.in.Skipped.Add(c.in.Source.Path, reason, offset)
}

// cut ends a file whose last record is not whole: at is where it begins, have
// how much of it there is. What a damaged medium or compression did is said;
// only a cancelled reader is an error.
func (c *capture) cut(at int64) error {
	have := c.w.base + int64(c.w.end) - at
	c.w.at = c.w.end
	if err := c.w.failure(); err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		if cancelled(err) {
			return err
		}
		c.skip(flow.Corrupt, at+have, "read: "+err.Error())
		return nil
	}
	switch {
	case have == 1:
		c.skip(flow.Truncated, at, "1 byte after the last packet")
	case have > 0:
		c.skip(flow.Truncated, at, fmt.Sprintf("%d bytes after the last packet", have))
	case c.w.failure() != nil:
		c.skip(flow.Truncated, at, "compressed data ends early")
	}
	return nil
}
