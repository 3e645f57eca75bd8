package etl

import (
	"fmt"
	"io"
	"os"

	"flowctl/collectors/etl/trace"
	"flowctl/collectors/flow"
	"flowctl/collectors/pcap/packet"
)

// Reports says which reports of packets are wanted.
type Reports struct {
	Everywhere bool // at every component that a packet passes, not only where it counts
	Drops      bool // also those of drops, each with its reason
}

// Frames reads a trace and gives each of its packets to each, in the order of
// time, until that returns false. Without more in want that is each packet once,
// where Read counts it.
func Frames(r io.Reader, in flow.Input, want Reports, each func(*packet.Frame) bool) error {
	return spooled(r, func(f *os.File, size int64) error {
		return framesAt(f, size, in, want, each)
	})
}

func framesAt(r io.ReaderAt, size int64, in flow.Input, want Reports, each func(*packet.Frame) bool) error {
	in.Source.Kind = flow.EventTrace
	s := newSurvey()
	t, err := trace.Open(r, size, s.event)
	if err != nil {
		in.Source.Note(flow.Unreadable)
		return fmt.Errorf("read event trace %s: %w", in.Source.Path, err)
	}
	c := newCapture(t, s, in, func(flow.Batch) bool { return true })
	c.frames = &frames{to: each, want: want, survey: s, of: map[at]*packet.Interface{}}
	for e := range t.Events() {
		if !c.event(e) {
			break
		}
	}
	c.finish()
	return nil
}

// frames gives on the packets of a trace as they are.
type frames struct {
	to     func(*packet.Frame) bool
	want   Reports
	survey *survey
	of     map[at]*packet.Interface
}

// at is where packets were reported, and in which form.
type at struct {
	edge
	miniport, lower uint32 // of ndiscap
	drops           bool
	link            packet.Link
}

// give gives on a packet that was reported at a place.
func (s *frames) give(place at, name func() string, f packet.Frame) bool {
	i := s.of[place]
	if i == nil {
		i = &packet.Interface{Link: place.link, Name: name()}
		s.of[place] = i
	}
	f.Interface = i
	return s.to(&f)
}

// reported gives on a packet that pktmon reported.
func (s *frames) reported(r *report, link packet.Link, f packet.Frame, drop bool) bool {
	f.Way = r.way()
	component := s.survey.component(r.component)
	if drop {
		f.Comments = []string{"dropped: " + s.survey.reason(r.reason, r.location)}
	}
	return s.give(at{edge: edge{r.component, r.edge}, drops: drop, link: link}, func() string {
		name := fmt.Sprintf("component %d", r.component)
		if component.name != "" {
			name = fmt.Sprintf("%s (component %d)", component.name, r.component)
		}
		if drop {
			return "drops at " + name
		}
		return fmt.Sprintf("%s, edge %d", name, r.edge)
	}, f)
}

// joined gives on a packet that ndiscap saw.
func (s *frames) joined(p stream, link packet.Link, f packet.Frame, keyword uint64, process uint32) bool {
	switch {
	case keyword&keySend != 0:
		f.Way = flow.Outbound
	case keyword&keyRecv != 0:
		f.Way = flow.Inbound
	}
	// Who ran when a packet was seen need not be who sent it.
	f.Comments = []string{fmt.Sprintf("PID=%d", process)}
	return s.give(at{miniport: p.miniport, lower: p.lower, link: link}, func() string {
		if p.lower == p.miniport {
			return fmt.Sprintf("miniport %d", p.miniport)
		}
		return fmt.Sprintf("miniport %d, layer %d", p.miniport, p.lower)
	}, f)
}
