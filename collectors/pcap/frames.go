package pcap

import (
	"fmt"
	"io"
	"strings"

	"flowctl/collectors/flow"
	"flowctl/collectors/pcap/packet"
)

// Frames reads a capture and gives each of its packets to each, in the order of
// the file, until that returns false. What is damaged ends up in in.Skipped and
// the source's status, as Read has it.
func Frames(r io.Reader, in flow.Input, each func(*packet.Frame) bool) error {
	c := &capture{Series: &Series{}, in: in, w: newWindow(r), each: &frames{to: each, of: map[uint32]*packet.Interface{}}}
	err := c.read()
	c.finish(err)
	if err != nil {
		return fmt.Errorf("read capture %s: %w", in.Source.Path, err)
	}
	return nil
}

// give gives on a packet, if it is in the window.
func (c *capture) give(f *frame) bool {
	if c.in.End != 0 && !c.in.Within(f.time) {
		c.in.Source.Outside++
		if f.time == flow.NoTime {
			c.timeless.add(f.at)
		}
		return true
	}
	c.packets++
	return c.each.take(f)
}

// frames gives on the packets of a capture as they are.
type frames struct {
	to func(*packet.Frame) bool
	of map[uint32]*packet.Interface // by their numbers through all sections
}

// describe notes the interface with a number, and the options it has.
func (s *frames) describe(number uint32, n nic, e endian, options []byte) {
	i := &packet.Interface{Link: n.link, Snap: n.snap}
	for kind, v := range e.options(options) {
		switch kind {
		case optionName:
			i.Name = strings.ToValidUTF8(string(v), "\ufffd")
		case optionDescription:
			i.Description = strings.ToValidUTF8(string(v), "\ufffd")
		}
	}
	s.of[number] = i
}

// take gives on a packet.
func (s *frames) take(f *frame) bool {
	i := s.of[f.nic]
	if i == nil { // of a file whose header describes the only one
		i = &packet.Interface{Link: f.link}
		s.of[f.nic] = i
	}
	return s.to(&packet.Frame{Interface: i, Way: f.way, Data: f.data, Wire: f.wire, Time: f.time, Comments: f.comments})
}

// comments are the comments of a packet block.
func (e endian) comments(options []byte) (all []string) {
	for kind, v := range e.options(options) {
		if kind == optionComment {
			all = append(all, strings.ToValidUTF8(string(v), "\ufffd"))
		}
	}
	return all
}
