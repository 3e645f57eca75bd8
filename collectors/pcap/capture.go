package pcap

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"flowctl/collectors/flow"
	"flowctl/collectors/pcap/meter"
	"flowctl/collectors/pcap/names"
	"flowctl/collectors/pcap/packet"
)

// headers is how much of a frame is looked at for its headers.
const headers = 4096

// capture is one file while it is read.
type capture struct {
	in      flow.Input
	w       *window
	meter   *meter.Meter
	packets uint64
	links   []linkCount
}

// linkCount counts the frames of a link type that is not taken apart.
type linkCount struct {
	link   packet.Link
	count  uint64
	offset int64
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
	packet.Parse(f.link, f.data[:min(len(f.data), headers)], f.wire, p)
	if p.EtherType == packet.TypeIPv4 || p.EtherType == packet.TypeIPv6 {
		c.in.Skipped.Add(c.in.Source.Path, "IP header cut or damaged; the frame is counted without addresses", f.at)
	}
	if p.Payload != 0 && names.Teaches(p) && c.in.Hosts != nil {
		names.Learn(c.in.Hosts, p, f.data[p.Payload:])
	}
	c.packets++
	return c.meter.Add()
}

// unknown notes that a frame of link, which is not taken apart, is at offset.
func (c *capture) unknown(link packet.Link, offset int64) {
	i := slices.IndexFunc(c.links, func(l linkCount) bool { return l.link == link })
	if i < 0 {
		i = len(c.links)
		c.links = append(c.links, linkCount{link: link, offset: offset})
	}
	c.links[i].count++
}

// finish exports what is left and says how far the file could be read.
func (c *capture) finish(err error) {
	c.meter.Close()
	for _, l := range c.links {
		c.in.Skipped.AddN(c.in.Source.Path, fmt.Sprintf("frames of %s (%d) counted, not taken apart", l.link, l.link), l.count, l.offset)
	}
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
