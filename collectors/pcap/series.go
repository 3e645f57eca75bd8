package pcap

import (
	"bytes"
	"fmt"
	"io"
	"time"

	"flowctl/collectors/flow"
	"flowctl/collectors/pcap/identity"
	"flowctl/collectors/pcap/meter"
	"flowctl/collectors/pcap/names"
)

// Series is the files of one capture that was rotated, which are read one after
// the other. Connections go on from file to file, and so do the numbers of
// interfaces. The zero value is ready. It is for one goroutine.
type Series struct {
	meter      *meter.Meter
	several    bool // interfaces may have had the same packet
	directed   bool // frames may say which way they went
	interfaces interfaces
	identity   identity.Packets
	times      flow.Span
}

// Read reads the next file as ReadShared does. All records are of the point and
// target of the first input.
func (s *Series) Read(r io.Reader, in flow.Input, to flow.Workers) error {
	return s.read(r, in, to, (*meter.Meter).Pause)
}

// read reads a file, with end at its end.
func (s *Series) read(r io.Reader, in flow.Input, to flow.Workers, end func(*meter.Meter)) error {
	point := in.Point
	if point == "" {
		point = in.Source.Path
	}
	s.interfaces.next()
	if s.meter == nil {
		s.meter = meter.Shared(flow.Record{Point: in.Names.Of(point), Target: in.Names.Of(in.Target)}, to)
		if in.Memory > 0 {
			s.meter.Bound(in.Memory)
		}
	} else {
		s.meter.Resume(to)
	}
	if in.Brief {
		s.meter.Brief()
	}
	if in.Fine {
		s.meter.Fine()
	}
	s.times = flow.Span{}
	c := &capture{Series: s, in: in, w: newWindow(r), names: names.NewTeller(in.Hosts)}
	err := c.read()
	end(s.meter)
	c.finish(err)
	in.Source.Points = append(in.Source.Points, s.interfaces.points(point)...)
	in.Source.Span = s.times
	if err != nil {
		return fmt.Errorf("read capture %s: %w", in.Source.Path, err)
	}
	return nil
}

// Beginning says of the file that begins with head what its form is, and when
// its first packets were. It is false if that cannot be told from head, which has
// no form if nothing of it can be read.
func Beginning(head []byte) (form string, first int64, ok bool) {
	var s Series
	in := flow.Input{Source: &flow.Source{}, Names: flow.NewNames(), Skipped: &flow.Skipped{}, Brief: true}
	err := s.Read(bytes.NewReader(head), in, flow.Workers{Main: func(flow.Batch) bool { return true }})
	if err != nil {
		return "", 0, false
	}
	form = string(in.Source.Kind) + ", " + in.Source.Detail
	if v, classic := variantOf(head); classic {
		form += fmt.Sprintf(", at most %d bytes", v.u32(head[16:]))
	}
	return form, s.times.First, s.times.Known
}

// Overlaps of files that are still one capture, by how sure their names are.
const (
	sureOverlap   = uint64(10 * time.Second)
	unsureOverlap = uint64(time.Second)
	unsureGap     = uint64(time.Minute)
)

// Continues reports whether a file whose first packets were at first may go on
// with what the file before it ended with: it begins when that ended, or only
// little before. Captures that ran at the same time begin together. If the names
// of the files are no sure sign, less is allowed.
func (s *Series) Continues(first int64, sure bool) bool {
	t := s.times
	if !t.Known || first < t.First {
		return false
	}
	long, over := uint64(t.Last)-uint64(t.First), uint64(0)
	if first < t.Last {
		over = uint64(t.Last) - uint64(first)
	}
	if sure && long > 0 {
		return over <= sureOverlap && over <= long/2
	}
	if sure {
		return first > t.Last
	}
	return long > 0 && over <= unsureOverlap && over <= long/10 && (over > 0 || uint64(first)-uint64(t.Last) <= unsureGap)
}
