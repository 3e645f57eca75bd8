package pcap

import (
	"errors"
	"fmt"
	"io"

	"flowctl/collectors/flow"
	"flowctl/collectors/pcap/names"
	"flowctl/collectors/pcap/packet"
)

// capture is one file while it is read.
type capture struct {
	*Series
	in       flow.Input
	w        *window
	notices  notices
	names    *names.Teller // nil if nobody wants to know
	packets  uint64
	each     *frames // takes the packets as they are; nil if they are measured
	timeless some    // packets without a time, of which nobody knows whether they are in the window
}

// frame is a frame as a file holds it.
type frame struct {
	link packet.Link
	nic  uint32 // of pcapng: the number of its interface, through all sections
	way  flow.Direction
	data []byte // what was captured
	wire uint32 // length on the wire
	time int64  // Unix nanoseconds, or flow.NoTime
	at   int64  // where in the file its record begins

	comments []string // of pcapng, if the packets are wanted as they are
}

// frame counts one frame and reports whether more are wanted.
func (c *capture) frame(f frame) bool {
	if c.each != nil {
		return c.give(&f)
	}
	p := c.meter.Next()
	p.Time, p.Way = f.time, f.way
	if c.directed {
		p.Way = f.direction()
	}
	packet.Parse(f.link, f.data, f.wire, p)
	if c.names != nil && (p.Payload != 0 && names.Teaches(p) || c.names.Flows) {
		c.names.Packet(p, f.data)
	}
	c.packets++
	c.times.Add(f.time)
	c.identity.Nameless = f.link == packet.Cooked
	again := c.several && c.identity.Again(p, f.data, c.interfaces.of(&f))
	if c.in.End != 0 && !c.in.Within(f.time) {
		return c.outside(f, again)
	}
	if p.Note != 0 {
		c.notices.note(p, f.wire, f.at)
	}
	if p.EtherType == packet.TypeIPv4 || p.EtherType == packet.TypeIPv6 {
		c.in.Skipped.Add(c.in.Source.Path, "IP header cut or damaged; the frame is counted without addresses", f.at)
	}
	if again {
		c.in.Source.Again.Add(flow.Count{Packets: 1, IPBytes: p.IPBytes, FrameBytes: p.FrameBytes})
		return true
	}
	return c.meter.Add()
}

// outside notes a frame that is not in the window. What came before it is how
// the connections in it began.
func (c *capture) outside(f frame, again bool) bool {
	c.in.Source.Outside++
	switch {
	case f.time == flow.NoTime:
		c.timeless.add(f.at)
	case f.time < c.in.Start && !again:
		return c.meter.AddEarly()
	}
	return true
}

// finish says how far the file could be read.
func (c *capture) finish(err error) {
	c.notices.to(c.in.Skipped, c.in.Source.Path)
	if t := c.timeless; t.count > 0 {
		c.in.Skipped.AddN(c.in.Source.Path, "packets without a time, which may or may not have been in the window", t.count, t.offset)
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
