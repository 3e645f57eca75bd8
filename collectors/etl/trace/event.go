package trace

import "fmt"

// cursor goes over the events of a buffer.
type cursor struct {
	data    []byte // after the buffer's header
	at      int
	buffer  *buffer
	clock   *clock
	event   Event
	damaged string // why the rest cannot be read
}

// The kinds of event that are given on, by the third byte of their header.
const (
	classic32 = 0x0a
	event32   = 0x12
	event64   = 0x13
	classic64 = 0x14
)

// Sizes of headers, by kind; 0 for kinds without a size that is known.
var headers = map[byte]int{
	0x01: 0x20, 0x02: 0x20, 0x03: 0x18, 0x04: 0x18, 0x10: 0x10, 0x11: 0x10,
	classic32: 0x30, classic64: 0x30, 0x0b: 0x38, 0x15: 0x38,
	event32: 0x50, event64: 0x50, 0x0c: 8, 0x0d: 8, 0x0e: 8, 0x0f: 8,
}

// next goes to the next event that has a provider, and reports whether there
// is one.
func (c *cursor) next() bool {
	for len(c.data)-c.at >= 8 {
		e := c.data[c.at:]
		if le.Uint32(e) == 0xffffffff {
			return false
		}
		size, ok := c.size(e)
		if !ok {
			return false
		}
		c.at += (size + 7) &^ 7
		if c.take(e[:size]) {
			return true
		}
	}
	return false
}

// size returns the length of the event that e begins with.
func (c *cursor) size(e []byte) (int, bool) {
	kind := e[2]
	least, known := headers[kind]
	size := int(le.Uint16(e))
	if kind <= 0x04 || kind == 0x10 || kind == 0x11 {
		size = int(le.Uint16(e[4:]))
	}
	if e[3]&0x80 == 0 || !known && e[3]&0x40 != 0 || size < max(least, 8) || size > len(e) {
		c.damaged = fmt.Sprintf("an event of kind %#02x says that it is %d bytes long; the rest of its buffer is left out", kind, size)
		return 0, false
	}
	return size, true
}

// take sets c.event, and reports whether it is one that is given on.
func (c *cursor) take(e []byte) bool {
	c.event = Event{CPU: c.buffer.cpu, Offset: c.buffer.at}
	var stamp int64
	switch e[2] {
	case event32, event64:
		c.event.ID, c.event.Version, c.event.Opcode = le.Uint16(e[0x28:]), e[0x2a], e[0x2d]
		c.event.Keyword, c.event.Thread, c.event.Process = le.Uint64(e[0x30:]), le.Uint32(e[8:]), le.Uint32(e[12:])
		copy(c.event.Provider[:], e[0x18:0x28])
		c.event.Data = e[0x50:]
		if le.Uint16(e[4:])&1 != 0 {
			c.event.Data = c.extended(e[0x50:])
		}
		stamp = int64(le.Uint64(e[0x10:]))
	case classic32, classic64:
		c.event.Opcode, c.event.Thread = e[4], le.Uint32(e[8:])
		copy(c.event.Provider[:], e[0x18:0x28])
		c.event.Data = e[0x30:]
		stamp = int64(le.Uint64(e[0x10:]))
	default:
		return false
	}
	var ok bool
	if c.event.Time, ok = c.clock.time(stamp); !ok {
		c.damaged = "an event has an impossible time; it is left out"
	}
	return ok
}

// extended passes the items between an event's header and its data. The data
// of an event whose items are damaged is empty.
func (c *cursor) extended(b []byte) []byte {
	for len(b) >= 8 {
		length, linked := int(le.Uint16(b)), le.Uint16(b[4:])&1 != 0
		if length < 8 || length > len(b) {
			return nil
		}
		b = b[length:]
		if !linked {
			return b
		}
	}
	return nil
}
