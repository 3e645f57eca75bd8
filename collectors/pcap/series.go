package pcap

import (
	"fmt"
	"io"

	"flowctl/collectors/flow"
	"flowctl/collectors/pcap/identity"
	"flowctl/collectors/pcap/meter"
)

// Series is the files of one capture that was rotated, which are read one after
// the other. Connections go on from file to file, and so do the numbers of
// interfaces. The zero value is ready. It is for one goroutine.
type Series struct {
	meter      *meter.Meter
	several    bool // interfaces may have had the same packet
	interfaces interfaces
	identity   identity.Packets
	times      span
}

// span is the time of packets.
type span struct {
	first, last int64
	some        bool // there is one with a time
}

func (s *span) add(t int64) {
	if t == flow.NoTime {
		return
	}
	if !s.some {
		*s = span{t, t, true}
	}
	s.first, s.last = min(s.first, t), max(s.last, t)
}

// Read reads the next file as ReadShared does. All records are of the point and
// target of the first input.
func (s *Series) Read(r io.Reader, in flow.Input, own func(flow.Batch) bool, lend func() (Sink, bool)) error {
	return s.read(r, in, own, lend, (*meter.Meter).Pause)
}

// read reads a file, with end at its end.
func (s *Series) read(r io.Reader, in flow.Input, own func(flow.Batch) bool, lend func() (Sink, bool), end func(*meter.Meter)) error {
	point := in.Point
	if point == "" {
		point = in.Source.Path
	}
	in.Source.Points = append(in.Source.Points, point)
	if s.meter == nil {
		s.meter = meter.Shared(flow.Record{Point: in.Names.Of(point), Target: in.Names.Of(in.Target)}, own, lend)
	} else {
		s.meter.Resume(own, lend)
	}
	if in.Brief {
		s.meter.Brief()
	}
	s.times = span{}
	c := &capture{Series: s, in: in, w: newWindow(r)}
	err := c.read()
	end(s.meter)
	c.finish(err)
	if err != nil {
		return fmt.Errorf("read capture %s: %w", in.Source.Path, err)
	}
	return nil
}
