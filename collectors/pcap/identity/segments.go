package identity

import (
	"time"

	"flowctl/collectors/flow"
	"flowctl/collectors/pcap/packet"
)

// segments knows which data of TCP interfaces had, where one of them has it in
// large segments and another one in those that a network card cuts them into, or
// joins (TSO, GRO): no packet of the one is equal to one of the other.
type segments struct {
	streams map[stream]*course
}

const (
	large   = 1500    // bytes of IP: more is not sent on most links
	streams = 1 << 14 // that are remembered at most
	courses = 64      // segments of a stream that are remembered
)

// stream is one direction of a connection.
type stream struct{ flow.Key }

// course is the last segments of a stream.
type course struct {
	list  [courses]segment
	n     int // segments so far
	large bool
}

// segment is data at an interface.
type segment struct {
	seq, length uint32
	time        int64
	at          uint16
	large       bool
}

// again notes the data of p at an interface, and reports whether another one had
// all of it, in segments of other lengths, and more often than this one.
func (s *segments) again(p *packet.Packet, at uint16) bool {
	if !p.Whole || p.Length == 0 {
		return false
	}
	c := s.course(p)
	if c == nil {
		return false
	}
	now := segment{p.Seq, p.Length, p.Time, at, p.IPBytes > large}
	again := (c.large || now.large) && c.covers(&now)
	c.list[c.n%courses] = now
	c.n++
	c.large = c.large || now.large
	return again
}

func (s *segments) course(p *packet.Packet) *course {
	k := stream{p.Key}
	c := s.streams[k]
	if c != nil {
		return c
	}
	if len(s.streams) >= streams {
		s.forget(p.Time)
	}
	if len(s.streams) >= streams {
		return nil
	}
	if s.streams == nil {
		s.streams = map[stream]*course{}
	}
	c = &course{}
	s.streams[k] = c
	return c
}

// forget forgets streams of which nothing was captured for long.
func (s *segments) forget(now int64) {
	for k, c := range s.streams {
		if apart(c.list[(c.n-1)%courses].time, now) > uint64(10*time.Second) {
			delete(s.streams, k)
		}
	}
}

// covers reports whether an interface other than that of now had all of its
// data, in other segments, of which or of which one is large. What its own interface had
// of it is taken off: data that is sent again stays.
func (c *course) covers(now *segment) bool {
	for i := range min(c.n, courses) {
		if at := c.list[i].at; at != now.at && c.by(at, now) {
			return true
		}
	}
	return false
}

// by reports whether the interface at had the data of now more often than that of
// now, at each byte.
func (c *course) by(at uint16, now *segment) bool {
	grew := now.large
	for from := uint32(0); from < now.length; {
		next, times := now.length, 0
		for i := range min(c.n, courses) {
			o := &c.list[i]
			start := int64(int32(o.seq - now.seq))
			end := start + int64(o.length)
			if o.at != at && o.at != now.at || apart(o.time, now.time) > within || end <= int64(from) {
				continue
			}
			if start > int64(from) {
				next = uint32(min(int64(next), start))
				continue
			}
			next = uint32(min(int64(next), end))
			switch {
			case o.at == now.at:
				times--
			case o.seq == now.seq && o.length == now.length:
				return false // of the same length: it would be equal
			default:
				times++
				grew = grew || o.large
			}
		}
		if times <= 0 {
			return false
		}
		from = next
	}
	return grew
}
