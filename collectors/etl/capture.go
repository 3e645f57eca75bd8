package etl

import (
	"fmt"
	"slices"

	"flowctl/collectors/etl/trace"
	"flowctl/collectors/flow"
	"flowctl/collectors/pcap/meter"
	"flowctl/collectors/pcap/names"
	"flowctl/collectors/pcap/packet"
)

// capture turns the events of a trace into records.
type capture struct {
	in     flow.Input
	trace  *trace.Trace
	survey *survey
	place  countingPoint
	meter  *meter.Meter
	joiner joiner
	names  *names.Teller // nil if nobody wants to know
	frames *frames       // takes the packets as they are; nil if they are measured
	room   []byte        // of a frame that is put together

	stamp   flow.Record
	drops   flow.Batch
	main    func(flow.Batch) bool
	stopped bool

	packets  uint64
	repeated uint64 // reports of packets that count elsewhere
	dropped  uint64 // drop events
	strange  uint64 // of them without an IP header
	skips    map[string]skip
}

// skip counts what was left out for one reason.
type skip struct {
	count  uint64
	offset int64
}

const dropBatch = 256

func newCapture(t *trace.Trace, s *survey, in flow.Input, main func(flow.Batch) bool) *capture {
	point := in.Point
	if point == "" {
		point = in.Source.Path
	}
	in.Source.Points = append(in.Source.Points, point)
	c := &capture{
		in: in, trace: t, survey: s, place: s.choose(), main: main, skips: map[string]skip{}, names: names.NewTeller(in.Hosts),
		stamp: flow.Record{Point: in.Names.Of(point), Target: in.Names.Of(in.Target)},
	}
	c.meter = meter.New(c.stamp, main)
	if in.Brief {
		c.meter.Brief()
	}
	if in.Fine {
		c.meter.Fine()
	}
	return c
}

// event takes an event, and reports whether more are wanted.
func (c *capture) event(e *trace.Event) bool {
	switch {
	case e.Provider == pktmon && (e.ID == eventFrame || e.ID == eventDrop):
		r, ok := parseReport(e.Data)
		switch {
		case !ok:
			c.skip("a packet event is shorter than it says", e.Offset)
		case e.ID == eventDrop:
			return c.drop(&r, e.Time)
		case !c.place.counts(&r) && !c.everywhere():
			c.repeated++
		default:
			return c.report(&r, e.Time)
		}
	case e.Provider == ndiscap && (e.ID == eventFragment || e.ID == eventSwitch):
		return c.fragment(e)
	}
	return !c.stopped
}

// report counts a packet that pktmon reported.
func (c *capture) report(r *report, at int64) bool {
	link, data, wire := c.frame(r.kind, r.payload, uint32(r.original))
	if c.frames != nil {
		return c.give(at, func() bool {
			return c.frames.reported(r, link, packet.Frame{Data: data, Wire: wire, Time: at}, false)
		})
	}
	return c.add(link, data, wire, uint32(r.original), at)
}

// frame returns a packet in a form that is taken apart.
func (c *capture) frame(kind uint16, b []byte, wire uint32) (packet.Link, []byte, uint32) {
	switch kind {
	case payloadIP:
		return packet.Raw, b, wire
	case payloadWiFi:
		if t, payload, ok := wifiPayload(b); ok {
			c.room = ethernet(c.room, t, payload)
			return packet.Ethernet, c.room, wire - uint32(len(b)-len(payload)) + 14
		}
	}
	return packet.Ethernet, b, wire
}

// fragment takes a piece of a packet that ndiscap saw.
func (c *capture) fragment(e *trace.Event) bool {
	p, err := parsePiece(e)
	if err != nil {
		c.skip(err.Error(), e.Offset)
		return true
	}
	data, whole := c.joiner.add(p, e.Keyword)
	if !whole {
		return true
	}
	kind := uint16(payloadEthernet)
	switch {
	case e.Keyword&keyWiFi != 0:
		kind = payloadWiFi
	case e.Keyword&keyWWAN != 0:
		kind = payloadIP
	}
	link, frame, wire := c.frame(kind, data, uint32(len(data)))
	if e.Keyword&keyTrunc != 0 {
		wire = length(link, frame)
	}
	if c.frames != nil {
		return c.give(e.Time, func() bool {
			return c.frames.joined(p.stream, link, packet.Frame{Data: frame, Wire: wire, Time: e.Time}, e.Keyword, e.Process)
		})
	}
	return c.add(link, frame, wire, max(wire, uint32(len(data))), e.Time)
}

// length returns how long a frame was that was cut: its IP header tells.
func length(link packet.Link, b []byte) uint32 {
	var p packet.Packet
	packet.Parse(link, b, 1<<16, &p)
	if p.EtherType != 0 {
		return uint32(len(b))
	}
	header := uint64(0)
	if link == packet.Ethernet {
		header = 14
	}
	return uint32(max(p.IPBytes+header, uint64(len(b))))
}

// add counts a packet whose length on the wire was original, and wire in the
// form in which it is taken apart.
func (c *capture) add(link packet.Link, data []byte, wire, original uint32, at int64) bool {
	p := c.meter.Next()
	p.Time = at
	packet.Parse(link, data, wire, p)
	p.FrameBytes = uint64(original)
	if c.names != nil && (p.Payload != 0 && names.Teaches(p) || c.names.Flows) {
		c.names.Packet(p, data)
	}
	c.packets++
	if c.in.End == 0 || c.in.Within(at) {
		return c.meter.Add() && !c.stopped
	}
	c.in.Source.Outside++
	if at < c.in.Start && at != flow.NoTime { // it is how what is in the window began
		return c.meter.AddEarly() && !c.stopped
	}
	return !c.stopped
}

// drop takes a drop event: a flow that was denied. What it measured is no
// traffic, and one packet may make several.
func (c *capture) drop(r *report, at int64) bool {
	c.dropped++
	link, data, wire := c.frame(r.kind, r.payload, uint32(r.original))
	if c.frames != nil {
		return !c.frames.want.Drops || c.give(at, func() bool {
			return c.frames.reported(r, link, packet.Frame{Data: data, Wire: wire, Time: at}, true)
		})
	}
	var p packet.Packet
	packet.Parse(link, data, wire, &p)
	if p.EtherType != 0 {
		c.strange++
		return true
	}
	d := c.stamp
	d.Key, d.First, d.Last, d.State, d.Class = p.Key, at, at, flow.Deny, flow.Capture
	d.Rule, d.Direction = c.in.Names.Of(c.survey.reason(r.reason, r.location)), r.way()
	c.drops = append(c.drops, d)
	if len(c.drops) < dropBatch {
		return true
	}
	return c.flush()
}

// everywhere reports whether packets are wanted at every component.
func (c *capture) everywhere() bool { return c.frames != nil && c.frames.want.Everywhere }

// give has a packet of a time given on as it is, if it is in the window.
func (c *capture) give(at int64, to func() bool) bool {
	if c.in.End != 0 && !c.in.Within(at) {
		c.in.Source.Outside++
		return true
	}
	c.packets++
	return to()
}

// flush gives on the drops.
func (c *capture) flush() bool {
	if len(c.drops) > 0 && !c.stopped {
		c.stopped = !c.main(c.drops)
		c.drops = c.drops[:0]
	}
	return !c.stopped
}

func (c *capture) skip(reason string, offset int64) {
	s, ok := c.skips[reason]
	if !ok {
		s.offset = offset
	}
	s.count++
	c.skips[reason] = s
	c.in.Source.Note(flow.Corrupt)
}

// finish gives on what is left and says what the trace lacks.
func (c *capture) finish() {
	c.meter.Close()
	c.flush()
	s := c.in.Source
	s.Records, s.Bytes, s.Detail = c.packets, c.trace.Size, c.detail()
	c.note("reports of packets at other components of the network stack; each packet counts once", c.repeated)
	c.note("drop events of frames without an IP header", c.strange)
	c.note("packets of which a piece is missing", c.joiner.lost+uint64(len(c.joiner.open)))
	c.note("events were lost by the writer of the trace; all counts are at least so many", c.trace.EventsLost)
	c.note("buffers were lost by the writer of the trace; all counts are at least so many", c.trace.BuffersLost+c.trace.Missing)
	for reason, k := range c.skips {
		c.in.Skipped.AddN(s.Path, reason, k.count, k.offset)
	}
	for _, d := range c.trace.Damaged {
		c.in.Skipped.Add(s.Path, d.Reason, d.Offset)
		s.Note(flow.Corrupt)
	}
	s.Note(flow.OK)
}

// note says something of the whole trace.
func (c *capture) note(reason string, n uint64) {
	if n > 0 {
		c.in.Skipped.AddN(c.in.Source.Path, reason, n, 0)
	}
}

// detail says what wrote the trace, and where packets were counted.
func (c *capture) detail() string {
	text := fmt.Sprintf("Windows build %d", c.trace.Build)
	switch {
	case c.survey.fragments > 0:
		text += ", netsh trace"
	case c.survey.frames+c.survey.drops == 0:
		return text + ", no packets"
	case c.place.first:
		text += ", pktmon, packets at their first appearance"
	default:
		text += ", pktmon, packets at " + c.where()
	}
	if c.dropped > 0 {
		text += fmt.Sprintf(", %d drop events", c.dropped)
	}
	return text
}

// where names the components at which packets count.
func (c *capture) where() string {
	var all []string
	for e := range c.place.at {
		name := c.survey.component(e.component).name
		if name == "" {
			name = "a component without a name"
		}
		all = append(all, name)
	}
	slices.Sort(all)
	all = slices.Compact(all)
	if len(all) > 2 {
		return fmt.Sprintf("%s and %d others", all[0], len(all)-1)
	}
	if len(all) == 2 {
		return all[0] + " and " + all[1]
	}
	return all[0]
}
