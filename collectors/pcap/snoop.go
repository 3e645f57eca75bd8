package pcap

import (
	"encoding/binary"
	"fmt"

	"flowctl/collectors/flow"
	"flowctl/collectors/pcap/packet"
)

const (
	snoopMagic  = "snoop\x00\x00\x00"
	snoopHeader = 16
	snoopRecord = 24
)

// snoopLink translates the data link types of RFC 1761 and of later Solaris.
func snoopLink(t uint32) packet.Link {
	switch t {
	case 0, 4: // IEEE 802.3, Ethernet
		return packet.Ethernet
	case 26:
		return packet.InfiniBand
	case 2:
		return 6
	case 8:
		return 10
	}
	return 65535
}

// readSnoop reads Solaris' format (RFC 1761), which is big-endian.
func (c *capture) readSnoop() error {
	if !c.w.fill(snoopHeader) {
		return fmt.Errorf("its header is cut after %d of %d bytes: %w", len(c.w.rest()), snoopHeader, ErrFormat)
	}
	h := c.w.rest()
	if v := binary.BigEndian.Uint32(h[8:]); v != 2 {
		return fmt.Errorf("snoop version %d is not known; version 2 is read: %w", v, ErrFormat)
	}
	link := snoopLink(binary.BigEndian.Uint32(h[12:]))
	c.in.Source.Detail = "big-endian, microseconds, " + link.String()
	c.w.skip(snoopHeader)
	return c.snoopRecords(link)
}

func (c *capture) snoopRecords(link packet.Link) error {
	var drops uint64
	for {
		at := c.w.offset()
		if !c.w.fill(snoopRecord) {
			return c.cut(at)
		}
		h := c.w.rest()
		wire, got, length := binary.BigEndian.Uint32(h), binary.BigEndian.Uint32(h[4:]), binary.BigEndian.Uint32(h[8:])
		drops = c.dropped(drops, uint64(binary.BigEndian.Uint32(h[12:])), at)
		sec, micro := binary.BigEndian.Uint32(h[16:]), binary.BigEndian.Uint32(h[20:])
		if got > link.MaxCaptured() || length < snoopRecord+got || length > snoopRecord+got+windowSize/4 {
			c.skip(flow.Corrupt, at, fmt.Sprintf("packet of %d bytes in a record of %d; nothing after it is read", got, length))
			return nil
		}
		b, ok := c.w.take(int(length))
		if !ok {
			return c.cut(at)
		}
		if !link.Known() {
			tell(&c.notices.links, link, at)
		}
		if !c.frame(frame{link: link, data: b[snoopRecord:][:got], wire: wire, time: c.clocked(sec, micro, 1000, at), at: at}) {
			return nil
		}
	}
}
