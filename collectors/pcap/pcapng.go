package pcap

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"flowctl/collectors/flow"
	"flowctl/collectors/pcap/packet"
)

// The block types that matter; all others are stepped over.
const (
	blockSection   = 0x0a0d0d0a
	blockInterface = 1
	blockOld       = 2 // packet block, obsolete
	blockSimple    = 3
	blockStats     = 5
	blockPacket    = 6 // enhanced packet block
)

const (
	orderMagic = 0x1a2b3c4d
	// maxBlock is the longest block that is believed, as in Wireshark.
	maxBlock = 16 << 20
	// maxInterfaces bounds what one section can make us remember.
	maxInterfaces = 1 << 16
	// headers is how much is kept of a block that is longer than the window.
	headers = 4096
	// sectionHeader is how much of a section header is looked at.
	sectionHeader = 16
)

// section is what a pcapng file says about the packets that follow.
type section struct {
	endian
	interfaces []nic
	first      uint32 // number of the first of them, through all sections
}

// nic is an interface that packets were captured at.
type nic struct {
	link  packet.Link
	known bool
	snap  uint32
	clock clock
	drops uint64 // of which its statistics and its packets have told
	lost  uint64 // of which its packets have
}

func knownOrder(b []byte) bool {
	return endian{false}.u32(b) == orderMagic || endian{true}.u32(b) == orderMagic
}

// readPcapng reads block after block.
func (c *capture) readPcapng() error {
	var s section
	c.several = c.interfacesAhead() > 1 || c.several
	for sections := 0; ; {
		at := c.w.offset()
		if !c.w.fill(12) {
			if sections == 0 {
				return fmt.Errorf("its first block is cut: %w", ErrFormat)
			}
			return c.cut(at)
		}
		h := c.w.rest()
		if (endian{}).u32(h) == blockSection {
			if !c.w.fill(sectionHeader) && sections > 0 {
				return c.cut(at)
			}
			next, err := parseSection(c.w.rest())
			if err != nil && sections == 0 {
				return fmt.Errorf("%w: %w", err, ErrFormat)
			}
			if err != nil {
				c.skip(flow.Corrupt, at, fmt.Sprintf("section: %v; nothing after it is read", err))
				return nil
			}
			next.first = s.first + uint32(len(s.interfaces))
			s, h = next, c.w.rest()
			sections++
		}
		kind, n := s.u32(h), s.u32(h[4:])
		if n < 12 || n > maxBlock {
			c.skip(flow.Corrupt, at, fmt.Sprintf("block of %d bytes; nothing after it is read", n))
			return nil
		}
		ok, err := c.block(&s, kind, int(n+3)&^3)
		if !ok || err != nil {
			return err
		}
		if sections == 1 && kind == blockInterface && c.in.Source.Detail == "" {
			c.in.Source.Detail = fmt.Sprintf("%s, %s", s.endian, s.interfaces[0].link)
		}
	}
}

// interfacesAhead is how many interfaces are described in the part of the file
// that the window can hold: packets of the first may come before the second is
// described.
func (c *capture) interfacesAhead() int {
	c.w.fill(len(c.w.buf))
	b, n := c.w.rest(), 0
	var e endian
	for len(b) >= sectionHeader {
		if e.u32(b) == blockSection {
			e = endian{(endian{true}).u32(b[8:]) == orderMagic}
		}
		size := int64(e.u32(b[4:])+3) &^ 3
		if e.u32(b) == blockInterface {
			n++
		}
		if size < 12 || size > int64(len(b)) {
			break
		}
		b = b[size:]
	}
	return n
}

// parseSection reads the beginning of a section header: its byte order and
// version. Blocks of another major version may be of another form.
func parseSection(h []byte) (section, error) {
	if len(h) < sectionHeader {
		return section{}, errors.New("its section header is cut")
	}
	if !knownOrder(h[8:]) {
		return section{}, errors.New("its byte order is not known")
	}
	s := section{endian: endian{endian{true}.u32(h[8:]) == orderMagic}}
	if major := s.u16(h[12:]); major != 1 {
		return section{}, fmt.Errorf("pcapng version %d is not known; version 1 is read", major)
	}
	return s, nil
}

// block is what is between the lengths of a block.
type block struct {
	data []byte // all of it, or the beginning if it is longer than the window
	size int    // that it has in the file
	at   int64  // where the block begins
}

// block reads the next block, of n bytes, and reports whether there may be
// another.
func (c *capture) block(s *section, kind uint32, n int) (bool, error) {
	b := block{size: n - 12, at: c.w.offset()}
	if n > len(c.w.buf) { // keep the beginning
		c.w.fill(headers)
		b.data = slices.Clone(c.w.rest()[:min(headers, len(c.w.rest()))])[8:]
		if !c.w.skip(int64(n - 4)) {
			return false, c.cut(b.at)
		}
		n = 4
	}
	raw, ok := c.w.take(n)
	if !ok {
		return false, c.cut(b.at)
	}
	if int(s.u32(raw[n-4:])+3)&^3 != b.size+12 {
		c.skip(flow.Corrupt, b.at, "block that states two lengths; nothing after it is read")
		return false, nil
	}
	if b.data == nil {
		b.data = raw[8 : n-4]
	}
	return c.content(s, kind, b), nil
}

// content reads what is in a block and reports whether more is wanted.
func (c *capture) content(s *section, kind uint32, b block) bool {
	switch kind {
	case blockInterface:
		c.describe(s, b)
	case blockPacket:
		return c.stamped(s, b, false)
	case blockOld:
		return c.stamped(s, b, true)
	case blockSimple:
		return c.simple(s, b)
	case blockStats:
		c.statistics(s, b)
	}
	return true
}

// describe reads an interface description.
func (c *capture) describe(s *section, b block) {
	if len(s.interfaces) == maxInterfaces {
		c.skip(flow.Corrupt, b.at, "more interfaces than can be told apart")
		return
	}
	n := nic{clock: microseconds, link: 65535}
	if len(b.data) < 8 {
		c.skip(flow.Corrupt, b.at, "interface that cannot be read")
	} else {
		n.link, n.snap = packet.Link(s.u16(b.data)), s.u32(b.data[4:])
		n.clock = s.clock(b.data[8:])
	}
	c.interfaces.describe(s.first+uint32(len(s.interfaces)), s.interfaceName(b.data, len(s.interfaces)))
	n.known = n.link.Known()
	if c.each != nil {
		c.each.describe(s.first+uint32(len(s.interfaces)), n, s.endian, b.data[min(8, len(b.data)):])
	}
	s.interfaces = append(s.interfaces, n)
	c.several = c.several || int(s.first)+len(s.interfaces) > 1 || cooked(n.link)
	c.directed = c.directed || directed(n.link)
}

// interfaceName is the name in an interface description, or one by its number.
func (e endian) interfaceName(description []byte, number int) string {
	if len(description) > 8 {
		for kind, v := range e.options(description[8:]) {
			if name := strings.ToValidUTF8(string(v[:min(len(v), longestName)]), ""); kind == optionName && name != "" {
				return name
			}
		}
	}
	return fmt.Sprint("interface ", number)
}

// longestName is how much of an interface's name is told: Linux has 15 bytes,
// Windows an identifier in braces.
const longestName = 80

// stamped reads an enhanced packet block, or the obsolete packet block, whose
// interface has only 16 bits and is followed by a count of drops.
func (c *capture) stamped(s *section, b block, old bool) bool {
	if len(b.data) < 20 {
		c.skip(flow.Corrupt, b.at, "packet block that is too short")
		return true
	}
	h, data := b.data[:20:20], b.data[20:]
	id, got, wire := s.u32(h), s.u32(h[12:]), s.u32(h[16:])
	missed := uint64(0)
	if old {
		id, missed = uint32(s.u16(h)), uint64(s.u16(h[2:]))
	}
	if uint64(got) > uint64(b.size-20) {
		c.skip(flow.Corrupt, b.at, "packet that is longer than its block")
		return true
	}
	n, ok := c.nic(s, id, b.at)
	if !ok {
		return true
	}
	t, ok := n.clock.nanoseconds(uint64(s.u32(h[4:]))<<32 | uint64(s.u32(h[8:])))
	if !ok {
		c.in.Skipped.Add(c.in.Source.Path, badTime, b.at)
	}
	if missed != notCounted {
		c.lost(n, missed, b.at)
	}
	f := frame{link: n.link, nic: s.first + id, data: data[:min(int(got), len(data))], wire: wire, time: t, at: b.at}
	if end := (int(got) + 3) &^ 3; end < len(data) {
		f.way = s.way(data[end:])
		c.lost(n, s.lost(data[end:]), b.at)
		if c.each != nil {
			f.comments = s.comments(data[end:])
		}
	}
	return c.frame(f)
}

// way is which way the options of a packet block say that it went.
func (e endian) way(options []byte) flow.Direction {
	for kind, v := range e.options(options) {
		if kind != optionFlags || len(v) != 4 {
			continue
		}
		switch e.u32(v) & 3 {
		case 1:
			return flow.Inbound
		case 2:
			return flow.Outbound
		}
	}
	return flow.DirectionUnknown
}

// simple reads a simple packet block, which has neither time nor interface.
func (c *capture) simple(s *section, b block) bool {
	n, ok := c.nic(s, 0, b.at)
	if !ok {
		return true
	}
	if len(b.data) < 4 {
		c.skip(flow.Corrupt, b.at, "packet block that is too short")
		return true
	}
	wire, data := s.u32(b.data), b.data[4:]
	got := min(uint64(wire), uint64(len(data)))
	if n.snap != 0 {
		got = min(got, uint64(n.snap))
	}
	return c.frame(frame{link: n.link, nic: s.first, data: data[:got], wire: wire, time: flow.NoTime, at: b.at})
}

// nic returns the interface with the number id.
func (c *capture) nic(s *section, id uint32, at int64) (*nic, bool) {
	if uint64(id) >= uint64(len(s.interfaces)) {
		c.skip(flow.Corrupt, at, "packet of an interface that is not described")
		return nil, false
	}
	n := &s.interfaces[id]
	if !n.known {
		tell(&c.notices.links, n.link, at)
	}
	return n, true
}
