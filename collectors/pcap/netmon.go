package pcap

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"time"

	"flowctl/collectors/flow"
	"flowctl/collectors/pcap/packet"
)

const (
	netmonMagic  = "GMBU"
	netmonHeader = 128
	netmonRecord = 16 // of a frame, before its data
	mostNetmon   = 1 << 18
)

// netmon is a capture of Microsoft's Network Monitor 2 and 3: frames, and at the
// end a table of where they begin.
type netmon struct {
	*capture
	r         io.ReaderAt
	size      int64
	minor     uint8
	network   uint16
	start     int64
	buf       []byte
	stopped   bool // nothing more is wanted
	tableless bool // the file ends before its table
	zoneless  some // packets whose times are in the zone of their machine
	other     some // records that are no packets: events, filters, the machine's settings
}

// fileTimeEpoch is 1970-01-01 as a FILETIME: units of 100 ns since 1601.
const fileTimeEpoch = 116444736000000000

// netmonSpecial and those above it are no networks: what such records hold is no
// packet.
const netmonSpecial = 0xf000

// netmonLink translates the networks of Network Monitor; those from 0xe000 on are
// link types of pcap.
func netmonLink(network uint16) packet.Link {
	switch {
	case network == 1:
		return packet.Ethernet
	case network == 2:
		return 6 // token ring
	case network >= 7 && network <= 9: // tunnel interfaces, mobile broadband, raw IP
		return packet.Raw
	case network >= 0xe000 && network < netmonSpecial:
		return packet.Link(network & 0xfff)
	}
	return 65535
}

// readNetmon copies the file to a temporary one, since its table comes last.
func (c *capture) readNetmon() error {
	if !c.w.fill(netmonHeader) {
		return fmt.Errorf("its header is cut after %d of %d bytes: %w", len(c.w.rest()), netmonHeader, ErrFormat)
	}
	h := bytes.Clone(c.w.rest()[:netmonHeader])
	if h[5] != 2 {
		return fmt.Errorf("version %d.%d of Network Monitor's captures is not known; version 2 is read: %w", h[5], h[4], ErrFormat)
	}
	t, err := os.CreateTemp("", "flowctl-*.cap")
	if err != nil {
		return err
	}
	defer os.Remove(t.Name())
	defer t.Close()
	size, broken := io.Copy(t, io.MultiReader(bytes.NewReader(c.w.rest()), c.w.r))
	if cancelled(broken) {
		return broken
	}
	n := &netmon{capture: c, r: t, size: size, minor: h[4], network: le.Uint16(h[6:]), start: systemTime(h[8:24])}
	c.in.Source.Detail = fmt.Sprintf("Network Monitor 2.%d, %s", n.minor, netmonLink(n.network))
	n.read(int64(le.Uint32(h[24:])), int64(le.Uint32(h[28:])))
	if n.zoneless.count > 0 {
		c.in.Skipped.AddN(c.in.Source.Path, "times in the zone of the machine that captured, which the file does not tell; they are taken as UTC", n.zoneless.count, n.zoneless.offset)
	}
	if n.other.count > 0 {
		c.in.Skipped.AddN(c.in.Source.Path, "records of Network Monitor that are no packets", n.other.count, n.other.offset)
	}
	c.w.base, c.w.at, c.w.end = size, 0, 0
	if broken != nil {
		c.skip(flow.Truncated, size, "read: "+broken.Error())
	}
	return nil
}

// systemTime reads a SYSTEMTIME. It is in the time of the machine that captured;
// which zone that was, files before version 2.3 do not tell.
func systemTime(b []byte) int64 {
	at := func(i int) int { return int(le.Uint16(b[2*i:])) }
	return time.Date(at(0), time.Month(at(1)), at(3), at(4), at(5), at(6), at(7)*int(time.Millisecond), time.UTC).UnixNano()
}

// read reads the frames that the table names. Where the file ends before it, the
// frames that are there follow one another.
func (n *netmon) read(table, length int64) {
	entries := make([]byte, 4<<10)
	if table < netmonHeader || table+length > n.size {
		n.skip(flow.Truncated, n.size, "the table of frames at its end is missing; what frames there are was read")
		n.tableless = true
		n.inOrder()
		return
	}
	for at := table; at+4 <= table+length; at += int64(len(entries)) {
		entries = entries[:min(int64(cap(entries)), (table+length-at)&^3)]
		if _, err := n.r.ReadAt(entries, at); err != nil {
			n.skip(flow.Corrupt, at, "read: "+err.Error())
			return
		}
		for e := entries; len(e) > 0; e = e[4:] {
			offset := int64(le.Uint32(e))
			if _, ok := n.record(offset); !ok && n.stopped {
				return
			}
		}
	}
}

// inOrder reads frames one after the other.
func (n *netmon) inOrder() {
	for at := int64(netmonHeader); at+netmonRecord <= n.size; {
		next, ok := n.record(at)
		if !ok {
			return
		}
		at = next
	}
}

// trailer is how many bytes follow the data of a frame: its network from version
// 2.1 on, its process from 2.2, and from 2.3 when it was in UTC and in which zone.
func (n *netmon) trailer() int {
	return []int{0, 2, 6, 15}[min(n.minor, 3)]
}

// record reads the frame at an offset, and says where the next one would be. It
// reports whether that is one, and more are wanted.
func (n *netmon) record(at int64) (next int64, ok bool) {
	var h [netmonRecord]byte
	if _, err := n.r.ReadAt(h[:], at); at < netmonHeader || err != nil {
		n.skip(flow.Corrupt, min(at, n.size), "a frame that is not in the file")
		return 0, false
	}
	wire, got := le.Uint32(h[8:]), le.Uint32(h[12:])
	end := at + netmonRecord + int64(got) + int64(n.trailer())
	if got <= mostNetmon && end > n.size && n.tableless {
		n.skip(flow.Truncated, at, fmt.Sprintf("%d bytes after the last packet", n.size-at))
		return 0, false
	}
	if got > mostNetmon || end > n.size {
		n.skip(flow.Corrupt, at, fmt.Sprintf("a frame of %d bytes, of which the file does not hold all", got))
		return 0, false
	}
	n.buf = slices.Grow(n.buf[:0], int(end-at-netmonRecord))[:end-at-netmonRecord]
	if _, err := n.r.ReadAt(n.buf, at+netmonRecord); err != nil {
		n.skip(flow.Corrupt, at, "read: "+err.Error())
		return 0, false
	}
	return end, n.whole(frame{data: n.buf[:got], wire: wire, time: n.after(le.Uint64(h[:]), at), at: at}, n.buf[got:])
}

// after is the time that many microseconds after the start.
func (n *netmon) after(micro uint64, at int64) int64 {
	if micro > uint64(mostCapture/time.Microsecond) {
		n.in.Skipped.Add(n.in.Source.Path, badTime, at)
		return flow.NoTime
	}
	return n.start + 1000*int64(micro)
}

// mostCapture is how long a capture may have been going on.
const mostCapture = 20 * 365 * 24 * time.Hour

// whole gives on a frame with what its trailer says.
func (n *netmon) whole(f frame, trailer []byte) bool {
	network := n.network
	if len(trailer) >= 2 {
		network = le.Uint16(trailer)
	}
	inZone := true
	if len(trailer) >= 14 {
		if utc := le.Uint64(trailer[6:]); utc > fileTimeEpoch && utc-fileTimeEpoch < uint64(math.MaxInt64/100) {
			f.time, inZone = 100*int64(utc-fileTimeEpoch), false
		}
	}
	if network >= netmonSpecial {
		n.other.add(f.at)
		return true
	}
	if inZone && f.time != flow.NoTime {
		n.zoneless.add(f.at)
	}
	f.link = netmonLink(network)
	if !f.link.Known() {
		tell(&n.notices.links, f.link, f.at)
	}
	n.stopped = !n.frame(f)
	return !n.stopped
}
