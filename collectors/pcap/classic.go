package pcap

import (
	"fmt"

	"flowctl/collectors/flow"
	"flowctl/collectors/pcap/packet"
)

// variant is one of the forms of a pcap file, told by its magic number.
type variant struct {
	endian
	unit   int64 // of the second part of a time stamp, in nanoseconds
	header int   // length of a record's header
	name   string
}

const (
	magicMicro    = 0xa1b2c3d4
	magicNano     = 0xa1b23c4d
	magicModified = 0xa1b2cd34 // Alexey Kuznetsov's patched libpcap
	fileHeader    = 24
)

// variantOf tells the variant of a file that begins with head.
func variantOf(head []byte) (variant, bool) {
	for _, e := range []endian{{false}, {true}} {
		switch e.u32(head) {
		case magicMicro:
			return variant{endian: e, unit: 1000, header: 16, name: "microseconds"}, true
		case magicNano:
			return variant{endian: e, unit: 1, header: 16, name: "nanoseconds"}, true
		case magicModified:
			return variant{endian: e, unit: 1000, header: 24, name: "microseconds, modified"}, true
		}
	}
	return variant{}, false
}

// classic is a pcap file.
type classic struct {
	variant
	begins  [8]byte // magic and version
	link    packet.Link
	minor   uint16
	longest uint32 // that a record may be
}

// readPcap reads the file header and the records.
func (c *capture) readPcap() error {
	if !c.w.fill(fileHeader) {
		return fmt.Errorf("its header is cut after %d of %d bytes: %w", len(c.w.rest()), fileHeader, ErrFormat)
	}
	f, err := parseFileHeader(c.w.rest())
	if err != nil {
		return err
	}
	c.in.Source.Detail = fmt.Sprintf("%s, %s, %s", f.endian, f.name, f.link)
	c.w.skip(fileHeader)
	return c.records(f)
}

// parseFileHeader reads the file header. The upper half of the link type says
// how long check sequences are, which the lengths of frames include, and has
// ten reserved bits.
func parseFileHeader(h []byte) (classic, error) {
	v, _ := variantOf(h)
	major, network := v.u16(h[4:]), v.u32(h[20:])
	if major != 2 && major != 543 {
		return classic{}, fmt.Errorf("pcap version %d is not known; version 2 is read: %w", major, ErrFormat)
	}
	if network&0x03ff0000 != 0 {
		return classic{}, fmt.Errorf("link type %#08x has reserved bits set: %w", network, ErrFormat)
	}
	f := classic{variant: v, begins: [8]byte(h), link: packet.Link(network), minor: v.u16(h[6:])}
	f.longest = f.link.MaxCaptured()
	return f, nil
}

// another reads the header of a file that was appended to f, if there is one
// at the window's place: as a record it would be an empty packet.
func (c *capture) another(f classic) (classic, bool) {
	if !c.w.fill(fileHeader) || [8]byte(c.w.rest()) != f.begins {
		return f, false
	}
	g, err := parseFileHeader(c.w.rest())
	if err != nil {
		return f, false
	}
	c.w.skip(fileHeader)
	return g, true
}

// records reads records until the end or the first that cannot be one.
func (c *capture) records(f classic) error {
	w, known := c.w, f.link.Known()
	c.several, c.directed = c.several || cooked(f.link) || f.header > 16, c.directed || directed(f.link)
	for {
		at := w.offset()
		if w.end-w.at < f.header && !w.fill(f.header) {
			return c.cut(at)
		}
		h := w.buf[w.at:][:16:16]
		sec, sub, got, wire := f.u32(h), f.u32(h[4:]), f.u32(h[8:]), f.u32(h[12:])
		if f.minor < 4 && (f.minor < 3 || got > wire) { // early libpcaps had them the other way round
			got, wire = wire, got
		}
		if got|wire == 0 {
			if g, ok := c.another(f); ok {
				f, known = g, g.link.Known()
				continue
			}
		}
		if got > f.longest {
			c.skip(flow.Corrupt, at, fmt.Sprintf("packet of %d bytes, more than a frame of %s can have; nothing after it is read", got, f.link))
			return nil
		}
		b, ok := w.take(f.header + int(got))
		if !ok {
			return c.cut(at)
		}
		var nic uint32
		if f.header > 16 { // it names the interface
			nic = f.u32(b[16:])
		}
		if !known {
			tell(&c.notices.links, f.link, at)
		}
		if !c.frame(frame{link: f.link, nic: nic, data: b[min(f.header, len(b)):], wire: wire, time: c.clocked(sec, sub, f.unit, at), at: at}) {
			return nil
		}
	}
}
